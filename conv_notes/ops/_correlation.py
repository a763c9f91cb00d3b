"""The one computation under convolution, tiled and transposed convolution.

The output is cut into tiles, each tile has a kernel, and within a tile that kernel
slides. Convolution has one tile. The gradient with respect to the image, on its own, is
transposed convolution.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np

from .._checks import FloatArray, Pair
from ..arithmetic import Windows
from ..windows import put_back, slide

#: Where on the output each kernel is used: slices of rows, and of columns.
Tiles = tuple[list[slice], list[slice]]
EVERYWHERE: Tiles = ([slice(None)], [slice(None)])

#: Bytes of windows that are folded at once: many small images, or one large one.
IN_CACHE = 2**20


def tile_slices(size: int, count: int, tiling: str) -> list[slice]:
    """The positions of an axis of `size` outputs at which each of `count` is used."""
    if tiling == "cyclic":
        return [slice(p, None, count) for p in range(count)]
    starts = [-(-p * size // count) for p in range(count + 1)]
    return [slice(*ends) for ends in pairwise(starts)]


def each_tile(tiles: Tiles) -> Iterator[tuple[int, int, tuple[Any, ...]]]:
    for p, rows in enumerate(tiles[0]):
        for q, cols in enumerate(tiles[1]):
            yield p, q, (..., rows, cols)


def convolve(
    where: str,
    x: FloatArray,
    weight: FloatArray,
    windows: Windows,
    groups: int = 1,
) -> tuple[FloatArray, Callable[[FloatArray], tuple[FloatArray, FloatArray]]]:
    """Convolution without a bias, and its pullback to (dx, dweight)."""
    seen = slide(where, x, windows)  # (N, C, KH, KW, OH, OW)
    tiled = weight[None, None]

    def pullback(dy: FloatArray) -> tuple[FloatArray, FloatArray]:
        size = x.shape[2], x.shape[3]
        dx = gradient_of_input(tiled, EVERYWHERE, groups, dy, size, windows)
        return dx, gradient_of_weight(seen, tiled, EVERYWHERE, groups, dy)[0, 0]

    return correlate(seen, tiled, EVERYWHERE, groups), pullback


def correlate(
    windows: FloatArray, weight: FloatArray, tiles: Tiles, groups: int
) -> FloatArray:
    """Copy the windows of a tile once, then one matrix product per image."""
    out, positions = weight.shape[2], windows.shape[4:]
    y = np.empty((len(windows), out, *positions), windows.dtype)
    for p, q, at in each_tile(tiles):
        kernel = _grouped(weight[p, q], groups)
        for image, result in zip(windows, y, strict=True):
            target = result[at]
            target[...] = (kernel @ _columns(image[at], groups)).reshape(target.shape)
    return y


def gradient_of_weight(
    windows: FloatArray, weight: FloatArray, tiles: Tiles, groups: int, dy: FloatArray
) -> FloatArray:
    """The gradient of `correlate` with respect to its weight: dy · columnsᵀ."""
    dweight = np.zeros_like(weight)
    for image, dresult in zip(windows, dy, strict=True):
        for p, q, at in each_tile(tiles):
            drows = _rows(dresult[at], groups)
            dkernel = drows @ _columns(image[at], groups).swapaxes(1, 2)
            dweight[p, q] += dkernel.reshape(dweight.shape[2:])
    return dweight


def gradient_of_input(
    weight: FloatArray,
    tiles: Tiles,
    groups: int,
    dy: FloatArray,
    size: Pair,
    windows: Windows,
) -> FloatArray:
    """The gradient of `correlate` with respect to the image: fold(Wᵀ · dy)."""
    channels, kernel_size = weight.shape[3] * groups, weight.shape[4:]
    dx = np.empty((len(dy), channels, *size), dy.dtype)
    columns = channels, *kernel_size, *dy.shape[2:]
    step = max(1, IN_CACHE // max(1, prod(columns) * dy.itemsize))
    buffer = np.empty((min(step, len(dy)), *columns), dy.dtype)
    for start in range(0, len(dy), step):
        some = dy[start : start + step]  # images
        dwindows = buffer[: len(some)]
        for dresult, dimage in zip(some, dwindows, strict=True):
            for p, q, at in each_tile(tiles):
                kernel = _grouped(weight[p, q], groups)
                dcols = kernel.swapaxes(1, 2) @ _rows(dresult[at], groups)
                target = dimage[at]
                target[...] = dcols.reshape(target.shape)
        dx[start : start + step] = put_back(dwindows, size, windows)
    return dx


def _grouped(kernel: FloatArray, groups: int) -> FloatArray:
    """(out, C/G, KH, KW) as one matrix per group: (G, out/G, C/G·KH·KW)."""
    return kernel.reshape(groups, kernel.shape[0] // groups, -1)


def _columns(image: FloatArray, groups: int) -> FloatArray:
    """(C, KH, KW, rows, cols) as one matrix per group: (G, C/G·KH·KW, P), a copy."""
    c, kh, kw, rows, cols = image.shape
    return image.reshape(groups, c // groups * kh * kw, rows * cols)


def _rows(result: FloatArray, groups: int) -> FloatArray:
    """(out, rows, cols) as one matrix per group: (G, out/G, P)."""
    out, rows, cols = result.shape
    return result.reshape(groups, out // groups, rows * cols)
