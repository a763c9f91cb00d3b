"""Differentiable functions on arrays; each holds its result and its gradient."""

from .activation import relu
from .aggregation import action_vlad, ghost_vlad, netvlad, netvlad_init, vlad
from .classification import cross_entropy, log_softmax, softmax
from .convolution import conv2d, tiled_conv2d
from .dense import linear
from .dynamic import dynamic_conv2d
from .interpolation import interpolate
from .local import local_conv2d
from .partial import partial_conv2d
from .pooling import avg_pool2d, global_avg_pool2d, max_pool2d
from .transposed import conv_transpose2d
from .upsampling import max_unpool2d, pixel_shuffle

__all__ = [
    "action_vlad",
    "avg_pool2d",
    "conv2d",
    "conv_transpose2d",
    "cross_entropy",
    "dynamic_conv2d",
    "ghost_vlad",
    "global_avg_pool2d",
    "interpolate",
    "linear",
    "local_conv2d",
    "log_softmax",
    "max_pool2d",
    "max_unpool2d",
    "netvlad",
    "netvlad_init",
    "partial_conv2d",
    "pixel_shuffle",
    "relu",
    "softmax",
    "tiled_conv2d",
    "vlad",
]
