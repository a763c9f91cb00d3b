"""What one unit at the top of a stack sees: layer by layer, down to the image."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from matplotlib.axes import Axes

from ..arithmetic import conv_output_size, receptive_field
from ._drawing import INK, INPUT, OUTPUT, PAPER, Drawing, bare, boxes, styled, subplots
from .slide import STILL

CELL, GAP = 0.5, 1.0  # height of a cell, distance between two rows; in rows


@styled
def field(
    layers: Sequence[tuple[int, ...]],
    size: int,
    *,
    margin: int = 0,
    rows: int | None = None,
) -> Drawing:
    """Draw a row of pixels, the layers above it, and all that the middle unit sees.

    Parameters
    ----------
    layers : sequence of tuple
        From input to output, as for `receptive_field`: kernel size, stride, padding and
        dilation, whose last entries may be left out.
    size : int
        Pixels in the row.
    margin : int
        Pixels beside the image that are drawn as well, on either side.
    rows : int, optional
        Leave room for this many layers, so that several drawings are equally high.

    Returns
    -------
    Drawing
    """
    full = [(*layer, *(1, 1, 0, 1)[len(layer) :]) for layer in layers]
    sizes = [size]
    for k, s, p, d in full:
        sizes.append(conv_output_size(sizes[-1], k, s, p, d))
    seen = [{sizes[-1] // 2}]  # from the top down to the image
    for k, s, p, d in reversed(full):
        seen.append({o * s + a * d - p for o in seen[-1] for a in range(k)})
    seen.reverse()
    rows = len(full) if rows is None else rows
    figure, ax = subplots(height=0.35 + 0.52 * (rows + 1))
    below: list[float] = []
    for row, (n, lit) in enumerate(zip(sizes, seen, strict=True)):
        r = receptive_field(full[:row])
        y, width = row * GAP, float(r.stride)
        middle = (r.size - 1) / 2 - r.padding  # of what unit 0 sees
        at = {unit: middle + unit * width for unit in {*range(n), *lit}}
        colour = OUTPUT if row else INPUT
        inside = {*range(n)}
        _cells(ax, [at[u] for u in inside - lit], width, y, fc=PAPER, ec=STILL)
        beyond = [at[u] for u in lit - inside]
        _cells(ax, beyond, width, y, fc=PAPER, ec=INK, hatch="//////")
        _cells(ax, [at[u] for u in lit & inside], width, y, fc=colour, ec=INK)
        ends = [at[min(lit)] - width / 2, at[max(lit)] + width / 2]
        for end, start in zip(ends, below, strict=False):
            ax.plot([start, end], [y - GAP + CELL, y], color=INK, lw=0.7, zorder=0)
        below = ends
        text = f"layer {row}: sees {r.size}" if row else f"image: {n} pixels"
        box: Any = {"fc": PAPER, "ec": "none", "pad": 0.8}
        ax.text(-margin - 0.5, y + CELL + 0.14, text, bbox=box, zorder=2)
    bare(ax).set_aspect("auto")
    ax.set_xlim(-margin - 0.7, size + margin - 0.3)
    ax.set_ylim(-0.1, rows * GAP + CELL + 0.5)
    growth = ", ".join(
        f"layer {row}, {sizes[row]} wide, sees {receptive_field(full[:row]).size}"
        for row in range(1, len(full) + 1)
    )
    outside = sum(not 0 <= pixel < size for pixel in seen[0])
    figure.alt = (
        f"A row of {size} pixels and {len(full)} layers above it: {growth}. Marked are "
        f"the {len(seen[0])} pixels that the middle unit of the last layer depends on, "
        f"{outside} of them beyond the image."
    )
    return figure


def _cells(
    ax: Axes, centres: Iterable[float], width: float, y: float, **look: Any
) -> None:
    corners = [(x - 0.42 * width, y) for x in sorted(centres)]
    boxes(ax, corners, 0.84 * width, CELL, lw=0.6, **look)
