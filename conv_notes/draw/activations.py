"""An image on its way through a network, and what a unit of it sees."""

from __future__ import annotations

from itertools import accumulate, pairwise
from math import ceil, sqrt
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from .. import _checks as check
from .._checks import FloatArray
from ..arithmetic import ReceptiveField, receptive_field
from ..layers import Params
from ..networks import Sequential
from ..networks.containers import below
from ..ops import softmax
from . import marks
from ._drawing import WIDTH, Drawing, styled, subplots
from .images import tiles
from .marks import INK, INPUT, OUTPUT, number, times
from .strips import GAP, LINE, bars_answer, layer_answers, strip_of
from .touch import LINE as WORDS
from .touch import invite, resting, touch
from .units import Step


@styled
def stages(
    network: Sequential,
    params: Params,
    x: FloatArray,
    *,
    bar: float = 1.2,
    places: int = 0,
) -> Drawing:
    """Draw what each layer of a network puts out, from the image down to the scores.

    A pixel has one size in all maps; the greys are scaled for each layer. Values
    without a place, behind a ``Flatten``, are a strip; the last ones are bars of their
    softmax.

    Parameters
    ----------
    network : Sequential
        Layers from images to scores.
    params : dict of str to ndarray
        Its parameters.
    x : ndarray, shape (1, C, H, W)
        One image.
    bar : float
        Height of the tallest possible bar, in lines of text.
    places : int
        Into how many rows and columns of places a map is cut, at most. A place answers
        for its strongest unit: with the windows that this unit sees in the layer before
        and in the image, and with its sum. With 0, nothing answers.

    Returns
    -------
    Drawing

    Raises
    ------
    ValueError
        If `x` is not a batch of one image.
    """
    _one_image("stages", x)
    # In double precision, rounded numbers are the same on all machines.
    x, params = x.astype(float), {k: w.astype(float) for k, w in params.items()}
    names = ["input", *map(repr, network)]
    outputs = list(zip(names, [x, *network.trace(params, x)], strict=True))

    strips = [strip_of(y[0]) for _, y in outputs[:-1]]
    width = float(max(s.shape[1] for s in strips))
    heights = [s.shape[0] + LINE * 1.3 for s in strips]
    tops = [0.0, *accumulate(heights)]
    total = tops[-1] + LINE * (bar + 2.4)
    room = 2 * WORDS if places else 0
    figure, ax = subplots(height=WIDTH * total / width + room)
    marks.bare(ax)
    for k, ((name, y), strip, top) in enumerate(
        zip(outputs, strips, tops, strict=False)
    ):
        _name(ax, top, name, y.shape[1:])
        edge = OUTPUT if k else INPUT
        most = float(np.abs(y).max()) or 1.0
        rows, cols = strip.shape
        place: Any = (0, cols, top + LINE + rows, top + LINE)
        ax.imshow(
            strip,
            cmap="gray_r",
            vmin=-most if y.min() < 0 else 0,
            vmax=most,
            interpolation="none",
            extent=place,
            aspect="equal",
        )
        h, w = y.shape[2:] if y.ndim == 4 else (rows, cols)
        for c in range(y.shape[1] if y.ndim == 4 else 1):
            corner = (c * (w + GAP), top + LINE)
            marks.frame(ax, corner, w, h, edge, lw=1.2)
    name, scores = outputs[-1]
    _name(ax, tops[-1], f"{name}, then softmax", scores.shape[1:])
    p = softmax(scores, axis=1)[0]
    _bars(ax, p, tops[-1] + LINE, width, bar * LINE)
    ax.set(xlim=(-1, width + 1), ylim=(total, 0))
    if places:
        invite(figure, "Point at what the layers put out.", lines=2)
        values = pairwise(y[0] for _, y in outputs)
        steps = [
            Step(layer, below(params, k), *pair)
            for (k, layer), pair in zip(enumerate(network), values, strict=True)
        ]
        starts = [top + LINE for top in tops]
        for depth in range(1, len(steps)):
            layer_answers(ax, steps[:depth], starts[: depth + 1], places)
        bars_answer(ax, steps[-1], starts[-2:], p, (width, bar * LINE))
    shapes = "; ".join(f"{name} {times(y.shape[1:])}" for name, y in outputs)
    figure.alt = (
        f"What each layer puts out, from top to bottom. {shapes}. "
        f"The largest score is number {p.argmax()}, with {p.max():.0%}."
    )
    return figure


@styled
def strongest(
    network: Sequential, params: Params, x: FloatArray, depth: int
) -> Drawing:
    """Draw the maps of a layer, and what its strongest unit sees of the image.

    Where the layer's output has no place, it is drawn as bars of its softmax.

    Parameters
    ----------
    network : Sequential
        Layers that are described by windows, up to the one drawn.
    params : dict of str to ndarray
        Its parameters.
    x : ndarray, shape (1, 1, H, W)
        One grey image.
    depth : int
        Draw what this many layers make of it, at least 1.

    Returns
    -------
    Drawing

    Raises
    ------
    ValueError
        If `x` is not a batch of one image, or there are fewer layers.
    """
    _one_image("strongest", x)
    if not 1 <= depth <= (layers := len(network.layers)):
        raise ValueError(f"strongest: depth={depth}, but there are {layers} layers")
    y = network.trace(params, x)[depth - 1][0]
    figure = Drawing(figsize=(WIDTH, 2.9))
    left = figure.add_axes((0.01, 0.28, 0.43, 0.63))
    right = figure.add_axes((0.54, 0.28, 0.45, 0.63))
    left.imshow(x[0, 0], cmap="gray_r", interpolation="none")
    left.set_title(f"input, {times(x.shape[2:])}", size=10)
    _framed(left)
    if y.ndim == 1:
        words, where = _scores(figure, right, y), ""
    else:
        field = receptive_field(list(network)[:depth])
        words, where = _maps(figure, left, right, y, field)
    figure.alt = f"{words[0].upper()}{'; '.join(words.splitlines())[1:]}{where}."
    return figure


def _framed(ax: Axes) -> None:
    """A frame without ticks: where an image ends, also where it is white."""
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(True)


def _scores(figure: Drawing, ax: Axes, y: FloatArray) -> str:
    """Draw the softmax as bars, which say their numbers; return what is said first."""
    p, n = softmax(y, axis=0), len(y)
    ax.barh(range(n), p, color=OUTPUT)
    ax.set(yticks=range(n), ylim=(n - 0.5, -0.5), xticks=[0, 1], xlim=(0, 1))
    ax.set_title("probability", size=10)
    sees = "it sees all of the image"
    words = f"reads {p.argmax()} with probability {p.max():.2f}\n{sees}"
    invite(figure, "Point at a bar.", below=words)
    for k, score in enumerate(y):
        says = f"{k}: score {number(score, '.2f')}, probability {p[k]:.3f}\n{sees}"
        with touch(ax, (0, k - 0.5), says=says):
            marks.frame(ax, (0, k - 0.5), lw=1.2, clip_on=False)
    return words


def _maps(
    figure: Drawing, image: Axes, ax: Axes, y: FloatArray, field: ReceptiveField
) -> tuple[str, str]:
    """Draw maps in a grid, each with its strongest unit; return what the first sees."""
    (c, h, w), cols, most = y.shape, ceil(sqrt(len(y))), abs(y).max()
    look: Any = {"vmin": -most if y.min() < 0 else 0, "vmax": most}
    ax.imshow(tiles(y, cols), cmap="gray_r", interpolation="none", **look)
    ax.set_facecolor(INPUT)  # shows between the maps
    ax.set_title(f"{c} maps of {h} × {w}", size=10)
    _framed(ax)
    corners = [(k % cols * (w + 1) - 0.5, k // cols * (h + 1) - 0.5) for k in range(c)]
    units = [divmod(int(values.argmax()), w) for values in y]
    seen = [[n * field.stride - field.padding for n in at] for at in units]

    def mark(m: int) -> None:
        (x, top), (i, j), (row, col) = corners[m], units[m], seen[m]
        marks.frame(ax, (x + j, top + i), colour=OUTPUT)
        whole = field.size, field.size
        marks.frame(image, (col - 0.5, row - 0.5), *whole, OUTPUT)

    sees = f"it sees {field.size} × {field.size} pixels"
    m = int(y.max(axis=(1, 2)).argmax())
    with resting(ax), resting(image):
        mark(m)
    words = f"strongest unit: {y.max():.2f}, in map {m + 1}\n{sees}"
    invite(figure, "Point at a map.", below=words)
    for k, values in enumerate(y):
        says = f"strongest unit of map {k + 1}: {number(values.max(), '.2f')}\n{sees}"
        with touch(ax, corners[k], w, h, says=says):
            mark(k)
    row, col = seen[m]
    return words, f" from row {row}, column {col} on"


def _one_image(name: str, x: FloatArray) -> None:
    if check.float_array(name, "x", x).ndim != 4 or len(x) != 1:
        raise ValueError(f"{name}: x must be one image (1, C, H, W), got {x.shape}")


def _name(ax: Axes, top: float, name: str, shape: tuple[int, ...]) -> None:
    text = f"{name}: {times(shape)}"
    at = 0, top + LINE * 0.78
    marks.label(ax, at, text, ha="left", va="baseline")


def _bars(ax: Axes, p: FloatArray, top: float, width: float, height: float) -> None:
    step = width / len(p)
    base = top + height
    for k, value in enumerate(p):
        tall = float(value) * height
        corner = (k * step + 0.15 * step, base - tall)
        marks.box(ax, corner, 0.7 * step, tall, fc=OUTPUT, ec=INK, lw=0.6)
        at = (k + 0.5) * step, base + LINE * 0.85
        marks.label(ax, at, k, va="baseline")
    ax.plot([0, width], [base, base], color=INK, lw=0.8)
