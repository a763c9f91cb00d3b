"""What is refused: by specifications, by what is asked of them, and by training."""

import numpy as np
import pytest
from good import GOOD, refusal, zeros

from conv_notes import (
    SGD,
    Adam,
    AvgPool2d,
    Conv2d,
    ConvTranspose2d,
    DepthwiseConv2d,
    Flatten,
    Linear,
    LocalConv2d,
    MaxPool2d,
    NetVLAD,
    Parallel,
    ReLU,
    Sequential,
    TiledConv2d,
    Upsample,
    dense_matrix,
    fit,
    summary,
    weight_ids,
)

IMAGE, VECTOR = (2, 4, 4), (8,)
MAKE = {
    Conv2d: {"out_channels": 2, "kernel_size": 3},
    LocalConv2d: {"out_channels": 2, "kernel_size": 3},
    TiledConv2d: {"out_channels": 2, "kernel_size": 3, "tile": 2},
    DepthwiseConv2d: {"kernel_size": 3},
    ConvTranspose2d: {"out_channels": 2, "kernel_size": 3},
    MaxPool2d: {"kernel_size": 3},
    AvgPool2d: {"kernel_size": 3},
}


# layer, its integers, the least each may be
INTEGERS = [
    (layer, argument, least)
    for argument, least in [
        ("out_channels", 1),
        ("kernel_size", 1),
        ("stride", 1),
        ("dilation", 1),
        ("padding", 0),
    ]
    for layer in MAKE
    if argument in layer.__dataclass_fields__
]
IN_WORDS = [Conv2d, LocalConv2d, TiledConv2d, DepthwiseConv2d]  # padding may be


def refuses(layer, error, argument, bad, *got):
    with refusal(layer.__name__, error, argument, *got):
        layer(**MAKE[layer] | {argument: bad})


@pytest.mark.parametrize(("layer", "argument", "least"), INTEGERS)
def test_integers(layer, argument, least):
    refuses(layer, ValueError, argument, least - 1, least, least - 1)
    for bad in (2.0, True, "2", None):
        if not (
            bad is None and argument == "stride" and layer in (MaxPool2d, AvgPool2d)
        ):
            is_word = bad == "2" and argument == "padding" and layer in IN_WORDS
            refuses(layer, ValueError if is_word else TypeError, argument, bad, bad)
    if argument != "out_channels":
        refuses(layer, ValueError, argument, (1, least - 1), least, least - 1)
        refuses(layer, ValueError, argument, (3, 3, 3), (3, 3, 3))


@pytest.mark.parametrize("layer", IN_WORDS)
def test_padding_in_words(layer):
    refuses(layer, ValueError, "padding", "full", "full")
    with refusal(layer.__name__, ValueError, "padding", (2, 2)):
        layer(**MAKE[layer], stride=2, padding="same")


def fitted(**spoiled):
    return fit(**GOOD["fit"] | spoiled)


def convolved(params):
    return Conv2d(1, 3).apply(params, zeros(2, 1, 5, 5))


EMPTY = {"x": zeros(0, 3), "labels": np.zeros(0, int)}
NAMES = ["bias", "weight"]
SMALL = {"weight": zeros(2, 3)}
EXTRA = {"weight": 0, "bias": 0, "scale": 0}
OTHERS = {"weight": zeros(1, 1, 2, 2), "bias": zeros(1)}
BRANCHES = Parallel(Conv2d(2, 1), MaxPool2d(2))
# what is done, who refuses it, which argument is blamed (None: in other words), what
# else the message shows
REFUSED = [
    # Specifications
    (lambda: Linear(0), "Linear", "out_features", 1, 0),
    (lambda: Conv2d(4, 3, groups=0), "Conv2d", "groups", 1, 0),
    (lambda: Conv2d(4, 3, groups=3), "Conv2d", "groups", 3, 4),
    (lambda: TiledConv2d(1, 3, tile=0), "TiledConv2d", "tile", 1, 0),
    (lambda: TiledConv2d(1, 3, tile=(2, 2, 2)), "TiledConv2d", "tile", (2, 2, 2)),
    (lambda: TiledConv2d(1, 3, tile=2, tiling="row"), "TiledConv2d", "tiling", "row"),
    (lambda: MaxPool2d(2, padding=2), "MaxPool2d", "padding", 2),
    (lambda: AvgPool2d(2, padding=2), "AvgPool2d", "padding", 2),
    (lambda: DepthwiseConv2d(3, multiplier=0), "DepthwiseConv2d", "multiplier", 1, 0),
    (lambda: ConvTranspose2d(4, 3, groups=3), "ConvTranspose2d", "groups", 3, 4),
    (
        lambda: ConvTranspose2d(4, 3, output_padding=1),
        "ConvTranspose2d",
        *("output_padding", 1),
    ),
    (lambda: Upsample(), "Upsample", "size", None),
    (lambda: Upsample(2, 2.0), "Upsample", "size", 2, 2.0),
    (lambda: Upsample(0), "Upsample", "size", 1, 0),
    (lambda: Upsample(2, mode="trilinear"), "Upsample", "mode", "bicubic", "trilinear"),
    (lambda: Upsample(scale_factor=-1), "Upsample", "scale_factor", 0, -1.0),
    (lambda: NetVLAD(0), "NetVLAD", "n_clusters", 1, 0),
    (lambda: NetVLAD(2, alpha=0), "NetVLAD", "alpha", 0, 0.0),
    (lambda: Parallel(), "Parallel", "branches"),
    # Inputs that do not fit
    (lambda: Conv2d(3, 3, groups=3).output_shape(IMAGE), "Conv2d", "groups", 3, 2),
    (
        lambda: ConvTranspose2d(3, 3, groups=3).output_shape(IMAGE),
        "ConvTranspose2d",
        *("groups", 3, 2),
    ),
    (
        lambda: ConvTranspose2d(4, 3, padding=4).output_shape(IMAGE),
        "ConvTranspose2d",
        *("padding", 4),
    ),
    (lambda: Conv2d(1, 5).output_shape(IMAGE), "Conv2d", "kernel_size", 5, 4),
    (lambda: MaxPool2d(5).n_params(IMAGE), "MaxPool2d", "kernel_size", 5, 4),
    (lambda: AvgPool2d(5).output_shape(IMAGE), "AvgPool2d", "kernel_size", 5, 4),
    (
        lambda: Upsample(scale_factor=0.2).output_shape(IMAGE),
        "Upsample",
        *("scale_factor", 0.2, (4, 4)),
    ),
    (lambda: BRANCHES.output_shape(IMAGE), "Parallel", "branches", IMAGE, (2, 2, 2)),
    (lambda: weight_ids(Conv2d(1, 3), 3), "Conv2d", "input_shape", 3),
    (lambda: Linear(3).output_shape(IMAGE), "Linear", "input_shape", IMAGE),
    (lambda: Linear(3).n_params(8), "Linear", "input_shape", 8),
    (lambda: Linear(3).macs((0,)), "Linear", "input_shape", 1, 0),
    (lambda: Conv2d(1, 3).n_params(VECTOR), "Conv2d", "input_shape", VECTOR),
    (lambda: Conv2d(1, 3).output_shape([2, 4, 4]), "Conv2d", "input_shape", [2, 4, 4]),
    (lambda: LocalConv2d(1, 3).macs((2, 4, 0)), "LocalConv2d", "input_shape", 1, 0),
    (lambda: MaxPool2d(2).output_shape(VECTOR), "MaxPool2d", "input_shape", VECTOR),
    (
        lambda: Sequential(Flatten(), Conv2d(1, 3)).n_params(IMAGE),
        "Conv2d",
        *("input_shape", (32,)),
    ),
    (
        lambda: summary(Sequential(Conv2d(1, 3), Linear(3)), IMAGE),
        "Linear",
        *("input_shape", (1, 2, 2)),
    ),
    # Parameters that are not the layer's
    (lambda: convolved({}), "Conv2d", "params", NAMES, []),
    (lambda: convolved(EXTRA), "Conv2d", "params", NAMES, ["bias", "scale", "weight"]),
    (lambda: convolved(OTHERS), "Conv2d", "weight", (1, 1, 3, 3), (1, 1, 2, 2)),
    # Matrices
    (lambda: weight_ids(ReLU(), IMAGE), "weight_ids", "layer", ReLU()),
    (
        lambda: weight_ids(Sequential(Conv2d(1, 2), ReLU()), IMAGE),
        "weight_ids",
        *("layer", Sequential(Conv2d(1, 2), ReLU())),
    ),
    (
        lambda: weight_ids(Sequential(Linear(2), Linear(1)), VECTOR),
        "weight_ids",
        *("layer", Sequential(Linear(2), Linear(1))),
    ),
    (lambda: dense_matrix(ReLU(), {}, IMAGE), "dense_matrix", "layer", ReLU()),
    (
        lambda: dense_matrix(Linear(2), {"bias": zeros(2)}, VECTOR),
        "dense_matrix",
        *("params", "weight", ["bias"]),
    ),
    (
        lambda: dense_matrix(Linear(2), {"weight": zeros(2, 7)}, VECTOR),
        "dense_matrix",
        *("weight", (2, 8), (2, 7)),
    ),
    # Training
    (lambda: SGD(0), "SGD", "lr", 0, 0.0),
    (lambda: SGD(-0.1), "SGD", "lr", 0, -0.1),
    (lambda: SGD(np.nan), "SGD", "lr", np.nan),
    (lambda: SGD(np.inf), "SGD", "lr", np.inf),
    (lambda: SGD(1, 1), "SGD", "momentum", 1, 1.0),
    (lambda: SGD(1, -0.1), "SGD", "momentum", 0, -0.1),
    (lambda: SGD(1, 0, -1), "SGD", "weight_decay", 0, -1.0),
    (lambda: Adam(-1), "Adam", "lr", 0, -1.0),
    (lambda: Adam(np.inf), "Adam", "lr", np.inf),
    (lambda: Adam(betas=0.9), "Adam", "betas", 0.9),
    (lambda: Adam(betas=(0.9,)), "Adam", "betas", (0.9,)),
    (lambda: Adam(betas=(0.9, 1)), "Adam", "betas", 1, 1.0),
    (lambda: Adam(betas=(-1, 0.9)), "Adam", "betas", 0, -1.0),
    (lambda: Adam(eps=0), "Adam", "eps", 0, 0.0),
    (lambda: Adam(weight_decay=-0.5), "Adam", "weight_decay", 0, -0.5),
    (lambda: fitted(params=SMALL), "Linear", "params", NAMES, ["weight"]),
    (lambda: fitted(params={}), "Linear", "params", NAMES, []),
    (lambda: fitted(x=zeros(4, 5)), "Linear", "weight", (2, 5), (2, 3)),
    (lambda: fitted(labels=np.array([0, 1, 2, 0])), "cross_entropy", "labels", 0, 1, 2),
    (lambda: fitted(labels=np.zeros(3, int)), "fit", "x", (4, 3), (3,)),
    (lambda: fitted(x=zeros(3, 3)), "fit", "x", (3, 3), (4,)),
    (lambda: fitted(**EMPTY), "fit", "x", (0, 3), (0,)),
    (lambda: fitted(x=zeros()), "fit", "x", (), (4,)),
]
WRONG_TYPE = [
    (lambda: Linear(2.5), "Linear", "out_features", 2.5),
    (lambda: NetVLAD(2.0), "NetVLAD", "n_clusters", 2.0),
    (lambda: Sequential(ReLU(), "ReLU"), "Sequential", None, 1, "ReLU"),
    (lambda: Parallel(ReLU(), 3), "Parallel", None, 1, 3),
    (
        lambda: TiledConv2d(1, 3, tile=2).param_shapes((2, 4.0, 4)),
        "TiledConv2d",
        *("input_shape", 4.0),
    ),
    (lambda: SGD("1"), "SGD", "lr", "1"),
    (lambda: SGD(True), "SGD", "lr", True),
    (lambda: SGD(1j), "SGD", "lr", 1j),
    (lambda: SGD(1, 0, None), "SGD", "weight_decay", None),
    (lambda: Adam(betas=("a", 0)), "Adam", "betas", "a"),
    (lambda: fitted(network=[Linear(2)]), "fit", "network", [Linear(2)]),
    (lambda: fitted(params=[1.0]), "fit", "params", list),
    (
        lambda: fitted(params={"weight": zeros(2, 3).astype("f4")}),
        "fit",
        *("weight", np.dtype("f4"), np.dtype("f8")),
    ),
    (lambda: fitted(labels=[0, 1, 0, 1]), "fit", "labels", list),
    (lambda: fitted(labels=zeros(4)), "cross_entropy", "labels", np.dtype("f8")),
    (lambda: fitted(optimizer=0.1), "fit", "optimizer", 0.1),
    (lambda: fitted(until=3), "fit", "until", 3),
    (lambda: fitted(rng=0), "fit", "rng", 0),
]
ROWS = [(ValueError, *row) for row in REFUSED]
ROWS += [(TypeError, *row) for row in WRONG_TYPE]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[2]}-{row[3]}")
def test_refused(row):
    error, make, where, blamed, *got = row
    with refusal(where, error, blamed, *got):
        make()
