"""What is refused: values and shapes that do not go together."""

import numpy as np
import pytest
from good import refused, zeros

from conv_notes import Conv2d, Linear, ReLU

SOFT = ["netvlad", "ghost_vlad", "action_vlad"]
NO_ROWS = zeros(1, 4, 0, 7)
NO_SIZE = {"size": None}  # so that there can be a scale_factor
# function, what spoils its arguments, which one is blamed (None: in other words),
# what else the message shows
REFUSED = [
    # An array does not fit the others.
    ("conv2d", {"x": zeros(1, 5, 8, 7)}, "groups", 2, 5),
    ("conv2d", {"weight": zeros(5, 2, 3, 3)}, "groups", 2, (5, 2, 3, 3)),
    ("conv2d", {"x": zeros(1, 6, 8, 7)}, "weight", 4, 6, (1, 6, 8, 7), (6, 2, 3, 3)),
    ("conv2d", {"groups": 1}, "weight", 2, 4, (1, 4, 8, 7), (6, 2, 3, 3)),
    ("conv2d", {"bias": zeros(1)}, "bias", (6,), (1,)),
    ("conv2d", {"bias": zeros(6, 1, 1)}, "bias", (6,), (6, 1, 1)),
    ("tiled_conv2d", {"x": zeros(1, 3, 8, 7)}, "weight", 4, 3),
    ("tiled_conv2d", {"bias": zeros(6)}, "bias", (2, 3, 6), (6,)),
    ("local_conv2d", {"x": zeros(1, 3, 8, 7)}, "weight", 4, 3),
    ("local_conv2d", {"padding": 1}, "weight", (1, 4, 8, 7), (6, 5, 2, 4, 3, 3)),
    ("local_conv2d", {"bias": zeros(2)}, "bias", (6, 5, 2), (2,)),
    ("linear", {"x": zeros(2, 4)}, "weight", 3, 4, (2, 4), (5, 3)),
    ("linear", {"x": zeros()}, "weight", 3, ()),
    ("linear", {"weight": zeros(5)}, "weight", 2, 1),
    ("linear", {"weight": zeros(1, 5, 3)}, "weight", 2, 3),
    ("linear", {"bias": zeros(4)}, "bias", (5,), (4,)),
    ("fold", {"size": (8, 8)}, "windows", (1, 4, 3, 3, 6, 6), (1, 4, 3, 3, 6, 5)),
    ("fold", {"stride": 2}, "windows", (1, 4, 3, 3, 3, 3), (1, 4, 3, 3, 6, 5)),
    ("conv_transpose2d", {"x": zeros(1, 6, 8, 7)}, "weight", 4, 6, 2, (1, 6, 8, 7)),
    ("conv_transpose2d", {"groups": 3}, "weight", 4, 3),
    ("conv_transpose2d", {"bias": zeros(3)}, "bias", (6,), (3,)),
    ("dynamic_conv2d", {"x": zeros(1, 6, 8, 7)}, "weight", 4, 6, (1, 6, 8, 7)),
    ("dynamic_conv2d", {"x": zeros(1, 5, 8, 7)}, "groups", 2, 5),
    ("dynamic_conv2d", {"weight": zeros(5, 3, 2, 3, 3)}, "groups", 2, (5, 3, 2, 3, 3)),
    ("dynamic_conv2d", {"attention": zeros(1, 4)}, "attention", (1, 5), (1, 4)),
    ("dynamic_conv2d", {"attention": zeros(5)}, "attention", (1, 5), (5,)),
    ("dynamic_conv2d", {"bias": zeros(6)}, "bias", (5, 6), (6,)),
    ("partial_conv2d", {"x": zeros(1, 3, 8, 7)}, "weight", 4, 3),
    ("partial_conv2d", {"bias": zeros(5)}, "bias", (6,), (5,)),
    ("partial_conv2d", {"mask": np.ones((1, 4, 8, 7))}, "mask", (1, 1, 8, 7)),
    ("partial_conv2d", {"mask": np.ones((8, 7))}, "mask", (1, 1, 8, 7), (8, 7)),
    ("max_unpool2d", {"indices": np.zeros((1, 1, 2, 2), int)}, "indices", (1, 2, 2, 2)),
    ("pixel_shuffle", {"upscale_factor": 3}, "upscale_factor", 3, 4, (1, 4, 8, 7)),
    ("cross_entropy", {"labels": np.zeros(3, int)}, "labels", (2,), (3,)),
    ("cross_entropy", {"labels": np.zeros((2, 1), int)}, "labels", (2,), (2, 1)),
    ("vlad", {"centers": zeros(5, 3)}, "centers", 4, (5, 3)),
    *((name, {"centers": zeros(5, 3)}, "centers", 4, (5, 3)) for name in SOFT),
    *((name, {"weight": zeros(5, 3)}, "weight", 4, (5, 3)) for name in SOFT),
    *((name, {"centers": zeros(4, 4)}, "centers", (5, 4), (4, 4)) for name in SOFT),
    *((name, {"bias": zeros(4)}, "bias", (5,), (4,)) for name in SOFT),
    ("ghost_vlad", {"n_ghost": 5}, "n_ghost", 5, (5, 4)),
    # An array is empty where it must not be.
    ("conv2d", {"x": NO_ROWS}, None, 0),
    ("conv2d", {"weight": zeros(0, 2, 3, 3)}, "weight", (0, 2, 3, 3)),
    ("conv2d", {"weight": zeros(6, 2, 0, 3)}, "weight", (6, 2, 0, 3)),
    ("tiled_conv2d", {"weight": zeros(0, 3, 6, 4, 3, 3)}, "weight", (0, 3, 6, 4, 3, 3)),
    ("local_conv2d", {"weight": zeros(0, 5, 2, 4, 3, 3)}, "weight", (0, 5, 2, 4, 3, 3)),
    ("linear", {"weight": zeros(0, 3)}, "weight", (0, 3)),
    ("conv_transpose2d", {"weight": zeros(4, 0, 3, 3)}, "weight", (4, 0, 3, 3)),
    ("dynamic_conv2d", {"weight": zeros(0, 6, 2, 3, 3)}, "weight", (0, 6, 2, 3, 3)),
    ("partial_conv2d", {"weight": zeros(0, 4, 3, 3)}, "weight", (0, 4, 3, 3)),
    ("max_pool2d", {"x": zeros(1, 4, 8, 0)}, None, 0),
    ("avg_pool2d", {"x": NO_ROWS}, None, 0),
    ("global_avg_pool2d", {"x": NO_ROWS}, "x", NO_ROWS),
    ("conv_transpose2d", {"x": NO_ROWS}, None, 0),
    ("interpolate", {"x": NO_ROWS}, "x", NO_ROWS),
    ("softmax", {"x": zeros(2, 0)}, "x", 1, (2, 0)),
    ("log_softmax", {"x": zeros(0, 2), "axis": -2}, "x", -2, (0, 2)),
    ("cross_entropy", {"logits": zeros(0, 3), "labels": np.zeros(0, int)}, "logits"),
    ("vlad", {"centers": zeros(0, 4)}, "centers", (0, 4)),
    # Words, and numbers that do not go together.
    ("tiled_conv2d", {"tiling": "random"}, "tiling", "cyclic", "block", "random"),
    ("max_pool2d", {"padding": (1, 2)}, "padding", (1, 2), 3),
    (
        "conv_output_size",
        {"kernel_size": 5, "dilation": 3, "padding": (1, 2)},
        "kernel_size",
        *(5, 3, 13, 8, 11, (1, 2)),
    ),
    ("max_unpool2d", {"indices": np.full((1, 2, 2, 2), 16)}, "indices", 16),
    ("max_unpool2d", {"indices": np.full((1, 2, 2, 2), -1)}, "indices", -1),
    ("max_unpool2d", {"output_size": (1, 7)}, "indices"),
    (
        "max_unpool2d",
        {"x": zeros(1, 1, 1, 2), "indices": np.zeros((1, 1, 1, 2), int), "padding": 1},
        *("padding", 1),
    ),
    ("cross_entropy", {"labels": np.array([0, 3])}, "labels", 3),
    ("cross_entropy", {"labels": np.array([-1, 2])}, "labels", -1),
    *(
        ("partial_conv2d", {"mask": np.full((1, 1, 8, 7), value)}, "mask", 0, 1, value)
        for value in (2, -1, 0.5, np.nan)
    ),
    ("softmax", {"axis": 2}, "axis", 2, (2, 3)),
    ("log_softmax", {"x": zeros(), "axis": 0}, "axis", 0, ()),
    ("interpolate", {"mode": "cubic"}, "mode", "bilinear", "bicubic", "cubic"),
    ("interpolate", {"mode": "trilinear"}, "mode", "bilinear", "trilinear"),
    (
        "interpolate",
        {"x": zeros(1, 1, 2, 2, 2), "size": 3},
        "mode",
        *("nearest", "trilinear", "bilinear"),
    ),
    (
        "interpolate",
        {"mode": "nearest", "align_corners": True},
        "align_corners",
        *(False, "nearest"),
    ),
    ("interpolate", {"size": None}, "size", None),
    ("interpolate", {"scale_factor": 2.0}, "size", (5, 9), 2.0),
    ("interpolate", {"size": (5, 6, 7)}, "size", 2, (5, 6, 7)),
    ("interpolate", {**NO_SIZE, "scale_factor": (2.0,)}, "scale_factor", 2, (2.0,)),
    ("interpolate", {**NO_SIZE, "scale_factor": 0.1}, "scale_factor", 0.1, (8, 7)),
    *(
        (name, {"output_padding": 2, "stride": 2}, "output_padding", 2, 1)
        for name in ("conv_transpose2d", "conv_transpose_output_size")
    ),
    ("conv_transpose_output_size", {"padding": 9}, "padding", 9, 8, 3, 2),
    ("conv_transpose2d", {"padding": 5}, "padding", 5),
    ("receptive_field", {"axis": 2}, "axis", None, 0, 1, 2),
    ("weight_ids", {"layer": ReLU()}, "layer", ReLU()),
    ("dense_matrix", {"params": {}}, "params", "weight", []),
    ("dense_matrix", {"params": {"weight": zeros(3, 3)}}, "weight", (3, 2), (3, 3)),
    ("conv_output_size", {"padding": (1, 2, 3)}, "padding", (1, 2, 3)),
    ("receptive_field", {"layers": [(3, 0)]}, "stride", 0),
    ("receptive_field", {"layers": [(3, 1, -1)]}, "padding", -1),
    ("receptive_field", {"layers": [()]}, None, ()),
    ("receptive_field", {"layers": [(1,) * 5]}, None, (1,) * 5),
    ("receptive_field", {"layers": [Conv2d(1, (3, 1))]}, "axis", 0, 1),
]
WRONG_TYPE = [
    ("receptive_field", {"layers": [(3.0,)]}, "kernel_size", 3.0),
    ("receptive_field", {"layers": [Linear(3)]}, None, Linear(3)),
    ("receptive_field", {"layers": [3]}, None, 3),
    ("receptive_field", {"layers": 3}, "layers", 3),
    ("weight_ids", {"layer": "Conv2d"}, "layer", "Conv2d"),
    ("dense_matrix", {"layer": None}, "layer", None),
    ("summary", {"network": [ReLU()]}, "network", [ReLU()]),
    ("avg_pool2d", {"padding": "same"}, "padding", "same"),
    ("conv_transpose2d", {"padding": "same"}, "padding", "same"),
    ("interpolate", {"size": "5"}, "size", "5"),
    ("interpolate", {**NO_SIZE, "scale_factor": "2"}, "scale_factor", "2"),
    ("softmax", {"axis": None}, "axis", None),
    ("max_unpool2d", {"indices": None}, "indices", type(None)),
    ("max_pool2d", {"padding": ((1, 1), (1, 1))}, "padding", (1, 1)),
    ("max_pool2d", {"padding": "same"}, "padding", "same"),
    ("conv2d", {"groups": (1, 1)}, "groups", (1, 1)),
    ("conv2d", {"weight": None}, "weight", type(None)),
    ("linear", {"x": None}, "x", type(None)),
]
ROWS = [(ValueError, *row) for row in REFUSED]
ROWS += [(TypeError, *row) for row in WRONG_TYPE]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[1]}-{row[3]}")
def test_refused(row):
    error, name, spoiled, blamed, *got = row
    refused(name, error, blamed, *got, **spoiled)
