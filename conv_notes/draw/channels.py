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
from .marks import (
    INK,
    INPUT,
    OUTPUT,
    PAPER,
    SERIES,
    added,
    in_rows,
    number,
    subscript,
    tint,
)
from .touch import LINE, invite, parts, resting, touch

GAP = 0.75  # between two grids, in cells
EM = {"−": 0.84, ".": 0.32}  # widths in font sizes; a digit has 0.64
ROOM = 1.1  # between two channels, for a title
WIDE, APART = 1.5, 0.2  # of a picture one high, and the space between two of them
PLACES = 5, 7  # rows and columns of places on a picture that answer


@styled
def channel_sum(
    x: FloatArray,
    weight: FloatArray,
    bias: FloatArray,
    position: tuple[int, int, int] = (0, 0, 0),
) -> Drawing:
    """Draw how one output comes from all channels: products, sums, bias, ReLU.

    Every output answers: it shows its windows and says its sums, and a click chooses
    its "map", "row" and "column", counted from 1.

    Parameters
    ----------
    x : ndarray, shape (C, H, W)
        The input, small enough to read; stride 1, no padding.
    weight : ndarray, shape (M, C, KH, KW)
        The kernels, a few.
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
    x, weight, bias = check.with_axes(
        "channel_sum", x=(x, "C H W"), weight=(weight, "M C KH KW"), bias=(bias, "M")
    )
    y = relu(conv2d(x[None], weight, bias))[0]
    if not all(0 <= p < n for p, n in zip(position, y.shape, strict=True)):
        raise ValueError(f"channel_sum: position={position}, output is {y.shape}")
    m, i, j = position
    (c, h, w), (kh, kw), (n, oh, ow) = x.shape, weight.shape[2:], y.shape
    patches = x[:, i : i + kh, j : j + kw]
    products = patches * weight[m]
    slices = weight.swapaxes(0, 1).reshape(c * n, 1, kh, kw)
    sums = conv2d(x[None], slices, groups=c).reshape(c, n, oh, ow)
    kernel, product = w + GAP, w + kw + 2 * GAP
    total = product + kw + GAP
    output = total + 1 + 2 * GAP
    tall, maps = c * (h + ROOM) - ROOM, n * (oh + ROOM) - ROOM
    right, bottom = output + ow, max(tall, maps)
    tops = (bottom - tall) / 2 + np.arange(c) * (h + ROOM)  # of the channels
    starts = (bottom - maps) / 2 + np.arange(n) * (oh + ROOM)  # of the maps

    figure, ax = subplots(height=WIDTH * (bottom + 1.2) / (right + 0.2) + 0.55 + LINE)
    write = partial(marks.label, ax)
    grid = partial(_grid, ax, 72 * WIDTH / (right + 0.2))
    for k, top in enumerate(tops):
        low = top + (h - kh) / 2  # where the smaller grids begin
        grid((0, top), x[k], ec=INPUT)
        marks.mark(ax, (j, top + i), kw, kh, lw=2.2)
        write((w / 2, top - 0.5), f"input {k + 1}")
        write((kernel - GAP / 2, top + h / 2), "×")
        colour = tint(SERIES[m % len(SERIES)])
        grid((kernel, low), weight[m, k], fc=colour)
        write((product - GAP / 2, top + h / 2), "=")
        grid((product, low), products[k])
        write((total - GAP / 2, top + h / 2), "→")
        grid((total, top + h / 2 - 0.5), [[sums[k, m, i, j]]])
        if k == 0:
            write((kernel + kw / 2, low - 0.5), f"kernel {m + 1}")
            write((product + kw / 2, low - 0.5), "products")
            write((total + 0.5, low - 0.5), "sum")

    brace = total + 1 + GAP / 2
    ax.plot([brace, brace], tops[[0, -1]] + h / 2, color=INK, lw=1)
    marks.arrow(ax, (brace, bottom / 2), (output - 0.15, starts[m] + oh / 2))
    for k, start in enumerate(starts):
        grid((output, start), y[k], ec=OUTPUT)
        bold = "bold" if k == m else "normal"
        write((output + ow / 2, start - 0.5), f"map {k + 1}", weight=bold)
    marks.mark(ax, (output + j, starts[m] + i), colour=OUTPUT, lw=2.2)
    marks.bare(ax).set(xlim=(-0.1, right + 0.1), ylim=(bottom + 0.1, -1.1))

    def worked(at: tuple[int, ...]) -> str:
        parts, own = sums[:, at[0], at[1], at[2]], bias[at[0]]
        return (
            f"sum {added(parts)} = {number(parts.sum())}\n"
            f"with bias {added([parts.sum(), own])} = {number(parts.sum() + own)}, "
            f"after ReLU {number(y[at])}"
        )

    words = f"{_named(position)}: {worked(position)}"
    invite(figure, "Point at an output, or click it for its products.", below=words)
    for at in np.ndindex(y.shape):
        sets = dict(zip(("map", "row", "column"), np.add(at, 1), strict=True))
        there = output + at[2], starts[at[0]] + at[1]
        click = "\nClick it for its products." if at != position else ""
        says = f"{_named(at)}: {worked(at)}{click}"
        with touch(ax, there, says=says, sets=sets):
            windows = [(at[2], top + at[1]) for top in tops]
            marks.cells(ax, windows, kw, kh, fc="none", ec=INK, lw=2, ls="--")
            marks.frame(ax, there, lw=2, ls="--")
    flat = partial(in_rows, between=", ")
    channels = (
        f"channel {k + 1}: window {flat(patches[k])}, kernel {flat(weight[m, k])}, "
        f"products {flat(products[k])}, sum {number(sums[k, m, i, j])}"
        for k in range(c)
    )
    figure.alt = (
        f"Output {_named(position)}. {'; '.join(channels)}. "
        f"Together: {' '.join(worked(position).split())}. The maps: "
        f"{'; '.join(f'map {k + 1}, {flat(values)}' for k, values in enumerate(y))}."
    )
    return figure


def _grid(ax: Axes, cell: float, corner: marks.Place, values: Any, **look: Any) -> None:
    """Draw a matrix with numbers that fit into its cells, of so many points."""
    values = np.asarray(values)
    short = np.where(abs(values) < 10, values.round(2), values.round(1))
    widest = max(sum(EM.get(sign, 0.64) for sign in number(v)) for v in short.flat)
    fontsize = min(9.5, 0.83 * cell / widest)
    marks.grid(ax, corner, short, lw=1, fontsize=fontsize, **look)


def _named(at: tuple[int, ...]) -> str:
    """An output in words, counted from 1."""
    m, i, j = at
    return f"map {m + 1}, row {i + 1}, column {j + 1}"


@styled
def mixing(x: FloatArray, weight: FloatArray, position: tuple[int, int]) -> Drawing:
    """Draw the channels of an image, their mixtures, and the sums at one pixel.

    Other places answer: they say the sums at the pixel in their middle.

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
    x, weight = check.with_axes("mixing", x=(x, "C H W"), weight=(weight, "M C"))
    y = conv2d(x[None], weight[:, :, None, None])[0]
    n, rows = len(y), max(len(x), len(y))
    figure, ax = subplots(height=0.87 * rows + LINE * (n + 1) + 0.1)
    sides: list[list[tuple[float, float]]] = []
    for maps, left, name, colour in ((x, 0.0, "x", INPUT), (y, 3.7, "y", OUTPUT)):
        start = (rows - len(maps)) * (1 + APART) / 2  # centre the shorter column
        sides.append([(left, start + k * (1 + APART)) for k in range(len(maps))])
        for k, (at, values) in enumerate(zip(sides[-1], maps, strict=True)):
            _picture(ax, at, values, position, colour)
            beside, ha = (-0.12, "right") if name == "x" else (WIDE + 0.12, "left")
            place = at[0] + beside, at[1] + 0.5
            marks.label(ax, place, f"{name}{subscript(k + 1)}", ha=ha, va="center")
    ids = np.arange(weight.size).reshape(weight.shape)
    looks_of, taken = looks(ids), list[np.ndarray]()
    ends = list[np.ndarray]()  # (2, 2): where each edge begins and stops
    for m, c in np.ndindex(ids.shape):
        (x0, y0), (x1, y1) = sides[0][c], sides[1][m]
        ends.append(np.array([[x0 + WIDE, y0 + 0.5], [x1, y1 + 0.5]]))
        tail, head = ends[-1]
        edge(ax, tail, head, looks_of[int(ids[m, c])], taken)
    marks.bare(ax).set(
        xlim=(-0.55, 3.7 + WIDE + 0.55), ylim=(rows * (1 + APART) - APART + 0.05, -0.05)
    )

    def sums(i: int, j: int) -> list[str]:
        words = []
        for m, row in enumerate(weight.round(2)):
            terms = (
                f"{looks_of[int(n)].letter}: {number(w)}·{number(v)}"
                for n, w, v in zip(ids[m], row, x[:, i, j].round(2), strict=True)
            )
            total = number(y[m, i, j].round(2))
            words.append(f"y{subscript(m + 1)} = {' + '.join(terms)} = {total}")
        return words

    invite(figure, "Point at a picture or a letter.", below="\n".join(sums(*position)))
    corners = np.concatenate(sides)
    scale = np.divide((WIDE, 1), y.shape[:0:-1])  # of a pixel
    for high in parts(y.shape[1], PLACES[0]):
        for wide in parts(y.shape[2], PLACES[1]):
            pixel = high[len(high) // 2], wide[len(wide) // 2]
            low, size = scale * (wide[0], high[0]), scale * (len(wide), len(high))
            with touch(ax, corners + low, *size, says="\n".join(sums(*pixel))):
                dots = corners + scale * (pixel[1] + 0.5, pixel[0] + 0.5)
                for colour, lw in ((PAPER, 8), (INK, 5)):
                    marks.lines(ax, dots, dots, color=colour, lw=lw, capstyle="round")
    for (m, c), pair, letter in zip(np.ndindex(ids.shape), ends, taken, strict=True):
        says = f"{looks_of[int(ids[m, c])].letter}: the weight {number(weight[m, c])}"
        says += f" of x{subscript(c + 1)} in y{subscript(m + 1)}"
        with touch(ax, letter - 0.15, 0.3, 0.3, says=says):
            marks.lines(ax, pair[:1], pair[1:], color=INK, lw=7, alpha=0.25)
    i, j = position
    figure.alt = (
        f"{len(x)} input maps, {n} output maps, every output connected to every input. "
        f"At the marked pixel ({i}, {j}): {'; '.join(sums(i, j))}."
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
    with resting(ax):
        ax.plot(*dot, "o", ms=7, mfc="none", mec=PAPER, mew=3, zorder=3)
        ax.plot(*dot, "o", ms=7, mfc="none", mec=INK, mew=1.2, zorder=4)
