"""Layers that arrange values anew."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import ClassVar

from .._checks import FloatArray, Shape
from ..arithmetic import Window, Windows
from ..ops._differentiable import Gradients, checked
from ._layer import Layer, Plan


@dataclass(frozen=True, repr=False)
class Flatten(Layer):
    """One axis out of all: (C, H, W) becomes (C·H·W,); no parameters.

    Examples
    --------
    >>> Flatten().output_shape((50, 4, 4))
    (800,)
    """

    axes: ClassVar[str] = ""
    windows: ClassVar[Windows] = (Window(1), Window(1))

    def _plan(self, shape: Shape) -> Plan:
        return Plan(shape, (prod(shape),), {})

    def _op(self, x: FloatArray, *params: FloatArray) -> tuple[FloatArray, Gradients]:
        y = x.reshape(len(x), prod(x.shape[1:]))
        return y, lambda dy, dx=True: (checked("Flatten", dy, y).reshape(x.shape),)
