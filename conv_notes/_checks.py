"""Checks of arguments: one place for what every function asks of its input.

Each check returns the value in the form the caller works with, or raises an error
that names the function, the argument, what it got and what it needs.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, Protocol, TypeGuard

import numpy as np

Pair = tuple[int, int]
#: Padding of both axes, before and after: ((top, bottom), (left, right)).
Padding = tuple[Pair, Pair]
Shape = tuple[int, ...]
FloatArray = np.ndarray[Any, np.dtype[Any]]
IntArray = np.ndarray[Any, np.dtype[Any]]


class Shaped(Protocol):
    """What the checks of shapes ask for: an array of NumPy, or a tensor of PyTorch."""

    @property
    def shape(self) -> Shape:
        """The length of each axis."""
        ...


class Typed(Protocol):
    """The same for the checks of dtypes."""

    @property
    def dtype(self) -> Any:
        """What kind of number each entry is."""
        ...


FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


def array(where: str, name: str, value: object) -> np.ndarray:
    """`value`, once it is a NumPy array that is not masked."""
    if type(value) is np.ndarray:
        return value
    if not isinstance(value, np.ndarray):
        got = type(value).__name__
        raise TypeError(f"{where}: {name} must be a NumPy array, got {got}")
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(
            f"{where}: {name} must be an array without a mask, which would be lost, "
            "got a MaskedArray"
        )
    return np.asarray(value)


def float_array(where: str, name: str, value: object) -> FloatArray:
    """`value` in native byte order, once it is an array of floats."""
    values = array(where, name, value)
    if values.dtype in FLOATS:
        return values
    native = values.dtype.newbyteorder("=")
    if native not in FLOATS:
        raise TypeError(
            f"{where}: {name} must be float32 or float64, got {values.dtype}"
        )
    return values.astype(native)


def float_arrays(where: str, /, **arrays: object) -> tuple[FloatArray, ...]:
    """The same for several, once all are of one dtype."""
    checked = {name: float_array(where, name, value) for name, value in arrays.items()}
    one_dtype(where, checked)
    return tuple(checked.values())


def one_dtype(where: str, arrays: Mapping[str, Typed]) -> None:
    """Raise unless all are of the dtype of the first."""
    (first, head), *rest = arrays.items()
    for name, values in rest:
        if values.dtype != head.dtype:
            raise TypeError(
                f"{where}: {name} is {values.dtype} but {first} is {head.dtype}"
            )


def optional_bias(
    where: str, bias: object, needed: Shape, x: FloatArray
) -> FloatArray | None:
    """The bias, once it is None or has the shape `needed` and the dtype of `x`."""
    if bias is None:
        return None
    _, checked = float_arrays(where, x=x, bias=bias)
    shape(where, "bias", checked, needed)
    return checked


def integer_array(where: str, name: str, value: object) -> IntArray:
    """`value`, once it is an array of integers."""
    kind = getattr(value, "dtype", type(value).__name__)
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "iu":
        raise TypeError(f"{where}: {name} must be an integer array, got {kind}")
    return array(where, name, value)


def generator(where: str, rng: object) -> None:
    """Raise unless `rng` can draw random numbers."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"{where}: rng must be a numpy Generator, got {rng!r}")


def rank(where: str, name: str, array: Shaped, axes: str) -> None:
    """Raise unless `array` has one axis for each word of `axes`, e.g. "N C H W"."""
    needed, its = axes.split(), tuple(array.shape)
    if len(its) != len(needed):
        raise ValueError(
            f"{where}: {name} must have {len(needed)} axes ({', '.join(needed)}), "
            f"got {len(its)} ({name}.shape={its})"
        )


def with_axes(where: str, /, **arrays: tuple[object, str]) -> tuple[FloatArray, ...]:
    """Arrays of floats of one dtype, once each has the axes that stand beside it."""
    checked = float_arrays(where, **{name: it for name, (it, _) in arrays.items()})
    for values, (name, (_, axes)) in zip(checked, arrays.items(), strict=True):
        rank(where, name, values, axes)
    return checked


def shape(where: str, name: str, array: Shaped, needed: Shape) -> None:
    """Raise unless `array` has exactly the shape `needed`."""
    its, needed = tuple(array.shape), tuple(needed)
    if its != needed:
        raise ValueError(
            f"{where}: {name} must have shape {needed}, got {name}.shape={its}"
        )


def integer(where: str, name: str, value: Any, minimum: int) -> int:
    """`value` as a Python int, which never overflows, of at least `minimum`."""
    if type(value) is not int:
        try:
            if isinstance(value, bool | np.bool_):
                raise TypeError
            value = operator.index(value)
        except TypeError:
            raise TypeError(f"{where}: {name} must be an int, got {value!r}") from None
    number: int = value
    if number < minimum:
        raise ValueError(f"{where}: {name} must be at least {minimum}, got {number}")
    return number


def positive(where: str, name: str, value: object) -> float:
    """`value` as a float that is above zero and finite."""
    number = real(where, name, value)
    if not number > 0:
        raise ValueError(f"{where}: {name} must be above 0, got {number}")
    return number


def real(where: str, name: str, value: object, minimum: float = -math.inf) -> float:
    """`value` as a finite float that is at least `minimum`."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, Real):
        raise TypeError(f"{where}: {name} must be a number, got {value!r}")
    try:
        number = float(value)
    except OverflowError:  # an int with more digits than a float has room for
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"{where}: {name} must be finite, got {number}")
    if number < minimum:
        raise ValueError(f"{where}: {name} must be at least {minimum}, got {number}")
    return number


def fraction(where: str, name: str, value: object) -> float:
    """`value` as a float of at least 0 and less than 1."""
    number = real(where, name, value, 0)
    if number >= 1:
        raise ValueError(f"{where}: {name} must be less than 1, got {number}")
    return number


def pair(where: str, name: str, value: object, minimum: int) -> Pair:
    """`value` as (vertical, horizontal); an int stands for both axes."""
    if type(value) is int or not is_sequence(value):  # the former is much the quicker
        return (integer(where, name, value, minimum),) * 2
    if len(value) != 2:
        raise ValueError(f"{where}: {name} must be an int or a pair, got {value!r}")
    first, second = (integer(where, name, v, minimum) for v in value)
    return first, second


def is_sequence(value: object) -> TypeGuard[Sequence[object]]:
    """Whether `value` holds one entry per axis, and is not one for all."""
    if type(value) is tuple:  # much the most frequent, and slow to find out below
        return True
    if isinstance(value, np.ndarray):
        return value.ndim > 0
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def choice(where: str, name: str, value: object, allowed: tuple[str, ...]) -> None:
    """Raise unless `value` is one of the strings `allowed`."""
    if value not in allowed:
        options = " or ".join(map(repr, allowed))
        raise ValueError(f"{where}: {name} must be {options}, got {value!r}")


def divides(where: str, groups: int, name: str, count: int) -> None:
    """Raise unless `groups` divides the number of channels `count`."""
    if count % groups:
        raise ValueError(f"{where}: groups={groups} does not divide {name}={count}")


def not_empty(where: str, weight: Shaped) -> None:
    """Raise unless `weight` holds at least one number."""
    if 0 in weight.shape:
        raise ValueError(
            f"{where}: weight must not be empty, got weight.shape={tuple(weight.shape)}"
        )


def channels(
    where: str, x: Shaped, weight: Shaped, out_axis: int, groups: int = 1
) -> None:
    """Raise unless weight (..., out, in/groups, KH, KW) fits x (N, C, H, W)."""
    not_empty(where, weight)
    of_x, of_weight = tuple(x.shape), tuple(weight.shape)
    counts = {"x": (of_x[1], "input"), "weight": (of_weight[out_axis], "output")}
    for name, (count, kind) in counts.items():
        if count % groups:
            its_shape = of_x if name == "x" else of_weight
            raise ValueError(
                f"{where}: groups={groups} does not divide the {count} {kind} channels "
                f"({name}.shape={its_shape})"
            )
    needed = of_weight[-3] * groups
    if needed != of_x[1]:
        note = f", groups={groups}" if groups > 1 else ""
        raise ValueError(
            f"{where}: weight has {needed} input channels but x has {of_x[1]} "
            f"(x.shape={of_x}, weight.shape={of_weight}{note})"
        )


def kernel_per_output(where: str, x: Shaped, weight: Shaped, needed: Pair) -> None:
    """Raise unless weight (OH, OW, ...) has a kernel for each output that x gives."""
    of_x, of_weight = tuple(x.shape), tuple(weight.shape)
    oh, ow = of_weight[:2]
    if (oh, ow) != needed:
        raise ValueError(
            f"{where}: weight has kernels for {oh} x {ow} outputs but x gives "
            f"{needed[0]} x {needed[1]} (x.shape={of_x}, weight.shape={of_weight})"
        )


def centers(where: str, d: int, **arrays: Shaped) -> None:
    """Raise unless each has rows, one per cluster, as long as a descriptor."""
    for name, array in arrays.items():
        rank(where, name, array, "K D")
        k, its_d = array.shape
        if its_d != d or k == 0:
            raise ValueError(
                f"{where}: {name} must have shape (K, {d}) for descriptors of {d} "
                f"numbers, got {name}.shape={tuple(array.shape)}"
            )


def clusters(
    where: str, d: int, weight: Shaped, bias: Shaped, centers_: Shaped, n_ghost: int
) -> int:
    """How many clusters stay beside the ghosts, once their arrays fit each other."""
    centers(where, d, weight=weight, centers=centers_)
    k = weight.shape[0]
    shape(where, "centers", centers_, weight.shape)
    shape(where, "bias", bias, weight.shape[:1])
    if k <= n_ghost:
        raise ValueError(
            f"{where}: n_ghost={n_ghost} leaves none of {k} clusters "
            f"(weight.shape={tuple(weight.shape)})"
        )
    return k - n_ghost
