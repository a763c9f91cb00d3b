"""The sliding-window view and its adjoint, on which every other layer rests."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from . import _checks as check
from ._checks import FloatArray, Padding, Pair, Shape
from .arithmetic import Window, Windows, parse_windows

#: More float32 numbers than these lose digits when they are added one by one.
MANY = 256


def unfold(
    x: FloatArray,
    kernel_size: int | Pair,
    *,
    stride: int | Pair = 1,
    padding: int | Pair | Padding | str = 0,
    dilation: int | Pair = 1,
) -> FloatArray:
    r"""Every window of an image, as a view.

    .. math:: \mathrm{windows}[n, c, a, b, i, j] = x[n, c,\; iS + aD - P,\; jS + bD - P]

    with zeros outside the image. The kernel axes come before the output axes, so that
    a convolution is one copy and one matrix product per image.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W)
        float32 or float64.
    kernel_size, stride, dilation : int or (int, int)
        K, S and D, for both axes or (vertical, horizontal).
    padding : int, (int, int), ((int, int), (int, int)), "valid" or "same"
        P, zeros around the image: for all sides, (vertical, horizontal), or ((top,
        bottom), (left, right)). "valid" is 0, "same" keeps the size at stride 1.

    Returns
    -------
    ndarray, shape (N, C, KH, KW, OH, OW)
        A read-only view of the padded input: no copy beyond the padding. Reshaping it
        does copy, and is KH·KW/(S·S) times as large as the image.

    Raises
    ------
    TypeError
        If `x` is no float array, or another argument no int.
    ValueError
        If `x` does not have four axes, an argument is too small, the kernel is larger
        than the padded input, or "same" is asked for with a stride above 1.

    See Also
    --------
    fold : the adjoint.

    References
    ----------
    Chellapilla, Puri & Simard (2006), "High performance convolutional neural networks
    for document processing", section 3: unrolling, now called im2col.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(9.0).reshape(1, 1, 3, 3)
    >>> windows = unfold(x, 2)
    >>> windows.shape
    (1, 1, 2, 2, 2, 2)
    >>> windows[0, 0, :, :, 0, 1]  # the window at output position (0, 1)
    array([[1., 2.],
           [4., 5.]])
    """
    where = "unfold"
    (x,) = check.float_arrays(where, x=x)
    check.rank(where, "x", x, "N C H W")
    windows = parse_windows(where, kernel_size, stride, padding, dilation)
    return slide(where, x, windows)


def fold(
    windows: FloatArray,
    size: Pair,
    *,
    stride: int | Pair = 1,
    padding: int | Pair | Padding | str = 0,
    dilation: int | Pair = 1,
) -> FloatArray:
    r"""Windows summed back into an image: the adjoint (transpose) of `unfold`.

    Each pixel receives the sum of all window entries that `unfold` took from it, so

    .. math::
        \langle \mathrm{unfold}(x), w \rangle = \langle x, \mathrm{fold}(w) \rangle

    Parameters
    ----------
    windows : ndarray, shape (N, C, KH, KW, OH, OW)
        float32 or float64.
    size : (int, int)
        (H, W) of the image that is put together.
    stride, padding, dilation
        As for `unfold`.

    Returns
    -------
    ndarray, shape (N, C, H, W)

    Raises
    ------
    TypeError
        If `windows` is no float array, or another argument no int.
    ValueError
        If `windows` does not have six axes, or (OH, OW) is not the number of windows
        that an image of that size has.

    References
    ----------
    Dumoulin & Visin (2016), section 4.1, for the transpose.

    Examples
    --------
    How often a 2×2 kernel uses each pixel of a 3×3 image:

    >>> import numpy as np
    >>> fold(np.ones((1, 1, 2, 2, 2, 2)), (3, 3))[0, 0]
    array([[1., 2., 1.],
           [2., 4., 2.],
           [1., 2., 1.]])
    """
    where = "fold"
    (windows,) = check.float_arrays(where, windows=windows)
    check.rank(where, "windows", windows, "N C KH KW OH OW")
    n, c, *kernel_size = windows.shape[:4]
    size = check.pair(where, "size", size, 1)
    parsed = parse_windows(where, tuple(kernel_size), stride, padding, dilation)
    positions = output_size(where, size, parsed)
    check.shape(where, "windows", windows, (n, c, *kernel_size, *positions))
    return put_back(windows, size, parsed)


def output_size(
    where: str, size: Shape, windows: Windows, ceil_mode: bool = False
) -> Pair:
    """(OH, OW) of an image of (..., H, W)."""
    rows, cols = windows
    height, width = size[-2:]
    return (
        rows.output_size(where, height, ceil_mode),
        cols.output_size(where, width, ceil_mode),
    )


def slide(where: str, x: FloatArray, windows: Windows) -> FloatArray:
    """`unfold` with its arguments parsed, in the name of the function `where`."""
    rows, cols = windows
    positions = output_size(where, x.shape, windows)
    x = padded(x, windows)
    n, c, down, right = x.strides
    return as_strided(
        x,
        (*x.shape[:2], rows.kernel_size, cols.kernel_size, *positions),
        (
            *(n, c, rows.dilation * down, cols.dilation * right),
            *(rows.stride * down, cols.stride * right),
        ),
        writeable=False,
    )


def padded(x: FloatArray, windows: Windows) -> FloatArray:
    """`x` in a frame of zeros, where there is padding."""
    rows, cols = windows
    if not (rows.before or rows.after or cols.before or cols.after):
        return x
    *batch, height, width = x.shape
    high = rows.before + height + rows.after
    wide = cols.before + width + cols.after
    canvas = np.zeros_like(x, shape=(*batch, high, wide))  # laid out as x is
    canvas[inside(x.shape, windows)] = x
    return canvas


def inside(size: Shape, windows: Windows) -> Any:
    """Where an image of (..., H, W) lies in its frame of zeros."""
    rows, cols = windows
    height, width = size[-2:]
    return np.s_[
        ...,
        rows.before : rows.before + height,
        cols.before : cols.before + width,
    ]


def taken(window: Window, tap: int, count: int) -> slice:
    """What the entry `tap` of a kernel sees from `count` positions, along an axis."""
    start = tap * window.dilation
    return slice(start, start + (count - 1) * window.stride + 1, window.stride)


def put_back(values: FloatArray, size: Pair, windows: Windows) -> FloatArray:
    """`fold` with its arguments parsed."""
    rows, cols = windows
    n, c, kh, kw, oh, ow = values.shape
    # Many numbers for a pixel are added up in float64.
    dtype = np.float64 if kh * kw > MANY else values.dtype
    canvas = padded(np.zeros((n, c, *size), dtype), windows)
    for a in range(kh):
        for b in range(kw):
            at = taken(rows, a, oh), taken(cols, b, ow)
            canvas[:, :, *at] += values[:, :, a, b]
    image: FloatArray = canvas[inside(size, windows)]
    return image.astype(values.dtype, copy=False)
