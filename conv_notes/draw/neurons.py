"""The connections of a layer: as edges between neurons, and as a matrix.

Both pictures read the same array, ``weight_ids``: the same weight has the same letter
and the same colour wherever it appears, and no connection is drawn as nothing.
"""

from __future__ import annotations

from string import ascii_letters
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from ..layers import Layer, weight_ids
from ..layers._layer import Shape
from ._drawing import INK, INPUT, OUTPUT, PAPER, SERIES, Drawing, bare, styled, subplots

GAP = 2.2  # between the two rows of neurons, in distances between neighbours
CLEARANCE = 0.34  # between the centres of two letters, in the same unit


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
    _cells(ax, ids)
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
    _cells(bottom, ids)
    return figure


def _count(ids: np.ndarray) -> str:
    n_weights = len(np.unique(ids[ids >= 0]))
    return f"{(ids >= 0).sum()} connections, {n_weights} different weights"


def _in_words(ids: np.ndarray) -> str:
    n_outputs, n_inputs = ids.shape
    names = _letters(ids)
    rows = (" ".join(names.get(int(i), "·") for i in row) for row in ids)
    return (
        f"{n_inputs} inputs, {n_outputs} outputs: {_count(ids)}. Weights by output, "
        f"with a dot for no connection: {'; '.join(rows)}."
    )


def _letters(ids: np.ndarray) -> dict[int, str]:
    """A name for each weight, in order of its number; numbers once letters run out."""
    numbers = np.unique(ids[ids >= 0])
    names = ascii_letters if len(numbers) <= len(ascii_letters) else range(len(numbers))
    return {int(n): str(name) for n, name in zip(numbers, names, strict=False)}


#: Colour, line style and hatch of up to ten weights. Beyond that no two looks could be
#: told apart, and a repeated one would look like a shared weight: then letters alone.
LOOKS = [(c, *style) for style in (("-", ""), ("--", "///")) for c in SERIES]
PLAIN = (INK, "-", "")
MOST_LETTERS = 16  # on edges; a denser picture leaves them to the matrix


def _looks(ids: np.ndarray) -> dict[int, tuple[str, str, str]]:
    letters = _letters(ids)
    looks = LOOKS if len(letters) <= len(LOOKS) else [PLAIN] * len(letters)
    return dict(zip(letters, looks, strict=False))


def _tint(colour: str) -> tuple[float, ...]:
    """A light version of a colour, on which black letters can be read."""
    return tuple(0.6 + 0.4 * part for part in to_rgb(colour))


def _edges(ax: Axes, ids: np.ndarray) -> None:
    n_outputs, n_inputs = ids.shape
    letters, looks = _letters(ids), _looks(ids)
    shift = (n_inputs - n_outputs) / 2  # centre the shorter row over the longer one
    left, above = max(-shift, 0), max(shift, 0)  # where either row begins
    placed: list[np.ndarray] = []
    # The shortest edges choose the place of their letter first.
    by_length = sorted(np.argwhere(ids >= 0), key=lambda e: abs(e[0] + shift - e[1]))
    for o, i in by_length:
        number = int(ids[o, i])
        start, end = np.array([i + left, 0.0]), np.array([o + above, GAP])
        colour, dashes, _ = looks[number]
        line: Any = {"color": colour, "ls": dashes, "lw": 1.3, "zorder": 1}
        ax.plot(*zip(start, end, strict=True), clip_on=False, **line)
        if len(by_length) <= MOST_LETTERS:
            at = _free_place(start, end, placed)
            placed.append(at)
            _dot(ax, at, letters[number], size=11, fc=PAPER, ec=colour, fontsize=8.5)
    for i in range(n_inputs):
        at = np.array([i + left, 0.0])
        _dot(ax, at, f"x{_subscript(i)}", size=20, fc=INPUT, ink=PAPER)
    for o in range(n_outputs):
        at = np.array([o + above, GAP])
        _dot(ax, at, f"y{_subscript(o)}", size=20, fc=OUTPUT)
    bare(ax).set(xlim=(-0.5, max(n_inputs, n_outputs) - 0.5))
    ax.set_ylim(-0.4, GAP + 0.4)


def _free_place(
    start: np.ndarray, end: np.ndarray, taken: list[np.ndarray]
) -> np.ndarray:
    """A point of the edge near its output, if possible clear of other letters."""
    points = [start + f * (end - start) for f in np.linspace(0.78, 0.2, 30)]

    def clearance(point: np.ndarray) -> float:
        return min((float(np.hypot(*(point - t))) for t in taken), default=np.inf)

    free = (p for p in points if clearance(p) >= CLEARANCE)
    return next(free, points[0])


def _cells(ax: Axes, ids: np.ndarray) -> None:
    n_outputs, n_inputs = ids.shape
    letters, looks = _letters(ids), _looks(ids)
    for o, i in np.ndindex(ids.shape):
        number = int(ids[o, i])
        if number >= 0:
            look = looks[number]
            colour, _, hatch = look
            fill = PAPER if look is PLAIN else _tint(colour)
            edge = INK if look is PLAIN else PAPER
            ax.add_patch(Rectangle((i, o), 1, 1, fc=fill, ec=edge, hatch=hatch, lw=0.6))
            _write(ax, (i + 0.5, o + 0.5), letters[number], zorder=3)
    frame = Rectangle((0, 0), n_inputs, n_outputs, fc="none", ec=INK, lw=0.6)
    ax.add_patch(frame)
    for i in range(n_inputs):
        _write(ax, (i + 0.5, -0.4), f"x{_subscript(i)}", color=INPUT, weight="bold")
    for o in range(n_outputs):
        _write(ax, (-0.5, o + 0.5), f"y{_subscript(o)}", color="#8A5F00", weight="bold")
    bare(ax).set(xlim=(-1, n_inputs + 0.1), ylim=(n_outputs + 0.1, -0.9))


def _dot(
    ax: Axes,
    at: np.ndarray,
    text: str,
    *,
    size: float,
    fc: str,
    ec: str = INK,
    ink: str = INK,
    fontsize: float = 9,
) -> None:
    look: Any = {"mfc": fc, "mec": ec, "mew": 0.8, "zorder": 3 + size / 100}
    ax.plot(*at, "o", ms=size, clip_on=False, **look)
    _write(ax, at, text, color=ink, fontsize=fontsize, zorder=3 + size / 100)


def _write(ax: Axes, at: Any, text: str, **options: Any) -> None:
    ax.text(at[0], at[1], text, ha="center", va="center_baseline", **options)


def _subscript(i: int) -> str:
    return "".join("₀₁₂₃₄₅₆₇₈₉"[int(digit)] for digit in str(i + 1))
