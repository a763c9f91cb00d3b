"""A letter, a colour and a line style for each weight, and edges that carry them.

The same weight looks the same wherever it appears.
"""

from __future__ import annotations

from string import ascii_letters
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes

from . import marks
from .marks import INK, INPUT, OUTPUT_TEXT, PAPER, SERIES, Place, subscript, tint

CLEARANCE = 0.34  # between the centres of two letters, in distances between neurons


class Look(NamedTuple):
    """What a weight is called, and how an edge and a cell with it are drawn."""

    letter: str
    line: dict[str, Any]
    cell: dict[str, Any]


def looks(ids: np.ndarray) -> dict[int, Look]:
    """How each weight looks, by its number in `ids`, where −1 is no connection.

    Up to ten weights have a colour and a line style. Beyond that no two could be told
    apart, and a repeated one would look like a shared weight: then letters alone, and
    numbers once letters run out.
    """
    ids = np.unique(ids[ids >= 0])
    names = ascii_letters if len(ids) <= len(ascii_letters) else range(len(ids))
    styles: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"color": c, "ls": dashes}, {"fc": tint(c), "ec": PAPER, "hatch": hatch})
        for dashes, hatch in (("-", ""), ("--", "///"))
        for c in SERIES
    ]
    if len(ids) > len(styles):
        styles = [({"color": INK}, {"fc": PAPER, "ec": INK})] * len(ids)
    return {
        int(n): Look(str(name), *style)
        for n, name, style in zip(ids, names, styles, strict=False)
    }


def dot(
    ax: Axes,
    at: Place,
    text: str,
    size: float = 20,
    *,
    fc: Any = PAPER,
    ec: Any = INK,
    **look: Any,
) -> None:
    """Draw a circle with a text in it: a neuron; or, smaller, the letter of a weight.

    The larger lies above the smaller.
    """
    zorder = 3 + size / 100
    circle: Any = {"ms": size, "mfc": fc, "mec": ec, "mew": 0.8, "zorder": zorder}
    ax.plot(*at, "o", clip_on=False, **circle)
    marks.label(ax, at, text, **{"zorder": zorder, **look})


def edge(
    ax: Axes,
    start: np.ndarray,
    end: np.ndarray,
    look: Look,
    taken: list[np.ndarray] | None = None,
) -> None:
    """Draw a connection; its letter at a free place, which is added to `taken`."""
    line: Any = {"lw": 1.3, "zorder": 1, "clip_on": False, **look.line}
    ax.plot(*zip(start, end, strict=True), **line)
    if taken is not None:
        taken.append(free_place(start, end, taken))
        colour = look.line["color"]
        dot(ax, taken[-1], look.letter, 11, ec=colour)


def name_sides(ax: Axes, n_outputs: int, n_inputs: int) -> None:
    """Write the outputs' names beside the rows of a matrix, the inputs' above it."""
    for i in range(n_inputs):
        place, name = (i + 0.5, -0.4), f"x{subscript(i + 1)}"
        marks.label(ax, place, name, color=INPUT, weight="bold")
    for o in range(n_outputs):
        place, name = (-0.5, o + 0.5), f"y{subscript(o + 1)}"
        marks.label(ax, place, name, color=OUTPUT_TEXT, weight="bold")


def free_place(
    start: np.ndarray, end: np.ndarray, taken: list[np.ndarray]
) -> np.ndarray:
    """A point of the edge near its output, if possible clear of other letters."""
    points = [start + f * (end - start) for f in np.linspace(0.78, 0.2, 30)]

    def clearance(point: np.ndarray) -> float:
        return min((float(np.hypot(*(point - t))) for t in taken), default=np.inf)

    free = (p for p in points if clearance(p) >= CLEARANCE)
    return next(free, points[0])
