"""Sums over many elements."""

from __future__ import annotations

import numpy as np

from .._checks import FloatArray


def total(
    x: FloatArray, axis: int | tuple[int, ...], keepdims: bool = False
) -> FloatArray:
    """The sum over `axis`, in float64 until the end.

    NumPy adds a float32 array that is not contiguous along `axis` one element after
    another, and a million of them lose two digits.
    """
    y = np.sum(x, axis, dtype=np.float64, keepdims=keepdims)
    return np.asarray(y, dtype=x.dtype)


def mean(x: FloatArray, axis: int | tuple[int, ...]) -> FloatArray:
    """The mean over `axis`, in float64 until the end: the sum cannot overflow."""
    return np.asarray(np.mean(x, axis, dtype=np.float64), dtype=x.dtype)
