"""Layers on vectors."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar

from .._checks import FloatArray
from ..arithmetic import Window
from ..ops import linear
from ._layer import Layer, Shape, with_bias


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
    sees_all: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self._check_counts("out_features")

    def output_shape(self, input_shape: Shape) -> Shape:
        is_image = isinstance(input_shape, tuple) and len(input_shape) > 1
        hint = "; put Flatten() before it" if is_image else ""
        self._shape(input_shape, "features", hint)
        return (self.out_features,)

    def param_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        (out,) = self.output_shape(input_shape)
        return with_bias((out, *input_shape), (out,), self.bias)

    def macs(self, input_shape: Shape) -> int:
        return prod(self.output_shape(input_shape)) * input_shape[0]

    def _op(self, x: FloatArray, *params: FloatArray) -> tuple[Any, Any]:
        return linear.vjp(x, *params)


@dataclass(frozen=True, repr=False)
class Flatten(Layer):
    """One axis out of all: (C, H, W) becomes (C·H·W,); no parameters.

    Examples
    --------
    >>> Flatten().output_shape((50, 4, 4))
    (800,)
    """

    windows: ClassVar[tuple[Window, Window]] = (Window(1), Window(1))

    def output_shape(self, input_shape: Shape) -> Shape:
        return (prod(self._shape(input_shape)),)

    def _op(self, x: FloatArray, *params: FloatArray) -> tuple[Any, Any]:
        return x.reshape(len(x), prod(x.shape[1:])), lambda dy: (dy.reshape(x.shape),)
