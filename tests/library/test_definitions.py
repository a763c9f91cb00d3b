"""Every op against its definition in plain loops, over all arguments."""

import numpy as np
import oracle
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st

import conv_notes


def assert_same(actual, expected):
    np.testing.assert_array_equal(actual, expected, strict=True)


@pytest.mark.parametrize("name", [*strategies.BILINEAR, "relu"])
@given(data=st.data())
def test_op_is_its_definition(name, data):
    case = data.draw(strategies.cases(name))
    assert_same(case(), case.expected())


@given(strategies.poolings(), strategies.dtypes)
def test_max_pool2d_is_its_definition(case, dtype):
    x = case.arrays[0].astype(dtype)
    expected, expected_indices = case.expected()
    y, indices = conv_notes.max_pool2d(x, **case.options, return_indices=True)
    assert_same(y, expected.astype(dtype))
    assert_same(conv_notes.max_pool2d(x, **case.options), y)
    assert indices.dtype == np.int64
    assert indices.shape == y.shape
    seen = expected_indices >= 0  # a dilated window can miss the image altogether
    assert_same(indices[seen], expected_indices[seen])


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
