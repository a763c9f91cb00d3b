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
