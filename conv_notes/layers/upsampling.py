"""Layers from small maps to large ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np

from .. import _checks as check
from .._checks import FloatArray, Pair, Shape
from ..arithmetic import Window, Windows, parse_windows
from ..ops import conv_transpose2d, interpolate
from ..ops._differentiable import Gradients
from ..ops.interpolation import Edges, Scaling, connect, parse_scaling
from ._layer import Layer, Plan, with_bias


@dataclass(frozen=True, repr=False)
class ConvTranspose2d(Layer):
    """Transposed convolution: every input value paints a kernel onto the output.

    Parameters
    ----------
    out_channels : int
        Number of output channels.
    kernel_size, stride, padding, output_padding, groups
        As for `conv_transpose2d`.
    bias : bool
        Whether each output channel adds a number of its own.
    dilation
        As for `conv_transpose2d`.

    Examples
    --------
    >>> layer = ConvTranspose2d(8, 4, stride=2, padding=1)
    >>> layer.output_shape((16, 14, 14)), layer.n_params((16, 14, 14))
    ((8, 28, 28), 2056)
    """

    out_channels: int
    kernel_size: int | Pair
    stride: int | Pair = 1
    padding: int | Pair = 0
    output_padding: int | Pair = 0
    groups: int = 1
    bias: bool = True
    dilation: int | Pair = 1

    def __post_init__(self) -> None:
        self._check_counts("out_channels", "groups")
        check.divides("ConvTranspose2d", self.groups, "out_channels", self.out_channels)
        self._extra  # noqa: B018  raises where it or the windows are not valid
        self._keep_plain()

    @cached_property
    def windows(self) -> Windows:
        """(vertical, horizontal)."""
        where = "ConvTranspose2d"
        pads = check.pair(where, "padding", self.padding, 0)
        rows, cols = parse_windows(
            where, self.kernel_size, self.stride, pads, self.dilation
        )
        return rows._replace(transposed=True), cols._replace(transposed=True)

    @cached_property
    def _extra(self) -> Pair:
        """The output padding of both axes."""
        where = "ConvTranspose2d"
        extra = check.pair(where, "output_padding", self.output_padding, 0)
        for window, more in zip(self.windows, extra, strict=True):
            window.check_output_padding(where, more)
        return extra

    def _plan(self, shape: Shape) -> Plan:
        where, (channels, *size), out = "ConvTranspose2d", shape, self.out_channels
        check.divides(where, self.groups, "input channels", channels)
        axes = zip(self.windows, size, self._extra, strict=True)
        positions = (window.painted_size(where, n, more) for window, n, more in axes)
        kernel = (window.kernel_size for window in self.windows)
        weight = channels, out // self.groups, *kernel
        macs = prod(shape) * prod(weight[1:])  # each input value paints it whole
        return Plan(
            shape, (out, *positions), with_bias(weight, (out,), self.bias), macs
        )

    def _op(self, x: FloatArray, *params: FloatArray) -> tuple[FloatArray, Gradients]:
        return conv_transpose2d.vjp(
            x,
            *params,
            stride=self.stride,
            padding=self.padding,
            output_padding=self.output_padding,
            groups=self.groups,
            dilation=self.dilation,
        )


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
        self._scaling  # noqa: B018  raises where an argument is not valid
        self._keep_plain()

    @cached_property
    def _scaling(self) -> Scaling:
        return parse_scaling(
            "Upsample", 2, self.size, self.scale_factor, self.mode, self.align_corners
        )

    @cached_property
    def windows(self) -> Windows | None:
        """Those of a transposed convolution that does the same, if there is one."""
        factors = self._scaling.factors
        if factors is None or self.align_corners or any(r % 1 for r in factors):
            return None
        rows, cols = (_as_transposed(int(r), self.mode) for r in factors)
        return rows, cols

    def _plan(self, shape: Shape) -> Plan:
        channels, *size = shape
        sizes = self._scaling.output_size("Upsample", tuple(size))
        return Plan(shape, (channels, *sizes), {})

    def edges(self, plan: Plan, axis: int) -> Edges:
        """What is mixed along an axis: 0 for height, 1 for width."""
        factors = self._scaling.factors or (None, None)
        line = plan.input[1 + axis], plan.output[1 + axis], factors[axis]
        dtype = np.dtype(np.float64)
        return connect(1 + axis, line, self.mode, self.align_corners, dtype)

    def _op(self, x: FloatArray, *params: FloatArray) -> tuple[FloatArray, Gradients]:
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
    outside = (kernel_size - factor) // 2
    return Window(kernel_size, factor, outside, transposed=True, after=outside)
