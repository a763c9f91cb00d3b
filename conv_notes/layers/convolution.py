"""Layers that look through windows and have weights."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from math import prod
from typing import Any

from .. import _checks as check
from .._checks import FloatArray, Padding, Pair, Shape
from ..arithmetic import Windows, parse_windows
from ..ops import conv2d, local_conv2d, tiled_conv2d
from ..ops._differentiable import Gradients
from ..windows import output_size
from ._layer import Layer, Plan, with_bias


class _Convolution(Layer):
    """What all of them have in common: windows, and a number of kernels."""

    kernel_size: int | Pair
    stride: int | Pair
    padding: int | Pair | Padding | str
    dilation: int | Pair
    bias: bool

    def __post_init__(self) -> None:
        self.windows  # noqa: B018  raises where an argument is not valid
        self._keep_plain()

    @cached_property
    def windows(self) -> Windows:
        """(vertical, horizontal)."""
        return parse_windows(
            type(self).__name__,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
        )

    def _plan(self, shape: Shape) -> Plan:
        rows, cols = self.windows
        out, channels = self._channels(shape[0])
        kernel = out, channels, rows.kernel_size, cols.kernel_size
        positions = output_size(type(self).__name__, shape, self.windows)
        lead = self._kernels(positions)
        params = with_bias((*lead, *kernel), (*lead, out), self.bias)
        return Plan(shape, (out, *positions), params, prod(positions) * prod(kernel))

    def _channels(self, channels: int) -> Pair:
        """Output channels, and how many of the input channels each of them sees."""
        raise NotImplementedError

    def _kernels(self, positions: Pair) -> Shape:
        """How many kernels there are beside each other; () where there is one."""
        return ()

    @property
    def _keywords(self) -> dict[str, Any]:
        return {k: getattr(self, k) for k in ("stride", "padding", "dilation")}


@dataclass(frozen=True, repr=False)
class Conv2d(_Convolution):
    """Convolution: one kernel per output channel, shared by all positions.

    Parameters
    ----------
    out_channels : int
        Number of output channels, one kernel for each.
    kernel_size, stride, padding, dilation
        As for `conv2d`.
    groups : int
        Must divide the input and the output channels.
    bias : bool
        Whether each output channel adds a number of its own.

    Examples
    --------
    >>> layer = Conv2d(6, 5)
    >>> layer.output_shape((1, 32, 32)), layer.n_params((1, 32, 32))
    ((6, 28, 28), 156)
    """

    out_channels: int
    kernel_size: int | Pair
    stride: int | Pair = 1
    padding: int | Pair | Padding | str = 0
    dilation: int | Pair = 1
    groups: int = 1
    bias: bool = True

    def __post_init__(self) -> None:
        self._check_counts("out_channels", "groups")
        super().__post_init__()
        check.divides("Conv2d", self.groups, "out_channels", self.out_channels)

    def _channels(self, channels: int) -> Pair:
        check.divides("Conv2d", self.groups, "input channels", channels)
        return self.out_channels, channels // self.groups

    def _op(self, x: FloatArray, *params: FloatArray) -> tuple[FloatArray, Gradients]:
        return conv2d.vjp(x, *params, groups=self.groups, **self._keywords)


@dataclass(frozen=True, repr=False)
class DepthwiseConv2d(_Convolution):
    """Depthwise convolution: every channel has kernels of its own, and keeps to itself.

    A `Conv2d` with as many groups as the input has channels.

    Parameters
    ----------
    kernel_size : int or (int, int)
        As for `conv2d`.
    multiplier : int
        Number of output channels for each input channel.
    stride, padding, dilation
        As for `conv2d`.
    bias : bool
        Whether each output channel adds a number of its own.

    Examples
    --------
    >>> DepthwiseConv2d(3, bias=False).n_params((64, 28, 28))
    576
    """

    kernel_size: int | Pair
    multiplier: int = 1
    stride: int | Pair = 1
    padding: int | Pair | Padding | str = 0
    dilation: int | Pair = 1
    bias: bool = True

    def __post_init__(self) -> None:
        self._check_counts("multiplier")
        super().__post_init__()

    def _channels(self, channels: int) -> Pair:
        return channels * self.multiplier, 1

    def _op(self, x: FloatArray, *params: FloatArray) -> tuple[FloatArray, Gradients]:
        return conv2d.vjp(x, *params, groups=x.shape[1], **self._keywords)


class _Unshared(_Convolution):
    """Convolutions whose every kernel sees all input channels."""

    out_channels: int

    def __post_init__(self) -> None:
        self._check_counts("out_channels")
        super().__post_init__()

    def _channels(self, channels: int) -> Pair:
        return self.out_channels, channels


@dataclass(frozen=True, repr=False)
class LocalConv2d(_Unshared):
    """Locally connected layer (unshared convolution): a kernel for every position.

    Parameters
    ----------
    out_channels : int
        Number of output channels.
    kernel_size, stride, padding, dilation
        As for `conv2d`.
    bias : bool
        Whether each output, at each position, adds a number of its own.

    Examples
    --------
    >>> LocalConv2d(1, 10, padding="same", bias=False).n_params((1, 1000, 1000))
    100000000
    """

    out_channels: int
    kernel_size: int | Pair
    stride: int | Pair = 1
    padding: int | Pair | Padding | str = 0
    dilation: int | Pair = 1
    bias: bool = True

    def _kernels(self, positions: Pair) -> Shape:
        return positions

    def _op(self, x: FloatArray, *params: FloatArray) -> tuple[FloatArray, Gradients]:
        return local_conv2d.vjp(x, *params, **self._keywords)


@dataclass(frozen=True, repr=False)
class TiledConv2d(_Unshared):
    """Tiled convolution: `tile` kernels along each axis that take turns.

    Parameters
    ----------
    out_channels : int
        Number of output channels.
    kernel_size, stride, padding, dilation
        As for `conv2d`.
    bias : bool
        Whether each kernel comes with a bias per output channel.
    tile : int or (int, int)
        Number of kernels, TH and TW.
    tiling : {"cyclic", "block"}
        Take turns from position to position, or one kernel per region.

    Examples
    --------
    >>> TiledConv2d(1, 10, bias=False, tile=2).n_params((1, 1000, 1000))
    400
    """

    out_channels: int
    kernel_size: int | Pair
    stride: int | Pair = 1
    padding: int | Pair | Padding | str = 0
    dilation: int | Pair = 1
    bias: bool = True
    _: KW_ONLY
    tile: int | Pair
    tiling: str = "cyclic"

    def __post_init__(self) -> None:
        check.pair("TiledConv2d", "tile", self.tile, 1)
        check.choice("TiledConv2d", "tiling", self.tiling, ("cyclic", "block"))
        super().__post_init__()

    def _kernels(self, positions: Pair) -> Shape:
        return check.pair("TiledConv2d", "tile", self.tile, 1)

    def _op(self, x: FloatArray, *params: FloatArray) -> tuple[FloatArray, Gradients]:
        return tiled_conv2d.vjp(x, *params, tiling=self.tiling, **self._keywords)
