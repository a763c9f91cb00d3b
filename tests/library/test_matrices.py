"""A layer as one matrix: what is connected to what, by which weight."""

import numpy as np
import pytest
from good import refusal

from conv_notes import (
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
    dense_matrix,
    weight_ids,
)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (Linear(2), True),
        (Conv2d(1, 2), True),
        (ConvTranspose2d(1, 2), True),
        (DepthwiseConv2d(2), True),
        (LocalConv2d(1, 2), True),
        (TiledConv2d(1, 2, tile=2), True),
        (AvgPool2d(2), True),
        (GlobalAvgPool2d(), True),
        (Upsample(2), True),
        (Flatten(), True),
        (MaxPool2d(2), False),
        (ReLU(), False),
        (NetVLAD(2), False),
        (Sequential(Conv2d(1, 2), Flatten()), True),
        (Sequential(Conv2d(1, 2), ReLU()), False),
        (Parallel(Conv2d(1, 2), AvgPool2d(2, 1)), True),
        (Parallel(Conv2d(1, 2), MaxPool2d(2, 1)), False),
    ],
)
def test_is_linear(layer, expected, rng):
    shape = (4,) if isinstance(layer, Linear) else (1, 3, 3)
    params = layer.init(shape, rng)
    params = {name: a * (name[-4:] != "bias") for name, a in params.items()}
    x = rng.standard_normal((2, *shape))
    total = layer.apply(params, x[:1] - 3 * x[1:])
    parts = layer.apply(params, x)
    assert layer.is_linear == np.allclose(total, parts[:1] - 3 * parts[1:]) == expected


def test_weight_ids_by_hand():
    """Two outputs see windows of two; what they share is all that differs."""
    row = (1, 1, 3)
    tiled = TiledConv2d(1, (1, 2), tile=(1, 2))
    assert weight_ids(Conv2d(1, (1, 2)), row).tolist() == [[0, 1, -1], [-1, 0, 1]]
    assert weight_ids(tiled, row).tolist() == [[0, 1, -1], [-1, 2, 3]]
    assert weight_ids(LocalConv2d(1, (1, 2)), row).tolist() == [[0, 1, -1], [-1, 2, 3]]
    for tiling, turns in {"cyclic": [0, 1, 0, 1, 0], "block": [0, 0, 0, 1, 1]}.items():
        ids = weight_ids(TiledConv2d(1, 1, tile=(1, 2), tiling=tiling), (1, 1, 5))
        assert ids.diagonal().tolist() == turns
    full = Sequential(Flatten(), Linear(2))
    assert weight_ids(full, row).tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dense_matrix_keeps_the_dtype(dtype, rng):
    layer = Conv2d(2, 3, padding=1)
    params = layer.init((1, 4, 4), rng, dtype)
    assert dense_matrix(layer, params, (1, 4, 4)).dtype == dtype


@pytest.mark.parametrize(
    "layer",
    [
        DepthwiseConv2d(3, 2, stride=2, padding=1, bias=False),
        ConvTranspose2d(4, (3, 2), (2, 3), (1, 0), (1, 0), 2, False, (1, 2)),
        Sequential(ConvTranspose2d(1, 3, stride=4, bias=False), Flatten()),
    ],
    ids=repr,
)
def test_dense_matrix_is_the_layer(layer, rng):
    params = layer.init((2, 4, 5), rng)
    (weight,) = params.values()
    x = rng.standard_normal((3, 2, 4, 5))
    matrix, y = dense_matrix(layer, params, (2, 4, 5)), layer.apply(params, x)
    np.testing.assert_allclose(matrix @ x.reshape(3, -1).T, y.reshape(3, -1).T)
    ids = weight_ids(layer, (2, 4, 5))
    assert set(ids[ids >= 0]) == set(range(weight.size))
    assert np.array_equal(matrix != 0, ids >= 0)


@pytest.mark.parametrize(
    "layer",
    [
        DepthwiseConv2d((3, 2), 2, stride=(2, 1), dilation=(1, 2)),
        ConvTranspose2d(4, (3, 2), (2, 3), groups=2, dilation=(1, 2)),
        ConvTranspose2d(3, 2, stride=3),
    ],
    ids=repr,
)
def test_macs_are_the_connections(layer):
    """Where nothing is padded or cut off, each connection is one multiply-add."""
    assert layer.macs((2, 4, 5)) == np.sum(weight_ids(layer, (2, 4, 5)) >= 0)


def test_macs_of_a_transposed_convolution_count_what_is_cut_off():
    layer = ConvTranspose2d(3, 3, stride=2, padding=1)
    assert layer.macs((2, 4, 5)) == ConvTranspose2d(3, 3, stride=2).macs((2, 4, 5))


def test_dense_matrix_names_what_it_cannot_use():
    with refusal("dense_matrix", TypeError, "weight", list):
        dense_matrix(Conv2d(1, 1, bias=False), {"weight": [[[[1.0]]]]}, (1, 2, 2))


@pytest.mark.parametrize(
    "layer",
    [
        Sequential(AvgPool2d(2), Conv2d(1, 1, bias=False)),
        Sequential(Upsample(scale_factor=2), Conv2d(1, 2, bias=False)),
        Parallel(Conv2d(1, 1, bias=False), Sequential()),
    ],
    ids=repr,
)
def test_dense_matrix_where_no_connection_is_one_weight_alone(layer, rng):
    """The matrix is still the layer, but no connection has a weight to name."""
    params = layer.init((1, 2, 2), rng)
    x = rng.standard_normal((3, 1, 2, 2))
    matrix = dense_matrix(layer, params, (1, 2, 2))
    y = layer.apply(params, x).reshape(3, -1)
    np.testing.assert_allclose(matrix @ x.reshape(3, -1).T, y.T)
    with refusal("weight_ids", ValueError, "layer", layer):
        weight_ids(layer, (1, 2, 2))
