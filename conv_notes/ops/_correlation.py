"""The one computation under convolution, tiled and transposed convolution.

A kernel slides over an image: correlation. Windows are laid out as columns of a matrix,
and one product with the kernel's matrix does the rest. The gradient with respect to
the weight is the product of dy with the same columns. That with respect to the image is
a correlation of dy with the kernel turned around, for each phase of the stride; on its
own, it is transposed convolution.

A first window can begin at any pixel here, also inside the image: padding below zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from math import gcd, prod
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from .._checks import FloatArray, Pair
from ..arithmetic import Window, Windows
from ..windows import output_size, padded, put_back, taken
from ._differentiable import Pullback
from ._products import times, with_rows

#: Bytes that are worked on at once: the product finds its columns in the cache.
ROOM = 2**21
#: Rows of columns from which on a product is as fast as it gets.
ENOUGH = 32
#: So many numbers are copied while one is added to others.
COPIES = 5


def grouped(weight: FloatArray, groups: int) -> FloatArray:
    """(out, C/G, KH, KW) as all functions here take it: (G, out/G, C/G, KH, KW)."""
    out, *kernel = weight.shape
    return weight.reshape(groups, out // groups, *kernel)


def convolve(
    where: str,
    x: FloatArray,
    weight: FloatArray,
    windows: Windows,
    known: np.ndarray | None = None,
) -> tuple[FloatArray, Pullback]:
    """Convolution without a bias, and its pullback to (dx, dweight).

    `known`, (N, 1, H, W), is False where `x` is zero for want of a pixel.
    """

    def pullback(dy: FloatArray) -> tuple[Callable[[], FloatArray], FloatArray]:
        def dx() -> FloatArray:
            gradient = np.zeros_like(x)
            gradient_of_input(gradient, dy, weight, windows)
            return gradient

        dweight = gradient_of_weight(x, dy, weight, windows)
        if not np.isfinite(dweight).all():  # zero times NaN, too, where nothing is
            there = np.ones((1, 1, *x.shape[2:]), bool) if known is None else known
            dweight = _gradient_where(there, x, dy, weight, windows)
        return dx, dweight

    return correlate(x, weight, windows, output_size(where, x.shape, windows)), pullback


def correlate(
    x: FloatArray,
    weight: FloatArray,
    windows: Windows,
    positions: Pair,
    y: FloatArray | None = None,
    add: bool = False,
) -> FloatArray:
    """Σ weight[g, m, c, a, b] · x[n, gc, iS + aD − P, jS + bD − P]: (N, out, OH, OW).

    Written into `y`, if that is given, or added to it.
    """
    groups, outs = weight.shape[:2]
    if y is None:
        y = np.empty((len(x), groups * outs, *positions), x.dtype)
    y = y.reshape(len(x), groups, outs, *positions)
    # Rows of the kernel outermost: some of them are a slice. BLAS takes no order in
    # reverse, which a kernel turned around would have.
    rows = np.ascontiguousarray(weight.swapaxes(2, 3))

    def matrix(some: slice, taps: slice) -> FloatArray:
        entries = rows[some, :, taps]
        return entries.reshape(*entries.shape[:2], prod(entries.shape[2:]))

    spare: FloatArray | None = None
    for images, some, parts in _columns(x, weight, windows, positions):
        its = y[images, some]
        # If it can, the result takes the first product where it lies.
        there = its.flags.c_contiguous and not add
        place = its.reshape(*its.shape[:3], prod(positions)) if there else None
        (taps, columns), *others = parts
        sums = times(matrix(some, taps), columns, out=place)
        for taps, columns in others:
            if spare is None or spare.shape != sums.shape:
                spare = np.empty_like(sums)  # once: fresh memory is slow to write to
            sums += times(matrix(some, taps), columns, out=spare)
        if add:
            its += sums.reshape(its.shape)
        elif not there:
            its[...] = sums.reshape(its.shape)
    return y.reshape(len(x), groups * outs, *positions)


def gradient_of_weight(
    x: FloatArray, dy: FloatArray, weight: FloatArray, windows: Windows
) -> FloatArray:
    """The gradient of `correlate` with respect to its weight: columns · dyᵀ."""
    groups, outs, each, kh, kw = weight.shape
    positions = dy.shape[2], dy.shape[3]
    # In float64, as all sums over many: the images can be a million.
    dweight = np.zeros((groups, kh, each, kw, outs))
    dy = dy.reshape(len(dy), groups, outs, *positions)
    for images, some, parts in _columns(x, weight, windows, positions):
        its = dy[images, some]
        seers = its.reshape(*its.shape[:3], prod(positions))
        for taps, columns in parts:
            products = with_rows(columns, seers)  # faster than its transpose
            part = dweight[some, taps]
            part += products.sum(axis=0, dtype=np.float64).reshape(part.shape)
    return dweight.transpose(0, 4, 2, 1, 3).astype(x.dtype, order="C")


def _gradient_where(
    there: np.ndarray,
    x: FloatArray,
    dy: FloatArray,
    weight: FloatArray,
    windows: Windows,
) -> FloatArray:
    """The same from the pixels that are there, for each entry of the kernel."""
    groups, outs, each, kh, kw = weight.shape
    (rows, cols), (n, _, oh, ow) = windows, dy.shape
    there, x = padded(there, windows), padded(x, windows)
    dweight = np.zeros_like(weight)
    for a, b in np.ndindex(kh, kw):
        at = taken(rows, a, oh), taken(cols, b, ow)
        seen = x[:, :, *at].reshape(n, groups, each, oh * ow)
        some = np.where(there[:, :, *at], dy, dy.dtype.type(0))
        some = some.reshape(n, groups, outs, oh * ow)
        dweight[..., a, b] = (some @ seen.swapaxes(2, 3)).sum(axis=0)
    return dweight


def gradient_of_input(
    dx: FloatArray,
    dy: FloatArray,
    weight: FloatArray,
    windows: Windows,
    add: bool = False,
) -> None:
    """Write the gradient of a convolution with respect to its image into zeros, `dx`.

    Or add it to what is there.

    Each pixel gathers from the outputs that see it, which copies their channels for
    each entry of the kernel. Or each output paints the pixels that it sees, which adds
    theirs: that is less work where they are few, as in a picture.
    """
    outs, each, *kernel = weight.shape[1:]
    turned = weight.swapaxes(1, 2)  # to the way back, outputs are inputs
    if outs >= COPIES * each and prod(kernel) > 1:
        _paint(dx, dy, turned, windows)
    else:
        _gather(dx, dy, turned, windows, add)


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
        painted = times(matrix, some.reshape(len(some), groups, outs, oh * ow))
        painted = painted.reshape(len(some), groups * each, kh, kw, oh, ow)
        dx[first : first + step] += put_back(painted, size, (rows, cols))


def _gather(
    dx: FloatArray, dy: FloatArray, turned: FloatArray, windows: Windows, add: bool
) -> None:
    """Pixels a stride apart meet the same entries of the kernel: they are one phase.

    In each phase it is a correlation of dy with those entries in reverse order.
    """
    axes = (_phases(*axis) for axis in zip(windows, dx.shape[2:], strict=True))
    for down, right in product(*axes):
        part, its = turned[..., down.taps, right.taps], (down.window, right.window)
        pixels = dx[:, :, down.pixels, right.pixels]
        correlate(dy, part, its, (pixels.shape[2], pixels.shape[3]), pixels, add)


class _Phase(NamedTuple):
    """Pixels along an axis that meet the same entries of a kernel."""

    pixels: slice
    taps: slice  # in reverse order
    window: Window  # of the outputs that they see


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
        begin = (place - last * dilation) // stride
        taps = slice(last, tap - 1 if tap else None, -apart)
        window = Window(number, 1, -begin, spread)
        yield _Phase(slice(first, None, stride), taps, window)


def _columns(
    x: FloatArray, weight: FloatArray, windows: Windows, positions: Pair
) -> Iterator[tuple[slice, slice, list[tuple[slice, FloatArray]]]]:
    """Some images and groups, and what some rows of the kernel see: (n, G, rows, P).

    Along the width each entry of the kernel has a copy of its own. Down the height one
    copy serves all rows of the kernel, which see it shifted, if it has enough rows for
    a fast product; otherwise each has a copy of its own there too.
    """
    (n, _, *size), (groups, outs, each, *_) = x.shape, weight.shape
    (oh, ow), (rows, cols) = positions, windows
    (kh, sh, _, dh, *_), (kw, sw, _, dw, *_) = windows
    x = x.reshape(n, groups, each, *size)
    together = 1 if sh == 1 and each * kw >= ENOUGH else kh
    shape = together, each, kw, oh + (kh - together) * dh, ow
    # Of one group of one image: the columns, a product and a sum of products.
    numbers = prod(shape) + 2 * outs * oh * ow
    fit = max(1, ROOM // (numbers * x.itemsize))
    batch, many = max(1, min(n, fit // max(1, groups))), max(1, min(fit, groups))
    high, from_row, to_row = _reach(rows, oh, size[0])
    wide, from_col, to_col = _reach(cols, ow, size[1])
    frame = buffer = None
    for first, its in product(range(0, n, batch), range(0, groups, many)):
        images, some = slice(first, min(first + batch, n)), slice(its, its + many)
        seen = x[images, some, :, from_row, from_col]
        count = seen.shape[:2]
        if seen.shape[3:] != (high, wide):
            if frame is None:  # of zeros, which stay
                frame = np.zeros((*count, each, high, wide), x.dtype)
            framed = frame[: count[0], : count[1]]
            framed[..., to_row, to_col] = seen
            seen = framed
        *outer, channel, down, right = seen.strides
        strides = *outer, dh * down, channel, dw * right, sh * down, sw * right
        laid = as_strided(seen, (*count, *shape), strides, writeable=False)
        # A kernel of 1 sees each pixel once and in order: nothing is copied.
        if not laid.flags.c_contiguous:
            if buffer is None:
                buffer = np.empty(laid.shape, x.dtype)
            copy = buffer[: count[0], : count[1]]
            np.copyto(copy, laid)
            laid = copy
        parts = []
        for a in range(0, kh, together):
            part = laid[..., a * dh : a * dh + oh, :]
            columns = part.reshape(*count, together * each * kw, oh * ow)
            parts.append((slice(a, a + together), columns))
        yield images, some, parts


def _reach(window: Window, count: int, size: int) -> tuple[int, slice, slice]:
    """How far windows reach along an axis, where that is in the image, and there."""
    begin, length = -window.before, (count - 1) * window.stride + window.span
    first = max(begin, 0)
    behind = max(first, min(begin + length, size))
    return length, slice(first, behind), slice(first - begin, behind - begin)
