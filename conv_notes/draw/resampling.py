"""Images between sizes: pooling down, ways up, and two of them in one picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle

from .. import _checks as check
from .._checks import FloatArray
from ..ops import avg_pool2d, conv_transpose2d, max_pool2d
from ..windows import fold, unfold
from . import marks
from ._drawing import WIDTH, Drawing, styled, subplots
from .marks import (
    INK,
    INPUT,
    OUTPUT,
    PAPER,
    SEVERAL,
    UNSEEN,
    Place,
    in_rows,
    number,
    times,
    tint,
)
from .touch import LINE, invite, resting, touch

OPS: Any = {"max": max_pool2d, "average": avg_pool2d}
SHADES = 64  # of grey, as many as are told apart: fewer bytes than 256
SIZE = 8  # pixels along a side: two periods of a stride of 4


@styled
def pooling(
    x: FloatArray,
    kernel_size: int,
    *,
    stride: int | None = None,
    kind: str = "max",
    window: int = 0,
) -> Drawing:
    """Draw an image, what pooling makes of it, and one window worked out.

    Pixels that several windows see are hatched, those that none sees are grey. An
    output answers with its window, a pixel with the windows that hold it.

    Parameters
    ----------
    x : ndarray, shape (H, W)
        The image, small enough to read.
    kernel_size : int
        K.
    stride : int, optional
        S; the kernel size where left out.
    kind : {"max", "average"}
        Which summary is taken.
    window : int
        The number of the window that is worked out while nothing is pointed at, in
        reading order; −1 for the last.

    Returns
    -------
    Drawing
    """
    (x,) = check.with_axes("pooling", x=(x, "H W"))
    check.choice("pooling", "kind", kind, tuple(OPS))
    stride = kernel_size if stride is None else stride
    pooled = _Pooled.of(x, kernel_size, stride, kind)
    y, seen = pooled.y, _times_seen(x.shape, kernel_size, stride)
    (h, w), (oh, ow) = x.shape, y.shape
    left, width = w + 1.2, 2 * w + 0.2
    figure, ax = subplots(height=WIDTH * (h + 0.9) / width + 0.5 + LINE)
    for i, j in np.argwhere(seen != 1):
        unused: Any = {"fc": UNSEEN, "ec": "none", "zorder": 0}
        marks.box(ax, (j, i), **(SEVERAL if seen[i, j] else unused))
    top = (h - oh) / 2
    marks.lattice(ax, (0, 0), h, w, INPUT)
    marks.numbers(ax, (0, 0), x, f"input, {times(x.shape)}")
    marks.lattice(ax, (left, top), oh, ow, OUTPUT)
    marks.numbers(ax, (left, top), y.round(2), f"output, {times(y.shape)}")

    shown = window % y.size
    row, col = divmod(shown, ow)
    with resting(ax):
        _window(ax, pooled, row, col, (left, top))
    worked = pooled.worked(row, col)
    several, none = int((seen > 1).sum()), int((seen == 0).sum())
    counts = f"{several} pixels in several windows, {none} in none"
    invite(figure, "Point at an output or a pixel.", below=f"{worked}\n{counts}")
    for row, col in np.ndindex(y.shape):
        with touch(ax, (left + col, top + row), says=pooled.worked(row, col)):
            _window(ax, pooled, row, col, (left, top))
    for i, j in np.ndindex(x.shape):
        held = pooled.holding(i, j)
        with touch(ax, (j, i), says=pooled.where(i, j)):
            corners = [pooled.corner(*place) for place in held]
            outputs = [(left + col, top + row) for row, col in held]
            size = kernel_size, kernel_size
            marks.cells(ax, corners, *size, fc=INPUT, ec=INK, lw=1, alpha=0.3)
            marks.cells(ax, outputs, fc=OUTPUT, ec="none", alpha=0.3)
            marks.cells(ax, [(j, i), *outputs], fc="none", ec=INK, lw=2.4)
    marks.bare(ax).set(xlim=(-0.1, width + 0.1), ylim=(h + 0.1, -0.9))
    figure.alt = (
        f"Input {in_rows(x)}; {kind} pooling with windows of {kernel_size} × "
        f"{kernel_size} and a stride of {stride}; output {in_rows(y.round(2))}. "
        f"Window {shown + 1}: {worked}. {counts}."
    )
    return figure


class _Pooled(NamedTuple):
    """An image, what pooling makes of it, and which pixels each window holds."""

    x: FloatArray
    y: FloatArray
    windows: np.ndarray  # (K, K, OH, OW), numbers of pixels
    kept: np.ndarray | None  # the number of each window's largest; none of a mean's

    @classmethod
    def of(cls, x: FloatArray, kernel_size: int, stride: int, kind: str) -> _Pooled:
        """Pool, and follow the numbers of the pixels."""
        pixels = np.arange(float(x.size)).reshape(1, 1, *x.shape)
        windows = unfold(pixels, kernel_size, stride=stride)[0, 0].astype(int)
        y, kept = OPS[kind](x[None, None], kernel_size, stride=stride)[0, 0], None
        if kind == "max":
            how: Any = {"stride": stride, "return_indices": True}
            kept = max_pool2d(x[None, None], kernel_size, **how)[1][0, 0]
        return cls(x, y, windows, kept)

    def corner(self, row: int, col: int) -> Place:
        """Least x and y of a window."""
        i, j = divmod(int(self.windows[0, 0, row, col]), self.x.shape[1])
        return j, i

    def holding(self, i: int, j: int) -> list[tuple[int, int]]:
        """The windows that hold a pixel: the places of their outputs."""
        held = self.windows == i * self.x.shape[1] + j
        return [(int(r), int(c)) for r, c in np.argwhere(held.any(axis=(0, 1)))]

    def worked(self, row: int, col: int) -> str:
        """How an output comes about."""
        values = [number(v) for v in self.x.flat[self.windows[:, :, row, col].flat]]
        result = self.y[row, col]
        if self.kept is not None:
            return f"max({', '.join(values)}) = {number(result)}"
        return f"({' + '.join(values)}) / {len(values)} = {number(result.round(2))}"

    def where(self, i: int, j: int) -> str:
        """Which windows hold a pixel, and what becomes of it there."""
        value, held = number(self.x[i, j]), self.holding(i, j)
        if not held:
            return f"{value} is in no window"
        if self.kept is None:
            fate = f"with a weight of 1/{self.windows[:, :, 0, 0].size}"
        else:
            pixel = i * self.x.shape[1] + j
            kept = sum(int(self.kept[place]) == pixel for place in held)
            fate = f"kept by {kept or 'none'}"
        outputs = ", ".join(number(self.y[place].round(2)) for place in held)
        s = "s" * (len(held) > 1)
        return f"{value} is in {len(held)} window{s}, {fate}\noutput{s} {outputs}"


def _window(
    ax: Axes, pooled: _Pooled, row: int, col: int, output: tuple[float, float]
) -> None:
    """Mark a window, the pixel that it keeps, and its output."""
    size = len(pooled.windows)
    marks.mark(ax, pooled.corner(row, col), size, size)
    marks.mark(ax, (output[0] + col, output[1] + row), colour=OUTPUT)
    if pooled.kept is not None:
        i, j = divmod(int(pooled.kept[row, col]), pooled.x.shape[1])
        ax.add_patch(Circle((j + 0.5, i + 0.5), 0.37, fc="none", ec=INK, lw=1.4))


def _times_seen(size: tuple[int, ...], kernel_size: int, stride: int) -> FloatArray:
    """In how many windows each pixel lies."""
    ones = np.ones((1, 1, *size))
    windows = unfold(ones, kernel_size, stride=stride)
    seen: FloatArray = fold(windows, (size[0], size[1]), stride=stride)[0, 0]
    return seen


@styled
def divided(
    images: Mapping[str, FloatArray], divider: int, dividers: Sequence[int]
) -> Drawing:
    """Draw two images of one size as one, left and right of an upright line.

    A click on the picture, or a drag over it, sets the choice "divider" to the nearest
    place where the line can be.

    Parameters
    ----------
    images : mapping of str to ndarray, shape (H, W)
        The left one and the right one, by name; 0 is black, 1 white.
    divider : int
        How many columns are those of the left one.
    dividers : sequence of int
        Where the line can be, in order.

    Returns
    -------
    Drawing
    """
    (left, first), (right, second) = images.items()
    first, second = check.with_axes(
        "divided", **{left: (first, "H W"), right: (second, "H W")}
    )
    h, w = first.shape
    here = np.arange(w) < divider
    figure, ax = subplots(height=WIDTH * (h + 0.09 * w) / (1.04 * w))
    shown = np.where(here, first, second).clip(0, 1)
    shades = (shown * (SHADES - 1)).round() / (SHADES - 1)
    look: Any = {"cmap": "gray", "vmin": 0, "vmax": 1, "interpolation": "none"}
    ax.imshow(shades, extent=(0, w, h, 0), **look)
    for colour, lw in ((PAPER, 4), (INK, 1.6)):
        ax.vlines(divider, 0, h, color=colour, lw=lw)
        handle: Any = {"mfc": PAPER, "mec": colour, "mew": lw, "clip_on": False}
        ax.plot(divider, h / 2, "o", ms=15, **handle)
    for way, arrow in ((-1, "<"), (1, ">")):
        ax.plot(divider + 0.012 * way * w, h / 2, arrow, ms=3.5, color=INK)
    for x, name, side in ((0, f"◂ {left}", "left"), (w, f"{right} ▸", "right")):
        marks.label(ax, (x, -0.045 * w), name, ha=side)
    marks.bare(ax).set(xlim=(-0.02 * w, 1.02 * w), ylim=(h, -0.09 * w))
    ends = np.convolve(dividers, [0.5, 0.5], "valid")  # halfway between two
    ends = np.array([-0.02 * w, *ends, 1.02 * w])
    for at, start, width in zip(dividers, ends, np.diff(ends), strict=False):
        with touch(ax, (start, 0), width, h, says=f"{at}", sets={"divider": at}):
            if at != divider:
                ax.vlines(at, 0, h, color=PAPER, lw=1.6, ls=":")
    figure.alt = (
        f"One picture of {w} columns: {divider} of {left}, the others of {right}."
    )
    return figure


@styled
def overlap(kernel_size: int, stride: int) -> Drawing:
    """Draw how often a transposed convolution writes to each pixel, away from the edge.

    The counts along the axes stand above and beside the image. A pixel answers with
    those of its column and its row, and with their product.

    Parameters
    ----------
    kernel_size, stride : int
        K and S, at least 1; the same for both axes.

    Returns
    -------
    Drawing
    """
    first = -(-(kernel_size - 1) // stride) * stride  # begins a period, clear of edges
    n = (first + SIZE) // stride + 2
    clear = slice(first, first + SIZE)
    row = conv_transpose2d(
        np.ones((1, 1, 1, n)), np.ones((1, 1, 1, kernel_size)), stride=(1, stride)
    )
    image = conv_transpose2d(
        np.ones((1, 1, n, n)), np.ones((1, 1, kernel_size, kernel_size)), stride=stride
    )
    along = row[0, 0, 0, clear].astype(int)
    counts = image[0, 0, clear, clear].astype(int)
    low, high = counts.min(), counts.max()
    each = "once each" if high == 1 else f"{high} times each"
    share = f"{low} to {high} times" if low < high else each

    figure, ax = subplots(height=4.4)
    aside = -1.6
    _counts(ax, along[None], (0, aside))
    _counts(ax, along[:, None], (aside, 0))
    _counts(ax, counts, (0, 0))
    marks.label(ax, (aside + 0.5, aside + 0.5), "×", fontsize=12)
    ax.set_title(f"window {kernel_size}, stride {stride}: painted {share}")
    invite(figure, "Point at a pixel.")
    for i, j in np.ndindex(counts.shape):
        s = "s" * int(counts[i, j] != 1)
        says = f"painted {along[i]} × {along[j]} = {counts[i, j]} time{s}"
        with touch(ax, (j, i), says=says):
            marks.cells(ax, [(j, i), (j, aside), (aside, i)], fc="none", ec=INK, lw=2.4)
    marks.bare(ax).set(xlim=(aside - 0.1, SIZE + 0.1), ylim=(SIZE + 0.1, aside - 0.1))
    figure.alt = (
        f"Window {kernel_size}, stride {stride}: pixels of the image are painted "
        f"{share}. Along one axis: {' '.join(map(str, along))}."
    )
    return figure


def _counts(ax: Axes, counts: np.ndarray, corner: tuple[float, float]) -> None:
    """Numbers in a grid; the more, the darker."""
    (rows, cols), (left, top) = counts.shape, corner
    colours = [[tint(OUTPUT, n) for n in row] for row in counts / counts.max()]
    place: Any = {"extent": (left, left + cols, top + rows, top)}
    ax.imshow(colours, interpolation="none", gid="data", **place)
    marks.lattice(ax, corner, rows, cols, lw=0.4)
    marks.numbers(ax, corner, counts)
