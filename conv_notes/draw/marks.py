"""The vocabulary of all drawings: marks, words, and colours with one meaning each.

Marks take an axes and a place ``(x, y)``; further options are matplotlib's own.

Examples
--------
>>> from conv_notes import draw
>>> from conv_notes.draw import marks
>>> figure, ax = draw.subplots(height=2)
>>> marks.grid(ax, (0, 0), [[1, 2], [3, -4]], ec=marks.INPUT, title="input")
>>> marks.mark(ax, (1, 0), height=2)
>>> marks.bare(ax).set(xlim=(-0.1, 2.1), ylim=(2.1, -0.9))[0]
(-0.1, 2.1)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from numpy.typing import ArrayLike

Place = Sequence[float] | np.ndarray

#: A layer's two sides. All colours are from Okabe & Ito (2008), "Color universal
#: design": told apart by every colour vision.
INPUT, OUTPUT = "#0072B2", "#E69F00"
#: Words about outputs: their orange, as dark as text on white must be.
OUTPUT_TEXT = "#8A5F00"
#: For weights, and for the lines of a chart: what is left once both layers are taken,
#: without the yellow, which a thin line on white paper cannot carry.
SERIES = ("#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000")
#: Text, lines and frames; and what lies under them.
INK, PAPER = "#000000", "#FFFFFF"
#: Frames and numbers of what only surrounds the data: padding, units that see nothing.
STILL = "#767676"
#: Lines around what is not seen, and the fill of pixels that are missing or unused.
FAINT, UNSEEN = "#9A9A9A", "#D0D0D0"

#: Pixels that are missing.
HOLE: Any = {"fc": UNSEEN, "ec": INK, "hatch": "xxx", "lw": 0, "zorder": 0}
#: Hatch of what the output in question sees, and of a layer that sees everything.
SEEN, SEES_ALL = "////", "xxx"
#: Pixels that several windows see.
SEVERAL: Any = {"fc": "none", "ec": INPUT, "hatch": SEEN, "lw": 0, "alpha": 0.8}
#: What is seen beyond the image.
BEYOND: Any = {"fc": PAPER, "ec": INK, "hatch": "//////"}


def tint(colour: str, share: float = 0.4) -> tuple[float, ...]:
    """A light version of a colour, on which black letters can be read.

    Examples
    --------
    >>> tint("#000000")
    (0.6, 0.6, 0.6)
    """
    return tuple(1 - share + share * part for part in to_rgb(colour))


def number(value: Any, form: str = "g") -> str:
    """A number with a real minus sign, and no minus before a zero.

    Examples
    --------
    >>> number(-0.25), number(-0.001, ".2f")
    ('−0.25', '0.00')
    """
    return f"{float(value):z{form}}".replace("-", "−")


def added(values: Iterable[float], form: str = "g") -> str:
    """Numbers as a sum: 4 − 1 + 2.

    Examples
    --------
    >>> added([4, -1, 2])
    '4 − 1 + 2'
    """
    first, *rest = values
    signed = (f" {'−' if v < 0 else '+'} {number(abs(v), form)}" for v in rest)
    return number(first, form) + "".join(signed)


def short(value: float) -> str:
    """A number in three digits, with k for thousands and M for millions.

    Examples
    --------
    >>> short(36864), short(0.25)
    ('36.9k', '0.25')
    """
    if value < 1000:
        return number(value, ".3g")
    return f"{value / 1e6:.2f}M" if value >= 1e6 else f"{value / 1e3:.1f}k"


def in_rows(values: Any, between: str = "; ") -> str:
    """A matrix in words, row by row.

    Examples
    --------
    >>> in_rows([[1, 0], [0, -1]])
    '1 0; 0 −1'
    """
    return between.join(" ".join(map(number, row)) for row in values)


def times(shape: Iterable[int], sign: str = " × ") -> str:
    """A shape in words.

    Examples
    --------
    >>> times((6, 28, 28))
    '6 × 28 × 28'
    """
    return sign.join(map(str, shape))


def subscript(n: int | np.integer[Any]) -> str:
    """A whole number, at least 0, as an index.

    Examples
    --------
    >>> "x" + subscript(12)
    'x₁₂'
    """
    return "".join("₀₁₂₃₄₅₆₇₈₉"[int(digit)] for digit in str(n))


def superscript(n: int) -> str:
    """A whole number, at least 0, as an exponent.

    Examples
    --------
    >>> "10" + superscript(12)
    '10¹²'
    """
    return "".join("⁰¹²³⁴⁵⁶⁷⁸⁹"[int(digit)] for digit in str(n))


def bare(ax: Axes) -> Axes:
    """`ax` without frame and ticks, its units equally long in both directions."""
    ax.set_axis_off()
    ax.set_aspect("equal")
    return ax


def label(ax: Axes, at: Place, text: Any, **look: Any) -> None:
    """Write a text whose middle is `at`, above all other marks."""
    look = {"ha": "center", "va": "center_baseline", "zorder": 4, **look}
    x, y = at
    ax.text(x, y, str(text), **look)


def box(
    ax: Axes, corner: Place, width: float = 1, height: float = 1, **look: Any
) -> None:
    """Draw a rectangle from its least x and y on."""
    ax.add_patch(Rectangle((corner[0], corner[1]), width, height, **look))


def frame(
    ax: Axes,
    corner: Place,
    width: float = 1,
    height: float = 1,
    colour: str = INK,
    **look: Any,
) -> None:
    """Draw the outline of a rectangle."""
    box(ax, corner, width, height, fc="none", ec=colour, **{"lw": 2.4, **look})


def mark(
    ax: Axes,
    corner: Place,
    width: float = 1,
    height: float = 1,
    colour: str = INPUT,
    lw: float = 2.4,
) -> None:
    """Mark a rectangle by a tint and, for those who do not see it, by a bold frame."""
    box(ax, corner, width, height, fc=colour, alpha=0.3, ec="none")
    frame(ax, corner, width, height, lw=lw, zorder=3)


def cells(
    ax: Axes,
    corners: Iterable[Place],
    width: float = 1,
    height: float = 1,
    **look: Any,
) -> None:
    """Draw equal boxes as one path: as patches of their own they make a large file."""
    corners = list(corners)
    if corners:
        ax.add_patch(boxes(corners, width, height, **look)).set_clip_on(False)


def boxes(
    corners: Iterable[Place], width: float, height: float, **look: Any
) -> PathPatch:
    """Make one path of equal boxes; it is not drawn yet."""
    vertices: list[tuple[float, float]] = []
    codes: list[Any] = []
    for x, y in corners:
        ends = (x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)
        vertices += ends
        codes += [Path.MOVETO, *[Path.LINETO] * 3, Path.CLOSEPOLY]
    return PathPatch(Path(vertices, codes), **look)


def lines(ax: Axes, starts: np.ndarray, ends: np.ndarray, **look: Any) -> None:
    """Draw lines between pairs of places, arrays (n, 2), as one path."""
    vertices = np.stack([starts, ends], axis=1).reshape(-1, 2)
    path = Path(vertices, [Path.MOVETO, Path.LINETO] * len(starts))
    ax.add_patch(PathPatch(path, fc="none", **look)).set_clip_on(False)


def lattice(
    ax: Axes, corner: Place, rows: int, cols: int, colour: str = INK, lw: float = 1.2
) -> None:
    """Draw the lines between cells: lighter than `cells`, where none is filled."""
    left, top = corner
    ax.hlines(top + np.arange(rows + 1), left, left + cols, color=colour, lw=lw)
    ax.vlines(left + np.arange(cols + 1), top, top + rows, color=colour, lw=lw)


def numbers(
    ax: Axes,
    corner: Place,
    values: ArrayLike,
    title: str = "",
    known: ArrayLike = True,
    **look: Any,
) -> None:
    """Write numbers into the cells of a matrix, where `known`, and a title above."""
    values = np.asarray(values)
    left, top = corner
    for i, j in np.argwhere(np.broadcast_to(known, values.shape)):
        label(ax, (left + j + 0.5, top + i + 0.5), number(values[i, j]), **look)
    if title:
        label(ax, (left + values.shape[1] / 2, top - 0.45), title, **look)


def grid(
    ax: Axes,
    corner: Place,
    values: ArrayLike,
    title: str = "",
    *,
    fc: Any = PAPER,
    ec: Any = INK,
    lw: float = 1.2,
    **look: Any,
) -> None:
    """Draw a matrix as filled cells with its numbers, and a title above."""
    for i, j in np.ndindex(np.shape(values)):
        box(ax, (corner[0] + j, corner[1] + i), fc=fc, ec=ec, lw=lw)
    numbers(ax, corner, values, title, **look)


def squares(ax: Axes, corner: Place, values: ArrayLike, largest: float) -> None:
    """Draw numbers as squares of their size: positive ones filled, negative ones empty.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    corner : (float, float)
        Least x and y of the matrix; a cell is 1 wide and high.
    values : array_like, shape (rows, cols)
        The numbers; NaN leaves its place empty.
    largest : float
        The number whose square fills its cell.
    """
    for (i, j), value in np.ndenumerate(np.asarray(values)):
        side = 0.95 * np.sqrt(abs(value) / largest)
        look = {"fc": SERIES[0], "ec": SERIES[0]}
        if value < 0:
            look = {"fc": PAPER, "ec": SERIES[1]}
        if not np.isnan(value):
            left, top = corner[0] + j + (1 - side) / 2, corner[1] + i + (1 - side) / 2
            box(ax, (left, top), side, side, lw=1.2, **look)


def arrow(
    ax: Axes, start: Place, end: Place, *, zorder: float = 4, **look: Any
) -> None:
    """Draw an arrow from one place to another."""
    look = {"arrowstyle": "-|>", "color": INK, "lw": 0.8, "shrinkA": 0, **look}
    (x, y), (x0, y0) = end, start
    ax.annotate("", (x, y), (x0, y0), arrowprops=look | {"shrinkB": 0}, zorder=zorder)
