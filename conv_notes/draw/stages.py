"""An image on its way through a network: what every layer makes of it."""

from __future__ import annotations

from itertools import accumulate
from math import ceil
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from .._checks import FloatArray
from ..layers import Params
from ..networks import Sequential
from ..networks.overview import _times
from ..ops import softmax
from ._drawing import INK, INPUT, OUTPUT, WIDTH, Drawing, bare, styled, subplots

GAP, LINE = 2.0, 8.0  # between maps, and for a line of text; in pixels of the input


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
    outputs = [("input", x)]
    traced = network.trace(params, x)
    outputs += zip(map(repr, network.layers), traced, strict=True)

    strips = [_strip(y[0]) for _, y in outputs[:-1]]
    width = float(max(s.shape[1] for s in strips))
    heights = [s.shape[0] + LINE * 1.3 for s in strips]
    tops = [0.0, *accumulate(heights)]
    total = tops[-1] + LINE * (bar + 2.4)
    figure, ax = subplots(height=WIDTH * total / width)
    bare(ax)
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
            ax.add_patch(Rectangle(corner, w, h, fc="none", ec=edge, lw=1.2))
    name, scores = outputs[-1]
    _name(ax, tops[-1], f"{name}, then softmax", scores.shape[1:])
    p = softmax(scores, axis=1)[0]
    _bars(ax, p, tops[-1] + LINE, width, bar * LINE)
    ax.set(xlim=(-1, width + 1), ylim=(total, 0))
    shapes = "; ".join(f"{name} {_times(y.shape[1:])}" for name, y in outputs)
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
    text = f"{name}: {_times(shape)}"
    ax.text(0, top + LINE * 0.85, text, ha="left", va="baseline", fontsize=9)


def _bars(ax: Axes, p: FloatArray, top: float, width: float, height: float) -> None:
    step = width / len(p)
    base = top + height
    for k, value in enumerate(p):
        tall = float(value) * height
        corner = (k * step + 0.15 * step, base - tall)
        ax.add_patch(Rectangle(corner, 0.7 * step, tall, fc=OUTPUT, ec=INK, lw=0.6))
        ax.text((k + 0.5) * step, base + LINE * 0.85, str(k), ha="center", fontsize=9)
    ax.plot([0, width], [base, base], color=INK, lw=0.8)
