"""The four types are corners of one plane: where they meet, they are equal."""

from itertools import pairwise
from math import prod

import numpy as np
import oracle
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st

from conv_notes import (
    Conv2d,
    DepthwiseConv2d,
    Flatten,
    Linear,
    LocalConv2d,
    Sequential,
    TiledConv2d,
    conv2d,
    dense_matrix,
    linear,
    local_conv2d,
    tiled_conv2d,
    weight_ids,
)

UNGROUPED = strategies.convolutions("conv2d", most_groups=1)
TILINGS = st.sampled_from(["cyclic", "block"])
GRID = (2, 6, 5)  # of the layers whose counts are compared


def assert_same(actual, expected):
    np.testing.assert_array_equal(actual, expected, strict=True)


def repeated(array, tile):
    """`array` once for each kernel of a tile, or None."""
    return None if array is None else np.broadcast_to(array, (*tile, *array.shape))


@given(UNGROUPED, strategies.pairs(1, 4), TILINGS)
def test_tiled_with_equal_kernels_is_conv(case, tile, tiling):
    x, weight, bias = case.arrays
    kernels = repeated(weight, tile), repeated(bias, tile)
    assert_same(tiled_conv2d(x, *kernels, **case.options, tiling=tiling), case())


@given(UNGROUPED)
def test_local_with_one_kernel_repeated_is_conv(case):
    x, weight, bias = case.arrays
    y = case()
    kernels = repeated(weight, y.shape[2:]), repeated(bias, y.shape[2:])
    assert_same(local_conv2d(x, *kernels, **case.options), y)


@given(strategies.convolutions("local_conv2d"), TILINGS)
def test_tiled_with_a_kernel_per_output_is_local(case, tiling):
    y = tiled_conv2d(*case.arrays, **case.options, tiling=tiling)
    assert_same(y, case())


def test_long_unshared_kernels_over_one_image_as_over_two(rng):
    x = rng.integers(-4, 5, (2, 64, 5, 4)).astype(np.float32)
    weight = rng.integers(-4, 5, (3, 2, 7, 64, 3, 3)).astype(np.float32)
    assert_same(local_conv2d(x[1:], weight), local_conv2d(x, weight)[1:])


@given(strategies.convolutions("local_conv2d"), strategies.pairs(0, 3))
def test_cyclic_with_more_kernels_than_outputs_is_local(case, spare):
    x, weight, bias = case.arrays

    def padded(array):
        if array is None:
            return None
        widths = [(0, s) for s in spare] + [(0, 0)] * (array.ndim - 2)
        return np.pad(array, widths, constant_values=9)  # must not be used

    y = tiled_conv2d(x, padded(weight), padded(bias), **case.options)
    assert_same(y, case())


@given(strategies.linears(axes=1), st.data())
def test_kernel_as_large_as_the_input_is_linear(case, data):
    rows, weight, bias = case.arrays
    features = rows.shape[1]
    height = data.draw(
        st.sampled_from([k for k in range(1, features + 1) if features % k == 0])
    )
    size = (features // height, height, 1)
    x, kernels = rows.reshape(-1, *size), weight.reshape(-1, *size)
    assert_same(conv2d(x, kernels, bias)[..., 0, 0], linear(rows, weight, bias))


@given(strategies.convolutions("conv2d"))
def test_groups_are_convolutions_side_by_side(case):
    x, weight, bias = case.arrays
    options = dict(case.options)
    groups = options.pop("groups", 1)
    parts = [
        conv2d(*arrays, **options)
        for arrays in zip(
            np.split(x, groups, axis=1),
            np.split(weight, groups),
            [None] * groups if bias is None else np.split(bias, groups),
            strict=True,
        )
    ]
    assert_same(case(), np.concatenate(parts, axis=1))


def test_depthwise_is_a_convolution_of_as_many_groups(rng):
    depthwise = DepthwiseConv2d(3, 2, stride=2, padding="valid")
    grouped = Conv2d(6, 3, stride=2, groups=3)
    params = grouped.init((3, 8, 7), rng)
    x = rng.standard_normal((2, 3, 8, 7))
    assert depthwise.param_shapes((3, 8, 7)) == grouped.param_shapes((3, 8, 7))
    assert depthwise.macs((3, 8, 7)) == grouped.macs((3, 8, 7))
    assert depthwise.windows == grouped.windows
    np.testing.assert_array_equal(depthwise.apply(params, x), grouped.apply(params, x))


@given(strategies.layer_cases())
def test_layer_is_its_dense_matrix(case):
    x, _, bias = case.arrays
    matrix = dense_matrix(case.layer, case.params, x.shape[1:])
    y = case.layer.apply(case.params, x)
    shift = case() - case.op(*case.arrays[:2], **case.options)
    expected = (matrix @ x.reshape(len(x), -1).T).T.reshape(y.shape) + shift
    assert_same(y, expected)
    assert matrix.dtype == x.dtype
    assert bias is not None or not shift.any()


@given(strategies.layer_cases())
def test_flatten_and_linear_are_a_matrix_too(case):
    x = case.arrays[0]
    network = Sequential(case.layer, Flatten())
    params = {f"0.{name}": array for name, array in case.params.items()}
    assert_same(
        dense_matrix(network, params, x.shape[1:]),
        dense_matrix(case.layer, case.params, x.shape[1:]),
    )
    head = Sequential(Flatten(), Linear(2, bias=False))
    weight = np.arange(2.0 * prod(x.shape[1:])).reshape(2, -1)
    assert_same(dense_matrix(head, {"1.weight": weight}, x.shape[1:]), weight)


@given(strategies.layer_cases())
def test_weight_ids_are_the_pattern_of_the_definition(case):
    x, weight, _ = case.arrays
    ids = weight_ids(case.layer, x.shape[1:])
    if case.name == "linear":
        expected = np.arange(weight.size).reshape(weight.shape)
    else:
        output_shape = case().shape[1:]
        expected = np.full((prod(output_shape), prod(x.shape[1:])), -1)
        for to, source, carried in oracle.connections(
            x.shape[1:], weight.shape, **case.full
        ):
            row = np.ravel_multi_index(to, output_shape)
            column = np.ravel_multi_index(source, x.shape[1:])
            expected[row, column] = np.ravel_multi_index(carried, weight.shape)
    assert ids.dtype == np.int64
    assert_same(ids, expected.astype(np.int64))


@given(strategies.layer_cases())
def test_macs_are_the_taps(case):
    x, weight, _ = case.arrays
    if case.name == "linear":
        taps = weight.size
    else:  # on an image so padded that every tap falls on a pixel
        (top, bottom), (left, right) = case.full["padding"]
        channels, height, width = x.shape[1:]
        padded = (channels, top + height + bottom, left + width + right)
        full = {**case.full, "padding": ((0, 0), (0, 0))}
        taps = sum(1 for _ in oracle.connections(padded, weight.shape, **full))
    assert case.layer.macs(x.shape[1:]) == taps


@given(strategies.layer_cases(), st.integers(0, 2**32 - 1))
def test_counts_are_the_sizes_of_the_arrays(case, seed):
    input_shape = case.arrays[0].shape[1:]
    params = case.layer.init(input_shape, np.random.default_rng(seed))
    shapes = {name: array.shape for name, array in params.items()}
    assert shapes == {name: array.shape for name, array in case.params.items()}
    assert shapes == case.layer.param_shapes(input_shape)
    assert case.layer.n_params(input_shape) == sum(a.size for a in params.values())
    assert case.layer.output_shape(input_shape) == case().shape[1:]


# From the most shared to the least; each holds all that the one before can do.
LADDER = [
    Conv2d(3, (3, 2), bias=False),
    TiledConv2d(3, (3, 2), bias=False, tile=2),
    TiledConv2d(3, (3, 2), bias=False, tile=4),
    LocalConv2d(3, (3, 2), bias=False),
    Sequential(Flatten(), Linear(3 * 4 * 4, bias=False)),
]


@pytest.mark.parametrize(
    ("layer", "count"),
    zip(LADDER, [36, 4 * 36, 16 * 36, 16 * 36, 48 * 60], strict=True),
)
def test_number_of_different_weights(layer, count):
    ids = weight_ids(layer, GRID)
    assert set(ids[ids >= 0]) == set(range(count))
    assert layer.n_params(GRID) == count


@pytest.mark.parametrize("tiling", ["cyclic", "block"])
@pytest.mark.parametrize(("less", "more"), list(pairwise(LADDER)))
def test_containment(less, more, tiling):
    """Where the freer layer shares a weight, so does the other; it sees no less."""

    def pattern(layer):
        if isinstance(layer, TiledConv2d):
            layer = TiledConv2d(3, (3, 2), bias=False, tile=layer.tile, tiling=tiling)
        return weight_ids(layer, GRID)

    fewer, finer = pattern(less), pattern(more)
    assert not np.any((fewer >= 0) & (finer < 0))
    connected = fewer >= 0
    both = np.unique(np.stack([finer[connected], fewer[connected]]), axis=1)
    assert len(set(both[0])) == both.shape[1]  # a weight of one is one of the other


def shifts_with_its_input(layer, rng):
    """Whether moving the image by a pixel moves the output by a pixel."""
    image = rng.standard_normal((1, 2, 9, 8))
    params = layer.init((2, 8, 7), rng)
    here = layer.apply(params, image[..., :-1, :-1])
    moved = layer.apply(params, image[..., 1:, 1:])
    return np.allclose(here[..., 1:, 1:], moved[..., :-1, :-1], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (Conv2d(3, 3), True),
        (Conv2d(4, 3, dilation=2, groups=2), True),
        (Conv2d(3, 3, padding="same"), False),  # true inside, not at the edges
        (TiledConv2d(3, 3, tile=1), True),
        (TiledConv2d(3, 3, tile=2), False),
        (TiledConv2d(3, 3, tile=2, tiling="block"), False),
        (LocalConv2d(3, 3), False),
    ],
)
def test_shift_equivariance(layer, expected, rng):
    assert shifts_with_its_input(layer, rng) == expected


def test_same_padding_is_shift_equivariant_inside(rng):
    image = rng.standard_normal((1, 2, 9, 8))
    weight = rng.standard_normal((3, 2, 3, 3))
    here = conv2d(image[..., :-1, :-1], weight, padding="same")
    moved = conv2d(image[..., 1:, 1:], weight, padding="same")
    np.testing.assert_allclose(
        here[..., 2:-1, 2:-1], moved[..., 1:-2, 1:-2], rtol=1e-12, atol=1e-12
    )


def test_cyclic_tiling_shifts_by_whole_tiles(rng):
    x = rng.standard_normal((1, 1, 10, 10))
    layer = TiledConv2d(2, 3, tile=2)
    params = layer.init((1, 8, 8), rng)
    here = layer.apply(params, x[..., :-2, :-2])
    moved = layer.apply(params, x[..., 2:, 2:])
    np.testing.assert_allclose(here[..., 2:, 2:], moved[..., :-2, :-2], rtol=1e-12)
