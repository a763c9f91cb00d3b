"""Differentiable functions on arrays; each holds its result and its gradient."""

from .activation import relu
from .convolution import conv2d, tiled_conv2d
from .dense import linear
from .local import local_conv2d
from .pooling import max_pool2d

__all__ = ["conv2d", "linear", "local_conv2d", "max_pool2d", "relu", "tiled_conv2d"]
