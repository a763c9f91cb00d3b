"""On all cases of the ops, the functions give their values and gradients."""

from functools import partial

import numpy as np
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from tensors import DEVICE, FUNCTIONS, array, example, first, learned, tensor

import conv_notes.torch as ct

EXACT = {"local_conv2d", "tiled_conv2d", "dynamic_conv2d"}  # on whole numbers
DIGITS = {torch.float64: 1e-11, torch.float32: 1e-5, torch.bfloat16: 2**-6}
each_function = pytest.mark.parametrize("name", FUNCTIONS)


def close(ours, theirs, dtype, steep=1):
    """Assert that both are the same, but for the digits that a dtype does not have."""
    assert theirs.dtype == dtype
    atol = DIGITS[dtype] * steep * max(1, np.abs(ours).max(initial=0))
    np.testing.assert_allclose(array(theirs), ours, rtol=0, atol=atol, strict=True)


def steepness(case):
    """How much a gradient may magnify: that of a unit vector, one over its length."""
    if not case.options.get("normalize"):
        return 1
    raw = case.op(*case.arrays, **{**case.options, "normalize": False})
    lengths = np.linalg.norm(raw.reshape(-1, case.arrays[-1].shape[1]), axis=1)
    return 4 / np.min(lengths, where=lengths > 0, initial=4)


def both(case, call, dtype=None, seed=0):
    """Our result and gradients, each beside that of `call`."""
    y, pullback = case.vjp()
    tensors = [tensor(value, dtype) for value in case.arrays]
    theirs = call(*tensors)
    if isinstance(y, tuple):
        (y, second), (theirs, their_second) = y, theirs
        np.testing.assert_array_equal(array(their_second), second)
    yield y, theirs
    dy = np.random.default_rng(seed).integers(-4, 5, y.shape).astype(y.dtype)
    pairs = zip(pullback(dy), tensors, strict=True)
    grads, learned = zip(*(pair for pair in pairs if pair[0] is not None), strict=True)
    found = torch.autograd.grad(theirs, learned, tensor(dy, theirs.dtype))
    yield from zip(grads, found, strict=True)


@each_function
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@settings(max_examples=200)
@given(data=st.data())
def test_values_and_gradients(name, dtype, data):
    """Of images in both memory formats."""
    case = data.draw(strategies.cases(name, dtypes=st.just(dtype)))
    last = name != "action_vlad" and data.draw(st.booleans())
    seed = data.draw(st.integers(0, 99))

    def call(x, *others):
        layout = {"memory_format": torch.channels_last} if last else {}
        return getattr(ct, name)(x.contiguous(**layout), *others, **case.options)

    steep = steepness(case)
    for ours, theirs in both(case, call, seed=seed):
        if name in EXACT:
            np.testing.assert_array_equal(array(theirs), ours, strict=True)
        else:
            close(ours, theirs, tensor(ours).dtype, steep)


@pytest.mark.parametrize("channels", [3, 512])
@pytest.mark.parametrize("n", [1, 2, 4, 16])
def test_local_in_each_order_of_axes(n, channels):
    """For some numbers of images, and kernels of some lengths, in different ways."""
    rng = np.random.default_rng(0)
    shapes = (n, channels, 10, 5), (8, 3, 2, channels, 3, 3), (8, 3, 2)
    x, weight, bias = (rng.integers(-4, 5, shape).astype(float) for shape in shapes)
    case = strategies.Case("local_conv2d", (x, weight, bias), {}, {})
    for ours, theirs in both(case, ct.local_conv2d):
        np.testing.assert_array_equal(array(theirs), ours, strict=True)


@pytest.mark.parametrize("tiling", ["cyclic", "block"])
@pytest.mark.parametrize("tile", [(2, 3), (4, 5)])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_tiles_that_do_not_come_out_even(tile, stride, tiling):
    """Some kernels have a turn less than others, at the edge of the image."""
    rng = np.random.default_rng(0)
    for size in range(3, 20):
        shapes = (2, 2, size, size + 1), (*tile, 3, 2, 3, 2), (*tile, 3)
        arrays = (rng.integers(-4, 5, shape).astype(float) for shape in shapes)
        options = {"stride": stride, "tiling": tiling}
        case = strategies.Case("tiled_conv2d", tuple(arrays), options, {})
        call = partial(ct.tiled_conv2d, **options)
        for ours, theirs in both(case, call):
            np.testing.assert_array_equal(array(theirs), ours, strict=True)


def test_half_precision_where_many_windows_overlap():
    """What an image gets back from 64 of them is not added up in so few digits."""
    rng = np.random.default_rng(0)
    arrays = rng.random((1, 1, 24, 24)), rng.random((8, 8, 1, 1, 17, 17))
    halves = [tensor(value, torch.bfloat16) for value in arrays]
    wide = tuple(array(half).astype(np.float32) for half in halves)
    case = strategies.Case("local_conv2d", (*wide, None), {}, {})
    for ours, theirs in both(case, ct.local_conv2d, torch.bfloat16):
        atol = 2**-8 * np.abs(ours).max()
        np.testing.assert_allclose(array(theirs), ours, rtol=0, atol=atol)


@each_function
@settings(max_examples=30)
@given(data=st.data())
def test_half_precision(name, data):
    """As in float32 on the same numbers, within the digits that bfloat16 has."""
    case = data.draw(strategies.cases(name, dtypes=st.just(np.float32)))
    for value in case.arrays:
        if value is not None and value.dtype.kind == "f":
            value[...] = array(tensor(value, torch.bfloat16))

    def call(*arrays):
        return getattr(ct, name)(*arrays, **case.options)

    steep = steepness(case)
    for ours, theirs in both(case, call, torch.bfloat16):
        close(ours, theirs, torch.bfloat16, steep)


@each_function
def test_autocast(name):
    """Convolutions in half precision, as PyTorch's; VLAD in float32, as its norms."""
    arguments = example(name, torch.float32)
    x = arguments.pop("x").bfloat16()  # as it comes from another layer
    y = first(getattr(ct, name)(x.float(), **arguments))
    with torch.autocast(DEVICE.type, torch.bfloat16):
        half = first(getattr(ct, name)(x, **arguments))
    close(array(y), half, torch.float32 if "vlad" in name else torch.bfloat16)
    half.sum().backward()
    for value in learned(arguments).values():
        assert value.grad.dtype == torch.float32


@pytest.mark.parametrize("scale", [1, 1e-3, 1e3])
def test_a_descriptor_on_its_centre_is_no_direction(scale):
    """What only rounding leaves is zero, and no gradient passes."""
    point = scale * torch.tensor([0.1, 0.7, -0.3])
    x = point[None, :, None, None].repeat(1, 1, 50, 7).requires_grad_()
    y = ct.netvlad(x, torch.zeros(1, 3), torch.zeros(1), point[None])
    y.sum().backward()
    assert not y.any()
    assert not x.grad.any()


def test_a_far_cluster_has_a_direction():
    """Where its assignments are too small for float32."""
    x = torch.tensor([1.0, 2.0]).reshape(1, 2, 1, 1)
    bias, centers = torch.tensor([0.0, -1000.0]), torch.zeros(2, 2)
    y = ct.netvlad(x, torch.zeros(2, 2), bias, centers)
    np.testing.assert_allclose(y[0], np.tile([1, 2], 2) / np.sqrt(10), rtol=1e-6)


def test_holes_hide_what_is_in_them():
    x, mask = torch.full((1, 2, 5, 5), torch.nan), torch.zeros(1, 1, 5, 5)
    x[..., 0, 0], mask[..., 0, 0] = 1, 1
    x.requires_grad_()
    y, new_mask = ct.partial_conv2d(x, mask, torch.ones(3, 2, 3, 3), torch.ones(3))
    y.sum().backward()
    assert y[..., 0, 0].tolist() == [[19.0] * 3]
    assert new_mask.sum() == 1
    assert not y[..., 1:, :].any()
    assert x.grad.count_nonzero() == 2
