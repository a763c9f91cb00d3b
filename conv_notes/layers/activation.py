"""Layers on each value alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .._checks import FloatArray, Shape
from ..arithmetic import Window, Windows
from ..ops import relu
from ..ops._differentiable import Gradients
from ._layer import Layer, Plan


@dataclass(frozen=True, repr=False)
class ReLU(Layer):
    """Rectified linear unit, applied to each value on its own; no parameters.

    Examples
    --------
    >>> ReLU().output_shape((6, 28, 28))
    (6, 28, 28)
    """

    axes: ClassVar[str] = ""
    is_linear: ClassVar[bool] = False
    windows: ClassVar[Windows] = (Window(1), Window(1))

    def _plan(self, shape: Shape) -> Plan:
        return Plan(shape, shape, {})

    def _op(self, x: FloatArray, *params: FloatArray) -> tuple[FloatArray, Gradients]:
        return relu.vjp(x)
