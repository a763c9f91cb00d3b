"""Layers that change the resolution and have no weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from .. import _checks as check
from .._checks import FloatArray, Pair
from ..arithmetic import Window
from ..ops import avg_pool2d, global_avg_pool2d, interpolate, max_pool2d
from ..ops.interpolation import MODES, output_size
from ..ops.pooling import pool_geometry
from ..windows import Geometry
from ._layer import LARGE, Layer, Shape, both_windows


class _Pool(Layer):
    """What pooling layers have in common: their windows."""

    kernel_size: int | Pair
    stride: int | Pair | None
    padding: int | Pair
    dilation: int | Pair = 1
    ceil_mode: bool

    def __post_init__(self) -> None:
        self.windows  # noqa: B018  raises where an argument is not valid

    def _geometry(self, size: Shape) -> Geometry:
        return pool_geometry(
            type(self).__name__,
            size,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            self.ceil_mode,
        )

    def output_shape(self, input_shape: Shape) -> Shape:
        channels, *size = self._shape(input_shape, "C H W")
        return (channels, *self._geometry(tuple(size)).output_size)

    @property
    def windows(self) -> tuple[Window, Window]:
        """Kernel size, stride, padding and dilation of each axis."""
        return both_windows(self._geometry(LARGE))


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

    def _op(self, x: FloatArray, *params: FloatArray) -> tuple[Any, Any]:
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

    def _op(self, x: FloatArray, *params: FloatArray) -> tuple[Any, Any]:
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

    def output_shape(self, input_shape: Shape) -> Shape:
        return self._shape(input_shape, "C H W")[:1]

    def _op(self, x: FloatArray, *params: FloatArray) -> tuple[Any, Any]:
        return global_avg_pool2d.vjp(x)


@dataclass(frozen=True, repr=False)
class Upsample(Layer):
    """Each map resized, by a factor or to a size; no parameters.

    Parameters
    ----------
    size, scale_factor, mode, align_corners
        As for `interpolate`, on images.

    Examples
    --------
    >>> Upsample(scale_factor=2, mode="bilinear").output_shape((6, 14, 14))
    (6, 28, 28)
    """

    size: int | Sequence[int] | None = None
    scale_factor: float | Sequence[float] | None = None
    mode: str = "nearest"
    align_corners: bool = False

    def __post_init__(self) -> None:
        check.choice("Upsample", "mode", self.mode, MODES[4])
        self._sizes(LARGE)  # raises where an argument is not valid

    def _sizes(self, size: Shape) -> Any:
        return output_size("Upsample", size, self.size, self.scale_factor)

    def output_shape(self, input_shape: Shape) -> Shape:
        channels, *size = self._shape(input_shape, "C H W")
        return (channels, *self._sizes(tuple(size))[0])

    @property
    def windows(self) -> tuple[Window, Window] | None:
        """Those of a transposed convolution that does the same, if there is one."""
        _, factors = self._sizes(LARGE)
        if self.align_corners or any(r is None or r % 1 for r in factors):
            return None
        rows, cols = (_as_transposed(int(r), self.mode) for r in factors)
        return rows, cols

    def _op(self, x: FloatArray, *params: FloatArray) -> tuple[Any, Any]:
        return interpolate.vjp(
            x,
            size=self.size,
            scale_factor=self.scale_factor,
            mode=self.mode,
            align_corners=self.align_corners,
        )


def _as_transposed(factor: int, mode: str) -> Window:
    """The kernel is as long as the pixels it mixes are wide."""
    if mode == "nearest" or factor == 1:
        return Window(factor, factor, transposed=True)
    mixed = {"bilinear": 2, "bicubic": 4}[mode]
    kernel_size = mixed * factor - factor % 2  # of an odd factor, the ends are zero
    return Window(kernel_size, factor, (kernel_size - factor) // 2, transposed=True)
