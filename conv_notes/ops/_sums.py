"""Sums that keep their digits."""

from typing import Any

import numpy as np

from .._checks import FloatArray


def total(
    x: FloatArray, axis: int | tuple[int, ...], keepdims: bool = False
) -> FloatArray:
    """The sum, added up in float64: along a slow axis float32 would lose digits.

    NumPy adds in pairs only where the numbers lie side by side, and else one by one.
    """
    summed: Any = np.sum(x, axis, dtype=np.float64, keepdims=keepdims)
    result: FloatArray = summed.astype(x.dtype)
    return result
