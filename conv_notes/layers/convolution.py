"""Layers that look through windows and have weights."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from math import prod
from typing import Any

from .. import _checks as check
from .._checks import FloatArray, Padding, Pair
from ..arithmetic import Window, conv_transpose_output_size
from ..ops import conv2d, conv_transpose2d, local_conv2d, tiled_conv2d
from ..windows import Geometry, geometry
from ._layer import LARGE, Layer, Shape, both_windows, with_bias


class _Convolution(Layer):
    """What all of them have in common: their windows, and what follows from those."""

    kernel_size: int | Pair
    stride: int | Pair
    padding: int | Pair | Padding | str
    dilation: int | Pair

    def __post_init__(self) -> None:
        self.windows  # noqa: B018  raises where an argument is not valid

    def _geometry(self, input_shape: Shape) -> Geometry:
        size = self._shape(input_shape, "C H W")[1:]
        return geometry(
            type(self).__name__,
            size,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
        )

    def _kernel_shape(self, input_shape: Shape) -> Shape:
        """(out, in / groups, KH, KW) of one kernel."""
        raise NotImplementedError

    def output_shape(self, input_shape: Shape) -> Shape:
        out, *_ = self._kernel_shape(input_shape)  # raises where groups do not divide
        return (out, *self._geometry(input_shape).output_size)

    def macs(self, input_shape: Shape) -> int:
        _, oh, ow = self.output_shape(input_shape)
        return oh * ow * prod(self._kernel_shape(input_shape))

    @property
    def windows(self) -> tuple[Window, Window]:
        """Kernel size, stride, padding and dilation of each axis."""
        return both_windows(self._geometry((1, *LARGE)))

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
        super().__post_init__()
        self._check_counts("out_channels", "groups")
        check.divides("Conv2d", self.groups, "out_channels", self.out_channels)

    def _kernel_shape(self, input_shape: Shape) -> Shape:
        kernel = self._geometry(input_shape).kernel_size
        channels = input_shape[0]
        check.divides("Conv2d", self.groups, "input channels", channels)
        return (self.out_channels, channels // self.groups, *kernel)

    def param_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        kernel = self._kernel_shape(input_shape)
        return with_bias(kernel, kernel[:1], self.bias)

    def _op(self, x: FloatArray, *params: FloatArray) -> tuple[Any, Any]:
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
        super().__post_init__()
        self._check_counts("multiplier")

    def _kernel_shape(self, input_shape: Shape) -> Shape:
        kernel = self._geometry(input_shape).kernel_size
        return (input_shape[0] * self.multiplier, 1, *kernel)

    def param_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        kernel = self._kernel_shape(input_shape)
        return with_bias(kernel, kernel[:1], self.bias)

    def _op(self, x: FloatArray, *params: FloatArray) -> tuple[Any, Any]:
        return conv2d.vjp(x, *params, groups=x.shape[1], **self._keywords)


class _Unshared(_Convolution):
    """Convolutions whose every kernel sees all input channels."""

    out_channels: int

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_counts("out_channels")

    def _kernel_shape(self, input_shape: Shape) -> Shape:
        kernel = self._geometry(input_shape).kernel_size
        return (self.out_channels, input_shape[0], *kernel)


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

    def param_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        _, *positions = self.output_shape(input_shape)
        kernel = self._kernel_shape(input_shape)
        return with_bias((*positions, *kernel), (*positions, kernel[0]), self.bias)

    def _op(self, x: FloatArray, *params: FloatArray) -> tuple[Any, Any]:
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
        super().__post_init__()
        check.pair("TiledConv2d", "tile", self.tile, 1)
        check.choice("TiledConv2d", "tiling", self.tiling, ("cyclic", "block"))

    def param_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        tile = check.pair("TiledConv2d", "tile", self.tile, 1)
        kernel = self._kernel_shape(input_shape)
        return with_bias((*tile, *kernel), (*tile, kernel[0]), self.bias)

    def _op(self, x: FloatArray, *params: FloatArray) -> tuple[Any, Any]:
        return tiled_conv2d.vjp(x, *params, tiling=self.tiling, **self._keywords)


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
        where = "ConvTranspose2d"
        check.divides(where, self.groups, "out_channels", self.out_channels)
        self._sizes(LARGE)  # raises where an argument is not valid

    def _pairs(self) -> dict[str, Pair]:
        least = {"kernel_size": 1, "stride": 1, "padding": 0, "output_padding": 0}
        least["dilation"] = 1
        where = "ConvTranspose2d"
        return {
            name: check.pair(where, name, getattr(self, name), minimum)
            for name, minimum in least.items()
        }

    def _sizes(self, size: Shape) -> list[int]:
        pairs = self._pairs()
        with check.in_the_name_of("ConvTranspose2d", "conv_transpose_output_size"):
            return [
                conv_transpose_output_size(n, **{k: v[axis] for k, v in pairs.items()})
                for axis, n in enumerate(size)
            ]

    def output_shape(self, input_shape: Shape) -> Shape:
        channels, *size = self._shape(input_shape, "C H W")
        check.divides("ConvTranspose2d", self.groups, "input channels", channels)
        return (self.out_channels, *self._sizes(tuple(size)))

    def param_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        out, *_ = self.output_shape(input_shape)
        kernel = self._pairs()["kernel_size"]
        weight = (input_shape[0], out // self.groups, *kernel)
        return with_bias(weight, (out,), self.bias)

    def macs(self, input_shape: Shape) -> int:
        _, *kernel = self.param_shapes(input_shape)["weight"]
        return prod(input_shape) * prod(kernel)  # each input value paints it whole

    @property
    def windows(self) -> tuple[Window, Window]:
        """Kernel size, stride, padding and dilation of each axis."""
        pairs = self._pairs()
        rows, cols = (
            Window(
                pairs["kernel_size"][axis],
                pairs["stride"][axis],
                pairs["padding"][axis],
                pairs["dilation"][axis],
                transposed=True,
            )
            for axis in (0, 1)
        )
        return rows, cols

    def _op(self, x: FloatArray, *params: FloatArray) -> tuple[Any, Any]:
        options: dict[str, Any] = self._pairs()
        del options["kernel_size"]  # the weight has it
        return conv_transpose2d.vjp(x, *params, groups=self.groups, **options)
