"""How a unit gets its value: what it sees of the layer before, and its sum in words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .._checks import FloatArray
from ..layers import AvgPool2d, Layer, MaxPool2d, Params, ReLU
from .marks import number

Unit = tuple[int, int, int]  # map, row, column
MOST_TERMS = 9  # of a sum, or a window, that are written out


@dataclass(frozen=True)
class Step:
    """A layer, and what it makes of one example.

    Attributes
    ----------
    layer : Layer
        What computes.
    params : dict of str to ndarray
        Its parameters.
    x, y : ndarray
        What goes in and what comes out, without the axis of the batch.
    """

    layer: Layer
    params: Params
    x: FloatArray
    y: FloatArray

    @property
    def has_windows(self) -> bool:
        """Whether a unit has a window in maps before it, of one value for a ReLU."""
        if isinstance(self.layer, ReLU):
            return self.x.ndim == 3
        if isinstance(self.layer, MaxPool2d | AvgPool2d):
            return True
        windows = getattr(self.layer, "windows", ())
        kernels = "weight" in self.params and len(windows) > 0
        return kernels and not any(window.transposed for window in windows)

    def origin(self, unit: Unit) -> tuple[range, range, range]:
        """The maps that a unit sees, and the rows and columns of its window in them."""
        m, i, j = unit
        maps, spans = range(m, m + 1), [range(i, i + 1), range(j, j + 1)]
        for axis, window in enumerate(getattr(self.layer, "windows", ())):
            first = unit[1 + axis] * window.stride - window.before
            taps = range(first, first + window.span, window.dilation)
            inside = [t for t in taps if 0 <= t < self.x.shape[1 + axis]]
            spans[axis] = taps[taps.index(inside[0]) :][: len(inside)] if inside else taps[:0]
        if "weight" in self.params:
            seen = self.params["weight"].shape[-3]
            group = m * len(self.x) // (len(self.y) * seen)
            maps = range(group * seen, (group + 1) * seen)
        return maps, *spans
