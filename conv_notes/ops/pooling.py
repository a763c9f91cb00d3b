"""Summaries of windows, without weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .. import _checks as check
from .._checks import FloatArray, Pair, Shape
from ..arithmetic import Window, Windows, parse_windows
from ..windows import MANY, output_size, padded, taken
from ._differentiable import Pullback, differentiable
from ._maxima import add_at, indices_of, maxima, numbering, seen_through
from ._sums import mean

#: So many pixels are worked on at a time: they stay in the cache.
CACHED = 2**18


@differentiable
def max_pool2d(
    x: FloatArray,
    kernel_size: int | Pair,
    *,
    stride: int | Pair | None = None,
    padding: int | Pair = 0,
    dilation: int | Pair = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[FloatArray | Any, Pullback]:
    r"""Keep the largest value of every window.

    .. math:: y[n, c, i, j] = \max_{a, b} x[n, c,\; iS + aD - P,\; jS + bD - P]

    Pixels outside the image never win. A tie goes to the first in reading order, and a
    window with a NaN gives NaN, both as in PyTorch.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W)
        float32 or float64. N may be 0.
    kernel_size : int or (int, int)
        K, for both axes or (vertical, horizontal).
    stride : int or (int, int), optional
        S; the kernel size where left out, so that windows do not overlap.
    padding : int or (int, int)
        P, at most half the kernel size. With dilation a window can still see nothing
        but padding; its maximum is minus infinity, its index −1, and no gradient
        passes.
    dilation : int or (int, int)
        D.
    ceil_mode : bool
        Let a last window reach over the edge of the padded image.
    return_indices : bool
        Also say where each maximum was found.

    Returns
    -------
    ndarray, shape (N, C, OH, OW)
        Same dtype as `x`. With `return_indices` a tuple of it and an int64 array of
        the same shape: positions in the flattened H × W plane, each inside its window.

    Raises
    ------
    TypeError
        If `x` is not a float32 or float64 array, or another argument no int.
    ValueError
        If `x` does not have four axes, the padding is more than half the kernel, or
        the kernel is larger than the padded input.

    References
    ----------
    Dumoulin & Visin (2016), chapter 3, and relationship 15 for the output size.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[1.0, 3.0, 2.0, 0.0], [4.0, 0.0, 1.0, 5.0]]).reshape(1, 1, 2, 4)
    >>> max_pool2d(x, 2)
    array([[[[4., 5.]]]])
    """
    where = "max_pool2d"
    (x,) = check.float_arrays(where, x=x)
    check.rank(where, "x", x, "N C H W")
    windows = pool_windows(where, kernel_size, stride, padding, dilation)
    windows = _fitted(where, x, windows, ceil_mode)
    n, c, height, width = x.shape
    size = output_size(where, x.shape, windows)
    planes, y = x.reshape(n * c, height, width), np.empty((n * c, *size), x.dtype)
    number = np.empty(y.shape, numbering(windows))
    for some in portions(planes):
        y[some], number[some] = maxima(planes[some], windows, size)

    def pullback(dy: FloatArray) -> tuple[FloatArray]:
        dx = np.empty(planes.shape, np.float64 if _many(windows) else x.dtype)
        dy = dy.reshape(y.shape)
        for some in portions(planes):
            at = indices_of(number[some], windows, (height, width))
            dx[some] = 0
            add_at(dx[some], at, dy[some])
        return (dx.reshape(x.shape).astype(x.dtype, copy=False),)

    best = y.reshape(n, c, *size)
    if not return_indices:
        return best, pullback
    indices = np.empty(y.shape, np.int64)
    for some in portions(planes):
        indices[some] = indices_of(number[some], windows, (height, width))
    return (best, indices.reshape(best.shape)), pullback


@differentiable
def avg_pool2d(
    x: FloatArray,
    kernel_size: int | Pair,
    *,
    stride: int | Pair | None = None,
    padding: int | Pair = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> tuple[FloatArray, Pullback]:
    r"""Replace every window by its mean.

    .. math::
        y[n, c, i, j] = \frac{1}{|w_{ij}|}
        \sum_{a, b} x[n, c,\; iS + a - P,\; jS + b - P]

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W)
        float32 or float64. N may be 0.
    kernel_size : int or (int, int)
        K, for both axes or (vertical, horizontal).
    stride : int or (int, int), optional
        S; the kernel size where left out, so that windows do not overlap.
    padding : int or (int, int)
        P, zeros around the image, at most half the kernel size.
    ceil_mode : bool
        Let a last window reach over the edge of the padded image.
    count_include_pad : bool
        Whether the padding inside a window counts towards the number of its pixels,
        by which the sum is divided. What lies beyond the padding never counts.

    Returns
    -------
    ndarray, shape (N, C, OH, OW)
        Same dtype as `x`.

    Raises
    ------
    TypeError
        If `x` is not a float32 or float64 array, or another argument no int.
    ValueError
        If `x` does not have four axes, the padding is more than half the kernel, or
        the kernel is larger than the padded input.

    References
    ----------
    Dumoulin & Visin (2016), chapter 3; the divisor is PyTorch's.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[1.0, 3.0, 2.0, 0.0], [4.0, 0.0, 1.0, 5.0]]).reshape(1, 1, 2, 4)
    >>> avg_pool2d(x, 2)
    array([[[[2., 2.]]]])
    """
    where = "avg_pool2d"
    (x,) = check.float_arrays(where, x=x)
    check.rank(where, "x", x, "N C H W")
    windows = pool_windows(where, kernel_size, stride, padding)
    windows = _fitted(where, x, windows, ceil_mode)
    n, c, *shape = x.shape
    size = output_size(where, x.shape, windows)
    axes = zip(windows, shape, size, strict=True)
    divisor = np.outer(*(_counted(*axis, count_include_pad) for axis in axes))
    divisor = divisor.astype(x.dtype)
    planes, y = x.reshape(n * c, *shape), np.empty((n * c, *size), x.dtype)
    for some in portions(planes):
        y[some] = _sums(planes[some], windows, size) / divisor

    def pullback(dy: FloatArray) -> tuple[FloatArray]:
        dx, dy = np.empty(planes.shape, x.dtype), dy.reshape(y.shape)
        dtype = np.float64 if _many(windows) else x.dtype
        for some in portions(planes):
            each = (dy[some] / divisor).astype(dtype, copy=False)
            dx[some] = _spread(each, windows, shape)
        return (dx.reshape(x.shape),)

    return y.reshape(n, c, *size), pullback


@differentiable
def global_avg_pool2d(x: FloatArray) -> tuple[FloatArray, Pullback]:
    r"""Replace each map by its mean.

    .. math:: y[n, c] = \frac{1}{HW} \sum_{i, j} x[n, c, i, j]

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W)
        float32 or float64. N may be 0, H and W may not.

    Returns
    -------
    ndarray, shape (N, C)
        Same dtype as `x`.

    Raises
    ------
    TypeError
        If `x` is not a float32 or float64 array.
    ValueError
        If `x` does not have four axes, or its maps are empty.

    References
    ----------
    Lin, Chen & Yan (2014), "Network in network", section 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> global_avg_pool2d(np.arange(8.0).reshape(1, 2, 2, 2))
    array([[1.5, 5.5]])
    """
    where = "global_avg_pool2d"
    (x,) = check.float_arrays(where, x=x)
    check.rank(where, "x", x, "N C H W")
    pixels = x.shape[2] * x.shape[3]
    if pixels == 0:
        raise ValueError(f"{where}: x must not have empty maps, got x.shape={x.shape}")

    def pullback(dy: FloatArray) -> tuple[FloatArray]:
        return (np.broadcast_to((dy / pixels)[:, :, None, None], x.shape).copy(),)

    return mean(x, (2, 3)), pullback


def pool_windows(
    where: str,
    kernel_size: object,
    stride: object,
    padding: object,
    dilation: object = 1,
) -> Windows:
    """Windows of a pooling, whose stride is their size unless it is given."""
    stride = kernel_size if stride is None else stride
    pads = check.pair(where, "padding", padding, 0)
    kernel = check.pair(where, "kernel_size", kernel_size, 1)
    if any(2 * p > k for p, k in zip(pads, kernel, strict=True)):
        raise ValueError(
            f"{where}: padding must be at most half the kernel, got "
            f"padding={padding}, kernel_size={kernel_size}"
        )
    return parse_windows(where, kernel, stride, pads, dilation)


def _fitted(where: str, x: FloatArray, windows: Windows, ceil_mode: bool) -> Windows:
    """`windows`, with so much padding after the image that the last one fits in."""
    rows, cols = windows
    oh, ow = output_size(where, x.shape, windows, ceil_mode)
    height, width = x.shape[2:]
    return _reaching(rows, height, oh), _reaching(cols, width, ow)


def _reaching(window: Window, size: int, count: int) -> Window:
    end = (count - 1) * window.stride + window.span
    return window._replace(after=max(window.after, end - window.before - size))


def portions(planes: FloatArray) -> Iterator[slice]:
    """As many planes at a time as a cache holds."""
    count, height, width = planes.shape
    step = max(1, CACHED // max(1, height * width))
    return (slice(first, first + step) for first in range(0, count, step))


def _many(windows: Windows) -> bool:
    """Whether so many windows can see a pixel that they are added up in float64."""
    rows, cols = windows
    return rows.kernel_size * cols.kernel_size > MANY


def _sums(x: FloatArray, windows: Windows, size: Pair) -> FloatArray:
    """The sum of each window of planes: along the rows, then down the columns."""
    (rows, cols), (oh, ow), x = windows, size, padded(x, windows)
    x = _added([x[:, :, taken(cols, b, ow)] for b in range(cols.kernel_size)])
    return _added([x[:, taken(rows, a, oh)] for a in range(rows.kernel_size)])


def _spread(dy: FloatArray, windows: Windows, size: Shape) -> FloatArray:
    """The transpose of the sums: each number added to all that its window sees."""
    for axis in (1, 0):
        window, every = windows[axis], (slice(None),) * (axis + 1)
        shape = list(dy.shape)
        shape[axis + 1] = size[axis]
        dx = np.zeros(shape, dy.dtype)
        for tap in range(window.kernel_size):
            seeing, seen = seen_through(window, tap, size[axis], dy.shape[axis + 1])
            dx[(*every, seen)] += dy[(*every, seeing)]
        dy = dx
    return dy


def _counted(window: Window, size: int, count: int, include_pad: bool) -> np.ndarray:
    """How many pixels of each window along an axis count towards its mean."""
    start = np.arange(count) * window.stride - window.before
    # Pooling pads both sides alike; what a last window sees beyond never counts.
    end = np.minimum(start + window.kernel_size, size + window.before)
    if include_pad:
        return end - start
    return np.minimum(end, size) - np.maximum(start, 0)


def _added(parts: Sequence[FloatArray]) -> FloatArray:
    """The sum of the parts, in pairs: so that many of them lose no digits."""
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    return _added(parts[:half]) + _added(parts[half:])
