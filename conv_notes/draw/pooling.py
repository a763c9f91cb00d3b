"""Pooling windows on an image small enough to read."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.patches import Circle, Rectangle

from .._checks import FloatArray
from ..ops import avg_pool2d, max_pool2d
from ..windows import fold, unfold
from ._drawing import INK, INPUT, OUTPUT, WIDTH, Drawing, bare, styled, subplots
from .window import _lattice, _mark, _rows

OPS: Any = {"max": max_pool2d, "average": avg_pool2d}


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
        look: Any = {"fc": "#D0D0D0", "ec": "none", "zorder": 0}
        if seen[i, j]:
            look = {"fc": "none", "ec": INPUT, "hatch": "////", "lw": 0, "alpha": 0.8}
        ax.add_patch(Rectangle((j, i), 1, 1, **look))
    _lattice(ax, 0, 0, x, f"input, {h} × {w}", INPUT)
    top = (h - oh) / 2
    _lattice(ax, left, top, y.round(2), f"output, {oh} × {ow}", OUTPUT)

    row, col = divmod(window % y.size, ow)
    i, j = row * stride, col * stride
    _mark(ax, (j, i), kernel_size, kernel_size, INPUT)
    _mark(ax, (left + col, top + row), 1, 1, OUTPUT)
    patch = x[i : i + kernel_size, j : j + kernel_size]
    if kind == "max":
        a, b = np.unravel_index(patch.argmax(), patch.shape)
        centre = (float(j + b) + 0.5, float(i + a) + 0.5)
        ax.add_patch(Circle(centre, 0.37, fc="none", ec=INK, lw=1.4, zorder=4))
    worked = _worked(patch, kind)
    several, none = int((seen > 1).sum()), int((seen == 0).sum())
    counts = f"{several} pixels in several windows, {none} in none"
    figure.supxlabel(f"{worked}\n{counts}", fontsize=9.5)
    bare(ax).set(xlim=(-0.1, width + 0.1), ylim=(h + 0.1, -0.9))
    figure.alt = (
        f"Input {_rows(x)}; {kind} pooling with windows of {kernel_size} × "
        f"{kernel_size} and a stride of {stride}; output {_rows(y.round(2))}. "
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
