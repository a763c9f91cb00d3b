"""The figure class and the style that all drawings share."""

from __future__ import annotations

import hashlib
import io
import re
from html import escape
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from .marks import INK

#: Width of a figure in inches. A phone's column is about 360 pixels = 3.75 inches, so
#: that text stays near the size it is drawn at, there and on a desktop.
WIDTH = 4.2

STYLE: Any = {
    "axes.edgecolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10,
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "lines.markersize": 5,
    "svg.fonttype": "none",  # text stays text: a tenth of the size of outlines
}
#: DejaVu is wider than all of these, so nothing outgrows the space it was laid out in.
FONTS = "'DejaVu Sans', Verdana, Roboto, Helvetica, Arial, sans-serif"
#: Decorates what creates artists: their style is read then, not when they are shown.
styled = mpl.rc_context(STYLE)
#: In a still picture nothing is pointed at.
ANSWERS = (
    ".touch{pointer-events: all}"
    ".touch>.shown,.invitation{visibility: hidden; pointer-events: none}"
    ".touch:is(:hover,:focus,.kept)>.shown{visibility: visible}"
    "svg:has(.touch:is(:hover,:focus,.kept)) .rest{visibility: hidden}"
    "svg:has(.touch:hover) .touch:not(:hover)>.shown,"
    "svg:has(.touch:focus) .kept:not(:hover,:focus)>.shown{visibility: hidden}"
)
NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))


class Drawing(Figure):
    """A matplotlib figure that shows itself as a small, reproducible SVG.

    On every machine: the last bits of what is drawn, which depend on the order in which
    a processor adds, show neither in shades of images nor in names within the SVG.

    Attributes
    ----------
    alt : str
        What the figure shows, for a reader who cannot see it.
    touches : list
        Parts that answer when pointed at; `touch.py` makes them.
    """

    alt: str = ""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.touches: list[Any] = []

    def svg(self) -> str:
        """The figure as SVG text, the same to the byte on every run."""
        for image in self.findobj(AxesImage):
            _settle(image)
        buffer = io.StringIO()
        style = STYLE | {"svg.hashsalt": "none"}  # ids are given below
        for touch in self.touches:
            touch.set_visible(True)
        with mpl.rc_context(style):  # text and ids are decided as they are written
            self.savefig(buffer, format="svg", metadata=NO_METADATA)
        for touch in self.touches:
            touch.set_visible(False)
        svg = buffer.getvalue()
        if self.touches:
            svg = self._answering(svg)
        if self.alt:
            role = "group" if self.touches else "img"
            svg = svg.replace(
                "<svg ", f'<svg role="{role}" aria-label="{escape(self.alt)}" '
            )
        return _named(_shrink(svg))

    _repr_svg_ = svg

    def _answering(self, svg: str) -> str:
        """The SVG with what makes its parts answer: one rule, without a script."""
        parts = {f"touch {k}": part.tag(k) for k, part in enumerate(self.touches)}
        svg = re.sub(r'<g id="(touch \d+)"', lambda m: f"<g {parts[m[1]]}", svg)
        svg = re.sub(r'<g id="(shown|invitation|rest)"', r'<g class="\1"', svg)
        return svg.replace("</style>", f"{ANSWERS}</style>", 1)


@styled
def subplots(
    rows: int = 1, cols: int = 1, *, height: float, alt: str = "", **options: Any
) -> tuple[Drawing, Any]:
    """Make a `Drawing` with axes in it, as ``plt.subplots`` would.

    Parameters
    ----------
    rows, cols : int
        Grid of axes.
    height : float
        Inches; the width is the same for all drawings.
    alt : str
        What the figure shows, for a reader who cannot see it.
    **options
        For ``Figure.subplots``, such as ``height_ratios`` or ``sharex``.

    Returns
    -------
    figure : Drawing
    axes : Axes or ndarray of Axes

    Examples
    --------
    >>> figure, ax = subplots(height=2)
    >>> figure.svg().startswith("<svg")
    True
    """
    figure = Drawing(figsize=(WIDTH, height), layout="constrained")
    figure.alt = alt
    return figure, figure.subplots(rows, cols, **options)


def _settle(image: AxesImage) -> None:
    """Round an image's numbers before they become shades, which have steps."""
    values = image.get_array()
    if values is None or values.dtype.kind != "f":
        return
    if values.ndim == 3:  # colours, from 0 to 1
        steps = np.rint(np.round(np.clip(values, 0, 1) * 255, 6))
        image.set_data(steps.astype(np.uint8))
        return
    # What a short sum has for certain. Not fewer in single precision: there, means of
    # bytes come near to the edge of a shade.
    bits = 36 if values.dtype.itemsize > 4 else 20
    image.set_data(_certain(values, bits))
    image.set_clim(*(_certain(end, bits) for end in image.get_clim()))


def _certain(values: Any, bits: int) -> Any:
    """Numbers without what is below the first bits of the largest."""
    largest = np.ma.asarray(np.abs(values)).max()
    step = 2.0 ** (np.ceil(np.log2(float(largest))) - bits) if largest else 0.0
    return np.round(values / step) * step if step else values


def _named(svg: str) -> str:
    """Give ids anew, after what is drawn: Matplotlib's are of digits that are dropped.

    A page has many drawings, and an id once.
    """
    ids = {name: k for k, name in enumerate(re.findall(r' id="([^"]*)"', svg))}

    def named(begin: str) -> str:
        return re.sub(
            r'(?<= id=")[^"]*(?=")|(?<=#)[^")]*(?=[")])',
            lambda name: f"{begin}{ids[name[0]]}" if name[0] in ids else name[0],
            svg,
        )

    return named(f"d{hashlib.sha256(named('').encode()).hexdigest()[:8]}-")


def _shrink(svg: str) -> str:
    """Drop from an SVG what no reader sees; two decimals of a point are enough."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.S)
    svg = re.sub(r' transform="rotate\(-0 [^"]*"', "", svg)
    svg = re.sub(r'(<g) id="[^"]*"', r"\1", svg)
    svg = re.sub(r'(<image[^>]*?) id="(data|[^"]*)"', _class_of_image, svg)
    # A marker looks as each use of it says.
    svg = re.sub(r'(<path id="[mC][^>]*d="[^"]*") style="[^"]*"', r"\1", svg)
    svg = re.sub(r"<[^>]*>", lambda tag: _round(tag[0]), svg)
    svg = re.sub(r' d="([^"]*)"', lambda path: f' d="{_straight(path[1])}"', svg)
    # The fonts are named once; each text keeps its size, weight and slant.
    svg = re.sub(r"(font(?:-family)?:[^;\"]*?) ?'DejaVu Sans'[^;\"]*", r"\1", svg)
    svg = re.sub(r"font-family:;? ?", "", svg)
    svg = re.sub(r"font: ((?:[a-z]+ )*)([\d.]+px)", _font, svg)
    svg = svg.replace("</style>", f" text{{font-family: {FONTS}}}</style>", 1)
    svg = re.sub(r"\s*\n\s*", "\n", svg).strip()
    return re.sub(r"<g>\n(<[^>]*/>)\n</g>", r"\1", svg)  # a group of one


def _class_of_image(image: re.Match[str]) -> str:
    """An image without its id; whether it stands for numbers, which the dark turns."""
    return image[1] + (' class="data"' if image[2] == "data" else "")


def _round(tag: str) -> str:
    """A tag with its numbers rounded; text stays as it is, and what is read aloud."""
    if 'role="' in tag:
        return tag
    tag = re.sub(r"\d+\.\d{3,}", lambda m: f"{float(m[0]):.2f}", tag)
    return re.sub(r"(\.\d*?)0+(?=[^\d.])", lambda m: m[1].rstrip("."), tag)


def _straight(path: str) -> str:
    """A path with its level and upright lines as H and V, without blanks."""
    short, x, y = "", "", ""
    for command, *numbers in (
        step.split() for step in re.findall(r"[A-Za-z][^A-Za-z]*", path)
    ):
        if command == "L" and numbers[1] == y:
            short += f"H{numbers[0]}"
        elif command == "L" and numbers[0] == x:
            short += f"V{numbers[1]}"
        else:
            short += command + " ".join(numbers)
        x, y = numbers[-2:] or (x, y)
    return short


def _font(shorthand: re.Match[str]) -> str:
    """CSS without the shorthand, which would reset the family."""
    words = shorthand[1].split()
    extra = "".join(
        f"; font-{'style' if word == 'italic' else 'weight'}: {word}" for word in words
    )
    return f"font-size: {shorthand[2]}{extra}"
