"""Numbers of the channels: how each output map comes from all of them."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from .. import _checks as check
from .._checks import FloatArray
from ..ops import conv2d, relu
from . import marks
from ._drawing import WIDTH, Drawing, styled, subplots
from .letters import edge, looks
from .marks import INK, INPUT, OUTPUT, PAPER, SERIES, in_rows, number, subscript, tint

GAP = 0.75  # between two grids, in cells
SMALL: Any = {"lw": 1, "fontsize": 9}  # grids
ROOM = 1.1  # between two channels, for a title
WIDE, APART = 1.5, 0.2  # of a picture one high, and the space between two of them


@styled
def channel_sum(
    x: FloatArray,
    weight: FloatArray,
    bias: FloatArray,
    position: tuple[int, int, int] = (0, 0, 0),
) -> Drawing:
    """Draw how one output comes from all channels: products, sums, bias, ReLU.

    Parameters
    ----------
    x : ndarray, shape (C, H, W)
        The input, small enough to read; stride 1, no padding.
    weight : ndarray, shape (M, C, KH, KW)
        The kernels.
    bias : ndarray, shape (M,)
        The biases.
    position : (int, int, int)
        Output (m, i, j): map, row and column, from 0.

    Returns
    -------
    Drawing

    Raises
    ------
    ValueError
        If shapes do not fit or there is no such output.
    """
    check.rank("channel_sum", "x", x, "C H W")
    y = relu(conv2d(x[None], weight, bias))[0]
    if not all(0 <= p < n for p, n in zip(position, y.shape, strict=True)):
        raise ValueError(f"channel_sum: position={position}, output is {y.shape}")
    m, i, j = position
    (c, h, w), (kh, kw), (oh, ow) = x.shape, weight.shape[2:], y.shape[1:]
    patches = x[:, i : i + kh, j : j + kw]
    products = patches * weight[m]
    sums = products.sum(axis=(1, 2))
    kernel, product = w + GAP, w + kw + 2 * GAP
    total = product + kw + GAP
    output = total + 1 + 2 * GAP
    right, bottom = output + ow, c * (h + ROOM) - ROOM

    figure, ax = subplots(height=WIDTH * (bottom + 1.2) / (right + 0.2) + 0.55)
    write = partial(marks.label, ax, fontsize=9)
    for k in range(c):
        top = k * (h + ROOM)
        low = top + (h - kh) / 2  # where the smaller grids begin
        marks.grid(ax, (0, top), x[k], ec=INPUT, **SMALL)
        marks.mark(ax, (j, top + i), kw, kh, lw=2.2)
        write((w / 2, top - 0.5), f"input {k + 1}")
        write((kernel - GAP / 2, top + h / 2), "×")
        colour = tint(SERIES[m % len(SERIES)])
        marks.grid(ax, (kernel, low), weight[m, k], fc=colour, **SMALL)
        write((product - GAP / 2, top + h / 2), "=")
        marks.grid(ax, (product, low), products[k], **SMALL)
        write((total - GAP / 2, top + h / 2), "→")
        marks.grid(ax, (total, top + h / 2 - 0.5), sums[k : k + 1, None], **SMALL)
        if k == 0:
            write((kernel + kw / 2, low - 0.5), f"kernel {m + 1}")
            write((product + kw / 2, low - 0.5), "products")
            write((total + 0.5, low - 0.5), "sum")

    middle, brace = bottom / 2, total + 1 + GAP / 2
    ax.plot([brace, brace], [h / 2, bottom - h / 2], color=INK, lw=1)
    write((brace + GAP / 2 + 0.15, middle), "→")
    marks.grid(ax, (output, middle - oh / 2), y[m], ec=OUTPUT, **SMALL)
    marks.mark(ax, (output + j, middle - oh / 2 + i), colour=OUTPUT, lw=2.2)
    write((output + ow / 2, middle - oh / 2 - 0.5), f"map {m + 1}")
    marks.bare(ax).set(xlim=(-0.1, right + 0.1), ylim=(bottom + 0.1, -1.1))

    before = sums.sum() + bias[m]
    worked = (
        f"sum {_added(sums)} = {number(sums.sum())}\n"
        f"with bias {_added([sums.sum(), bias[m]])} = {number(before)}, "
        f"after ReLU {number(y[m, i, j])}"
    )
    figure.supxlabel(worked, fontsize=9.5)
    flat = partial(in_rows, between=", ")
    channels = (
        f"channel {k + 1}: window {flat(patches[k])}, kernel {flat(weight[m, k])}, "
        f"products {flat(products[k])}, sum {number(sums[k])}"
        for k in range(c)
    )
    figure.alt = (
        f"Output map {m + 1}, row {i + 1}, column {j + 1}. {'; '.join(channels)}. "
        f"Together: {' '.join(worked.split())}."
    )
    return figure


def _added(values: Any) -> str:
    """The values as a sum: 4 − 1 + 2."""
    first, *rest = values
    signed = (f" {'−' if v < 0 else '+'} {number(abs(v))}" for v in rest)
    return number(first) + "".join(signed)


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
    sides: list[list[tuple[float, float]]] = []
    for maps, left, name, colour in ((x, 0.0, "x", INPUT), (y, 3.7, "y", OUTPUT)):
        start = (rows - len(maps)) * (1 + APART) / 2  # centre the shorter column
        sides.append([(left, start + k * (1 + APART)) for k in range(len(maps))])
        for k, (at, values) in enumerate(zip(sides[-1], maps, strict=True)):
            _picture(top, at, values, position, colour)
            beside, ha = (-0.12, "right") if name == "x" else (WIDE + 0.12, "left")
            place = at[0] + beside, at[1] + 0.5
            marks.label(top, place, f"{name}{subscript(k + 1)}", ha=ha, va="center")
    ids = np.arange(weight.size).reshape(weight.shape)
    looks_of, taken = looks(ids), list[np.ndarray]()
    for m, c in np.ndindex(ids.shape):
        (x0, y0), (x1, y1) = sides[0][c], sides[1][m]
        tail, head = np.array([x0 + WIDE, y0 + 0.5]), np.array([x1, y1 + 0.5])
        edge(top, tail, head, looks_of[int(ids[m, c])], taken)
    marks.bare(top).set(
        xlim=(-0.55, 3.7 + WIDE + 0.55), ylim=(rows * (1 + APART), -0.35)
    )
    i, j = position
    words = []
    for m, row in enumerate(weight.round(2)):
        terms = (
            f"{looks_of[int(n)].letter}: {number(w)}×{number(v)}"
            for n, w, v in zip(ids[m], row, x[:, i, j].round(2), strict=True)
        )
        total = number(y[m, i, j].round(2))
        words.append(f"y{subscript(m + 1)} = {' + '.join(terms)} = {total}")
        marks.label(bottom, (0.5, m + 0.5), words[-1], va="center", fontsize=9)
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
    colour: str,
) -> None:
    (left, top), (h, w) = at, values.shape
    box = (left, left + WIDE, top + 1, top)
    grey: Any = {"cmap": "gray", "vmin": 0, "vmax": 1, "interpolation": "none"}
    ax.imshow(values, extent=box, zorder=2, **grey)
    marks.frame(ax, (left, top), WIDE, 1, colour, lw=2, zorder=2)
    i, j = position
    dot = (left + (j + 0.5) / w * WIDE, top + (i + 0.5) / h)
    ax.plot(*dot, "o", ms=7, mfc="none", mec=PAPER, mew=3, zorder=3)
    ax.plot(*dot, "o", ms=7, mfc="none", mec=INK, mew=1.2, zorder=4)
