"""Summaries of windows, without weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .. import _checks as check
from .._checks import FloatArray, Pair
from ..arithmetic import Window, Windows, parse_windows
from ..windows import output_size, put_back, taken
from ._differentiable import Pullback, differentiable
from ._sums import mean

#: The index of a maximum in a window that sees no pixel.
NOWHERE = -1


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
    y = _max(x, windows)
    indices = _argmax(x, windows) if return_indices else None

    def pullback(dy: FloatArray) -> tuple[FloatArray]:
        # Only now: to find where a maximum stands takes far longer than to find it.
        at = _argmax(x, windows) if indices is None else indices
        n, c, height, width = x.shape
        planes = np.arange(n * c).reshape(n, c, 1, 1) * (height * width)
        # What comes from nowhere goes to one more place, which is left out.
        flat = np.where(at == NOWHERE, x.size, planes + at)
        sums = np.bincount(flat.ravel(), dy.ravel(), x.size + 1)[:-1]
        return (sums.astype(x.dtype).reshape(x.shape),)

    return ((y, indices) if return_indices else y), pullback


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
    y = x
    for axis in (1, 0):
        y = _added([value for value, _ in _taps(y, windows, axis, 0)])
    size = x.shape[2], x.shape[3]
    axes = zip(windows, size, y.shape[2:], strict=True)
    divisor = np.outer(*(_counted(*axis, count_include_pad) for axis in axes))
    divisor = divisor.astype(x.dtype)

    def pullback(dy: FloatArray) -> tuple[FloatArray]:
        each = (dy / divisor)[:, :, None, None]  # the same for all of a window
        kernel = (window.kernel_size for window in windows)
        every = np.broadcast_to(each, (*x.shape[:2], *kernel, *y.shape[2:]))
        return (np.ascontiguousarray(put_back(every, size, windows)),)

    return y / divisor, pullback


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


def _max(x: FloatArray, windows: Windows) -> FloatArray:
    """Maxima of all windows: along each row first, then down the columns."""
    for axis in (1, 0):
        first, *others = (value for value, _ in _taps(x, windows, axis, -np.inf))
        x = first.copy()  # also where the window is one pixel: the result is no view
        for value in others:
            np.maximum(x, value, out=x)
    return x


def _argmax(x: FloatArray, windows: Windows) -> np.ndarray:
    """Where in its H × W plane each maximum stands, in the same two passes."""
    best, column = _argmax_along(x, windows, 1)  # the best of each row of a window
    _, row = _argmax_along(best, windows, 0)  # and of those, the best
    column = np.take_along_axis(column, np.maximum(row, 0), axis=2)
    nowhere = (row == NOWHERE) | (column == NOWHERE)
    return np.where(nowhere, NOWHERE, row * x.shape[3] + column)


def _argmax_along(
    x: FloatArray, windows: Windows, axis: int
) -> tuple[FloatArray, np.ndarray]:
    first, *others = _taps(x, windows, axis, -np.inf)
    best = first[0].copy()
    found = np.broadcast_to(first[1], best.shape).copy()
    for value, number in others:
        # Strictly: the first of equals stays. But even minus infinity beats padding.
        better = (value > best) | np.isnan(value) | (found == NOWHERE)
        np.copyto(best, value, where=better)
        np.copyto(found, number, where=better)
    return best, found


def _counted(window: Window, size: int, count: int, include_pad: bool) -> np.ndarray:
    """How many pixels of each window along an axis count towards its mean."""
    start = np.arange(count) * window.stride - window.before
    # Pooling pads both sides alike; what a last window sees beyond never counts.
    end = np.minimum(start + window.kernel_size, size + window.before)
    if include_pad:
        return end - start
    return np.minimum(end, size) - np.maximum(start, 0)


def _taps(
    x: FloatArray, windows: Windows, axis: int, fill: float
) -> Iterator[tuple[FloatArray, np.ndarray]]:
    """For each entry of the window along `axis`: its values, and their coordinates."""
    window, size = windows[axis], x.shape[2 + axis]
    count = window.output_size("pooling", size)
    if window.before or window.after:
        pads = [(0, 0)] * 4
        pads[2 + axis] = (window.before, window.after)
        x = np.pad(x, pads, constant_values=fill)
    numbers = np.full(window.before + size + window.after, NOWHERE)
    numbers[window.before : window.before + size] = np.arange(size)
    for tap in range(window.kernel_size):
        at = taken(window, tap, count)
        if axis == 1:
            yield x[..., at], numbers[at]
        else:
            yield x[:, :, at], numbers[at, None]


def _added(parts: Sequence[FloatArray]) -> FloatArray:
    """The sum of the parts, in pairs: so that many of them lose no digits."""
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    return _added(parts[:half]) + _added(parts[half:])
