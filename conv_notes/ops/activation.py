"""Functions applied to each value on its own."""

from __future__ import annotations

import numpy as np

from .. import _checks as check
from .._checks import FloatArray
from ._differentiable import Pullback, differentiable


@differentiable
def relu(x: FloatArray) -> tuple[FloatArray, Pullback]:
    r"""Keep what is positive, replace the rest by zero.

    .. math:: y = \max(x, 0)

    Parameters
    ----------
    x : ndarray, any shape
        float32 or float64. NaN stays NaN, and passes its gradient on, as in PyTorch.

    Returns
    -------
    ndarray, the shape of `x`
        Same dtype as `x`. The gradient at exactly 0 is taken as 0, as in PyTorch.

    Raises
    ------
    TypeError
        If `x` is not a float32 or float64 array.

    References
    ----------
    Nair & Hinton (2010), "Rectified linear units improve restricted Boltzmann
    machines", section 2.

    Examples
    --------
    >>> import numpy as np
    >>> relu(np.array([-1.0, 0.0, 2.0]))
    array([0., 0., 2.])
    """
    (x,) = check.float_arrays("relu", x=x)

    def pullback(dy: FloatArray) -> tuple[FloatArray]:
        # Zero times NaN would be NaN, and choosing takes ten times as long: the bits of
        # what is kept are masked by ones, those of the rest by zeros.
        bits = f"i{x.itemsize}"
        dx = np.asarray(np.subtract(x <= 0, 1, dtype=bits))
        dx &= dy.view(bits)
        return (dx.view(x.dtype),)

    # Several times as fast as the maximum of an array and a number; but -0 stays.
    y = np.asarray(np.clip(x, x.dtype.type(0), x.dtype.type(np.inf)))
    y += 0
    return y, pullback
