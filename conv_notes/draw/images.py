"""Images: side by side, and on their way through a network."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate
from math import ceil
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes

from .._checks import FloatArray
from ..layers._layer import Params
from ..networks import Sequential
from ..ops import softmax
from . import marks
from ._drawing import WIDTH, Drawing, styled, subplots
from .marks import INK, INPUT, OUTPUT, times

GAP, LINE = 2.0, 8.0  # between maps, and for a line of text; in pixels of the input


@styled
def pictures(
    images: Mapping[str, FloatArray],
    *,
    cols: int = 2,
    row_height: float = 2.0,
    limits: tuple[float, float] | None = None,
) -> Drawing:
    """Draw grey images in a grid, each under its title.

    Parameters
    ----------
    images : mapping of str to ndarray, shape (H, W)
        Grey values. Where one is NaN, the pixel is missing and drawn orange.
    cols : int
        Images in a row.
    row_height : float
        Inches.
    limits : (float, float), optional
        Values drawn black and white; where left out, each image is scaled to its own
        darkest and brightest value.

    Returns
    -------
    Drawing
    """
    rows = -(-len(images) // cols)
    figure, axes = subplots(rows, cols, height=rows * row_height, squeeze=False)
    for ax in axes.flat:
        marks.bare(ax)
    low, high = limits or (None, None)
    look: Any = {"vmin": low, "vmax": high, "interpolation": "none"}
    look["cmap"] = colormaps["gray"].with_extremes(bad=OUTPUT)
    for ax, (title, image) in zip(axes.flat, images.items(), strict=False):
        ax.imshow(image, **look)
        ax.set_title(title)
    figure.alt = f"Images: {'; '.join(images)}."
    return figure


@styled
def stages(
    network: Sequential, params: Params, x: FloatArray, *, bar: float = 1.2
) -> Drawing:
    """Draw what each layer of a network puts out, from the image down to the scores.

    A pixel has one size in all maps; the greys are scaled for each layer. Values
    without a place, behind a ``Flatten``, are a strip; the last ones are bars of their
    softmax.

    Parameters
    ----------
    network : Sequential
        Layers from images to scores.
    params : dict of str to ndarray
        Its parameters.
    x : ndarray, shape (1, C, H, W)
        One image.
    bar : float
        Height of the tallest possible bar, in lines of text.

    Returns
    -------
    Drawing

    Raises
    ------
    ValueError
        If `x` is not a batch of one image.
    """
    if x.ndim != 4 or len(x) != 1:
        raise ValueError(f"stages: x must be one image (1, C, H, W), got {x.shape}")
    names = ["input", *map(repr, network)]
    outputs = list(zip(names, [x, *network.trace(params, x)], strict=True))

    strips = [_strip(y[0]) for _, y in outputs[:-1]]
    width = float(max(s.shape[1] for s in strips))
    heights = [s.shape[0] + LINE * 1.3 for s in strips]
    tops = [0.0, *accumulate(heights)]
    total = tops[-1] + LINE * (bar + 2.4)
    figure, ax = subplots(height=WIDTH * total / width)
    marks.bare(ax)
    for k, ((name, y), strip, top) in enumerate(
        zip(outputs, strips, tops, strict=False)
    ):
        _name(ax, top, name, y.shape[1:])
        edge = OUTPUT if k else INPUT
        most = float(np.abs(y).max()) or 1.0
        rows, cols = strip.shape
        place: Any = (0, cols, top + LINE + rows, top + LINE)
        ax.imshow(
            strip,
            cmap="gray_r",
            vmin=-most if y.min() < 0 else 0,
            vmax=most,
            interpolation="none",
            extent=place,
            aspect="equal",
        )
        h, w = y.shape[2:] if y.ndim == 4 else (rows, cols)
        for c in range(y.shape[1] if y.ndim == 4 else 1):
            corner = (c * (w + GAP), top + LINE)
            marks.frame(ax, corner, w, h, edge, lw=1.2)
    name, scores = outputs[-1]
    _name(ax, tops[-1], f"{name}, then softmax", scores.shape[1:])
    p = softmax(scores, axis=1)[0]
    _bars(ax, p, tops[-1] + LINE, width, bar * LINE)
    ax.set(xlim=(-1, width + 1), ylim=(total, 0))
    shapes = "; ".join(f"{name} {times(y.shape[1:])}" for name, y in outputs)
    figure.alt = (
        f"What each layer puts out, from top to bottom. {shapes}. "
        f"The largest score is number {p.argmax()}, with {p.max():.0%}."
    )
    return figure


def _strip(y: FloatArray) -> FloatArray:
    """Maps side by side with gaps of nothing, or the values of a vector in rows."""
    if y.ndim == 1:
        rows = 3 if y.size % 3 == 0 and y.size > 160 else 1
        return np.repeat(y.reshape(rows, -1), ceil(6 / rows), axis=0)
    c, h, w = y.shape
    gap = int(GAP)
    strip = np.full((h, c * (w + gap) - gap), np.nan)
    for k, one in enumerate(y):
        strip[:, k * (w + gap) : k * (w + gap) + w] = one
    return strip


def _name(ax: Axes, top: float, name: str, shape: tuple[int, ...]) -> None:
    text = f"{name}: {times(shape)}"
    at = 0, top + LINE * 0.85
    marks.label(ax, at, text, ha="left", va="baseline", fontsize=9)


def _bars(ax: Axes, p: FloatArray, top: float, width: float, height: float) -> None:
    step = width / len(p)
    base = top + height
    for k, value in enumerate(p):
        tall = float(value) * height
        corner = (k * step + 0.15 * step, base - tall)
        marks.box(ax, corner, 0.7 * step, tall, fc=OUTPUT, ec=INK, lw=0.6)
        at = (k + 0.5) * step, base + LINE * 0.85
        marks.label(ax, at, k, va="baseline", fontsize=9)
    ax.plot([0, width], [base, base], color=INK, lw=0.8)
