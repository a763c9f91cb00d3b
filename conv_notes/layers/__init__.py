"""Layer specifications: shapes, parameter counts and costs; no array until asked.

A layer is a small frozen description. Shapes are those of one example, without the
batch: ``(C, H, W)`` for images, ``(features,)`` for vectors. Costs are counted in MACs:
1 MAC is one multiply-add, taps that fall on padding count, adding a bias does not, and
layers without weights count none.
"""

from ._layer import Layer, LayerPullback, Params
from .activation import ReLU
from .aggregation import NetVLAD
from .convolution import Conv2d, DepthwiseConv2d, LocalConv2d, TiledConv2d
from .dense import Linear
from .pooling import AvgPool2d, GlobalAvgPool2d, MaxPool2d
from .reshaping import Flatten
from .upsampling import ConvTranspose2d, Upsample

__all__ = [
    "AvgPool2d",
    "Conv2d",
    "ConvTranspose2d",
    "DepthwiseConv2d",
    "Flatten",
    "GlobalAvgPool2d",
    "Layer",
    "LayerPullback",
    "Linear",
    "LocalConv2d",
    "MaxPool2d",
    "NetVLAD",
    "Params",
    "ReLU",
    "TiledConv2d",
    "Upsample",
]
