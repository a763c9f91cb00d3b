"""The one computation under convolution, tiled and transposed convolution.

A kernel slides over an image: correlation. Windows are laid out as columns of a matrix,
and one product with the kernel's matrix does the rest. The gradient with respect to
the weight is the product of dy with the same columns. That with respect to the image is
a correlation of dy with the kernel turned around, for each phase of the stride; on its
own, it is transposed convolution.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import gcd, prod
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from .._checks import FloatArray, Pair
from ..arithmetic import Window, Windows
from ..windows import output_size, padded, put_back, taken

#: Bytes of columns that are laid out at once: the product finds them in the cache.
ROOM = 2**21
#: Rows of columns from which on a product is as fast as it gets, and too few of them.
ENOUGH, FEW = 32, 8


class Steps(NamedTuple):
    """How a kernel slides: (vertical, horizontal) strides, dilations, positions."""

    stride: Pair
    dilation: Pair
    positions: Pair


def steps(windows: Windows, positions: Pair) -> Steps:
    """How these windows slide over a padded image."""
    rows, cols = windows
    strides, dilations = (rows.stride, cols.stride), (rows.dilation, cols.dilation)
    return Steps(strides, dilations, positions)


def convolve(
    where: str,
    x: FloatArray,
    weight: FloatArray,
    windows: Windows,
    groups: int = 1,
    known: np.ndarray | None = None,
) -> tuple[FloatArray, Callable[[FloatArray], tuple[FloatArray, FloatArray]]]:
    """Convolution without a bias, and its pullback to (dx, dweight).

    `known`, (N, 1, H, W), is False where `x` is zero for want of a pixel.
    """
    how = steps(windows, output_size(where, x.shape, windows))
    framed = padded(x, windows)

    def pullback(dy: FloatArray) -> tuple[FloatArray, FloatArray]:
        dx = np.zeros_like(x)
        add_gradient_of_input(dx, dy, weight, windows, groups)
        dweight = gradient_of_weight(framed, dy, weight, how, groups)
        if not np.isfinite(dweight).all():  # zero times NaN, too, where nothing is
            there = np.ones((1, 1, *x.shape[2:]), bool) if known is None else known
            there = padded(there, windows)
            dweight = _gradient_where(there, framed, dy, weight, windows, groups)
        return dx, dweight

    return correlate(framed, weight, how, groups), pullback


def correlate(
    x: FloatArray, weight: FloatArray, how: Steps, groups: int = 1
) -> FloatArray:
    """Σ weight[m, c, a, b] · x[n, c, iS + aD, jS + bD]: (N, out, *positions)."""
    out, each, kh, kw = weight.shape
    y = np.empty((len(x), groups, out // groups, prod(how.positions)), x.dtype)
    # (G, out/G, KH, C/G, KW): kernel rows outermost, so that some of them are a slice
    kernel = weight.reshape(groups, out // groups, each, kh, kw).transpose(
        0, 1, 3, 2, 4
    )
    for images, taps, columns in _columns(x, (kh, kw), how, groups):
        matrix = kernel[:, :, taps].reshape(*y.shape[1:3], columns.shape[2])
        if taps.start == 0:
            np.matmul(matrix, columns, out=y[images])
        else:
            y[images] += matrix @ columns
    return y.reshape(len(x), out, *how.positions)


def gradient_of_weight(
    x: FloatArray, dy: FloatArray, weight: FloatArray, how: Steps, groups: int = 1
) -> FloatArray:
    """The gradient of `correlate` with respect to its weight: dy · columnsᵀ."""
    out, each, kh, kw = weight.shape
    # In float64, as all sums over many: the images can be a million.
    dkernel = np.zeros((groups, out // groups, kh, each, kw))
    rows = dy.reshape(len(dy), groups, out // groups, prod(how.positions))
    for images, taps, columns in _columns(x, (kh, kw), how, groups):
        product = rows[images] @ columns.swapaxes(2, 3)
        summed = product.sum(axis=0, dtype=np.float64)
        dkernel[:, :, taps] += summed.reshape(dkernel[:, :, taps].shape)
    return dkernel.swapaxes(2, 3).reshape(weight.shape).astype(x.dtype)


def _gradient_where(
    there: np.ndarray,
    x: FloatArray,
    dy: FloatArray,
    weight: FloatArray,
    windows: Windows,
    groups: int,
) -> FloatArray:
    """The same from the pixels that are there, for each entry of the kernel."""
    out, each, kh, kw = weight.shape
    (rows, cols), (oh, ow) = windows, dy.shape[2:]
    dweight = np.zeros_like(weight)
    for a, b in np.ndindex(kh, kw):
        at = taken(rows, a, oh), taken(cols, b, ow)
        seen = x[:, :, *at].reshape(len(x), groups, each, oh * ow)
        some = np.where(there[:, :, *at], dy, dy.dtype.type(0))
        some = some.reshape(len(x), groups, out // groups, oh * ow)
        dweight[:, :, a, b] = (
            (some @ seen.swapaxes(2, 3)).sum(axis=0).reshape(out, each)
        )
    return dweight


def add_gradient_of_input(
    dx: FloatArray,
    dy: FloatArray,
    weight: FloatArray,
    windows: Windows,
    groups: int = 1,
) -> None:
    """Add to `dx` the gradient of a convolution with respect to its image.

    Each pixel gathers from the outputs that see it; but where a pixel has few channels
    (of a picture), the product would have few rows and be slow: then each output paints
    the pixels that it sees.
    """
    out, each, kh, kw = weight.shape
    # To the way back, outputs are inputs: (G, C/G, out/G, KH, KW)
    turned = weight.reshape(groups, out // groups, each, kh, kw).swapaxes(1, 2)
    if each < FEW <= out // groups:
        _paint(dx, dy, turned, windows)
    else:
        _gather(dx, dy, turned, windows)


def _paint(
    dx: FloatArray, dy: FloatArray, turned: FloatArray, windows: Windows
) -> None:
    """Wᵀ · dy, and each entry of the kernel added where it was seen."""
    groups, each, outs, kh, kw = turned.shape
    # A tile's first window can begin inside the image.
    rows, cols = (w._replace(before=max(w.before, 0)) for w in windows)
    dx = dx[:, :, max(-windows[0].before, 0) :, max(-windows[1].before, 0) :]
    matrix = turned.transpose(0, 1, 3, 4, 2).reshape(groups, each * kh * kw, outs)
    (oh, ow), size = dy.shape[2:], (dx.shape[2], dx.shape[3])
    step = max(1, ROOM // max(1, groups * matrix.shape[1] * oh * ow * dy.itemsize))
    for first in range(0, len(dy), step):
        some = dy[first : first + step]
        painted = matrix @ some.reshape(len(some), groups, outs, oh * ow)
        painted = painted.reshape(len(some), groups * each, kh, kw, oh, ow)
        dx[first : first + step] += put_back(painted, size, (rows, cols))


def _gather(
    dx: FloatArray, dy: FloatArray, turned: FloatArray, windows: Windows
) -> None:
    """Pixels a stride apart meet the same entries of the kernel: they are one phase.

    In each phase it is a correlation of dy with those entries in reverse order.
    """
    groups, each, outs, kh, kw = turned.shape
    kernel = turned.reshape(groups * each, outs, kh, kw)
    rows, cols = windows
    for down in _phases(rows, dx.shape[2]):
        for right in _phases(cols, dx.shape[3]):
            part = kernel[:, :, down.taps, right.taps]
            seen = _between(_between(dy, 2, *down.sources), 3, *right.sources)
            dilation = down.dilation, right.dilation
            how = Steps((1, 1), dilation, (down.length, right.length))
            dx[:, :, down.pixels, right.pixels] += correlate(seen, part, how, groups)


class _Phase(NamedTuple):
    """Pixels along an axis that meet the same entries of a kernel."""

    pixels: slice
    length: int
    taps: slice  # in reverse order
    dilation: int
    sources: Pair  # of the outputs, from the first to behind the last


def _phases(window: Window, size: int) -> Iterator[_Phase]:
    kernel_size, stride, before, dilation, *_ = window
    common = gcd(stride, dilation)
    apart, spread = stride // common, dilation // common
    for first in range(min(stride, size)):
        # Output o and tap a meet pixel p where o · stride + a · dilation = p + before.
        place = first + before
        firsts = range(min(apart, kernel_size))
        tap = next((a for a in firsts if (place - a * dilation) % stride == 0), None)
        if tap is None:
            continue  # no entry of the kernel meets these pixels
        number = -(-(kernel_size - tap) // apart)
        last = tap + (number - 1) * apart
        count = -(-(size - first) // stride)
        start = (place - last * dilation) // stride
        stop = (place - tap * dilation) // stride + count
        taps = slice(last, tap - 1 if tap else None, -apart)
        yield _Phase(slice(first, None, stride), count, taps, spread, (start, stop))


def _between(x: FloatArray, axis: int, start: int, stop: int) -> FloatArray:
    """`x` from `start` to `stop` along an axis, zero where that is outside."""
    size = x.shape[axis]
    inside = slice(max(start, 0), max(min(stop, size), 0))
    some = x[(slice(None),) * axis + (inside,)]
    if start >= 0 and stop <= size:
        return some
    shape = list(x.shape)
    shape[axis] = stop - start
    y = np.zeros(shape, x.dtype)
    first = max(-start, 0)
    y[(slice(None),) * axis + (slice(first, first + some.shape[axis]),)] = some
    return y


def _columns(
    x: FloatArray, kernel_size: Pair, how: Steps, groups: int
) -> Iterator[tuple[slice, slice, FloatArray]]:
    """Some images, some rows of the kernel, and what these see: (n, G, rows, P).

    Along the width each entry of the kernel has a copy of its own. Down the height one
    copy serves all rows of the kernel, which see it shifted, if it has enough rows for
    a fast product; otherwise each has a copy of its own there too.
    """
    (n, channels, *size), (kh, kw) = x.shape, kernel_size
    (sh, sw), (dh, dw), (oh, ow) = how
    each = channels // groups
    together = 1 if sh == 1 and each * kw >= ENOUGH else kh
    shape = groups, together, each, kw, oh + (kh - together) * dh, ow
    x = x.reshape(n, groups, each, *size)
    image, group, channel, down, right = x.strides
    strides = image, group, dh * down, channel, dw * right, sh * down, sw * right
    seen = as_strided(x, (n, *shape), strides, writeable=False)
    step = min(n, max(1, ROOM // max(1, prod(shape) * x.itemsize)))
    # Where each pixel is seen once and in order, as by a kernel of 1, none is copied.
    buffer = None if seen.flags.c_contiguous else np.empty((step, *shape), x.dtype)
    for first in range(0, n, step or 1):
        images = slice(first, min(first + step, n))
        laid = seen[images]
        if buffer is not None:
            laid = buffer[: len(laid)]
            np.copyto(laid, seen[images])
        for a in range(0, kh, together):
            part = laid[..., a * dh : a * dh + oh, :]
            rows = part.reshape(len(laid), groups, together * each * kw, oh * ow)
            yield images, slice(a, a + together), rows
