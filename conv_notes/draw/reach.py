"""What an output sees of the input: which channels, and which pixels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from .._checks import Shape
from ..layers import Layer
from ..networks import weight_ids
from ._drawing import INK, INPUT, OUTPUT, PAPER, WIDTH, Drawing, bare, styled, subplots

SEEN = "#99C7E0"  # a light version of INPUT
LEFT = 7.6  # room for the names, in cells
GAP = 2.6  # between the two grids


@styled
def reach(layers: Mapping[str, Layer], input_shape: Shape) -> Drawing:
    """Draw, for each layer, which channels and which pixels its outputs see.

    Two grids per layer. In the first a row is an output channel and a column an input
    channel. The second is the image; a frame marks the output's own place.

    Parameters
    ----------
    layers : mapping of str to Layer
        By name; anything that `weight_ids` accepts.
    input_shape : tuple of int
        (C, H, W), small enough to look at. The output in the middle is drawn.

    Returns
    -------
    Drawing
    """
    parts = {name: _seen(layer, input_shape) for name, layer in layers.items()}
    rows = max(input_shape[1], *(len(channels) for channels, _, _ in parts.values()))
    step = rows + 1.0
    width = LEFT + input_shape[0] + GAP + input_shape[2] + 0.3
    height = 1.6 + step * len(parts)
    figure, ax = subplots(height=WIDTH * height / width)
    _write(ax, LEFT + input_shape[0] / 2, -1.3, "channels")
    left = LEFT + input_shape[0] + GAP
    _write(ax, left + input_shape[2] / 2, -1.3, "pixels")
    words = []
    for k, (name, (by_channel, by_pixel, n_weights)) in enumerate(parts.items()):
        top = k * step
        middle = top + rows / 2
        _write(ax, 0, middle - 0.7, name, ha="left", weight="bold")
        _write(ax, 0, middle + 0.7, f"{n_weights} weights", ha="left")
        offset = (rows - len(by_channel)) / 2
        _grid(ax, LEFT, top + offset, by_channel)
        for m in range(len(by_channel)):
            y = top + offset + m + 0.5
            _write(ax, LEFT - 0.6, y, f"y{_subscript(m)}", color="#8A5F00")
        if k == 0:
            for c in range(input_shape[0]):
                _write(ax, LEFT + c + 0.5, -0.45, f"x{_subscript(c)}", color=INPUT)
        at = top + (rows - len(by_pixel)) / 2
        _grid(ax, left, at, by_pixel)
        i, j = (n // 2 for n in by_pixel.shape)
        own = Rectangle((left + j, at + i), 1, 1, fc="none", ec=OUTPUT, lw=2.4)
        own.set_zorder(3)
        ax.add_patch(own)
        seen = int(by_channel.sum(axis=1).max())
        words.append(
            f"{name}: {n_weights} weights, each output sees {seen} of "
            f"{by_channel.shape[1]} channels and {by_pixel.sum()} pixels"
        )
    bare(ax).set(xlim=(-0.1, width), ylim=(height - 1.7, -1.8))
    figure.alt = f"{'; '.join(words)}."
    return figure


def _seen(layer: Layer, input_shape: Shape) -> tuple[np.ndarray, np.ndarray, int]:
    """Outputs × input channels, the pixels, and how many weights, of the middle."""
    ids = weight_ids(layer, input_shape)
    ids = ids.reshape(*layer.output_shape(input_shape), *input_shape)
    ids = ids[:, ids.shape[1] // 2, ids.shape[2] // 2]  # (M, C, H, W)
    there = ids >= 0
    by_channel = np.asarray(there.any(axis=(2, 3)))
    by_pixel = np.asarray(there.any(axis=(0, 1)))
    return by_channel, by_pixel, len(np.unique(ids[there]))


def _grid(ax: Axes, left: float, top: float, filled: np.ndarray) -> None:
    for i, j in np.ndindex(filled.shape):
        fc, ec = (SEEN, INK) if filled[i, j] else (PAPER, "#9A9A9A")
        look: Any = {"fc": fc, "ec": ec, "lw": 0.8, "zorder": 2 if filled[i, j] else 1}
        ax.add_patch(Rectangle((left + j, top + i), 1, 1, **look))


def _write(ax: Axes, x: float, y: float, text: str, **options: Any) -> None:
    options = {"ha": "center", "va": "center_baseline", **options}
    ax.text(x, y, text, **options)


def _subscript(i: int) -> str:
    return "".join("₀₁₂₃₄₅₆₇₈₉"[int(digit)] for digit in str(i + 1))
