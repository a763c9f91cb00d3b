"""Tiled convolution: several kernels that take turns."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from .. import _checks as check
from .. import layers
from .._checks import Padding, Pair
from ..arithmetic import Turn, Window, parse_windows, turns
from ..windows import output_size
from ._module import Module
from ._tensors import floats, framed


def tiled_conv2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    stride: int | Pair = 1,
    padding: int | Pair | Padding | str = 0,
    dilation: int | Pair = 1,
    tiling: str = "cyclic",
) -> Tensor:
    """Let TH × TW kernels take turns over the image: tiled convolution.

    What one kernel computes is a convolution: with a longer stride, or of a part of
    the image.

    Parameters
    ----------
    x : Tensor, shape (N, C, H, W)
        Floats of any precision, in any memory format. N may be 0.
    weight : Tensor, shape (TH, TW, out, C, KH, KW)
        Same dtype and device as `x`.
    bias : Tensor, shape (TH, TW, out), optional
        Same dtype and device as `x`.
    stride, padding, dilation, tiling
        As for `conv_notes.tiled_conv2d`.

    Returns
    -------
    Tensor, shape (N, out, OH, OW)
        Same dtype as `x`, in the memory format channels_last, in which PyTorch's
        convolutions with a stride are the fastest.

    Raises
    ------
    TypeError
        If a tensor does not hold floats, the dtypes differ, or another argument is not
        an int.
    ValueError
        If the shapes do not fit, `tiling` is unknown, or the kernel is larger than the
        padded input.

    References
    ----------
    Goodfellow, Bengio & Courville (2016), *Deep Learning*, equation 9.10; Le et al.
    (2010), "Tiled convolutional neural networks", section 2.

    Examples
    --------
    >>> import torch
    >>> x = torch.ones(1, 1, 1, 5)
    >>> weight = torch.tensor([1.0, 10.0]).reshape(1, 2, 1, 1, 1, 1)
    >>> tiled_conv2d(x, weight)[0, 0]
    tensor([[ 1., 10.,  1., 10.,  1.]])
    >>> tiled_conv2d(x, weight, tiling="block")[0, 0]
    tensor([[ 1.,  1.,  1., 10., 10.]])
    """
    where = "tiled_conv2d"
    x, weight, bias = floats(where, x=x, weight=weight, bias=bias)
    check.rank(where, "x", x, "N C H W")
    check.rank(where, "weight", weight, "TH TW out in KH KW")
    check.choice(where, "tiling", tiling, ("cyclic", "block"))
    check.channels(where, x, weight, out_axis=2)
    if bias is not None:
        check.shape(where, "bias", bias, weight.shape[:3])
    windows = parse_windows(where, weight.shape[4:], stride, padding, dilation)
    oh, ow = output_size(where, x.shape, windows)
    rows, down = _equal_turns(windows[0], oh, weight.shape[0], tiling)
    cols, right = _equal_turns(windows[1], ow, weight.shape[1], tiling)
    last = framed(x, (rows, cols)).permute(0, 2, 3, 1).contiguous()
    x = last.permute(0, 3, 1, 2)  # in the memory format channels_last

    def outputs(p: Turn, q: Turn) -> Tensor:
        """Those of one kernel: (N, its OH, its OW, out)."""
        its_bias = None if bias is None else bias[p.number, q.number]
        y = F.conv2d(
            x[:, :, _reach(rows, p), _reach(cols, q)],
            weight[p.number, q.number],
            its_bias,
            (p.window.stride, q.window.stride),
            dilation=(rows.dilation, cols.dilation),
        )
        return y.permute(0, 2, 3, 1)

    lines = [_joined([outputs(p, q) for q in right], 2, tiling) for p in down]
    y = _joined(lines, 1, tiling)[:, :oh, :ow]
    return y.permute(0, 3, 1, 2)


class TiledConv2d(Module):
    """Tiled convolution: `tile` kernels along each axis that take turns.

    Parameters
    ----------
    out_channels, kernel_size, stride, padding, dilation, bias, tile, tiling
        As for `conv_notes.TiledConv2d`.
    device, dtype
        As for any module of PyTorch.

    Examples
    --------
    >>> import torch
    >>> layer = TiledConv2d(8, 3, padding=1, tile=2)
    >>> layer(torch.ones(1, 3, 9, 9)).shape, layer.weight.shape
    (torch.Size([1, 8, 9, 9]), torch.Size([2, 2, 8, 3, 3, 3]))
    """

    def __init__(
        self,
        out_channels: int,
        kernel_size: int | Pair,
        stride: int | Pair = 1,
        padding: int | Pair | Padding | str = 0,
        dilation: int | Pair = 1,
        bias: bool = True,
        *,
        tile: int | Pair,
        tiling: str = "cyclic",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        window = kernel_size, stride, padding, dilation
        layer = layers.TiledConv2d(
            out_channels, *window, bias, tile=tile, tiling=tiling
        )
        super().__init__(layer, device, dtype)

    def forward(self, x: Tensor) -> Tensor:
        """Outputs for a batch `x` (N, C, H, W)."""
        options = {**self.geometry, "tiling": self.layer.tiling}
        return tiled_conv2d(x, self.weight, self.bias, **options)


def _equal_turns(
    window: Window, size: int, count: int, tiling: str
) -> tuple[Window, list[Turn]]:
    """The turns along an axis, and the window in a frame that is wide enough for them.

    In a cycle all take as many as the first does, of which the last may be too many.
    """
    found = list(turns(window, size, count, tiling))
    if tiling == "cyclic":
        length = found[0].length
        found = [turn._replace(length=length) for turn in found]
        more = (length * len(found) - size) * window.stride
        window = window._replace(after=window.after + more)
    return window, found


def _reach(window: Window, turn: Turn) -> slice:
    """What the outputs of a turn see of the frame."""
    first = window.before - turn.window.before
    return slice(first, first + (turn.length - 1) * turn.window.stride + window.span)


def _joined(parts: list[Tensor], axis: int, tiling: str) -> Tensor:
    """One after the other, or each entry of one beside those of the others."""
    if tiling == "block":
        return torch.cat(parts, axis)
    return torch.stack(parts, axis + 1).flatten(axis, axis + 1)
