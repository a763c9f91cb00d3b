"""Checks of arguments: one place for what every function asks of its input.

Each check returns the value in the form the caller works with, or raises an error
that names the function, the argument, what it got and what it needs.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from numbers import Real
from typing import Any, TypeGuard

import numpy as np

Pair = tuple[int, int]
#: Padding of both axes, before and after: ((top, bottom), (left, right)).
Padding = tuple[Pair, Pair]
FloatArray = np.ndarray[Any, np.dtype[Any]]

FLOATS = (np.float32, np.float64)


def float_arrays(
    where: str, optional: str = "bias", /, **arrays: object
) -> list[FloatArray | None]:
    """The arrays, in native byte order, once all are floats of one dtype.

    The one named `optional` may be None, and stays so.
    """
    checked: list[FloatArray | None] = []
    first = ""
    for name, value in arrays.items():
        if value is None and name == optional:
            checked.append(None)
            continue
        if not isinstance(value, np.ndarray):
            got = type(value).__name__
            raise TypeError(f"{where}: {name} must be a NumPy array, got {got}")
        native = value.dtype.newbyteorder("=")
        if native not in FLOATS:
            raise TypeError(
                f"{where}: {name} must be float32 or float64, got {value.dtype}"
            )
        if not first:
            first, dtype = name, native
        elif native != dtype:
            raise TypeError(f"{where}: {name} is {native} but {first} is {dtype}")
        checked.append(np.asarray(value, dtype=native))
    return checked


def integer_array(where: str, name: str, value: object) -> None:
    """Raise unless `value` is an array of integers."""
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "iu":
        got = getattr(value, "dtype", type(value).__name__)
        raise TypeError(f"{where}: {name} must be an integer array, got {got}")


def rank(where: str, name: str, array: FloatArray, axes: str) -> None:
    """Raise unless `array` has one axis for each word of `axes`, e.g. "N C H W"."""
    needed = axes.split()
    if array.ndim != len(needed):
        raise ValueError(
            f"{where}: {name} must have {len(needed)} axes ({', '.join(needed)}), "
            f"got {array.ndim} ({name}.shape={array.shape})"
        )


def shape(
    where: str, name: str, array: FloatArray | None, needed: tuple[int, ...]
) -> None:
    """Raise unless `array` is None or has exactly the shape `needed`."""
    if array is not None and array.shape != needed:
        raise ValueError(
            f"{where}: {name} must have shape {needed}, got {name}.shape={array.shape}"
        )


def integer(where: str, name: str, value: object, minimum: int) -> int:
    """`value` as an int that is at least `minimum`."""
    try:
        if isinstance(value, bool | np.bool_):
            raise TypeError
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"{where}: {name} must be an int, got {value!r}") from None
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
    number = float(value)
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


@contextmanager
def in_the_name_of(where: str, helper: str) -> Iterator[None]:
    """Let an error of `helper` name the function that the reader called."""
    try:
        yield
    except ValueError as error:
        reason = str(error).removeprefix(f"{helper}: ")
        raise ValueError(f"{where}: {reason}") from None


def pair(where: str, name: str, value: object, minimum: int) -> Pair:
    """`value` as (vertical, horizontal); an int stands for both axes."""
    if not is_sequence(value):
        return (integer(where, name, value, minimum),) * 2
    if len(value) != 2:
        raise ValueError(f"{where}: {name} must be an int or a pair, got {value!r}")
    first, second = (integer(where, name, v, minimum) for v in value)
    return first, second


def is_sequence(value: object) -> TypeGuard[Sequence[object]]:
    """Whether `value` holds one entry per axis, and is not one for all."""
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
