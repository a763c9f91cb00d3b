"""Every pullback is the transpose of the derivative."""

from functools import partial

import draws
import numpy as np
import pytest
import strategies
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import conv_notes
from conv_notes.ops import _correlation

# Exact in binary. Most ops are linear in each argument, or become so once no step is
# large enough to change which of two distinct values is the larger, or a sign.
STEP = 1 / 16
SMALL_STEP = 1e-6  # for those that are not
WIDE = st.just(np.float64)
near = partial(pytest.approx, rel=1e-9, abs=1e-9)


def results(result):
    """What an op returns: mostly one array, sometimes with indices or a mask."""
    return result if isinstance(result, tuple) else (result,)


def first(result):
    """What is differentiated."""
    return results(result)[0]


def gradient_and_slope(case, k, direction, dy, step):
    """The derivative along a direction of array `k`: by the pullback, and measured."""
    _, pullback = case.vjp()

    def along(t):
        moved = list(case.arrays)
        moved[k] = np.asarray(moved[k] + t * direction)
        return np.vdot(dy, first(case(*moved)))

    slope = (along(step) - along(-step)) / (2 * step)
    return np.vdot(pullback(dy)[k], direction), slope


def exact_numbers(name):
    """Arrays of numbers on which the op and its pullback do not round."""
    return draws.divisible if name in strategies.MEANS else draws.whole


def floats(case):
    """Positions of the arrays that have a gradient."""
    return [
        k
        for k, array in enumerate(case.arrays)
        if array is not None and array.dtype.kind == "f" and not is_mask(case, k)
    ]


def is_mask(case, k):
    return case.name == "partial_conv2d" and k == 1


@pytest.mark.parametrize("name", [*strategies.LINEAR, *strategies.KINKED])
@settings(max_examples=60)
@given(data=st.data())
def test_finite_differences(name, data):
    kinks = {"fill": draws.distinct} if name in strategies.KINKED else {}
    case = data.draw(strategies.cases(name, dtypes=WIDE, **kinks))
    y = first(case())
    assume(np.isfinite(y).all())  # a dilated window can miss the image altogether
    dy = data.draw(exact_numbers(name)(y.shape))
    for k in floats(case):
        direction = data.draw(exact_numbers(name)(case.arrays[k].shape))
        gradient, slope = gradient_and_slope(case, k, direction, dy, STEP)
        assert gradient == (slope if case.exact else near(slope))


def unit_lengths_are_smooth(case):
    """Whether no row is near zero, where its direction jumps, or it stays there."""
    raw = case.op(*case.arrays, **{**case.options, "normalize": False})
    dimensions = case.arrays[-1].shape[1]
    lengths = np.linalg.norm(raw.reshape(-1, dimensions), axis=1)
    # Only clusters to which nothing is assigned are zero and stay so.
    return np.all((lengths > 0.1) | ((lengths == 0) & (case.name == "vlad")))


def assignment_is_certain(case):
    """Whether no descriptor lies half-way between two centres, or on one."""
    x, centers = case.arrays
    apart = x[:, None] - centers[:, :, None, None]  # (N, K, D, H, W)
    squares = np.sort((apart**2).sum(axis=2), axis=1)
    return np.all(np.diff(squares, axis=1, prepend=0)[:, :2] > 0.01)


@pytest.mark.parametrize("name", strategies.SMOOTH)
@settings(max_examples=60)
@given(data=st.data())
def test_finite_differences_where_smooth(name, data):
    case = data.draw(strategies.cases(name, dtypes=WIDE))
    assume(not case.options.get("normalize") or unit_lengths_are_smooth(case))
    assume(name != "vlad" or assignment_is_certain(case))
    dy = data.draw(draws.normal(case().shape))
    for k in floats(case):
        direction = data.draw(draws.normal(case.arrays[k].shape))
        gradient, slope = gradient_and_slope(case, k, direction, dy, SMALL_STEP)
        assert gradient == pytest.approx(slope, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("name", strategies.LINEAR)
@settings(max_examples=50)
@given(data=st.data())
def test_adjoint(name, data):
    case = data.draw(strategies.cases(name, dtypes=WIDE))
    same = (lambda value: value) if case.exact else near
    arrays = case.arrays
    if name in strategies.BIASED:
        arrays = (*arrays[:-1], None)
    y, pullback = case.vjp(*arrays)
    dy = data.draw(exact_numbers(name)(first(y).shape))
    grads, product = pullback(dy), np.vdot(dy, first(y))
    for k in strategies.LINEAR[name]:
        assert np.vdot(grads[k], arrays[k]) == same(product)
    bias = case.arrays[-1]
    if name in strategies.BIASED and bias is not None:
        shifted, pullback = case.vjp()
        shift = np.vdot(dy, first(shifted) - first(y))
        assert np.vdot(pullback(dy)[-1], bias) == same(shift)


@given(strategies.geometries(), strategies.dtypes, st.data())
def test_fold_is_the_adjoint_of_unfold(g, dtype, data):
    x = data.draw(strategies.whole((2, 2, *g.size), dtype))
    windows = conv_notes.unfold(x, g.kernel_size, **g.options)
    w = data.draw(strategies.whole(windows.shape, dtype))
    assert np.vdot(windows, w) == np.vdot(x, conv_notes.fold(w, g.size, **g.options))


@pytest.mark.parametrize("name", strategies.OPS)
@settings(max_examples=40)
@given(data=st.data())
def test_vjp_is_like_the_op_and_gradients_like_the_arrays(name, data):
    """Also of empty batches; None for whole numbers, masks and a bias left out."""
    case = data.draw(strategies.cases(name))
    y, pullback = case.vjp()
    same = case()
    assert first(y).dtype == case.arrays[0].dtype
    for ours, theirs in zip(*map(results, (y, same)), strict=True):
        np.testing.assert_array_equal(ours, theirs, strict=True)
    grads = pullback(first(y))
    assert len(grads) == len(case.arrays)
    for k, (array, grad) in enumerate(zip(case.arrays, grads, strict=True)):
        if k in floats(case):
            assert (grad.shape, grad.dtype) == (array.shape, array.dtype)
        else:
            assert grad is None
    without, *others = pullback(first(y), dx=False)
    assert without is None
    np.testing.assert_equal(others, list(grads[1:]))


def test_unpooling_has_no_gradient_for_what_was_painted_over():
    x = np.array([5.0, 6.0, 7.0]).reshape(1, 1, 1, 3)
    indices = np.array([1, 1, 2]).reshape(x.shape)
    y, pullback = conv_notes.max_unpool2d.vjp(x, indices, (1, 2), stride=1)
    assert y.ravel().tolist() == [0, 6, 7, 0]
    assert pullback(10 * np.ones_like(y))[0].ravel().tolist() == [0, 10, 10]


def test_ties_go_to_the_first():
    x = np.ones((1, 1, 4, 4))
    (y, indices), pullback = conv_notes.max_pool2d.vjp(x, 2, return_indices=True)
    assert indices.ravel().tolist() == [0, 2, 8, 10]
    (dx,) = pullback(2 * y)
    assert np.flatnonzero(dx).tolist() == [0, 2, 8, 10]
    assert dx.sum() == 8


def test_overlapping_windows_add_up():
    x = np.array([[0.0, 0, 0], [0, 5, 0], [0, 0, 0]]).reshape(1, 1, 3, 3)
    y, pullback = conv_notes.max_pool2d.vjp(x, 2, stride=1)
    np.testing.assert_array_equal(pullback(np.ones_like(y))[0], x / 5 * 4)


def test_relu_is_flat_at_zero():
    _, pullback = conv_notes.relu.vjp(np.array([-1.0, -0.0, 0.0, 1.0]))
    np.testing.assert_array_equal(pullback(np.ones(4))[0], [0, 0, 0, 1])


@pytest.mark.parametrize("images", [0, 1, 2, 5, 9])
def test_images_are_computed_in_portions(images, monkeypatch, rng):
    """The results do not depend on how much room there is for columns."""
    x, weight = rng.integers(-4, 5, (5, 2, 6, 6)), rng.integers(-4, 5, (3, 2, 3, 3))
    dy = rng.integers(-4, 5, (5, 3, 3, 3)).astype(float)

    def results():
        y, pull_back = conv_notes.conv2d.vjp(
            x.astype(float), weight.astype(float), stride=2, padding=1
        )
        return [y, *pull_back(dy)[:2]]

    at_once = results()
    columns_of_an_image = 2 * 3 * 3 * 3 * 3 * 8  # C, KH, KW, OH, OW, bytes
    monkeypatch.setattr(_correlation, "ROOM", images * columns_of_an_image)
    for some, all_of_it in zip(results(), at_once, strict=True):
        np.testing.assert_array_equal(some, all_of_it)
