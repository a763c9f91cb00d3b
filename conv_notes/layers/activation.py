"""Layers on each value alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from .._checks import FloatArray
from ..arithmetic import Window
from ..ops import relu
from ._layer import Layer, Shape


@dataclass(frozen=True, repr=False)
class ReLU(Layer):
    """Rectified linear unit, applied to each value on its own; no parameters.

    Examples
    --------
    >>> ReLU().output_shape((6, 28, 28))
    (6, 28, 28)
    """

    is_linear: ClassVar[bool] = False
    windows: ClassVar[tuple[Window, Window]] = (Window(1), Window(1))

    def output_shape(self, input_shape: Shape) -> Shape:
        return self._shape(input_shape)

    def _op(self, x: FloatArray, *params: FloatArray) -> tuple[Any, Any]:
        return relu.vjp(x)
