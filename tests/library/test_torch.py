"""The same values and gradients as PyTorch, where it is installed."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import conv_notes as cn

torch = pytest.importorskip("torch")
F = torch.nn.functional

small = st.integers(1, 3)
pair = st.tuples(small, small)


def compare(op, torch_op, arrays, **options):
    """Assert equal results and equal gradients of a random direction."""
    tensors = [torch.tensor(a, requires_grad=True) for a in arrays]
    y, pullback = op.vjp(*arrays, **options)
    expected = torch_op(*tensors)
    np.testing.assert_allclose(y, expected.detach().numpy(), atol=1e-12)
    dy = np.random.default_rng(1).standard_normal(np.shape(y))
    grads = torch.autograd.grad(expected, tensors, torch.tensor(dy))
    for grad, expected_grad in zip(pullback(dy), grads, strict=False):
        np.testing.assert_allclose(grad, expected_grad.numpy(), atol=1e-12)


def normal(seed, *shapes):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for shape in shapes]


@given(pair, pair, pair, st.integers(1, 2), st.integers(0, 99), st.data())
def test_conv2d(kernel, stride, dilation, groups, seed, data):
    padding = data.draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    arrays = normal(
        seed, (2, 2 * groups, 9, 8), (3 * groups, 2, *kernel), (3 * groups,)
    )
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    options["groups"] = groups
    compare(cn.conv2d, lambda *t: F.conv2d(*t, **options), arrays, **options)


@given(pair, pair, pair, st.integers(1, 2), st.integers(0, 99), st.data())
def test_conv_transpose2d(kernel, stride, dilation, groups, seed, data):
    padding = data.draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    extra = [
        data.draw(st.integers(0, max(s, d) - 1))
        for s, d in zip(stride, dilation, strict=True)
    ]
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    options |= {"groups": groups, "output_padding": tuple(extra)}
    arrays = normal(
        seed, (2, 2 * groups, 4, 3), (2 * groups, 3, *kernel), (3 * groups,)
    )
    try:
        cn.conv_transpose2d(*arrays, **options)
    except ValueError as error:
        assert "leaves nothing" in str(error)
        assume(False)
    compare(
        cn.conv_transpose2d,
        lambda *t: F.conv_transpose2d(*t, **options),
        arrays,
        **options,
    )


@given(pair, pair, pair, st.booleans(), st.integers(0, 99))
def test_max_pool2d(kernel, stride, dilation, ceil_mode, seed):
    padding = tuple(k // 2 for k in kernel)
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    options["ceil_mode"] = ceil_mode
    (x,) = normal(seed, (2, 3, 9, 8))
    y, indices = cn.max_pool2d(x, kernel, return_indices=True, **options)
    assume(np.isfinite(y).all())
    _, expected = F.max_pool2d(torch.tensor(x), kernel, return_indices=True, **options)
    np.testing.assert_array_equal(indices, expected.numpy())
    bound = {"kernel_size": kernel, **options}
    compare(cn.max_pool2d, lambda t: F.max_pool2d(t, **bound), [x], **bound)


@given(pair, pair, st.booleans(), st.booleans(), st.integers(0, 99))
def test_avg_pool2d(kernel, stride, ceil_mode, count_include_pad, seed):
    options = {"kernel_size": kernel, "stride": stride, "ceil_mode": ceil_mode}
    options["padding"] = tuple(k // 2 for k in kernel)
    options["count_include_pad"] = count_include_pad
    compare(
        cn.avg_pool2d,
        lambda t: F.avg_pool2d(t, **options),
        normal(seed, (2, 3, 9, 8)),
        **options,
    )


def test_ties_are_broken_alike():
    x = np.zeros((1, 1, 6, 6))
    _, ours = cn.max_pool2d(x, 3, stride=2, padding=1, return_indices=True)
    _, theirs = F.max_pool2d(torch.tensor(x), 3, 2, 1, return_indices=True)
    np.testing.assert_array_equal(ours, theirs.numpy())


def test_max_unpool2d():
    (x,) = normal(0, (2, 3, 7, 6))
    y, indices = cn.max_pool2d(x, 2, return_indices=True)
    options = {"kernel_size": 2, "output_size": (7, 6)}
    ours, pullback = cn.max_unpool2d.vjp(y, indices, **options)
    tensor = torch.tensor(y, requires_grad=True)
    theirs = F.max_unpool2d(tensor, torch.tensor(indices), **options)
    np.testing.assert_array_equal(ours, theirs.detach().numpy())
    (dy,) = normal(1, ours.shape)
    (expected,) = torch.autograd.grad(theirs, tensor, torch.tensor(dy))
    np.testing.assert_array_equal(pullback(dy)[0], expected.numpy())


def test_pixel_shuffle():
    arrays = normal(0, (2, 18, 4, 3))
    compare(cn.pixel_shuffle, lambda t: F.pixel_shuffle(t, 3), arrays, upscale_factor=3)


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax(name, axis):
    theirs = getattr(F, name)
    compare(
        getattr(cn, name), lambda t: theirs(t, axis), normal(0, (3, 4, 5)), axis=axis
    )


def test_cross_entropy():
    labels = np.array([0, 3, 2])
    compare(
        cn.cross_entropy,
        lambda t: F.cross_entropy(t, torch.tensor(labels)),
        normal(0, (3, 4)),
        labels=labels,
    )
