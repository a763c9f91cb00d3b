"""How the neurons of two layers are connected: a small NumPy library.

The functions follow ``torch.nn.functional`` in name, argument and layout: arrays are
float32 or float64, images have shape (N, C, H, W), and the gradient of every function
``op`` is ``op.vjp``. Layers describe a connection without allocating it.
"""

from .arithmetic import (
    ReceptiveField,
    conv_output_size,
    receptive_field,
    same_padding,
)
from .layers import (
    Conv2d,
    Flatten,
    Linear,
    LocalConv2d,
    MaxPool2d,
    ReLU,
    TiledConv2d,
    dense_matrix,
    weight_ids,
)
from .networks import Sequential, lenet5, summary, vgg16
from .ops import conv2d, linear, local_conv2d, max_pool2d, relu, tiled_conv2d
from .windows import fold, unfold

__all__ = [
    "Conv2d",
    "Flatten",
    "Linear",
    "LocalConv2d",
    "MaxPool2d",
    "ReLU",
    "ReceptiveField",
    "Sequential",
    "TiledConv2d",
    "conv2d",
    "conv_output_size",
    "dense_matrix",
    "fold",
    "lenet5",
    "linear",
    "local_conv2d",
    "max_pool2d",
    "receptive_field",
    "relu",
    "same_padding",
    "summary",
    "tiled_conv2d",
    "unfold",
    "vgg16",
    "weight_ids",
]
__version__ = "0.1.0"
