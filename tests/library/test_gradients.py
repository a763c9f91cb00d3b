"""Every pullback is the transpose of the derivative."""

import numpy as np
import pytest
import strategies
from hypothesis import assume, given
from hypothesis import strategies as st

import conv_notes

# Exact in binary. Ops are linear in each argument, or become so once no step is large
# enough to change which of two distinct values is the larger, or a sign.
STEP = 1 / 16


def smooth_cases(name):
    """Float64 cases of an op, away from the kinks of those that have any."""
    if name in strategies.BILINEAR:
        return strategies.cases(name, dtypes=st.just(np.float64))
    return strategies.cases(name, fill=strategies.distinct)


@pytest.mark.parametrize("name", strategies.OPS)
@given(data=st.data())
def test_finite_differences(name, data):
    case = data.draw(smooth_cases(name))
    y, pullback = case.vjp()
    assume(np.isfinite(y).all())  # a dilated window can miss the image altogether
    dy = data.draw(strategies.whole(y.shape))
    grads = pullback(dy)
    assert len(grads) == len(case.arrays)
    for k, (array, grad) in enumerate(zip(case.arrays, grads, strict=True)):
        if array is None:
            assert grad is None
            continue
        assert grad.shape == array.shape
        direction = data.draw(strategies.whole(array.shape))

        def along(t, k=k, array=array, direction=direction):
            moved = list(case.arrays)
            moved[k] = np.asarray(array + t * direction)
            return np.vdot(dy, case(*moved))

        slope = (along(STEP) - along(-STEP)) / (2 * STEP)
        assert np.vdot(grad, direction) == slope


@pytest.mark.parametrize("name", strategies.BILINEAR)
@given(data=st.data())
def test_adjoint(name, data):
    case = data.draw(strategies.cases(name))
    x, weight, bias = case.arrays
    y, pullback = case.vjp()
    dy = data.draw(strategies.whole(y.shape, x.dtype))
    dx, dweight, dbias = pullback(dy)
    product = np.vdot(dy, case(x, weight, None))
    assert np.vdot(dx, x) == np.vdot(dweight, weight) == product
    assert dx.dtype == dweight.dtype == x.dtype
    if bias is not None:
        assert np.vdot(dbias, bias) == np.vdot(dy, y) - product
        assert dbias.dtype == x.dtype


@given(strategies.geometries(), strategies.dtypes, st.data())
def test_fold_is_the_adjoint_of_unfold(g, dtype, data):
    x = data.draw(strategies.whole((2, 2, *g.size), dtype))
    windows = conv_notes.unfold(x, g.kernel_size, **g.options)
    w = data.draw(strategies.whole(windows.shape, dtype))
    assert np.vdot(windows, w) == np.vdot(x, conv_notes.fold(w, g.size, **g.options))


@pytest.mark.parametrize("name", strategies.OPS)
@given(data=st.data())
def test_vjp_returns_what_the_op_returns(name, data):
    case = data.draw(strategies.cases(name))
    np.testing.assert_array_equal(case.vjp()[0], case(), strict=True)


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
