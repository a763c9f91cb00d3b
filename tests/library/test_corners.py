"""What happens in corners: masks, empty windows, long sums, impossible layers."""

from dataclasses import fields

import numpy as np
import pytest
import strategies
from good import ARRAYS, GOOD, LAYERS, OPS, first, refusal
from hypothesis import given
from hypothesis import strategies as st

import conv_notes as cn
from conv_notes import (
    Conv2d,
    Flatten,
    Linear,
    MaxPool2d,
    Parallel,
    ReLU,
    Sequential,
    Upsample,
)

# Masked arrays, whose masks would be lost


def masked(array):
    return np.ma.masked_array(array, np.zeros(array.shape, bool))


@pytest.mark.parametrize(("name", "argument"), ARRAYS)
def test_masked_arrays(name, argument):
    where = "fit|cross_entropy" if argument == "labels" else name
    with refusal(where, TypeError, argument):
        getattr(cn, name)(**GOOD[name] | {argument: masked(GOOD[name][argument])})


@pytest.mark.parametrize("name", OPS)
def test_masked_gradients(name):
    y, pullback = getattr(cn, name).vjp(**GOOD[name])
    with refusal(f"{name}.vjp", TypeError, "dy"):
        pullback(masked(first(y)))


@pytest.mark.parametrize("name", LAYERS)
def test_masked_arrays_in_layers(name, rng):
    layer, shape = LAYERS[name]
    params, x = layer.init(shape, rng), np.ones((2, *shape))
    with refusal(name, TypeError, "x"):
        layer.apply(params, masked(x))
    for param, array in params.items():
        with refusal(name, TypeError, param.split(".")[-1]):
            layer.apply(params | {param: masked(array)}, x)


@pytest.mark.parametrize("name", ["dense_matrix", "fit"])
def test_masked_parameters(name):
    params = GOOD[name]["params"]
    with pytest.raises(TypeError, match=r"^\w+: weight "):
        weight = masked(params["weight"])
        getattr(cn, name)(**GOOD[name] | {"params": params | {"weight": weight}})


# A specification that cannot compute is not a specification

WRONG = [0, -1, 2.5, True, "full", None, (1, 0), (1, 2, 3), ((1, 0),), ()]
PAIRS = ["same", "valid", (2, 1), ((1, 0), (0, 2)), ((1, -1), (0, 0))]
COUNTS = st.sampled_from([1, 2, 3]) | st.sampled_from([*WRONG, *PAIRS])
SIZES = COUNTS | st.sampled_from([0.5, 1.5, (2.5, 1), (0.5,), np.nan, np.inf, "2"])
VALUES = {
    "mode": st.sampled_from(
        ["nearest", "bilinear", "bicubic", "trilinear", "cubic", 1]
    ),
    "tiling": st.sampled_from(["cyclic", "block", "row", None]),
    "alpha": st.sampled_from([1.0, 2, 0, -1.0, np.nan, np.inf, "1"]),
    "size": st.none() | SIZES,
    "scale_factor": st.none() | SIZES,
}


def values(field):
    if isinstance(field.default, bool):
        return st.booleans()
    return VALUES.get(field.name, COUNTS)


ALONE = [name for name in LAYERS if name not in ("Sequential", "Parallel")]


@pytest.mark.parametrize("name", [name for name in ALONE if fields(LAYERS[name][0])])
@given(data=st.data())
def test_what_is_made_computes(name, data):
    """Whatever an op would refuse of an image that is large enough is not made."""
    layer, shape = LAYERS[name]
    shape = (12,) if len(shape) == 1 else (12, 24, 24)
    some = st.fixed_dictionaries(
        {}, optional={f.name: values(f) for f in fields(layer)}
    )
    required = {f.name: getattr(layer, f.name) for f in fields(layer)}
    try:
        layer = type(layer)(**required | data.draw(some))
    except (TypeError, ValueError) as error:
        assert str(error).startswith(f"{name}: ")
        return
    params = layer.init(shape, np.random.default_rng(0))
    y, pullback = layer.vjp(params, np.ones((1, *shape)))
    assert y.shape == (1, *layer.output_shape(shape))
    assert pullback(y)[1].shape == (1, *shape)


def test_nearest_has_no_corners_to_align():
    with refusal("Upsample", ValueError, "align_corners", "nearest"):
        Upsample(scale_factor=2, align_corners=True)


# An index lies inside its own window


def test_windows_that_see_no_pixel():
    """Two taps, both in the padding: one above the row 5, 7, the other below."""
    x = np.array([5.0, 7.0]).reshape(1, 1, 1, 2)
    options = {"stride": 1, "padding": (1, 0), "dilation": (2, 1)}
    y, pullback = cn.max_pool2d.vjp(x, (2, 1), **options)
    assert y.tolist() == [[[[-np.inf, -np.inf]]]]
    assert pullback(np.ones_like(y))[0].tolist() == [[[[0, 0]]]]
    _, indices = cn.max_pool2d(x, (2, 1), **options, return_indices=True)
    assert indices.tolist() == [[[[-1, -1]]]]


@pytest.mark.parametrize("kernel_size", [(1, 300), (300, 1), (15, 17), (16, 16)])
def test_entries_of_a_large_window_have_numbers_of_their_own(kernel_size):
    height, width = kernel_size
    x = np.arange(2.0 * height * width).reshape(1, 2, height, width)
    (_, indices), pullback = cn.max_pool2d.vjp(x, kernel_size, return_indices=True)
    assert indices.ravel().tolist() == [height * width - 1] * 2
    (dx,) = pullback(np.ones((1, 2, 1, 1)))
    assert np.flatnonzero(dx).tolist() == [x.size // 2 - 1, x.size - 1]
    x[..., 1:] = -np.inf
    x[...] = x[..., ::-1, ::-1]
    assert cn.max_pool2d(x, kernel_size, return_indices=True)[1].min() == width - 1


def places(position, size, axis, *, kernel_size, stride, padding, dilation):
    """The rows (or columns) of an image that a window at a position sees."""
    start = position * stride[axis] - padding[axis]
    taps = start + np.arange(kernel_size[axis]) * dilation[axis]
    return {int(n) for n in taps if 0 <= n < size}


@given(strategies.poolings(), strategies.numbers(-5, 4))
def test_indices_lie_in_their_windows(case, low):
    (x,) = case.arrays
    x = np.where(x < low, -np.inf, x).astype(x.dtype)  # of some windows, all of it
    (y, indices), pullback = case.op.vjp(x, **case.options, return_indices=True)
    window = {k: case.full[k] for k in ("kernel_size", "stride", "dilation")}
    window["padding"] = [before for before, _ in case.full["padding"]]
    height, width = x.shape[2:]
    sees = np.zeros(y.shape, bool)
    for n, c, i, j in np.ndindex(y.shape):
        rows, cols = places(i, height, 0, **window), places(j, width, 1, **window)
        index = int(indices[n, c, i, j])
        sees[n, c, i, j] = rows and cols
        if rows and cols:
            row, col = divmod(index, width)
            assert row in rows and col in cols
            assert x[n, c, row, col] == y[n, c, i, j]
        else:
            assert index == -1
    (dx,) = pullback(np.ones_like(y))
    assert dx.sum() == sees.sum()


def test_unpooling_needs_the_size_where_pooling_dropped_a_rest(rng):
    x = rng.standard_normal((1, 2, 5, 5))
    y, indices = cn.max_pool2d(x, 2, return_indices=True)
    found = cn.max_unpool2d(y, indices, 2, output_size=(5, 5))
    np.testing.assert_array_equal(found[found != 0], x[found != 0])
    assert np.count_nonzero(found) == y.size
    for size in ((7, 7), (4, 4), None):
        with refusal("max_unpool2d", ValueError, "indices"):
            cn.max_unpool2d(y, indices, 2, output_size=size)


@given(strategies.unpoolings(), st.data())
def test_unpooling_takes_an_index_of_its_own_window_alone(case, data):
    x, indices = case.arrays
    if not x.size:
        return
    height, width = case.full["size"]
    at = tuple(data.draw(strategies.numbers(0, n - 1)) for n in x.shape)
    index = data.draw(strategies.numbers(-1, height * width))
    indices = indices.astype(np.int64)
    indices[at] = index
    window = {**case.options, "dilation": (1, 1)}
    window["stride"] = window["stride"] or window["kernel_size"]
    window.pop("output_size", None)
    row, col = divmod(index, width)
    rows, cols = places(at[2], height, 0, **window), places(at[3], width, 1, **window)
    if row in rows and col in cols:
        assert case(x, indices)[at[:2]][row, col] in x[at[:2]]
    else:
        with refusal("max_unpool2d", ValueError, "indices", index):
            case(x, indices)


# A field says what is seen


def test_a_rest_that_pooling_drops_is_not_seen():
    network = Sequential(MaxPool2d(2), Flatten(), Linear(1))
    *_, last, _ = str(cn.summary(network, (1, 5, 5))).splitlines()
    assert last.endswith("  4 of 5 rows and columns")
    *_, last, _ = str(cn.summary(network, (1, 4, 4))).splitlines()
    assert last.endswith("  all")


# Long sums keep their digits, whichever axis is the slow one

MILLION = 1000, 1000
TENTH = np.float32(0.1)


def tenths(n, c, *size):
    """Tenths, the channels of a pixel side by side."""
    return np.full((n, *size, c), TENTH).transpose(0, -1, *range(1, 1 + len(size)))


@pytest.mark.parametrize(
    "mean", [cn.global_avg_pool2d, lambda x: cn.avg_pool2d(x, 1000)]
)
def test_means_of_a_million(mean):
    y = mean(tenths(1, 3, *MILLION))
    np.testing.assert_allclose(y.ravel(), [0.1] * 3, rtol=1e-7)


def ones(*shape):
    return np.ones(shape, np.float32)


IMAGE, KERNEL = ones(1, 1, *MILLION), ones(3, 1, 1, 1)
SUMS = {  # arguments before the bias, the bias
    "conv2d": ((IMAGE, KERNEL), ones(3)),
    "tiled_conv2d": ((IMAGE, KERNEL[None, None]), ones(1, 1, 3)),
    "local_conv2d": (
        (ones(10**6, 1, 1, 1), KERNEL[None, None]),
        ones(1, 1, 3),
    ),
    "conv_transpose2d": ((IMAGE, ones(1, 3, 1, 1)), ones(3)),
    "dynamic_conv2d": ((IMAGE, KERNEL[None], ones(1, 1)), ones(1, 3)),
    "partial_conv2d": ((IMAGE, IMAGE, KERNEL), ones(3)),
    "linear": ((ones(10**6, 1), ones(3, 1)), ones(3)),
}


@pytest.mark.parametrize("name", SUMS)
def test_gradients_of_a_bias_that_a_million_share(name):
    arrays, bias = SUMS[name]
    y, pullback = getattr(cn, name).vjp(*arrays, bias)
    n, c, *size = first(y).shape
    *_, dbias = pullback(tenths(n, c, *size))
    np.testing.assert_allclose(dbias.ravel(), [1e6 * float(TENTH)] * 3, rtol=1e-6)


def test_every_bias_is_summed():
    assert {*SUMS} == {name for name in OPS if name in strategies.BIASED}


# Nothing flows where nothing is connected


def test_an_empty_window_passes_no_gradient_on(rng):
    x, weight, bias = (
        rng.standard_normal(shape) for shape in ((1, 2, 4, 6), (3, 2, 3, 3), (3,))
    )
    mask = np.ones((1, 1, 4, 6))
    mask[..., :4] = 0
    (y, new_mask), pullback = cn.partial_conv2d.vjp(x, mask, weight, bias)
    empty = np.broadcast_to(new_mask == 0, y.shape)
    assert empty.any() and not empty.all()
    dy = rng.standard_normal(y.shape)
    found = pullback(np.where(empty, np.nan, dy))
    for grad, expected in zip(found, pullback(np.where(empty, 0, dy)), strict=True):
        np.testing.assert_array_equal(grad, expected)


def test_nan_stands_where_its_weight_is():
    nan, layer = np.nan, Conv2d(1, (1, 2), bias=False)
    odd, even = (np.array(w).reshape(1, 1, 1, 2) for w in ([nan, 7.0], [2.0, 3.0]))
    matrix = cn.dense_matrix(layer, {"weight": odd}, (1, 1, 3))
    np.testing.assert_array_equal(matrix, [[nan, 7, 0], [0, nan, 7]])
    both, params = Sequential(layer, layer), {"0.weight": odd, "1.weight": even}
    matrix = cn.dense_matrix(both, params, (1, 1, 4))
    np.testing.assert_array_equal(matrix, [[nan, nan, 21, 0], [0, nan, nan, 21]])


def test_no_gradient_of_a_weight_comes_from_padding_or_holes():
    nan, weight = np.nan, np.ones((1, 1, 1, 2))
    _, pullback = cn.conv2d.vjp(np.ones((1, 1, 1, 2)), weight, padding=(0, 1))
    _, dweight, _ = pullback(np.array([nan, 1.0, 1.0]).reshape(1, 1, 1, 3))
    np.testing.assert_array_equal(dweight, [[[[2, nan]]]])
    x, mask = (np.array(v).reshape(1, 1, 1, 2) for v in ([1.0, 2.0], [1, 0]))
    _, pullback = cn.partial_conv2d.vjp(x, mask, weight)
    _, _, dweight, _ = pullback(np.full((1, 1, 1, 1), nan))
    np.testing.assert_array_equal(dweight, [[[[nan, 0]]]])


def test_a_matrix_is_zero_where_nothing_is_connected_though_a_product_overflows():
    large, shift = np.full((1, 1, 1, 1), 1e200), np.array([[[[0.0, 1.0]]]])
    one, two = Conv2d(1, 1, bias=False), Conv2d(1, (1, 2), bias=False)
    params = {"0.weight": large, "1.weight": large, "2.weight": shift}
    matrix = cn.dense_matrix(Sequential(one, one, two), params, (1, 1, 3))
    np.testing.assert_array_equal(matrix, [[0, np.inf, 0], [0, 0, np.inf]])


# Long sums of other kinds


def test_gradients_of_weights_add_up_many_images():
    x = tenths(10**5, 1, 1, 1)
    y, pullback = cn.conv2d.vjp(x, ones(1, 1, 1, 1))
    np.testing.assert_allclose(pullback(np.ones_like(y))[1], 1e4, rtol=1e-6)


def test_pixels_add_up_many_windows():
    y, pullback = cn.avg_pool2d.vjp(
        np.zeros((1, 1, 1, 3999), np.float32), (1, 2000), stride=1
    )
    (dx,) = pullback(tenths(*y.shape))
    np.testing.assert_allclose(dx[0, 0, 0, 1999], 0.1, rtol=1e-6)


def test_a_mean_does_not_overflow():
    x = np.full((1, 1, 100, 100), 1e37, np.float32)
    np.testing.assert_allclose(cn.global_avg_pool2d(x), [[1e37]], rtol=1e-6)


# What is asked of layers and networks before anything is computed


def test_a_wrong_dtype_is_found_before_anything_is_computed(rng):
    network = Sequential(Conv2d(2, 3), Flatten(), Linear(3))
    params = network.init((1, 6, 6), rng)
    params["2.bias"] = params["2.bias"].astype(np.float32)
    with pytest.raises(
        TypeError, match=r"^Sequential: bias of layer 2 is float32 but x"
    ):
        network.apply(params, np.ones((1, 1, 6, 6)))


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda x: Conv2d(1, 1).apply(None, x), TypeError, "Conv2d: params .*None"),
        (lambda x: Conv2d(1, 1).init((1, 2, 2), None), TypeError, "Conv2d: rng .*None"),
        (
            lambda x: Conv2d(1, 1).init((1, 2, 2), np.random.default_rng(0), np.int32),
            TypeError,
            "Conv2d: dtype .*int32",
        ),
        (
            lambda x: Flatten().apply({}, np.array(1.0)),
            ValueError,
            "Flatten: x .*batch",
        ),
        (
            lambda x: Flatten().vjp({}, x)[1](np.ones((1, 9))),
            ValueError,
            r"Flatten: dy .*\(1, 9\)",
        ),
        (
            lambda x: Flatten().vjp({}, x)[1](np.ma.ones((1, 4))),
            TypeError,
            "Flatten: dy .*MaskedArray",
        ),
        (
            lambda x: Sequential().vjp({}, x)[1](np.ma.ones(x.shape)),
            TypeError,
            "Sequential: dy .*MaskedArray",
        ),
        (
            lambda x: Parallel(ReLU(), ReLU()).vjp({}, x)[1](x),
            ValueError,
            r"Parallel: dy .*\(1, 1, 2, 2\)",
        ),
        (
            lambda x: Parallel(ReLU()).output_shape(()),
            ValueError,
            "Parallel: .*got \\(\\)",
        ),
        (
            lambda x: Upsample(scale_factor=1e308).output_shape((1, 9, 9)),
            ValueError,
            "Upsample: scale_factor=1e\\+308",
        ),
        (lambda x: cn.SGD(10**400), ValueError, "SGD: lr must be finite"),
        (lambda x: cn.receptive_field([(3,)], axis=True), ValueError, "axis .*True"),
    ],
)
def test_refused_in_the_name_of_what_was_called(call, error, said):
    with pytest.raises(error, match=said):
        call(np.ones((1, 1, 2, 2)))


def test_matrices_take_integers_of_any_width():
    shape = np.uint8(1), np.uint8(20), np.uint8(20)
    layer, params = Conv2d(1, 1, bias=False), {"weight": np.ones((1, 1, 1, 1))}
    np.testing.assert_array_equal(cn.dense_matrix(layer, params, shape), np.eye(400))
    assert cn.weight_ids(layer, shape).shape == (400, 400)


def test_summary_of_what_has_no_place():
    table = cn.summary(Sequential(Flatten(), Linear(3)), (2, 3, 4, 5))
    assert str(table).splitlines()[-2].split()[-1] == "all"


def test_a_gradient_passes_where_relu_met_nan():
    _, pullback = cn.relu.vjp(np.array([np.nan, 1.0, 0.0, -1.0]))
    np.testing.assert_array_equal(pullback(np.full(4, 2.0))[0], [2, 2, 0, 0])
