"""Convolution over images with holes."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from .. import _checks as check
from .._checks import FloatArray, Padding, Pair
from ..arithmetic import parse_windows
from ..windows import slide
from ._correlation import convolve, grouped
from ._differentiable import Pullback, differentiable
from ._sums import total


@differentiable
def partial_conv2d(
    x: FloatArray,
    mask: np.ndarray,
    weight: FloatArray,
    bias: FloatArray | None = None,
    *,
    stride: int | Pair = 1,
    padding: int | Pair | Padding | str = 0,
    dilation: int | Pair = 1,
) -> tuple[tuple[FloatArray, np.ndarray], Pullback]:
    r"""Convolve the known pixels only, and make up for those that are missing.

    .. math::
        y[n, m, i, j] = b[m] + \frac{KH \cdot KW}{s[n, i, j]} \sum_{c, a, b}
        W[m, c, a, b]\; (x M)[n, c,\; iS + aD - P,\; jS + bD - P]

    where :math:`s[n, i, j]` counts the known pixels under the window. Where it is zero,
    so is the output, and the new mask; elsewhere the new mask is one. Padding counts as
    unknown, so that under a full mask this is `conv2d` wherever the window lies inside.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W)
        float32 or float64. N may be 0. What it holds under a hole does not matter, be
        it NaN.
    mask : ndarray, shape (N, 1, H, W)
        M, one where a pixel is known and zero in a hole; of any dtype.
    weight : ndarray, shape (out, C, KH, KW)
        Same dtype as `x`.
    bias : ndarray, shape (out,), optional
        Same dtype as `x`.
    stride, padding, dilation
        As for `conv2d`.

    Returns
    -------
    y : ndarray, shape (N, out, OH, OW)
        Same dtype as `x`.
    new_mask : ndarray, shape (N, 1, OH, OW)
        Same dtype as `mask`. The pullback gives ``(dx, None, dweight, dbias)``, and dx
        is zero in the holes.

    Raises
    ------
    TypeError
        If `x`, `weight` or `bias` is not float32 or float64, their dtypes differ,
        `mask` is no array of numbers, or another argument is not an int.
    ValueError
        If the shapes do not fit, `mask` holds anything but zeros and ones, or the
        kernel is larger than the padded input.

    References
    ----------
    Liu et al. (2018), "Image inpainting for irregular holes using partial
    convolutions", equations 1 and 2.

    Examples
    --------
    A mean over three pixels stays a mean where one of them is missing:

    >>> import numpy as np
    >>> x = np.array([3.0, 6.0, 9.0, 12.0, 15.0]).reshape(1, 1, 1, 5)
    >>> mask = np.array([0, 0, 0, 1, 1]).reshape(1, 1, 1, 5)
    >>> y, new_mask = partial_conv2d(x, mask, np.full((1, 1, 1, 3), 1 / 3))
    >>> y[0, 0], new_mask[0, 0]
    (array([[ 0. , 12. , 13.5]]), array([[0, 1, 1]]))
    """
    where = "partial_conv2d"
    x, weight = check.float_arrays(where, x=x, weight=weight)
    check.rank(where, "x", x, "N C H W")
    check.rank(where, "weight", weight, "out in KH KW")
    check.channels(where, x, weight, out_axis=0)
    bias = check.optional_bias(where, bias, weight.shape[:1], x)
    known = _known(where, mask, (x.shape[0], 1, *x.shape[2:]))
    windows = parse_windows(where, weight.shape[2:], stride, padding, dilation)

    zero = x.dtype.type(0)
    y, pull_back = convolve(
        where, np.where(known, x, zero), grouped(weight, 1), windows, known
    )
    count = slide(where, known.astype(x.dtype), windows).sum(axis=(2, 3))
    valid = count > 0  # pixels that are known: (N, 1, OH, OW)
    ratio = (prod(weight.shape[2:]) / np.maximum(count, 1)).astype(x.dtype)
    y *= ratio
    if bias is not None:
        y += bias[:, None, None]
    np.copyto(y, zero, where=~valid)

    def pullback(dy: FloatArray) -> tuple[Any, ...]:
        dy = np.where(valid, dy, zero)  # nothing comes from a window without pixels
        dbias = None if bias is None else total(dy, (0, 2, 3))
        dy *= ratio
        dx, (dweight,) = pull_back(dy)

        def of_known() -> FloatArray:
            gradient: FloatArray = dx()
            np.copyto(gradient, zero, where=~known)
            return gradient

        return of_known, None, dweight, dbias

    return (y, valid.astype(mask.dtype)), pullback


def _known(where: str, mask: object, needed: tuple[int, ...]) -> np.ndarray:
    """The mask as booleans."""
    if not isinstance(mask, np.ndarray) or mask.dtype.kind not in "biuf":
        got = getattr(mask, "dtype", type(mask).__name__)
        raise TypeError(f"{where}: mask must be an array of zeros and ones, got {got}")
    values = check.array(where, "mask", mask)
    check.shape(where, "mask", values, needed)
    known: np.ndarray = values == 1
    if not (known | (values == 0)).all():
        other = values[~(known | (values == 0))][0]
        raise ValueError(f"{where}: mask must hold only 0 and 1, got {other}")
    return known
