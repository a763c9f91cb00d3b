"""Images between sizes: pooling down, and up by a transposed convolution."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle

from .._checks import FloatArray
from ..ops import avg_pool2d, conv_transpose2d, max_pool2d
from ..windows import fold, unfold
from . import marks
from ._drawing import WIDTH, Drawing, styled, subplots
from .marks import INK, INPUT, OUTPUT, SEVERAL, UNSEEN, in_rows, times, tint

OPS: Any = {"max": max_pool2d, "average": avg_pool2d}
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

    Pixels that several windows see are hatched, those that none sees are grey.

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
        The number of the window that is worked out, in reading order; −1 for the last.

    Returns
    -------
    Drawing
    """
    stride = kernel_size if stride is None else stride
    y = OPS[kind](x[None, None], kernel_size, stride=stride)[0, 0]
    seen = _times_seen(x.shape, kernel_size, stride)
    (h, w), (oh, ow) = x.shape, y.shape
    left, width = w + 1.2, 2 * w + 0.2
    figure, ax = subplots(height=WIDTH * (h + 0.9) / width + 0.5)
    for i, j in np.argwhere(seen != 1):
        unused: Any = {"fc": UNSEEN, "ec": "none", "zorder": 0}
        marks.box(ax, (j, i), **(SEVERAL if seen[i, j] else unused))
    top = (h - oh) / 2
    marks.lattice(ax, (0, 0), h, w, INPUT)
    marks.numbers(ax, (0, 0), x, f"input, {times(x.shape)}")
    marks.lattice(ax, (left, top), oh, ow, OUTPUT)
    marks.numbers(ax, (left, top), y.round(2), f"output, {times(y.shape)}")

    row, col = divmod(window % y.size, ow)
    i, j = row * stride, col * stride
    marks.mark(ax, (j, i), kernel_size, kernel_size)
    marks.mark(ax, (left + col, top + row), colour=OUTPUT)
    patch = x[i : i + kernel_size, j : j + kernel_size]
    if kind == "max":
        a, b = np.unravel_index(patch.argmax(), patch.shape)
        centre = (float(j + b) + 0.5, float(i + a) + 0.5)
        ax.add_patch(Circle(centre, 0.37, fc="none", ec=INK, lw=1.4, zorder=4))
    worked = _worked(patch, kind)
    several, none = int((seen > 1).sum()), int((seen == 0).sum())
    counts = f"{several} pixels in several windows, {none} in none"
    figure.supxlabel(f"{worked}\n{counts}", fontsize=9.5)
    marks.bare(ax).set(xlim=(-0.1, width + 0.1), ylim=(h + 0.1, -0.9))
    figure.alt = (
        f"Input {in_rows(x)}; {kind} pooling with windows of {kernel_size} × "
        f"{kernel_size} and a stride of {stride}; output {in_rows(y.round(2))}. "
        f"Window {window % y.size + 1}: {worked}. {counts}."
    )
    return figure


def _times_seen(size: tuple[int, ...], kernel_size: int, stride: int) -> FloatArray:
    """In how many windows each pixel lies."""
    ones = np.ones((1, 1, *size))
    windows = unfold(ones, kernel_size, stride=stride)
    seen: FloatArray = fold(windows, (size[0], size[1]), stride=stride)[0, 0]
    return seen


def _worked(patch: FloatArray, kind: str) -> str:
    values = [f"{v:g}" for v in patch.flat]
    if kind == "max":
        return f"max({', '.join(values)}) = {patch.max():g}"
    return f"({' + '.join(values)}) / {len(values)} = {patch.mean():.3g}"


@styled
def overlap(kernel_size: int, stride: int) -> Drawing:
    """Draw how often a transposed convolution writes to each pixel, away from the edge.

    The counts along one axis stand above; those in the image are their products.

    Parameters
    ----------
    kernel_size, stride : int
        K and S, at least 1; the same for both axes.

    Returns
    -------
    Drawing
    """
    first = -(-(kernel_size - 1) // stride) * stride  # begins a period, clear of edges
    inputs = np.ones((1, 1, 1, (first + SIZE) // stride + 2))
    kernel = np.ones((1, 1, 1, kernel_size))
    row = conv_transpose2d(inputs, kernel, stride=(1, stride))[0, 0, 0]
    along = row[first : first + SIZE].astype(int)
    counts = np.outer(along, along)
    low, high = counts.min(), counts.max()
    share = f"{low} to {high} times" if low < high else f"{low} times each"

    figure, ax = subplots(height=3.9)
    above = -1.7
    _counts(ax, along[None], above)
    _counts(ax, counts, 0)
    marks.label(ax, (-0.3, above + 0.5), "one axis", ha="right", va="center")
    marks.label(ax, (-0.3, SIZE / 2), "image", ha="right", va="center")
    ax.set_title(f"window {kernel_size}, stride {stride}: painted {share}")
    marks.bare(ax).set(xlim=(-2.4, SIZE + 0.1), ylim=(SIZE + 0.1, above - 0.1))
    figure.alt = (
        f"Window {kernel_size}, stride {stride}: pixels of the image are painted "
        f"{share}. Along one axis: {' '.join(map(str, along))}."
    )
    return figure


def _counts(ax: Axes, counts: np.ndarray, top: float) -> None:
    """Numbers in a grid; the more, the darker."""
    rows, cols = counts.shape
    colours = [[tint(OUTPUT, n) for n in row] for row in counts / counts.max()]
    place: Any = {"extent": (0, cols, top + rows, top), "interpolation": "none"}
    ax.imshow(colours, **place)
    marks.lattice(ax, (0, top), rows, cols, lw=0.4)
    marks.numbers(ax, (0, top), counts)
