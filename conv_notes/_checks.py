"""Checks of arguments: one place for what every function asks of its input.

Each check returns the value in the form the caller works with, or raises an error
that names the function, the argument, what it got and what it needs.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from numbers import Real
from typing import Any, TypeGuard

import numpy as np

Pair = tuple[int, int]
#: Padding of both axes, before and after: ((top, bottom), (left, right)).
Padding = tuple[Pair, Pair]
Shape = tuple[int, ...]
FloatArray = np.ndarray[Any, np.dtype[Any]]
IntArray = np.ndarray[Any, np.dtype[Any]]

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
    checked = [float_array(where, name, value) for name, value in arrays.items()]
    (first, *names), (head, *rest) = arrays, checked
    for name, values in zip(names, rest, strict=True):
        if values.dtype != head.dtype:
            raise TypeError(
                f"{where}: {name} is {values.dtype} but {first} is {head.dtype}"
            )
    return tuple(checked)


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


def rank(where: str, name: str, array: FloatArray, axes: str) -> None:
    """Raise unless `array` has one axis for each word of `axes`, e.g. "N C H W"."""
    needed = axes.split()
    if array.ndim != len(needed):
        raise ValueError(
            f"{where}: {name} must have {len(needed)} axes ({', '.join(needed)}), "
            f"got {array.ndim} ({name}.shape={array.shape})"
        )


def shape(where: str, name: str, array: np.ndarray, needed: Shape) -> None:
    """Raise unless `array` has exactly the shape `needed`."""
    if array.shape != needed:
        raise ValueError(
            f"{where}: {name} must have shape {needed}, got {name}.shape={array.shape}"
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


def not_empty(where: str, weight: FloatArray) -> None:
    """Raise unless `weight` holds at least one number."""
    if weight.size == 0:
        raise ValueError(
            f"{where}: weight must not be empty, got weight.shape={weight.shape}"
        )


def channels(
    where: str, x: FloatArray, weight: FloatArray, out_axis: int, groups: int = 1
) -> None:
    """Raise unless weight (..., out, in/groups, KH, KW) fits x (N, C, H, W)."""
    not_empty(where, weight)
    counts = {"x": (x.shape[1], "input"), "weight": (weight.shape[out_axis], "output")}
    for name, (count, kind) in counts.items():
        if count % groups:
            its_shape = x.shape if name == "x" else weight.shape
            raise ValueError(
                f"{where}: groups={groups} does not divide the {count} {kind} channels "
                f"({name}.shape={its_shape})"
            )
    needed = weight.shape[-3] * groups
    if needed != x.shape[1]:
        note = f", groups={groups}" if groups > 1 else ""
        raise ValueError(
            f"{where}: weight has {needed} input channels but x has {x.shape[1]} "
            f"(x.shape={x.shape}, weight.shape={weight.shape}{note})"
        )
