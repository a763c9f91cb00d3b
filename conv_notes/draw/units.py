"""How a unit gets its value: what it sees of the layer before, and its sum in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np

from .._checks import FloatArray
from ..arithmetic import Window
from ..arithmetic.units import Units, sources
from ..layers import AvgPool2d, Layer, MaxPool2d, Params, ReLU
from .marks import added, number

Unit = tuple[int, int, int]  # map, row, column
MOST_TERMS = 9  # of a sum, or values of a window, that are written out


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
        """Whether a unit sees a window of maps before it."""
        known = isinstance(self.layer, MaxPool2d | AvgPool2d) or "weight" in self.params
        return known and any(not window.transposed for window in self._windows)

    @property
    def has_place(self) -> bool:
        """Whether a unit stands where its window does, or, of a ReLU, its value."""
        return self.has_windows or isinstance(self.layer, ReLU)

    @property
    def _windows(self) -> Sequence[Window]:
        return getattr(self.layer, "windows", ())

    def origin(self, unit: Unit) -> tuple[range, range, range]:
        """The maps that a unit sees, and the rows and columns of its window in them."""
        (m, *at), spans = unit, []
        for n, window, size in zip(at, self._windows, self.x.shape[1:], strict=True):
            seen = sources(window, Units(n, 1)).within(size)
            spans.append(range(seen.first, seen.last + 1, window.dilation))
        if "weight" not in self.params:
            return range(m, m + 1), spans[0], spans[1]
        seen = self.params["weight"].shape[-3]
        group = m * len(self.x) // (len(self.y) * seen)
        return range(group * seen, (group + 1) * seen), spans[0], spans[1]

    def says(self, unit: Unit) -> str:
        """How its value comes about, in a line."""
        value = _two(self.y[unit])
        if "weight" in self.params:
            return f"{self._terms(unit)} {value}"
        (m,), rows, cols = self.origin(unit)
        held = [self.x[m, i, j] for i in rows for j in cols]
        kind = "largest" if isinstance(self.layer, MaxPool2d) else "mean"
        # A mean may count zeros that lie outside of the map.
        whole = len(held) == prod(window.kernel_size for window in self._windows)
        if not whole or len(held) > MOST_TERMS:
            return f"the {kind} of its window: {value}"
        return f"the {kind} of {', '.join(map(_two, held))}: {value}"

    def _terms(self, unit: Unit) -> str:
        """What its windows add up to, one for each map, and the bias."""
        windows, bias = self.sums
        parts = [float(part[unit]) for part in windows]
        own = [float(bias[unit])] if "bias" in self.params else []
        if len(parts + own) > MOST_TERMS:
            parts = [sum(parts)]
        terms = [round(part, 2) for part in parts + own]
        exact = _two(sum(terms)) == _two(self.y[unit])
        return f"{added(terms, '.2f')} {'=' if exact else '≈'}"

    @cached_property
    def sums(self) -> tuple[list[FloatArray], FloatArray]:
        """What the windows in each of the maps that a unit sees give, and the bias."""
        nothing = {name: np.zeros_like(array) for name, array in self.params.items()}
        windows = []
        for c in range(self.params["weight"].shape[-3]):
            only = nothing["weight"].copy()
            only[..., c, :, :] = self.params["weight"][..., c, :, :]
            windows.append(self._put_out(nothing | {"weight": only}))
        return windows, self._put_out(self.params | {"weight": nothing["weight"]})

    def _put_out(self, params: Params) -> FloatArray:
        y: FloatArray = self.layer.apply(params, self.x[None])[0]
        return y


def _two(value: float) -> str:
    return number(value, ".2f")
