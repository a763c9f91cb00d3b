"""Every op against its definition in plain loops, over all arguments."""

import numpy as np
import oracle
import oracle_smooth
import pytest
import strategies
from good import OPS, complete, listed
from hypothesis import given
from hypothesis import strategies as st

import conv_notes


def assert_same(actual, expected):
    np.testing.assert_array_equal(actual, expected, strict=True)


def assert_near(actual, expected):
    """The same up to rounding."""
    assert actual.dtype == expected.dtype
    assert actual.shape == expected.shape
    tolerance = 200 * np.finfo(expected.dtype).eps
    size = np.abs(expected).max(initial=1)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=size * tolerance)


def test_every_op_has_a_gradient():
    functions = {name for name in conv_notes.ops.__all__ if name.islower()}
    without = functions - {"netvlad_init", *OPS}
    assert not without, (
        f"{listed(without)}: GOOD in tests/library/good.py must have it, and "
        "@differentiable stand before its definition"
    )


def test_every_op_has_cases():
    place = "LINEAR, KINKED or SMOOTH, and to `cases`, in tests/library/strategies.py"
    complete(strategies.OPS, place, OPS)
    assert len(set(strategies.OPS)) == len(strategies.OPS)


@pytest.mark.parametrize("name", OPS)
def test_every_op_has_a_definition(name):
    defined = name in strategies.CONVOLUTIONS or any(
        hasattr(module, name) for module in (oracle, oracle_smooth)
    )
    assert defined, f"define {name} in tests/library/oracle.py or oracle_smooth.py"


INDEXED = ["max_pool2d", "partial_conv2d"]  # with a second result


@pytest.mark.parametrize("name", [op for op in strategies.OPS if op not in INDEXED])
@given(data=st.data())
def test_op_is_its_definition(name, data):
    case = data.draw(strategies.cases(name))
    (assert_same if case.exact else assert_near)(case(), case.expected())


@given(strategies.poolings())
def test_max_pool2d_is_its_definition(case):
    expected, expected_indices = case.expected()
    y, indices = case.op(*case.arrays, **case.options, return_indices=True)
    assert_same(y, expected)
    assert_same(case(), y)
    assert indices.dtype == np.int64
    assert indices.shape == y.shape
    seen = expected_indices >= 0  # a dilated window can miss the image altogether
    assert_same(indices[seen], expected_indices[seen])


@given(strategies.partials())
def test_partial_conv2d_is_its_definition(case):
    y, new_mask = case()
    expected, expected_mask = case.expected()
    assert_near(y, expected)
    assert_same(new_mask, expected_mask)


@given(strategies.vlads("vlad", fill=strategies.whole))
def test_vlad_gives_ties_to_the_first(case):
    """Among whole numbers many descriptors are as near to two centres."""
    y = conv_notes.vlad(*case.arrays, normalize=False)
    assert_same(y, oracle_smooth.vlad(*case.arrays, normalize=False))


@given(strategies.scores("softmax"), strategies.numbers(-10_000, 10_000))
def test_softmax_of_large_scores(case, shift):
    x = np.round(case.arrays[0].astype(np.float64) * 8)  # sums with `shift` are exact
    y = conv_notes.softmax(x, **case.options)
    assert_same(conv_notes.softmax(x + shift, **case.options), y)
    logs = conv_notes.log_softmax(1000 * x, **case.options)
    assert np.isfinite(logs).all()
    assert_near(conv_notes.softmax(1000 * x, **case.options), np.exp(logs))


@given(strategies.geometries(), strategies.dtypes, st.data())
def test_unfold_is_its_definition(g, dtype, data):
    x = data.draw(strategies.whole((data.draw(strategies.numbers(0, 2)), 2, *g.size)))
    windows = conv_notes.unfold(x.astype(dtype), g.kernel_size, **g.options)
    assert_same(windows, oracle.unfold(x.astype(dtype), g.kernel_size, **g.full))


@given(strategies.geometries(), strategies.dtypes, st.data())
def test_fold_is_its_definition(g, dtype, data):
    n = data.draw(strategies.numbers(0, 2))
    shape = (n, 2, *g.kernel_size, *g.output_size)
    windows = data.draw(strategies.whole(shape, dtype))
    image = conv_notes.fold(windows, g.size, **g.options)
    assert_same(image, oracle.fold(windows, g.size, **g.full))


def test_unfold_is_a_read_only_view_of_the_image():
    x = np.zeros((1, 1, 4, 4))
    windows = conv_notes.unfold(x, 2, stride=2)
    assert np.shares_memory(windows, x)
    assert not windows.flags.writeable


@pytest.mark.parametrize("one", [np.int64(1), np.uint8(1)])
def test_numpy_integers_are_ints(one):
    x, weight = np.ones((1, 1, 4, 4)), np.ones((1, 1, 3, 3))
    y = conv_notes.conv2d(x, weight, stride=one, padding=(one, one), groups=one)
    assert_same(y, conv_notes.conv2d(x, weight, padding=1))
