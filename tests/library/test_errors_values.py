"""What is refused, in which words: values and shapes that do not go together."""

import re

import numpy as np
import pytest
from good import refused, zeros

from conv_notes import Conv2d, Linear, ReLU

SOFT = ["netvlad", "ghost_vlad", "action_vlad"]
REFUSED = [
    # An array does not fit the others.
    ("conv2d", {"x": zeros(1, 5, 8, 7)}, "groups=2 does not divide the 5 input"),
    (
        "conv2d",
        {"weight": zeros(5, 2, 3, 3)},
        "groups=2 does not divide the 5 output channels (weight.shape=(5, 2, 3, 3))",
    ),
    (
        "conv2d",
        {"x": zeros(1, 6, 8, 7)},
        "weight has 4 input channels but x has 6 (x.shape=(1, 6, 8, 7), "
        "weight.shape=(6, 2, 3, 3), groups=2)",
    ),
    (
        "conv2d",
        {"groups": 1},
        "weight has 2 input channels but x has 4 (x.shape=(1, 4, 8, 7), "
        "weight.shape=(6, 2, 3, 3))",
    ),
    ("tiled_conv2d", {"x": zeros(1, 3, 8, 7)}, "weight has 4 input channels but x"),
    ("local_conv2d", {"x": zeros(1, 3, 8, 7)}, "weight has 4 input channels but x"),
    (
        "local_conv2d",
        {"padding": 1},
        "weight has kernels for 6 x 5 outputs but x gives 8 x 7 (x.shape=(1, 4, 8, 7),"
        " weight.shape=(6, 5, 2, 4, 3, 3))",
    ),
    (
        "linear",
        {"x": zeros(2, 4)},
        "weight takes 3 input features but x has 4 (x.shape=(2, 4), "
        "weight.shape=(5, 3))",
    ),
    ("linear", {"x": zeros()}, "weight takes 3 input features but x has none"),
    ("linear", {"weight": zeros(5)}, "weight must have 2 axes (out, in), got 1"),
    ("linear", {"weight": zeros(1, 5, 3)}, "weight must have 2 axes (out, in), got 3"),
    ("linear", {"bias": zeros(4)}, "bias must have shape (5,), got bias.shape=(4,)"),
    ("conv2d", {"bias": zeros(1)}, "bias must have shape (6,), got bias.shape=(1,)"),
    ("conv2d", {"bias": zeros(6, 1, 1)}, "bias must have shape (6,), got"),
    ("tiled_conv2d", {"bias": zeros(6)}, "bias must have shape (2, 3, 6), got"),
    ("local_conv2d", {"bias": zeros(2)}, "bias must have shape (6, 5, 2), got"),
    (
        "fold",
        {"size": (8, 8)},
        "windows must have shape (1, 4, 3, 3, 6, 6), got windows.shape=",
    ),
    ("fold", {"stride": 2}, "windows must have shape (1, 4, 3, 3, 3, 3), got"),
    (
        "conv_transpose2d",
        {"x": zeros(1, 6, 8, 7)},
        "weight has 4 input channels and x has 6; they must be equal and divisible by "
        "groups=2 (x.shape=(1, 6, 8, 7), weight.shape=(4, 3, 3, 3))",
    ),
    ("conv_transpose2d", {"groups": 3}, "must be equal and divisible by groups=3 (x."),
    ("conv_transpose2d", {"bias": zeros(3)}, "bias must have shape (6,), got"),
    (
        "dynamic_conv2d",
        {"x": zeros(1, 6, 8, 7)},
        "weight has 4 input channels but x has 6 (x.shape=(1, 6, 8, 7), "
        "weight.shape=(5, 6, 2, 3, 3), groups=2)",
    ),
    ("dynamic_conv2d", {"x": zeros(1, 5, 8, 7)}, "groups=2 does not divide the 5 inp"),
    (
        "dynamic_conv2d",
        {"weight": zeros(5, 3, 2, 3, 3)},
        "groups=2 does not divide the 3 output channels (weight.shape=(5, 3, 2, 3, 3))",
    ),
    (
        "dynamic_conv2d",
        {"attention": zeros(1, 4)},
        "attention must have shape (1, 5), got attention.shape=(1, 4)",
    ),
    (
        "dynamic_conv2d",
        {"attention": zeros(5)},
        "attention must have shape (1, 5), got",
    ),
    ("dynamic_conv2d", {"bias": zeros(6)}, "bias must have shape (5, 6), got"),
    ("partial_conv2d", {"x": zeros(1, 3, 8, 7)}, "weight has 4 input channels but x"),
    ("partial_conv2d", {"bias": zeros(5)}, "bias must have shape (6,), got"),
    (
        "partial_conv2d",
        {"mask": np.ones((1, 4, 8, 7))},
        "mask must have shape (1, 1, 8, 7), got mask.shape=(1, 4, 8, 7)",
    ),
    ("partial_conv2d", {"mask": np.ones((8, 7))}, "mask must have shape (1, 1, 8, 7)"),
    (
        "max_unpool2d",
        {"indices": np.zeros((1, 1, 2, 2), int)},
        "indices must have shape (1, 2, 2, 2), got indices.shape=(1, 1, 2, 2)",
    ),
    (
        "pixel_shuffle",
        {"upscale_factor": 3},
        "upscale_factor=3 needs a multiple of 9 channels, got 4 (x.shape=(1, 4, 8, 7))",
    ),
    (
        "cross_entropy",
        {"labels": np.zeros(3, int)},
        "labels must have shape (2,), got labels.shape=(3,)",
    ),
    ("cross_entropy", {"labels": np.zeros((2, 1), int)}, "labels must have shape (2,)"),
    *(
        (
            name,
            {argument: zeros(5, 3)},
            f"{argument} must have shape (K, 4) for descriptors of 4 numbers, got "
            f"{argument}.shape=(5, 3)",
        )
        for name, argument in [
            ("vlad", "centers"),
            *((name, argument) for name in SOFT for argument in ("weight", "centers")),
        ]
    ),
    *(
        (name, {"centers": zeros(4, 4)}, "centers must have shape (5, 4), got centers.")
        for name in SOFT
    ),
    *(
        (name, {"bias": zeros(4)}, "bias must have shape (5,), got bias.s")
        for name in SOFT
    ),
    (
        "ghost_vlad",
        {"n_ghost": 5},
        "n_ghost=5 leaves none of 5 clusters (weight.shape=(5, 4))",
    ),
    # An array is empty where it must not be.
    ("conv2d", {"x": zeros(1, 4, 0, 7)}, "size must be at least 1, got 0"),
    ("conv2d", {"weight": zeros(0, 2, 3, 3)}, "weight must not be empty, got"),
    ("conv2d", {"weight": zeros(6, 2, 0, 3)}, "weight must not be empty, got"),
    ("tiled_conv2d", {"weight": zeros(0, 3, 6, 4, 3, 3)}, "weight must not be empty"),
    ("local_conv2d", {"weight": zeros(0, 5, 2, 4, 3, 3)}, "weight must not be empty"),
    ("linear", {"weight": zeros(0, 3)}, "weight must not be empty, got weight.shape"),
    (
        "conv_transpose2d",
        {"weight": zeros(4, 0, 3, 3)},
        "weight must not be empty, got",
    ),
    (
        "dynamic_conv2d",
        {"weight": zeros(0, 6, 2, 3, 3)},
        "weight must not be empty, go",
    ),
    ("partial_conv2d", {"weight": zeros(0, 4, 3, 3)}, "weight must not be empty, got"),
    ("max_pool2d", {"x": zeros(1, 4, 8, 0)}, "size must be at least 1, got 0"),
    ("avg_pool2d", {"x": zeros(1, 4, 0, 7)}, "size must be at least 1, got 0"),
    (
        "global_avg_pool2d",
        {"x": zeros(1, 4, 0, 7)},
        "x must not have empty maps, got x.shape=(1, 4, 0, 7)",
    ),
    (
        "conv_transpose2d",
        {"x": zeros(1, 4, 0, 7)},
        "size must be at least 1, got 0",
    ),
    ("interpolate", {"x": zeros(1, 4, 0, 7)}, "x must not be empty, got x.shape=(1, 4"),
    ("softmax", {"x": zeros(2, 0)}, "x must not be empty along axis=1, got x.shape=(2"),
    (
        "log_softmax",
        {"x": zeros(0, 2), "axis": -2},
        "x must not be empty along axis=-2",
    ),
    (
        "cross_entropy",
        {"logits": zeros(0, 3), "labels": np.zeros(0, int)},
        "logits must have an example, got (0, 3)",
    ),
    (
        "vlad",
        {"centers": zeros(0, 4)},
        "centers must have shape (K, 4) for descriptors",
    ),
    # Words, and numbers that do not go together.
    (
        "tiled_conv2d",
        {"tiling": "random"},
        "tiling must be 'cyclic' or 'block', got 'random'",
    ),
    (
        "max_pool2d",
        {"padding": (1, 2)},
        "padding must be at most half the kernel, got padding=(1, 2), kernel_size=3",
    ),
    (
        "conv_output_size",
        {"kernel_size": 5, "dilation": 3, "padding": (1, 2)},
        "the kernel spans 13 (kernel_size=5, dilation=3) but the padded input has only "
        "11 (size=8, padding=(1, 2))",
    ),
    (
        "max_unpool2d",
        {"indices": np.full((1, 2, 2, 2), 16)},
        "indices must be 0 to 15 for a result of 4 x 4, got 16 to 16",
    ),
    (
        "max_unpool2d",
        {"indices": np.arange(8).reshape(1, 2, 2, 2) - 1},
        "indices must be 0 to 15 for a result of 4 x 4, got -1 to 6",
    ),
    (
        "max_unpool2d",
        {"output_size": (1, 7)},
        "indices must be 0 to 6 for a result of 1 x 7, got 0 to 7",
    ),
    (
        "max_unpool2d",
        {"x": zeros(1, 1, 1, 2), "indices": np.zeros((1, 1, 1, 2), int), "padding": 1},
        "the result would be 0 x 2 (x.shape=(1, 1, 1, 2), kernel_size=2, stride=None, "
        "padding=1)",
    ),
    (
        "cross_entropy",
        {"labels": np.array([0, 3])},
        "labels must be 0 to 2 for 3 classes, got 0 to 3",
    ),
    (
        "cross_entropy",
        {"labels": np.array([-1, 2])},
        "labels must be 0 to 2 for 3 classes, got -1 to 2",
    ),
    *(
        (
            "partial_conv2d",
            {"mask": np.full((1, 1, 8, 7), value)},
            f"0 and 1, got {shown}",
        )
        for value, shown in [(2, "2"), (-1, "-1"), (0.5, "0.5"), (np.nan, "nan")]
    ),
    ("softmax", {"axis": 2}, "axis=2 but x has shape (2, 3)"),
    ("log_softmax", {"x": zeros(), "axis": 0}, "axis=0 but x has shape ()"),
    (
        "interpolate",
        {"mode": "cubic"},
        "mode must be 'nearest' or 'bilinear' or 'bicubic', got 'cubic'",
    ),
    (
        "interpolate",
        {"mode": "trilinear"},
        "mode must be 'nearest' or 'bilinear' or 'b",
    ),
    (
        "interpolate",
        {"x": zeros(1, 1, 2, 2, 2), "size": 3},
        "mode must be 'nearest' or 'trilinear', got 'bilinear'",
    ),
    (
        "interpolate",
        {"mode": "nearest", "align_corners": True},
        "align_corners must be False for mode='nearest'",
    ),
    (
        "interpolate",
        {"size": None},
        "give one of size and scale_factor, got size=None and scale_factor=None",
    ),
    (
        "interpolate",
        {"scale_factor": 2.0},
        "give one of size and scale_factor, got size=(5, 9) and scale_factor=2.0",
    ),
    ("interpolate", {"size": (5, 6, 7)}, "size must be one number or 2, got (5, 6, 7)"),
    (
        "interpolate",
        {"size": None, "scale_factor": (2.0,)},
        "scale_factor must be one number or 2, got (2.0,)",
    ),
    (
        "interpolate",
        {"size": None, "scale_factor": 0.1},
        "scale_factor=0.1 leaves nothing of an image of (8, 7)",
    ),
    *(
        (
            name,
            {"output_padding": 2, "stride": 2},
            f"output_padding=2 must be less than {t}",
        )
        for name, t in [
            ("conv_transpose2d", "stride=2 or dilation=1"),
            ("conv_transpose_output_size", "stride=2 or dilation=1"),
        ]
    ),
    (
        "conv_transpose_output_size",
        {"padding": 9},
        "padding=9 leaves nothing of the output (size=8, kernel_size=3, stride=2, dila",
    ),
    (
        "conv_transpose2d",
        {"padding": 5},
        "padding=5 leaves nothing of the output (size=",
    ),
    ("receptive_field", {"axis": 2}, "axis must be None, 0 or 1, got 2"),
    (
        "weight_ids",
        {"layer": ReLU()},
        "layer must be linear, got",
    ),
    ("dense_matrix", {"params": {}}, "params must hold 'weight', got []"),
    (
        "dense_matrix",
        {"params": {"weight": zeros(3, 3)}},
        "weight must have shape (3, 2), got weight.shape=(3, 3)",
    ),
    ("conv_output_size", {"padding": (1, 2, 3)}, "padding must be an int or a pair"),
    ("receptive_field", {"layers": [(3, 0)]}, "stride must be at least 1, got 0"),
    ("receptive_field", {"layers": [(3, 1, -1)]}, "padding must be at least 0, got -1"),
    ("receptive_field", {"layers": [()]}, "a tuple must be (kernel_size, stride"),
    ("receptive_field", {"layers": [(1,) * 5]}, "a tuple must be (kernel_size, stride"),
    ("receptive_field", {"layers": [Conv2d(1, (3, 1))]}, "height and width differ"),
]
WRONG_TYPE = [
    ("receptive_field", {"layers": [(3.0,)]}, "kernel_size must be an int, got 3.0"),
    ("receptive_field", {"layers": [Linear(3)]}, "Linear(3) does not look through a"),
    ("receptive_field", {"layers": [3]}, "3 does not look through a window"),
    ("receptive_field", {"layers": 3}, "layers must be iterable, got 3"),
    ("weight_ids", {"layer": "Conv2d"}, "layer must be a layer, got 'Conv2d'"),
    ("dense_matrix", {"layer": None}, "layer must be a layer, got None"),
    ("summary", {"network": [ReLU()]}, "network must be a layer, got [ReLU()]"),
    ("avg_pool2d", {"padding": "same"}, "padding must be an int, got 'same'"),
    ("conv_transpose2d", {"padding": "same"}, "padding must be an int, got 'same'"),
    ("interpolate", {"size": "5"}, "size must be an int, got '5'"),
    (
        "interpolate",
        {"size": None, "scale_factor": "2"},
        "scale_factor must be a number, got '2'",
    ),
    ("softmax", {"axis": None}, "axis must be an int, got None"),
    (
        "max_unpool2d",
        {"indices": None},
        "indices must be an integer array, got NoneType",
    ),
    ("max_pool2d", {"padding": ((1, 1), (1, 1))}, "padding must be an int, got (1, 1)"),
    ("max_pool2d", {"padding": "same"}, "padding must be an int, got 'same'"),
    ("conv2d", {"groups": (1, 1)}, "groups must be an int, got (1, 1)"),
    ("conv2d", {"weight": None}, "weight must be a NumPy array, got NoneType"),
    ("linear", {"x": None}, "x must be a NumPy array, got NoneType"),
]


@pytest.mark.parametrize(("name", "spoiled", "message"), REFUSED)
def test_values(name, spoiled, message):
    refused(name, ValueError, re.escape(message), **spoiled)


@pytest.mark.parametrize(("name", "spoiled", "message"), WRONG_TYPE)
def test_types(name, spoiled, message):
    refused(name, TypeError, re.escape(message), **spoiled)
