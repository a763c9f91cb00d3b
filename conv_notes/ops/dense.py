"""The fully connected layer."""

from __future__ import annotations

from typing import Any

from .. import _checks as check
from .._checks import FloatArray
from ._differentiable import Pullback, differentiable
from ._sums import total


@differentiable
def linear(
    x: FloatArray, weight: FloatArray, bias: FloatArray | None = None
) -> tuple[FloatArray, Pullback]:
    r"""Connect every input to every output, each with a weight of its own.

    .. math:: y = x W^\top + b

    Parameters
    ----------
    x : ndarray, shape (..., in)
        float32 or float64.
    weight : ndarray, shape (out, in)
        Same dtype as `x`.
    bias : ndarray, shape (out,), optional
        Same dtype as `x`.

    Returns
    -------
    ndarray, shape (..., out)
        Same dtype as `x`.

    Raises
    ------
    TypeError
        If an array is not float32 or float64, or the dtypes differ.
    ValueError
        If the shapes do not fit.

    References
    ----------
    Goodfellow, Bengio & Courville (2016), *Deep Learning*, section 6.1.

    Examples
    --------
    >>> import numpy as np
    >>> linear(np.array([[1.0, 2.0]]), np.array([[10.0, 1.0], [0.0, 5.0]]))
    array([[12., 10.]])
    """
    where = "linear"
    x, weight = check.float_arrays(where, x=x, weight=weight)
    check.rank(where, "weight", weight, "out in")
    out, features = weight.shape
    check.not_empty(where, weight)
    if x.ndim < 1 or x.shape[-1] != features:
        raise ValueError(
            f"{where}: weight takes {features} input features but x has "
            f"{x.shape[-1] if x.ndim else 'none'} "
            f"(x.shape={x.shape}, weight.shape={weight.shape})"
        )
    bias = check.optional_bias(where, bias, (out,), x)
    y = x @ weight.T
    if bias is not None:
        y = y + bias

    def pullback(dy: FloatArray) -> tuple[Any, ...]:
        rows = dy.reshape(-1, out)  # (..., out) -> (M, out)
        dweight = rows.T @ x.reshape(-1, features)
        dbias = None if bias is None else total(rows, 0)
        return lambda: dy @ weight, dweight, dbias

    return y, pullback
