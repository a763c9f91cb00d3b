"""Parts of a drawing that answer when a reader points at them.

In a page, and in the sliders of a notebook, a part answers to the mouse, a finger or
the keyboard: what belongs to it is shown. A still picture shows none of it.

Examples
--------
>>> from conv_notes import draw
>>> from conv_notes.draw import marks
>>> from conv_notes.draw.touch import invite, touch
>>> figure, ax = draw.subplots(height=2)
>>> marks.grid(ax, (0, 0), [[1, 2], [3, 4]])
>>> invite(figure, "Point at a column.")
>>> for j, total in enumerate((4, 6)):
...     with touch(ax, (j, 0), 1, 2, says=f"together {total}"):
...         marks.mark(ax, (j, 0), 1, 2)
>>> [part.says for part in figure.touches]
['together 4', 'together 6']
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.text import Text

from . import marks
from ._drawing import Drawing
from .marks import Place

LINE = 0.19  # inches that a line of words needs


def invite(
    figure: Drawing, words: str, lines: int = 1, *, below: str = "", stays: bool = False
) -> None:
    """Leave room below a drawing for what its parts say, and say what to point at.

    What is said otherwise, `below`, stands above the invitation; it makes room for what
    is pointed at, or stays.
    """
    if not below:
        figure.supxlabel(words + "\n " * (lines - 1), fontsize=9.5, gid="invitation")
        return
    figure.supxlabel(f"{below}\n ", fontsize=9.5, gid=None if stays else "rest")
    _write_below(figure, words).set(color=marks.STILL, gid="invitation")


@contextmanager
def resting(ax: Axes) -> Iterator[None]:
    """Let what is drawn in this context make room for what is pointed at."""
    before = {*ax.get_children()}
    yield
    for child in {*ax.get_children()} - before:
        child.set_gid("rest")


def parts(n: int, most: int) -> list[range]:
    """Cut n pixels in a row into nearly equal parts, not more than there are pixels."""
    ends = np.linspace(0, n, min(n, most) + 1).round().astype(int)
    return [range(*pair) for pair in pairwise(ends.tolist())]


@contextmanager
def touch(
    ax: Axes,
    corner: Place | Sequence[Place],
    width: float = 1,
    height: float = 1,
    *,
    says: str,
    sets: dict[str, Any] | None = None,
) -> Iterator[None]:
    """Make rectangles answer: with words, and with what is drawn in this context.

    Parameters
    ----------
    ax : Axes
        Of a `Drawing`.
    corner : (float, float), or a sequence of them
        Least x and y of the rectangle; of several, if they answer as one.
    width, height : float
        Its size.
    says : str
        Written below the drawing, where `invite` has left room, and read aloud.
    sets : dict, optional
        What a click on it sets, of the choices of `explore`: by name, a label.
    """
    figure: Any = ax.figure
    before = {child for one in figure.axes for child in one.get_children()}
    corners = np.reshape(np.asarray(corner, float), (-1, 2))
    part = marks.boxes(corners, width, height, fc="none", ec="none")
    part.set_transform(ax.transData)
    yield
    children = (child for one in figure.axes for child in one.get_children())
    shown = [child for child in children if child not in before]
    shown += _words(figure, says)
    shown.sort(key=Artist.get_zorder)
    figure.touches.append(figure.add_artist(Touched(part, shown, says, sets)))


def _words(figure: Drawing, says: str) -> list[Artist]:
    """What is written below, in the place of what stands there otherwise."""
    if not (label := figure.get_supxlabel()):
        return []
    blank = "\n " * (label.count("\n") - says.count("\n"))
    return [_write_below(figure, says + blank)]


def _write_below(figure: Drawing, words: str) -> Text:
    return figure.text(0.5, 0.01, words, fontsize=9.5, ha="center", va="bottom")


class Touched(Artist):
    """The part of a drawing that answers, and what is shown then."""

    def __init__(
        self,
        part: Artist,
        shown: list[Artist],
        says: str,
        sets: dict[str, Any] | None,
    ):
        super().__init__()
        self.part, self.shown, self.says = part, shown, says
        self.sets = {k.replace("_", " "): str(v) for k, v in (sets or {}).items()}
        self.set(zorder=2000, in_layout=False)
        for artist in (self, *shown):
            artist.set_visible(False)

    def tag(self, index: int) -> str:
        """Attributes of its group in an SVG. The Tab key stops at the first one."""
        sets = f' data-sets="{escape(json.dumps(self.sets))}"' if self.sets else ""
        said = escape(self.says.replace("\n", " "))
        stop = 0 if index == 0 else -1
        return f'class="touch" tabindex="{stop}" role="img" aria-label="{said}"{sets}'

    def draw(self, renderer: Any) -> None:
        """Draw the part, and what is shown in a group of its own."""
        if not self.get_visible():
            return
        figure: Any = self.figure
        renderer.open_group("touch", gid=f"touch {figure.touches.index(self)}")
        self.part.set_figure(figure)
        self.part.draw(renderer)
        renderer.open_group("shown", gid="shown")
        for artist in self.shown:
            artist.set_visible(True)
            artist.draw(renderer)
            artist.set_visible(False)
        renderer.close_group("shown")
        renderer.close_group("touch")
