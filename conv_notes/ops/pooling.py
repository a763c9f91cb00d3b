"""Summaries of windows, without weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import _checks as check
from .._checks import FloatArray, Pair
from ..arithmetic import effective_kernel_size
from ..windows import Geometry, fold, geometry
from ._differentiable import Pullback, differentiable


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
) -> tuple[Any, Pullback]:
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
        P, at most half the kernel size. With dilation a window can still lie in the
        padding entirely; its maximum is minus infinity.
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
        the same shape: positions in the flattened H × W plane.

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
    (x,) = check.float_arrays(where, x=x)  # type: ignore[assignment]
    check.rank(where, "x", x, "N C H W")
    g = pool_geometry(
        where, x.shape[2:], kernel_size, stride, padding, dilation, ceil_mode
    )
    y = _max(x, g)
    indices = _argmax(x, g) if return_indices else None

    def pullback(dy: FloatArray) -> tuple[FloatArray]:
        planes = np.zeros((x.shape[0] * x.shape[1], x.shape[2] * x.shape[3]), x.dtype)
        # Only now: to find where a maximum stands takes far longer than to find it.
        at = _argmax(x, g) if indices is None else indices
        at = at.reshape(len(planes), y.shape[2] * y.shape[3])
        np.add.at(planes, (np.arange(len(planes))[:, None], at), dy.reshape(at.shape))
        return (planes.reshape(x.shape),)

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
) -> tuple[Any, Pullback]:
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
    (x,) = check.float_arrays(where, x=x)  # type: ignore[assignment]
    check.rank(where, "x", x, "N C H W")
    size = x.shape[2:]
    g = pool_geometry(where, size, kernel_size, stride, padding, 1, ceil_mode)
    rows, cols = (_counts(size[axis], g, axis, count_include_pad) for axis in (0, 1))
    divisor = np.outer(rows, cols).astype(x.dtype)
    y = x
    for axis in (1, 0):
        y = sum(value for value, _ in _taps(y, g, axis, fill=0))  # type: ignore[assignment]
    (top, bottom), (left, right) = g.padding
    rows_beyond, cols_beyond = (_beyond(size[axis], g, axis) for axis in (0, 1))
    sides = (top, bottom + rows_beyond), (left, right + cols_beyond)

    def pullback(dy: FloatArray) -> tuple[FloatArray]:
        each = (dy / divisor)[:, :, None, None]  # the same for all of a window
        windows = np.broadcast_to(each, (*x.shape[:2], *g.kernel_size, *g.output_size))
        dx = fold(windows, size, stride=g.stride, padding=sides)
        return (dx,)

    return y / divisor, pullback


@differentiable
def global_avg_pool2d(x: FloatArray) -> tuple[Any, Pullback]:
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
    (x,) = check.float_arrays(where, x=x)  # type: ignore[assignment]
    check.rank(where, "x", x, "N C H W")
    pixels = x.shape[2] * x.shape[3]
    if pixels == 0:
        raise ValueError(f"{where}: x must not have empty maps, got x.shape={x.shape}")

    def pullback(dy: FloatArray) -> tuple[FloatArray]:
        return (np.broadcast_to((dy / pixels)[:, :, None, None], x.shape).copy(),)

    return x.mean(axis=(2, 3)), pullback


def pool_geometry(
    where: str,
    size: tuple[int, ...],
    kernel_size: object,
    stride: object,
    padding: object,
    dilation: object = 1,
    ceil_mode: bool = False,
) -> Geometry:
    """Geometry of a pooling window, whose stride is its size unless it is given."""
    stride = kernel_size if stride is None else stride
    pads, kernel = checked_half(where, padding, kernel_size)
    return geometry(where, size, kernel, stride, pads, dilation, ceil_mode)


def checked_half(where: str, padding: object, kernel_size: object) -> tuple[Pair, Pair]:
    """Padding and kernel size, once the one is at most half the other."""
    pads = check.pair(where, "padding", padding, 0)
    kernel = check.pair(where, "kernel_size", kernel_size, 1)
    if any(2 * p > k for p, k in zip(pads, kernel, strict=True)):
        raise ValueError(
            f"{where}: padding must be at most half the kernel, got "
            f"padding={padding}, kernel_size={kernel_size}"
        )
    return pads, kernel


def _max(x: FloatArray, g: Geometry) -> FloatArray:
    """Maxima of all windows: along each row first, then down the columns."""
    for axis in (1, 0):
        first, *others = (value for value, _ in _taps(x, g, axis))
        x = first.copy()  # also where the window is one pixel: the result is no view
        for value in others:
            np.maximum(x, value, out=x)
    return x


def _argmax(x: FloatArray, g: Geometry) -> np.ndarray:
    """Where in its H × W plane each maximum stands, in the same two passes."""
    best, column = _argmax_along(x, g, 1)  # the best of each row of a window
    _, row = _argmax_along(best, g, 0)  # and of those, the best
    indices: np.ndarray = row * x.shape[3] + np.take_along_axis(column, row, axis=2)
    return indices


def _argmax_along(x: FloatArray, g: Geometry, axis: int) -> tuple[FloatArray, Any]:
    first, *others = _taps(x, g, axis)
    best = first[0].copy()
    found = np.broadcast_to(first[1], best.shape).copy()
    for value, number in others:
        better = (value > best) | np.isnan(value)  # strictly: the first of equals stays
        np.copyto(best, value, where=better)
        np.copyto(found, number, where=better)
    return best, found


def _counts(size: int, g: Geometry, axis: int, include_pad: bool) -> np.ndarray:
    """How many pixels of each window along `axis` count towards its mean."""
    before = g.padding[axis][0]
    start = np.arange(g.output_size[axis]) * g.stride[axis] - before
    end = np.minimum(start + g.kernel_size[axis], size + before)
    if include_pad:
        return end - start
    return np.minimum(end, size) - np.maximum(start, 0)


def _beyond(size: int, g: Geometry, axis: int) -> int:
    """By how much the last window along `axis` reaches over the padded image."""
    count, (before, after) = g.output_size[axis], g.padding[axis]
    span = effective_kernel_size(g.kernel_size[axis], g.dilation[axis])
    return max(0, (count - 1) * g.stride[axis] + span - before - size - after)


def _taps(
    x: FloatArray, g: Geometry, axis: int, fill: float = -np.inf
) -> Iterator[tuple[FloatArray, Any]]:
    """For each entry of the window along `axis`: its values, and their coordinates."""
    size, count = x.shape[2 + axis], g.output_size[axis]
    k, s, d = g.kernel_size[axis], g.stride[axis], g.dilation[axis]
    before, after = g.padding[axis]
    after += _beyond(size, g, axis)
    if before or after:
        pads = [(0, 0)] * 4
        pads[2 + axis] = (before, after)
        x = np.pad(x, pads, constant_values=fill)
    # An entry of padding can only be "found" in a window of nothing but -inf; the
    # nearest pixel then stands for it.
    numbers = np.clip(np.arange(before + size + after) - before, 0, size - 1)
    for a in range(k):
        at = slice(a * d, a * d + (count - 1) * s + 1, s)
        if axis == 1:
            yield x[..., at], numbers[at]
        else:
            yield x[:, :, at], numbers[at, None]
