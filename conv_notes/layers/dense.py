"""Layers on vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from .._checks import FloatArray, Shape
from ..ops import linear
from ..ops._differentiable import Gradients
from ._layer import Layer, Plan, with_bias


@dataclass(frozen=True, repr=False)
class Linear(Layer):
    """Fully connected layer: every output sees every input.

    Parameters
    ----------
    out_features : int
        Number of output neurons.
    bias : bool
        Whether each output also adds a number of its own.

    Examples
    --------
    >>> Linear(500, bias=False).n_params((800,))
    400000
    """

    out_features: int
    bias: bool = True
    axes: ClassVar[str] = "features"
    sees_all: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self._check_counts("out_features")
        self._keep_plain()

    def _plan(self, shape: Shape) -> Plan:
        (features,), out = shape, self.out_features
        params = with_bias((out, features), (out,), self.bias)
        return Plan(shape, (out,), params, macs=out * features)

    def _op(self, x: FloatArray, *params: FloatArray) -> tuple[FloatArray, Gradients]:
        return linear.vjp(x, *params)

    def _hint(self, input_shape: Any) -> str:
        is_image = isinstance(input_shape, tuple) and len(input_shape) > 1
        return "; put Flatten() before it" if is_image else ""
