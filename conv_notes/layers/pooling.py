"""Layers that summarise, and have no weights."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from .._checks import FloatArray, Pair, Shape
from ..arithmetic import Windows
from ..ops import avg_pool2d, global_avg_pool2d, max_pool2d
from ..ops._differentiable import Gradients
from ..ops.pooling import pool_windows
from ..windows import output_size
from ._layer import Layer, Plan


class _Pool(Layer):
    """What pooling layers have in common: their windows."""

    kernel_size: int | Pair
    stride: int | Pair | None
    padding: int | Pair
    dilation: int | Pair = 1
    ceil_mode: bool

    def __post_init__(self) -> None:
        self.windows  # noqa: B018  raises where an argument is not valid
        self._keep_plain()

    @cached_property
    def windows(self) -> Windows:
        """(vertical, horizontal)."""
        return pool_windows(
            type(self).__name__,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
        )

    def _plan(self, shape: Shape) -> Plan:
        where = type(self).__name__
        positions = output_size(where, shape, self.windows, self.ceil_mode)
        return Plan(shape, (shape[0], *positions), {})


@dataclass(frozen=True, repr=False)
class MaxPool2d(_Pool):
    """Max pooling: the largest value of each window, per channel; no parameters.

    Parameters
    ----------
    kernel_size, stride, padding, dilation, ceil_mode
        As for `max_pool2d`.

    Examples
    --------
    >>> MaxPool2d(3, stride=2, ceil_mode=True).output_shape((32, 142, 142))
    (32, 71, 71)
    """

    kernel_size: int | Pair
    stride: int | Pair | None = None
    padding: int | Pair = 0
    dilation: int | Pair = 1
    ceil_mode: bool = False
    is_linear: ClassVar[bool] = False

    def _op(self, x: FloatArray, *params: FloatArray) -> tuple[FloatArray, Gradients]:
        return max_pool2d.vjp(
            x,
            self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            ceil_mode=self.ceil_mode,
        )


@dataclass(frozen=True, repr=False)
class AvgPool2d(_Pool):
    """Average pooling: the mean of each window, per channel; no parameters.

    Parameters
    ----------
    kernel_size, stride, padding, ceil_mode, count_include_pad
        As for `avg_pool2d`.

    Examples
    --------
    >>> AvgPool2d(2).output_shape((6, 28, 28))
    (6, 14, 14)
    """

    kernel_size: int | Pair
    stride: int | Pair | None = None
    padding: int | Pair = 0
    ceil_mode: bool = False
    count_include_pad: bool = True

    def _op(self, x: FloatArray, *params: FloatArray) -> tuple[FloatArray, Gradients]:
        return avg_pool2d.vjp(
            x,
            self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            ceil_mode=self.ceil_mode,
            count_include_pad=self.count_include_pad,
        )


@dataclass(frozen=True, repr=False)
class GlobalAvgPool2d(Layer):
    """The mean of each map: (C, H, W) becomes (C,); no parameters.

    Examples
    --------
    >>> GlobalAvgPool2d().output_shape((1024, 7, 7))
    (1024,)
    """

    sees_all: ClassVar[bool] = True

    def _plan(self, shape: Shape) -> Plan:
        return Plan(shape, shape[:1], {})

    def _op(self, x: FloatArray, *params: FloatArray) -> tuple[FloatArray, Gradients]:
        return global_avg_pool2d.vjp(x)
