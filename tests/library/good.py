"""Arguments that each public function takes, and layers; tests spoil one of them."""

import inspect
import re
from contextlib import contextmanager

import numpy as np
import pytest

import conv_notes
from conv_notes import (
    SGD,
    AvgPool2d,
    Conv2d,
    ConvTranspose2d,
    DepthwiseConv2d,
    Flatten,
    GlobalAvgPool2d,
    Linear,
    LocalConv2d,
    MaxPool2d,
    NetVLAD,
    Parallel,
    ReLU,
    Sequential,
    TiledConv2d,
    Upsample,
)


def zeros(*shape):
    return np.zeros(shape)


IMAGE = zeros(1, 4, 8, 7)
ASSIGNMENT = {"weight": zeros(5, 4), "bias": zeros(5), "centers": zeros(5, 4)}
GOOD = {
    # Arithmetic
    "conv_output_size": {"size": 8, "kernel_size": 3},
    "conv_transpose_output_size": {"size": 8, "kernel_size": 3, "stride": 2},
    "same_padding": {"kernel_size": 3, "dilation": 2},
    "receptive_field": {"layers": [(3, 2, 1)]},
    # Windows
    "unfold": {"x": IMAGE, "kernel_size": 3},
    "fold": {"windows": zeros(1, 4, 3, 3, 6, 5), "size": (8, 7)},
    # Connections
    "linear": {"x": zeros(2, 3), "weight": zeros(5, 3), "bias": zeros(5)},
    "conv2d": {
        "x": IMAGE,
        "weight": zeros(6, 2, 3, 3),
        "bias": zeros(6),
        "groups": 2,
    },
    "tiled_conv2d": {
        "x": IMAGE,
        "weight": zeros(2, 3, 6, 4, 3, 3),
        "bias": zeros(2, 3, 6),
    },
    "local_conv2d": {
        "x": IMAGE,
        "weight": zeros(6, 5, 2, 4, 3, 3),
        "bias": zeros(6, 5, 2),
    },
    "conv_transpose2d": {
        "x": IMAGE,
        "weight": zeros(4, 3, 3, 3),
        "bias": zeros(6),
        "groups": 2,
    },
    "dynamic_conv2d": {
        "x": IMAGE,
        "weight": zeros(5, 6, 2, 3, 3),
        "attention": zeros(1, 5),
        "bias": zeros(5, 6),
        "groups": 2,
    },
    "partial_conv2d": {
        "x": IMAGE,
        "mask": np.ones((1, 1, 8, 7), np.int64),
        "weight": zeros(6, 4, 3, 3),
        "bias": zeros(6),
    },
    # Resolution
    "max_pool2d": {"x": IMAGE, "kernel_size": 3},
    "avg_pool2d": {"x": IMAGE, "kernel_size": 3},
    "global_avg_pool2d": {"x": IMAGE},
    "max_unpool2d": {
        "x": zeros(1, 2, 2, 2),
        "indices": np.tile([[0, 2], [8, 10]], (1, 2, 1, 1)),
        "kernel_size": 2,
    },
    "pixel_shuffle": {"x": IMAGE, "upscale_factor": 2},
    "interpolate": {"x": IMAGE, "size": (5, 9), "mode": "bilinear"},
    # Values, probabilities, bags
    "relu": {"x": zeros(2, 3)},
    "softmax": {"x": zeros(2, 3), "axis": 1},
    "log_softmax": {"x": zeros(2, 3), "axis": 1},
    "cross_entropy": {"logits": zeros(2, 3), "labels": np.array([2, 0])},
    "vlad": {"x": IMAGE, "centers": zeros(5, 4)},
    "netvlad": {"x": IMAGE, **ASSIGNMENT},
    "ghost_vlad": {"x": IMAGE, **ASSIGNMENT, "n_ghost": 2},
    "action_vlad": {"x": zeros(1, 3, 4, 8, 7), **ASSIGNMENT},
    "netvlad_init": {"centers": zeros(5, 4), "alpha": 2.0},
    # Layers and learning
    "weight_ids": {"layer": Conv2d(1, 3), "input_shape": (1, 4, 4)},
    "dense_matrix": {
        "layer": Linear(3),
        "params": {"weight": zeros(3, 2)},
        "input_shape": (2,),
    },
    "summary": {"network": Conv2d(1, 3), "input_shape": (1, 4, 4)},
    "fit": {
        "network": Linear(2),
        "params": {"weight": zeros(2, 3), "bias": zeros(2)},
        "x": zeros(4, 3),
        "labels": np.array([0, 1, 0, 1]),
        "epochs": 1,
        "batch_size": 2,
        "optimizer": SGD(0.1),
        "rng": np.random.default_rng(0),
    },
}
LAYERS = {  # a layer of each kind, an input for it
    "Linear": (Linear(3), (8,)),
    "Conv2d": (Conv2d(2, 3), (2, 4, 4)),
    "DepthwiseConv2d": (DepthwiseConv2d(3), (2, 4, 4)),
    "LocalConv2d": (LocalConv2d(2, 3), (2, 4, 4)),
    "TiledConv2d": (TiledConv2d(2, 3, tile=2), (2, 4, 4)),
    "ConvTranspose2d": (ConvTranspose2d(2, 3, stride=2), (2, 4, 4)),
    "MaxPool2d": (MaxPool2d(2), (2, 4, 4)),
    "AvgPool2d": (AvgPool2d(2), (2, 4, 4)),
    "GlobalAvgPool2d": (GlobalAvgPool2d(), (2, 4, 4)),
    "Upsample": (Upsample(scale_factor=2), (2, 4, 4)),
    "NetVLAD": (NetVLAD(3), (2, 4, 4)),
    "ReLU": (ReLU(), (2, 4, 4)),
    "Flatten": (Flatten(), (2, 4, 4)),
    "Sequential": (Sequential(Conv2d(2, 3), ReLU()), (2, 4, 4)),
    "Parallel": (Parallel(Conv2d(2, 1), MaxPool2d(3, 1, 1)), (2, 4, 4)),
}
OPS = [name for name in GOOD if hasattr(getattr(conv_notes, name), "vjp")]
ARRAYS = [
    (name, argument)
    for name, arguments in GOOD.items()
    for argument, value in arguments.items()
    if isinstance(value, np.ndarray)
]
FLOAT_ARRAYS = [row for row in ARRAYS if GOOD[row[0]][row[1]].dtype.kind == "f"]
CONVOLUTIONS = ["conv2d", "tiled_conv2d", "local_conv2d"]
SIMILAR = [*CONVOLUTIONS, "dynamic_conv2d", "partial_conv2d"]
WINDOWED = ["unfold", *SIMILAR, "max_pool2d", "avg_pool2d"]


def parameters(name):
    return inspect.signature(getattr(conv_notes, name)).parameters


def complete(table, place, needed):
    """What is needed has an entry in a table of the tests, and nothing else has."""
    missing, extra = {*needed} - {*table}, {*table} - {*needed}
    assert not missing, f"add {listed(missing)} to {place}"
    assert not extra, f"{place} has {listed(extra)}, which nothing needs any more"


def listed(names):
    return ", ".join(sorted(map(str, names)))


@contextmanager
def refusal(where, error, blamed, *got):
    """What is done inside is refused, in the name of `where` (or of one of "a|b").

    The message names the argument `blamed` before any other, and shows what it `got`;
    its words are asserted once, by test_words.
    """
    with pytest.raises(error) as caught:
        yield
    message = str(caught.value)
    name, _, reason = message.partition(": ")
    assert name in where.split("|"), message
    if blamed:
        names = {blamed, *parameters(name.removesuffix(".vjp"))}
        named = [word for word in re.findall(r"\w+", reason) if word in names]
        assert named[:1] == [blamed], message
    for value in map(shown, got):
        assert re.search(rf"(?<![\w.-]){re.escape(value)}(?!\w|\.\d)", reason), message


def shown(value):
    """How a message shows what it got: an array by its shape."""
    if isinstance(value, np.dtype):
        return str(value)
    if isinstance(value, type):
        return value.__name__
    return repr(value.shape if isinstance(value, np.ndarray) else value)


def refused(name, error, blamed, *got, **spoiled):
    """The function refuses the spoiled arguments."""
    with refusal(name, error, blamed, *got):
        getattr(conv_notes, name)(**GOOD[name] | spoiled)


def first(result):
    """What is differentiated, where indices or a mask come with it."""
    return result[0] if isinstance(result, tuple) else result
