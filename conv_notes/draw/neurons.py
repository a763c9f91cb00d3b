"""The connections of a layer: as edges between neurons, and as a matrix.

Both pictures read the same array, ``weight_ids``: the same weight has the same letter
and the same colour wherever it appears, and no connection is drawn as nothing.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from .._checks import Shape
from ..layers import Layer
from ..networks import weight_ids
from . import marks
from ._drawing import Drawing, styled, subplots
from .letters import dot, edge, looks, name_sides
from .marks import INPUT, OUTPUT, PAPER, subscript

GAP = 2.2  # between the two rows of neurons, in distances between neighbours


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
    figure, ax = subplots(height=2.2, alt=_in_words(ids))
    _edges(ax, ids)
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
    figure, ax = subplots(height=3.4, alt=_in_words(ids))
    _matrix(ax, ids)
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
        2, height=4.4, alt=_in_words(ids), height_ratios=(2.2, 2.1)
    )
    top.set_title(_count(ids))
    _edges(top, ids)
    _matrix(bottom, ids)
    return figure


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


def _edges(ax: Axes, ids: np.ndarray) -> None:
    n_outputs, n_inputs = ids.shape
    looks_of = looks(ids)
    shift = (n_inputs - n_outputs) / 2  # centre the shorter row over the longer one
    left, above = max(-shift, 0), max(shift, 0)  # where either row begins
    # The shortest edges choose the place of their letter first.
    by_length = sorted(np.argwhere(ids >= 0), key=lambda e: abs(e[0] + shift - e[1]))
    taken: list[np.ndarray] | None = [] if len(by_length) <= MOST_LETTERS else None
    for o, i in by_length:
        start, end = np.array([i + left, 0.0]), np.array([o + above, GAP])
        edge(ax, start, end, looks_of[int(ids[o, i])], taken)
    for i in range(n_inputs):
        name = f"x{subscript(i + 1)}"
        dot(ax, (i + left, 0), name, fc=INPUT, color=PAPER)
    for o in range(n_outputs):
        dot(ax, (o + above, GAP), f"y{subscript(o + 1)}", fc=OUTPUT)
    marks.bare(ax).set(xlim=(-0.5, max(n_inputs, n_outputs) - 0.5))
    ax.set_ylim(-0.4, GAP + 0.4)


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
