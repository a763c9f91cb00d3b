"""The maxima of windows, and where they stand: max pooling and its gradient.

Pixels a stride apart are laid side by side, so that what an entry of all windows sees
is one long slice. The maximum is taken over these slices, along the rows, then down the
columns; and so many of them come before the first that equals it.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from .._checks import FloatArray, Pair
from ..arithmetic import Window, Windows

#: The index of a maximum in a window that sees no pixel.
NOWHERE = -1


def maxima(
    x: FloatArray, windows: Windows, size: Pair
) -> tuple[FloatArray, np.ndarray]:
    """The maximum of each window of planes, and the number of its entry: (n, OH, OW).

    Of equals, the first in reading order: of the first row with one, the first.
    """
    (rows, cols), (oh, ow), (n, height, width) = windows, size, x.shape
    dtype = numbering(windows)
    best, right = _maxima_along(x.reshape(n * height, width, 1), cols, ow, dtype)
    best, right = best.reshape(n, height, ow), right.reshape(n, height, ow)
    best, down = _maxima_along(best, rows, oh, dtype)
    number = down * cols.kernel_size
    for tap, part in enumerate(_entries(right, rows, oh, 0)):
        number += (down == tap).view(np.uint8) * part[:, :oh]
    return best, number


def _maxima_along(
    x: FloatArray, window: Window, count: int, dtype: np.dtype[Any]
) -> tuple[FloatArray, np.ndarray]:
    """The same for windows along the middle axis."""
    entries = _entries(x, window, count, -np.inf)
    best, number = _first_best(entries, dtype)
    # Padding is never the first, not even of those that are minus infinity.
    some = _unseen(window, x.shape[1], count)[:, None]
    number[:, : len(some)] = np.maximum(number[:, : len(some)], some)
    return best[:, :count], number[:, :count]


def _first_best(
    entries: list[np.ndarray], dtype: np.dtype[Any]
) -> tuple[np.ndarray, np.ndarray]:
    """The maximum of some arrays, and the number of the first that has it."""
    best = entries[0].copy()
    for entry in entries[1:]:
        np.maximum(best, entry, out=best)
    # So many arrays come before the first that is as large.
    number, missed = np.zeros(best.shape, dtype), np.ones(best.shape, bool)
    for entry in entries:
        missed &= entry != best
        number += missed.view(np.uint8)
    if missed.any():  # NaN equals nothing; the last of them counts, as in PyTorch
        nans = [np.isnan(entry) for entry in reversed(entries)]
        number[missed] = len(entries) - 1 - _first_best(nans, dtype)[1][missed]
    return best, number


def _unseen(window: Window, size: int, count: int) -> np.ndarray:
    """How many entries of the windows that begin in the padding come before a pixel.

    All of them, where the rest see none.
    """
    padding = np.arange(window.before, 0, -window.stride)[:count]
    unseen = -(-padding // window.dilation)
    unseen[unseen * window.dilation - padding >= size] = window.kernel_size
    return np.minimum(unseen, window.kernel_size)


def numbering(windows: Windows) -> np.dtype[Any]:
    """The smallest dtype for the numbers of a window's entries, from 0."""
    rows, cols = windows
    return np.min_scalar_type(rows.kernel_size * cols.kernel_size)


def indices_of(number: np.ndarray, windows: Windows, size: Pair) -> np.ndarray:
    """Where in its plane each entry of a window lies, in order of the windows."""
    down, right = (np.arange(w.kernel_size) * w.dilation for w in windows)
    top, left = (
        np.arange(count) * w.stride - w.before
        for w, count in zip(windows, number.shape[1:], strict=True)
    )
    at: np.ndarray = np.add.outer(down * size[1], right).take(number, mode="clip")
    at += np.add.outer(top * size[1], left)
    for axis, window in enumerate(windows):
        unseen = _unseen(window, size[axis], number.shape[1 + axis])
        nowhere = np.flatnonzero(unseen == window.kernel_size)
        at[(slice(None),) * (axis + 1) + (nowhere,)] = NOWHERE
    return at


def add_at(dx: FloatArray, at: np.ndarray, dy: FloatArray) -> None:
    """Add each number of `dy` to its plane, where `at` says."""
    n, height, width = dx.shape
    somewhere = at != NOWHERE
    at += np.arange(n)[:, None, None] * (height * width)
    if not somewhere.all():
        at, dy = at[somewhere], dy[somewhere]
    np.add.at(
        dx.reshape(-1), at.reshape(-1), dy.reshape(-1).astype(dx.dtype, copy=False)
    )


def seen_through(
    window: Window, entry: int, size: int, count: int
) -> tuple[slice, slice]:
    """Which of `count` windows see a pixel through an entry, and which pixels."""
    first, stride = entry - window.before, window.stride
    start = max(0, -(first // stride))
    stop = max(start, min(count, -((first - size) // stride)))
    pixels = slice(first + start * stride, first + stop * stride, stride)
    return slice(start, stop), pixels


def _entries(
    x: np.ndarray, window: Window, count: int, fill: float
) -> list[np.ndarray]:
    """What each entry of `count` windows along the middle axis of `x` sees.

    Pixels a stride apart are laid side by side, so that an entry sees one long slice of
    them: (outer, a few more than `count`, inner).
    """
    (outer, size, inner), stride = x.shape, window.stride
    more = (window.span - 1) // stride
    shape = outer, count + more, inner
    length = prod(shape)
    phases = np.empty((stride, length + more * inner), x.dtype)
    phases[:, length:] = fill
    for first, phase in enumerate(phases):
        there, pixels = seen_through(window, first, size, count + more)
        laid = phase[:length].reshape(shape)
        laid[:, : there.start] = laid[:, there.stop :] = fill
        laid[:, there] = x[:, pixels]
    places = range(0, window.span, window.dilation)
    starts = ((place % stride, place // stride * inner) for place in places)
    return [phases[p, start : start + length].reshape(shape) for p, start in starts]
