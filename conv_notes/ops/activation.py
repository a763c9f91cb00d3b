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
        return (np.where(x <= 0, dy.dtype.type(0), dy),)

    return np.asarray(np.maximum(x, x.dtype.type(0))), pullback
