"""A convolution as cubes: channels are the depth, seen from above and from a corner."""

from __future__ import annotations

from itertools import pairwise
from math import cos, pi
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Polygon

from .._checks import Shape
from ..layers import Conv2d, DepthwiseConv2d
from . import marks
from ._drawing import WIDTH, Drawing, styled, subplots
from .marks import INK, INPUT, OUTPUT, SEEN, SERIES, times, tint

MOST_CELLS = 5  # along an axis; a longer one is drawn this long, without its cells
MOST_KERNELS = 3
COLUMN_GAP, KERNEL_GAP = 1.5, 3.0  # in cells; the latter has room for a name
THIN: Any = {"arrowstyle": "->", "lw": 0.9}
AXES = np.array([[cos(pi / 6), 0.5], [0.0, 1.0], [cos(pi / 6), -0.5]])  # W, H, C
#: How much colour each visible face carries, so that they stand out from each other.
SHADES = {"front": 0.45, "top": 0.25, "right": 0.7}


@styled
def cubes(layer: Conv2d | DepthwiseConv2d, input_shape: Shape) -> Drawing:
    """Draw input, kernels and output of a convolution as blocks in isometric view.

    The block that an output cell depends on is marked in the input, and in the output
    the cells that depend on it. Long axes are drawn shorter.

    Parameters
    ----------
    layer : Conv2d or DepthwiseConv2d
        With ``groups=1``, or with a kernel of its own for each channel; stride 1 and no
        padding look best.
    input_shape : tuple of int
        (C, H, W).

    Returns
    -------
    Drawing

    Raises
    ------
    ValueError
        If the layer has groups of several channels: its kernels are neither as deep as
        the input nor of a single channel.
    """
    if isinstance(layer, Conv2d) and layer.groups != 1:
        raise ValueError(f"cubes: layer must have groups=1, got {layer}")
    shapes = input_shape, layer.param_shapes(input_shape)["weight"][1:]
    output_shape = layer.output_shape(input_shape)
    m = output_shape[0]
    # Output channels of one input channel; none is kept apart where all are summed.
    own = layer.multiplier if isinstance(layer, DepthwiseConv2d) else 0
    shown = list(range(m)) if m <= MOST_KERNELS else [0, 1, m - 1]

    source, kernel = _Block(shapes[0]), _Block(shapes[1])
    target = _Block(output_shape)
    # A gap between the second and the last kernel where some are left out.
    gaps = [KERNEL_GAP + (1.1 if b - a > 1 else 0) for a, b in pairwise(shown)]
    height = len(shown) * kernel.height + sum(gaps)
    tallest = max(height, source.height, target.height)
    left_kernel = source.width + COLUMN_GAP
    left_target = left_kernel + kernel.width + COLUMN_GAP
    width = left_target + target.width

    figure, ax = subplots(height=WIDTH * (tallest + KERNEL_GAP) / (width + 0.2))
    in_middle = (tallest - source.height) / 2
    source.draw(ax, (0, in_middle), INPUT, window=kernel.cells)
    source.name(ax, (0, in_middle), "input")
    ends = []
    top = (tallest - height) / 2
    for k, gap in zip(shown, [*gaps, 0.0], strict=True):
        at = (left_kernel, top)
        first = k // own if own else 0
        kernel.draw(ax, at, SERIES[k % len(SERIES)], first=first)
        kernel.name(ax, at, f"kernel {k + 1}")
        ends.append(top + kernel.height / 2)
        top += kernel.height + gap
        if gap > KERNEL_GAP:
            marks.label(ax, (at[0] + kernel.width / 2, top - 0.8), "⋮", va="center")
    target_top = (tallest - target.height) / 2
    window = own or target.cells[0], 1, 1
    target.draw(ax, (left_target, target_top), OUTPUT, window=window)
    target.name(ax, (left_target, target_top), "output")
    middle = tallest / 2
    for end in ends:
        marks.arrow(
            ax, (source.width + 0.15, middle), (left_kernel - 0.15, end), **THIN
        )
        start = left_target - COLUMN_GAP + 0.15, end
        marks.arrow(ax, start, (left_target - 0.1, middle), **THIN)
    marks.bare(ax).set(xlim=(-0.1, width + 0.1), ylim=(tallest + KERNEL_GAP, 0))
    figure.alt = (
        f"Three columns of blocks. Input of {times(shapes[0])}; {m} kernels of "
        f"{times(shapes[1])} each; output of {times(output_shape)}, one map for each "
        "kernel. Every kernel "
        + ("sees one channel only." if own else "is as deep as the input.")
    )
    return figure


class _Block:
    """A box of cells and where its corners fall on paper."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape  # C, H, W
        self.cells = tuple(min(n, MOST_CELLS) for n in shape)
        c, h, w = self.cells
        self.width = (w + c) * AXES[0, 0]
        self.height = h + (w + c) / 2

    def draw(
        self,
        ax: Axes,
        corner: tuple[float, float],
        colour: str,
        window: tuple[int, ...] = (0, 0, 0),
        first: int = 0,
    ) -> None:
        """The three visible faces; `window` marks that many cells at the near top.

        `first` is the channel that the nearest cells lie on.
        """
        c, h, w = self.cells
        wc, wh, ww = window
        origin = np.array([corner[0], corner[1] + c / 2])
        #      where the face begins,  its two axes,  its cells, the marked ones
        faces: Any = {
            "front": ((0, 0, 0), (0, 1), (w, h), (w - ww, 0, w, wh)),
            "top": ((0, 0, 0), (0, 2), (w, c), (w - ww, 0, w, wc)),
            "right": ((w, 0, 0), (2, 1), (c, h), (0, 0, wc, wh)),
        }
        long = [n > MOST_CELLS for n in (self.shape[2], self.shape[1], self.shape[0])]
        for face, (start, (u, v), (nu, nv), marked) in faces.items():
            base = origin + np.array(start) @ AXES

            def at(a: float, b: float) -> Any:
                return base + a * AXES[u] + b * AXES[v]  # noqa: B023 used at once

            def patch(a: float, b: float, a2: float, b2: float, **look: Any) -> None:
                corners = [at(a, b), at(a2, b), at(a2, b2), at(a, b2)]
                ax.add_patch(Polygon(corners, closed=True, joinstyle="round", **look))

            fill = tint(colour, SHADES[face])
            patch(0, 0, nu, nv, fc=fill, ec=INK, lw=1)
            lines = [(at(a, 0), at(a, nv)) for a in range(1, nu) if not long[u]]
            lines += [(at(0, b), at(nu, b)) for b in range(1, nv) if not long[v]]
            for line in lines:
                ax.plot(*np.transpose(line), color=INK, lw=0.5)
            if marked[0] < marked[2] and marked[1] < marked[3]:
                patch(*marked, fc="none", ec=INK, lw=2.4, hatch=SEEN, zorder=4)
        names = [str(first + k + 1) for k in range(c)]
        if long[2]:
            names[2:] = ["…", *[""] * (c - 4), str(self.shape[0])]
        for k, name in enumerate(names):  # of the channels, on the far side
            place = origin + np.array([0, 0, k + 0.5]) @ AXES
            style: Any = {"ha": "right", "va": "bottom"}
            marks.label(ax, (place[0] - 0.12, place[1]), name, **style)

    def name(self, ax: Axes, corner: tuple[float, float], name: str) -> None:
        at = corner[0] + self.width / 2, corner[1] + self.height + 0.15
        text = f"{name}\n{times(self.shape)}"
        marks.label(ax, at, text, va="top", linespacing=1.15)
