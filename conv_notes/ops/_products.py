"""Matrix products, in the form that is fastest where they are computed."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from .._checks import FloatArray

if sys.platform == "emscripten":  # no BLAS, and einsum's loops beat those of matmul

    def times(a: FloatArray, b: FloatArray, out: Any = None) -> FloatArray:
        """Product a · b of matrices (..., I, J) and (..., J, K)."""
        y: FloatArray = np.einsum("...ij,...jk->...ik", a, b, out=out)
        return y

    def with_rows(a: FloatArray, b: FloatArray) -> FloatArray:
        """Product a · bᵀ of matrices (..., I, J) and (..., K, J): rows meet rows."""
        y: FloatArray = np.einsum("...ij,...kj->...ik", a, b)
        return y

else:
    times = np.matmul

    def with_rows(a: FloatArray, b: FloatArray) -> FloatArray:
        """Product a · bᵀ of matrices (..., I, J) and (..., K, J): rows meet rows."""
        return a @ b.swapaxes(-1, -2)
