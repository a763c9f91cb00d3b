"""The connections of a layer: as edges between neurons, and as a matrix.

Both pictures read the same array, ``weight_ids``: the same weight has the same letter
and the same colour wherever it appears, and no connection is drawn as nothing.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes

from .. import _checks as check
from .._checks import Shape
from ..layers import Conv2d, Layer, LocalConv2d, TiledConv2d
from ..networks import weight_ids
from . import marks
from ._drawing import Drawing, styled, subplots
from .letters import dot, edge, looks, name_sides
from .marks import INK, INPUT, OUTPUT, PAPER, subscript
from .touch import invite, touch

GAP = 2.2  # between the two rows of neurons, in distances between neighbours
NAME = 0.24  # from the middle of a neuron to where nothing covers its name
SHARED = "nothing", "in blocks", "by turns", "all"
MOST_TERMS = 8  # that fit below a picture


@styled
def connections(layer: Layer, input_shape: Shape) -> Drawing:
    """Draw the neurons of both sides and an edge for every connection.

    Parameters
    ----------
    layer : Layer
        Anything that `weight_ids` accepts, small enough to look at.
    input_shape : tuple of int
        (C, H, W) or (features,); one-dimensional layers look best.

    Returns
    -------
    Drawing
    """
    ids = weight_ids(layer, input_shape)
    figure, ax = subplots(height=2.4, alt=_in_words(ids))
    _answers(ids, edges=_edges(ax, ids))
    return figure


@styled
def matrix(layer: Layer, input_shape: Shape) -> Drawing:
    """Draw the layer's dense matrix: a row per output, a column per input.

    Parameters
    ----------
    layer : Layer
        Anything that `weight_ids` accepts, small enough to look at.
    input_shape : tuple of int
        (C, H, W) or (features,).

    Returns
    -------
    Drawing
    """
    ids = weight_ids(layer, input_shape)
    figure, ax = subplots(height=3.6, alt=_in_words(ids))
    _matrix(ax, ids)
    _answers(ids, table=ax)
    return figure


@styled
def wiring(layer: Layer, input_shape: Shape) -> Drawing:
    """Draw edges and matrix of a layer one above the other, with their counts.

    Parameters
    ----------
    layer : Layer
        Anything that `weight_ids` accepts, small enough to look at.
    input_shape : tuple of int
        (C, H, W) or (features,); one-dimensional layers look best.

    Returns
    -------
    Drawing
    """
    ids = weight_ids(layer, input_shape)
    figure, (top, bottom) = subplots(
        2, height=4.6, alt=_in_words(ids), height_ratios=(2.2, 2.1)
    )
    top.set_title(_count(ids))
    _matrix(bottom, ids)
    _answers(ids, edges=_edges(top, ids), table=bottom)
    return figure


@styled
def plane(sharing: str, window: int | str, size: int = 5) -> Drawing:
    """Draw the layer at one place of the plane: what it shares, and what it sees.

    Parameters
    ----------
    sharing : {"nothing", "in blocks", "by turns", "all"}
        Which windows share their weights: none; each half; every second one; all.
    window : int or "all"
        Inputs that an output sees, an odd number.
    size : int
        Inputs, and outputs.

    Returns
    -------
    Drawing

    Raises
    ------
    ValueError
        If `sharing` is none of these.

    Examples
    --------
    >>> plane("all", 3).alt[:62]
    '5 inputs, 5 outputs: 13 connections, 3 different weights. Weig'
    """
    check.choice(
        "plane", "sharing", sharing, ("nothing", "in blocks", "by turns", "all")
    )
    # From everywhere, twice the size reaches every input.
    k = 2 * size - 1 if window == "all" else int(window)
    look: Any = {"kernel_size": (1, k), "padding": (0, k // 2), "bias": False}
    layers: dict[str, Layer] = {
        "nothing": LocalConv2d(1, **look),
        "in blocks": TiledConv2d(1, **look, tile=(1, 2), tiling="block"),
        "by turns": TiledConv2d(1, **look, tile=(1, 2)),
        "all": Conv2d(1, **look),
    }
    return wiring(layers[sharing], (1, 1, size))


def _count(ids: np.ndarray) -> str:
    n_weights = len(np.unique(ids[ids >= 0]))
    return f"{(ids >= 0).sum()} connections, {n_weights} different weights"


def _in_words(ids: np.ndarray) -> str:
    n_outputs, n_inputs = ids.shape
    letters = {-1: "·"} | {n: look.letter for n, look in looks(ids).items()}
    rows = (" ".join(letters[int(i)] for i in row) for row in ids)
    return (
        f"{n_inputs} inputs, {n_outputs} outputs: {_count(ids)}. Weights by output, "
        f"with a dot for no connection: {'; '.join(rows)}."
    )


MOST_LETTERS = 16  # on edges; a denser picture leaves them to the matrix


class _Edges(NamedTuple):
    """What is where: the axes, inputs, outputs, and letters by connection."""

    ax: Axes
    inputs: np.ndarray  # (n, 2)
    outputs: np.ndarray
    letters: dict[tuple[int, int], np.ndarray]


def _edges(ax: Axes, ids: np.ndarray) -> _Edges:
    n_outputs, n_inputs = ids.shape
    looks_of = looks(ids)
    shift = (n_inputs - n_outputs) / 2  # centre the shorter row over the longer one
    left, above = max(-shift, 0), max(shift, 0)  # where either row begins
    inputs = np.stack([left + np.arange(n_inputs), np.zeros(n_inputs)], axis=1)
    outputs = np.stack([above + np.arange(n_outputs), np.full(n_outputs, GAP)], axis=1)
    # The shortest edges choose the place of their letter first.
    by_length = sorted(np.argwhere(ids >= 0), key=lambda e: abs(e[0] + shift - e[1]))
    taken: list[np.ndarray] | None = [] if len(by_length) <= MOST_LETTERS else None
    for o, i in by_length:
        edge(ax, inputs[i], outputs[o], looks_of[int(ids[o, i])], taken)
    for i, place in enumerate(inputs):
        dot(ax, place, f"x{subscript(i + 1)}", fc=INPUT, color=PAPER)
    for o, place in enumerate(outputs):
        dot(ax, place, f"y{subscript(o + 1)}", fc=OUTPUT)
    marks.bare(ax).set(xlim=(-0.5, max(n_inputs, n_outputs) - 0.5))
    ax.set_ylim(-0.4, GAP + 0.4)
    places = zip(by_length, taken or [], strict=False)
    return _Edges(ax, inputs, outputs, {(o, i): place for (o, i), place in places})


def _matrix(ax: Axes, ids: np.ndarray) -> None:
    n_outputs, n_inputs = ids.shape
    looks_of = looks(ids)
    for o, i in np.argwhere(ids >= 0):
        look = looks_of[int(ids[o, i])]
        marks.box(ax, (i, o), lw=0.6, **look.cell)
        marks.label(ax, (i + 0.5, o + 0.5), look.letter)
    marks.frame(ax, (0, 0), n_inputs, n_outputs, lw=0.6)
    name_sides(ax, n_outputs, n_inputs)
    marks.bare(ax).set(xlim=(-1, n_inputs + 0.1), ylim=(n_outputs + 0.1, -0.9))


def _answers(
    ids: np.ndarray, edges: _Edges | None = None, table: Axes | None = None
) -> None:
    """A neuron shows its connections, a letter all connections of the same weight."""
    figure: Any = edges.ax.figure if edges else table.figure if table else None
    invite(figure, "Point at a neuron or a letter.")
    names = {n: look.letter for n, look in looks(ids).items()}
    r = 0.36  # half of what is pointed at

    def show(chosen: np.ndarray) -> None:
        outputs, inputs = np.nonzero(chosen)
        if edges:
            starts, ends = edges.inputs[inputs], edges.outputs[outputs]
            gap = NAME * (ends - starts) / np.hypot(*(ends - starts).T)[:, None]
            marks.lines(edges.ax, starts + gap, ends - gap, color=INK, lw=7, alpha=0.25)
        if table:
            corners = np.stack([inputs, outputs], axis=1)
            marks.cells(table, corners, fc="none", ec=INK, lw=2.4)

    def answer(where: Axes, corners: Any, size: float, says: str, chosen: Any) -> None:
        with touch(where, corners, size, size, says=says):
            show(chosen)

    for o, row in enumerate(ids):
        chosen = np.zeros_like(ids, bool)
        chosen[o] = row >= 0
        says = _sum_of(o, row, names)
        if edges:
            answer(edges.ax, edges.outputs[o] - r, 2 * r, says, chosen)
        if table:
            answer(table, (-1, o), 1, says, chosen)
    for i, column in enumerate(ids.T):
        chosen = np.zeros_like(ids, bool)
        chosen[:, i] = column >= 0
        seen_by = [f"y{subscript(o + 1)}" for o in np.flatnonzero(column >= 0)]
        says = f"x{subscript(i + 1)} goes into {', '.join(seen_by) or 'no output'}"
        if edges:
            answer(edges.ax, edges.inputs[i] - r, 2 * r, says, chosen)
        if table:
            answer(table, (i, -0.9), 0.9, says, chosen)
    for n, name in names.items():
        chosen = ids == n
        count = int(chosen.sum())
        says = f"{name}: one weight, {count} connection{'s' * (count > 1)}"
        if edges and edges.letters:
            letters = [edges.letters[o, i] - 0.17 for o, i in np.argwhere(chosen)]
            answer(edges.ax, letters, 0.34, says, chosen)
        if table:
            answer(table, np.argwhere(chosen)[:, ::-1], 1, says, chosen)


def _sum_of(o: int, row: np.ndarray, names: dict[int, str]) -> str:
    seen = np.flatnonzero(row >= 0)
    if len(seen) > MOST_TERMS:
        return f"y{subscript(o + 1)} sees {len(seen)} of {len(row)} inputs"
    terms = (f"{names[int(row[i])]}·x{subscript(i + 1)}" for i in seen)
    return f"y{subscript(o + 1)} = {' + '.join(terms) or '0'}"
