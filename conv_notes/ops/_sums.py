"""Sums over many elements."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from .._checks import FloatArray
from ..windows import MANY


def total(
    x: FloatArray, axis: int | tuple[int, ...], keepdims: bool = False
) -> FloatArray:
    """The sum over `axis`, without the loss of digits that many numbers bring.

    NumPy adds a float32 array that is not contiguous along `axis` one element after
    another, and a million of them lose two digits.
    """
    y = _sum(x, axis, keepdims)
    return np.asarray(y, dtype=x.dtype)


def mean(x: FloatArray, axes: tuple[int, ...]) -> FloatArray:
    """The mean over `axes`, which are not empty: the sum cannot overflow."""
    y = _sum(x, axes) / prod(x.shape[axis] for axis in axes)
    return np.asarray(y, dtype=x.dtype)


def _sum(x: FloatArray, axis: int | tuple[int, ...], keepdims: bool = False) -> Any:
    """In float64, or where numbers lie side by side, in float64 from `MANY` to `MANY`.

    These few are added by a product, with a power of 2: it neither rounds nor lets
    their sum overflow.
    """
    axes = sorted(a % x.ndim for a in (axis if isinstance(axis, tuple) else (axis,)))
    first = x.ndim - len(axes)
    if axes[0] != first or not x.flags.c_contiguous or x.dtype != np.float32:
        return np.sum(x, axis, dtype=np.float64, keepdims=keepdims)
    rows = x.reshape(prod(x.shape[:first]), prod(x.shape[first:]))
    weight, y = np.full(MANY, 1 / MANY, x.dtype), np.zeros(len(rows))
    for start in range(0, rows.shape[1], MANY):
        some = rows[:, start : start + MANY]
        y += some @ weight[: some.shape[1]]
    return MANY * y.reshape(x.shape[:first] + (1,) * len(axes) * keepdims)
