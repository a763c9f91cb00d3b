"""The locally connected layer: windows like a convolution, but nothing is shared."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from .. import _checks as check
from .._checks import FloatArray, Padding, Pair
from ..arithmetic import parse_windows
from ..windows import inside, output_size, put_back, slide
from ._differentiable import Pullback, differentiable
from ._sums import total

# Entries of a kernel from which the memory, not the calls, decides how long it takes.
LONG_KERNEL = 512


@differentiable
def local_conv2d(
    x: FloatArray,
    weight: FloatArray,
    bias: FloatArray | None = None,
    *,
    stride: int | Pair = 1,
    padding: int | Pair | Padding | str = 0,
    dilation: int | Pair = 1,
) -> tuple[FloatArray, Pullback]:
    r"""Give every output position a kernel of its own: unshared convolution.

    .. math::
        y[n, m, i, j] = b[i, j, m] + \sum_{c, a, b} W[i, j, m, c, a, b]\;
        x[n, c,\; iS + aD - P,\; jS + bD - P]

    In one line::

        np.einsum("ncabij,ijmcab->nmij", unfold(x, weight.shape[4:], ...), weight)

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W)
        float32 or float64. N may be 0.
    weight : ndarray, shape (OH, OW, out, C, KH, KW)
        Same dtype as `x`.
    bias : ndarray, shape (OH, OW, out), optional
        Same dtype as `x`.
    stride, padding, dilation
        As for `conv2d`.

    Returns
    -------
    ndarray, shape (N, out, OH, OW)
        Same dtype as `x`.

    Raises
    ------
    TypeError
        If an array is not float32 or float64, the dtypes differ, or another argument
        is not an int.
    ValueError
        If the shapes do not fit: (OH, OW) must be the output size that `x` and the
        other arguments give.

    References
    ----------
    Goodfellow, Bengio & Courville (2016), *Deep Learning*, equation 9.9.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.ones((1, 1, 1, 4))
    >>> weight = np.arange(1.0, 7.0).reshape(1, 3, 1, 1, 1, 2)  # a pair per output
    >>> local_conv2d(x, weight)[0, 0]
    array([[ 3.,  7., 11.]])
    """
    where = "local_conv2d"
    x, weight = check.float_arrays(where, x=x, weight=weight)
    check.rank(where, "x", x, "N C H W")
    check.rank(where, "weight", weight, "OH OW out in KH KW")
    check.channels(where, x, weight, out_axis=2)
    bias = check.optional_bias(where, bias, weight.shape[:3], x)
    windows = parse_windows(where, weight.shape[4:], stride, padding, dilation)
    oh, ow, out = weight.shape[:3]
    check.kernel_per_output(where, x, weight, output_size(where, x.shape, windows))
    # In its frame of zeros, laid out with the batch as the last axis in memory, so that
    # the windows of a row are copied in runs of N. The axes stay (N, C, H, W).
    n, channels, *size = x.shape
    pairs = zip(windows, size, strict=True)
    high, wide = (window.before + length + window.after for window, length in pairs)
    framed = np.zeros((channels, high, wide, n), x.dtype).transpose(3, 0, 1, 2)
    framed[inside(x.shape, windows)] = x
    down, right = (window._replace(before=0, after=0) for window in windows)
    seen = slide(where, framed, (down, right))  # (N, C, KH, KW, OH, OW)
    patch = seen.shape[1:4]
    entries = prod(patch)  # C·KH·KW

    def kernels(i: int) -> FloatArray:
        """Those of output row i: (OW, out, C·KH·KW)."""
        row: FloatArray = weight[i]
        return row.reshape(ow, out, entries)

    def columns(i: int) -> FloatArray:
        """The windows of output row i: (OW, C·KH·KW, N)."""
        row = seen[..., i, :].transpose(4, 1, 2, 3, 0)
        return row.reshape(ow, entries, n)

    # One row at a time: the weights, which are by far the largest array, are read once
    # and the copied windows stay small.
    y = np.empty((n, out, oh, ow), x.dtype)
    product = _dots if n == 1 and entries >= LONG_KERNEL else np.matmul
    for i in range(oh):
        y[:, :, i] = product(kernels(i), columns(i)).transpose(2, 1, 0)
    if bias is not None:
        y += bias.transpose(2, 0, 1)

    def pullback(dy: FloatArray) -> tuple[Any, ...]:
        drows = dy.transpose(2, 3, 1, 0)  # (OH, OW, out, N)
        dweight = np.empty(weight.shape, x.dtype)  # in C order: a row has a place
        # Of one image it multiplies single numbers, for which BLAS takes twice as long.
        multiply = np.multiply if n == 1 else np.matmul
        for drow, dkernels, i in zip(drows, dweight, range(oh), strict=True):
            place = dkernels.reshape(ow, out, entries)
            multiply(drow, columns(i).swapaxes(1, 2), out=place)
        dbias = None if bias is None else total(dy, 0).transpose(1, 2, 0)
        return lambda: gradient_of_input(drows), dweight, dbias

    def gradient_of_input(drows: FloatArray) -> FloatArray:
        dx = np.zeros((n, channels, high, wide), x.dtype)
        # As many rows at once as are the windows of one image.
        step = max(1, oh // max(1, n))
        for first in range(0, oh, step):
            some = range(first, min(first + step, oh))
            dwindows = np.empty((n, *patch, len(some), ow), x.dtype)
            for k, i in enumerate(some):
                dcols = kernels(i).swapaxes(1, 2) @ drows[i]  # (OW, C·KH·KW, N)
                dcols = dcols.reshape(ow, *patch, n)
                dwindows[..., k, :] = dcols.transpose(4, 1, 2, 3, 0)
            top, tall = first * down.stride, (len(some) - 1) * down.stride + down.span
            part = put_back(dwindows, (tall, wide), (down, right))
            dx[:, :, top : top + tall] += part
        return np.ascontiguousarray(dx[inside(x.shape, windows)])

    return y, pullback


def _dots(kernels: FloatArray, columns: FloatArray) -> FloatArray:
    """`kernels @ columns` for one image, a dot product per kernel.

    BLAS's product of a matrix and one vector reads long rows at half the speed.
    """
    product: FloatArray = kernels[:, :, None] @ columns[:, None]
    return product[:, :, 0]
