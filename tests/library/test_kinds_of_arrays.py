"""What kinds of arrays are welcome, and what the ops do and do not touch."""

import numpy as np
import pytest
from good import FLOAT_ARRAYS, GOOD, OPS, first

import conv_notes


def spread(array):
    """The same values as every other entry of an array twice as large."""
    large = np.full([2 * n for n in array.shape], 99, array.dtype)
    view = large[(slice(None, None, 2),) * array.ndim]
    view[...] = array
    return view


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


KINDS = {
    "spread": spread,
    "reversed": lambda array: array[..., ::-1].copy()[..., ::-1],
    "Fortran": np.asfortranarray,
    "read-only": read_only,
    "byte-swapped": lambda array: array.astype(array.dtype.newbyteorder()),
}
# Of arrays of floats to arrays: fit only goes through these.
FUNCTIONS = sorted({name for name, _ in FLOAT_ARRAYS} - {"fit"})


def filled(name, rng, dtype):
    """The good arguments of a function with random numbers: arrays, and the rest."""
    arrays, rest = {}, {}
    for argument, value in GOOD[name].items():
        if not isinstance(value, np.ndarray):
            rest[argument] = value
        elif value.dtype.kind == "f":
            arrays[argument] = rng.standard_normal(value.shape).astype(dtype)
        else:
            arrays[argument] = value
    return arrays, rest


def results(name, arrays, rest, kind=np.copy):
    """What the function returns, and its gradients for a `dy` of that kind."""
    function = getattr(conv_notes, name)
    if name not in OPS:
        y = function(**arrays, **rest)
        return list(y) if isinstance(y, tuple) else [y]
    y, pullback = function.vjp(**arrays, **rest)
    y = first(y)
    dy = kind(y) if y.ndim else y.copy()
    before = dy.tobytes()
    grads, again = pullback(dy), pullback(dy)
    assert dy.tobytes() == before
    for grad, same in zip(grads, again, strict=True):
        np.testing.assert_array_equal(grad, same)
    return [y, *(grad for grad in grads if grad is not None)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_kinds_of_arrays(name, dtype, kind, rng):
    """All work, and neither op nor pullback changes what it was given."""
    arrays, rest = filled(name, rng, dtype)
    odd = {argument: KINDS[kind](array) for argument, array in arrays.items()}
    before = {argument: array.tobytes() for argument, array in odd.items()}
    tolerance = 200 * np.finfo(dtype).eps
    both = results(name, odd, rest, KINDS[kind]), results(name, arrays, rest)
    for result, expected in zip(*both, strict=True):
        np.testing.assert_allclose(result, expected, rtol=tolerance, atol=tolerance)
        assert result.dtype == dtype
        assert result.dtype.isnative
    assert before == {argument: array.tobytes() for argument, array in odd.items()}


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name != "unfold"])
def test_results_are_new_arrays(name, rng):
    """A result or a gradient can be changed without changing anything else."""
    arrays, rest = filled(name, rng, np.float64)
    found = results(name, arrays, rest)
    for k, result in enumerate(found):
        assert result.flags.writeable
        for other in [*arrays.values(), *found[:k]]:
            assert not np.shares_memory(result, other)


# Calls that leave nothing to do; their results are copies all the same.
IDLE = [
    ("max_pool2d", {"kernel_size": 1}),
    ("avg_pool2d", {"kernel_size": 1}),
    ("pixel_shuffle", {"upscale_factor": 1}),
    ("interpolate", {"size": (4, 4)}),
    ("interpolate", {"scale_factor": 1, "mode": "bicubic"}),
]


@pytest.mark.parametrize(("name", "options"), IDLE)
def test_results_of_idle_calls_are_copies(name, options, rng):
    x = rng.standard_normal((1, 2, 4, 4))
    y, pullback = getattr(conv_notes, name).vjp(x, **options)
    (dx,) = pullback(y)
    np.testing.assert_array_equal(y, x)
    np.testing.assert_array_equal(dx, x)
    assert not np.shares_memory(y, x)
    assert not np.shares_memory(dx, y)


@pytest.mark.parametrize("stride", [1, 2])
def test_windows_of_one_pixel_are_copied(stride, rng):
    x = rng.standard_normal((1, 2, 4, 4))
    y = conv_notes.max_pool2d(x, 1, stride=stride)
    np.testing.assert_array_equal(y, x[..., ::stride, ::stride])
    assert not np.shares_memory(y, x)


def test_pixels_that_lie_in_order_already_are_copied(rng):
    x = rng.standard_normal((2, 4, 1, 1))
    y, pullback = conv_notes.pixel_shuffle.vjp(x, 2)
    assert not np.shares_memory(y, x)
    assert not np.shares_memory(pullback(y)[0], y)
