"""A 1×1 convolution on an image: which map takes how much of which channel."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from .._checks import FloatArray
from ..ops import conv2d
from ._drawing import INK, INPUT, OUTPUT, PAPER, Drawing, bare, styled, subplots
from .connections import LOOKS, PLAIN, _free_place, _letters, _subscript

WIDE, GAP = 1.5, 0.2  # of a picture one high, and the space between two of them


@styled
def mixing(x: FloatArray, weight: FloatArray, position: tuple[int, int]) -> Drawing:
    """Draw the channels of an image, their mixtures, and the sums at one pixel.

    Parameters
    ----------
    x : ndarray, shape (C, H, W)
        The image, 0 black and 1 white; a few channels.
    weight : ndarray, shape (M, C)
        One row of weights for each output map; a few maps.
    position : (int, int)
        The pixel (i, j) that is marked and worked out.

    Returns
    -------
    Drawing
    """
    y = conv2d(x[None], weight[:, :, None, None])[0]
    n, rows = len(y), max(len(x), len(y))
    height = 0.87 * rows + 0.28 * n + 0.1
    figure, (top, bottom) = subplots(
        2, height=height, height_ratios=(0.87 * rows, 0.28 * n)
    )
    letters = _letters(np.arange(weight.size))
    sides: list[list[tuple[float, float]]] = []
    for maps, left, name, edge in ((x, 0.0, "x", INPUT), (y, 3.7, "y", OUTPUT)):
        start = (rows - len(maps)) * (1 + GAP) / 2  # centre the shorter column
        sides.append([(left, start + k * (1 + GAP)) for k in range(len(maps))])
        for k, (at, values) in enumerate(zip(sides[-1], maps, strict=True)):
            _picture(top, at, values, position, edge)
            outside = (-0.12, "right") if name == "x" else (WIDE + 0.12, "left")
            place: Any = {"ha": outside[1], "va": "center"}
            label = f"{name}{_subscript(k)}"
            top.text(at[0] + outside[0], at[1] + 0.5, label, **place)
    placed: list[np.ndarray] = []
    for number, (m, c) in enumerate(np.ndindex(weight.shape)):
        (x0, y0), (x1, y1) = sides[0][c], sides[1][m]
        colour, dashes, _ = LOOKS[number] if weight.size <= len(LOOKS) else PLAIN
        tail, head = np.array([x0 + WIDE, y0 + 0.5]), np.array([x1, y1 + 0.5])
        line: Any = {"color": colour, "ls": dashes, "lw": 1.3, "zorder": 1}
        top.plot(*zip(tail, head, strict=True), **line)
        spot = _free_place(tail, head, placed)
        placed.append(spot)
        top.plot(*spot, "o", ms=11, mfc=PAPER, mec=colour, mew=0.8, zorder=3)
        style: Any = {"fontsize": 8.5, "ha": "center", "va": "center_baseline"}
        top.text(*spot, letters[number], zorder=4, **style)
    bare(top).set(xlim=(-0.55, 3.7 + WIDE + 0.55), ylim=(rows * (1 + GAP), -0.35))
    i, j = position
    words = []
    for m, row in enumerate(weight):
        numbers = (m * len(row) + c for c in range(len(row)))
        terms = (
            f"{letters[k]}: {_number(w)}×{_number(v)}"
            for k, w, v in zip(numbers, row, x[:, i, j], strict=True)
        )
        total = f"y{_subscript(m)} = {' + '.join(terms)} = {_number(y[m, i, j])}"
        words.append(total)
        bottom.text(0.5, m + 0.5, total, ha="center", va="center", fontsize=9)
    bottom.set_axis_off()
    bottom.set(xlim=(0, 1), ylim=(n, 0))
    figure.alt = (
        f"{len(x)} input maps, {n} output maps, every output connected to every input. "
        f"At the marked pixel ({i}, {j}): {'; '.join(words)}."
    )
    return figure


def _picture(
    ax: Axes,
    at: tuple[float, float],
    values: FloatArray,
    position: tuple[int, int],
    edge: str,
) -> None:
    (left, top), (h, w) = at, values.shape
    box = (left, left + WIDE, top + 1, top)
    grey: Any = {"cmap": "gray", "vmin": 0, "vmax": 1, "interpolation": "none"}
    ax.imshow(values, extent=box, zorder=2, **grey)
    frame: Any = {"fc": "none", "ec": edge, "lw": 2, "zorder": 2}
    ax.add_patch(Rectangle((left, top), WIDE, 1, **frame))
    i, j = position
    dot = (left + (j + 0.5) / w * WIDE, top + (i + 0.5) / h)
    ax.plot(*dot, "o", ms=7, mfc="none", mec=PAPER, mew=3, zorder=3)
    ax.plot(*dot, "o", ms=7, mfc="none", mec=INK, mew=1.2, zorder=4)


def _number(value: Any) -> str:
    # Adding zero turns a negative zero, left by rounding, into a plain one.
    rounded = round(float(value), 2) + 0.0
    return f"{rounded:g}".replace("-", "−")
