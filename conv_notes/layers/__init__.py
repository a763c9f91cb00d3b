"""Layer specifications: shapes, parameter counts and costs; no array until asked.

A layer is a small frozen description. Shapes are those of one example, without the
batch: ``(C, H, W)`` for images, ``(features,)`` for vectors. Costs are counted in MACs:
1 MAC is one multiply-add, taps that fall on padding count, adding a bias does not, and
layers without weights count none.
"""

from ._layer import Layer
from .activation import ReLU
from .convolution import (
    Conv2d,
    ConvTranspose2d,
    DepthwiseConv2d,
    LocalConv2d,
    TiledConv2d,
)
from .dense import Flatten, Linear
from .matrix import dense_matrix, weight_ids
from .pooling import AvgPool2d, GlobalAvgPool2d, MaxPool2d, Upsample
from .vlad import NetVLAD

__all__ = [
    "AvgPool2d",
    "Conv2d",
    "ConvTranspose2d",
    "DepthwiseConv2d",
    "Flatten",
    "GlobalAvgPool2d",
    "Layer",
    "Linear",
    "LocalConv2d",
    "MaxPool2d",
    "NetVLAD",
    "ReLU",
    "TiledConv2d",
    "Upsample",
    "dense_matrix",
    "weight_ids",
]
