"""How the neurons of two layers are connected: a small NumPy library.

The functions follow ``torch.nn.functional`` in name, argument and layout: arrays are
float32 or float64, images have shape (N, C, H, W), and the gradient of every function
``op`` is ``op.vjp``. Layers describe a connection without allocating it.
"""

from .arithmetic import (
    ReceptiveField,
    conv_output_size,
    conv_transpose_output_size,
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
from .ops import (
    avg_pool2d,
    conv2d,
    conv_transpose2d,
    cross_entropy,
    global_avg_pool2d,
    linear,
    local_conv2d,
    log_softmax,
    max_pool2d,
    max_unpool2d,
    pixel_shuffle,
    relu,
    softmax,
    tiled_conv2d,
)
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
    "avg_pool2d",
    "conv2d",
    "conv_output_size",
    "conv_transpose2d",
    "conv_transpose_output_size",
    "cross_entropy",
    "dense_matrix",
    "fold",
    "global_avg_pool2d",
    "lenet5",
    "linear",
    "local_conv2d",
    "log_softmax",
    "max_pool2d",
    "max_unpool2d",
    "pixel_shuffle",
    "receptive_field",
    "relu",
    "same_padding",
    "softmax",
    "summary",
    "tiled_conv2d",
    "unfold",
    "vgg16",
    "weight_ids",
]
__version__ = "0.1.0"
