"""Convolution over images with holes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .. import _checks as check
from .. import layers
from .._checks import Padding, Pair
from ..arithmetic import parse_windows
from ..windows import output_size
from ._module import Module
from ._tensors import convolve, floats, without_autocast


def partial_conv2d(
    x: Tensor,
    mask: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    stride: int | Pair = 1,
    padding: int | Pair | Padding | str = 0,
    dilation: int | Pair = 1,
) -> tuple[Tensor, Tensor]:
    """Convolve the known pixels only, and make up for those that are missing.

    Parameters
    ----------
    x : Tensor, shape (N, C, H, W)
        Floats of any precision, in any memory format. N may be 0. What it holds under
        a hole does not matter, be it NaN.
    mask : Tensor, shape (N, 1, H, W)
        One where a pixel is known and zero in a hole; of any dtype. What else it may
        hold counts as known, since to look would be to wait for the device.
    weight : Tensor, shape (out, C, KH, KW)
        Same dtype and device as `x`.
    bias : Tensor, shape (out,), optional
        Same dtype and device as `x`.
    stride, padding, dilation
        As for `conv_notes.partial_conv2d`.

    Returns
    -------
    y : Tensor, shape (N, out, OH, OW)
        Same dtype as `x`.
    new_mask : Tensor, shape (N, 1, OH, OW)
        Same dtype as `mask`.

    Raises
    ------
    TypeError
        If a tensor but the mask does not hold floats, the dtypes differ, `mask` is no
        tensor, or another argument is not an int.
    ValueError
        If the shapes do not fit, or the kernel is larger than the padded input.

    References
    ----------
    Liu et al. (2018), "Image inpainting for irregular holes using partial
    convolutions", equations 1 and 2.

    Examples
    --------
    A mean over three pixels stays a mean where one of them is missing:

    >>> import torch
    >>> x = torch.tensor([3.0, 6.0, 9.0, 12.0, 15.0]).reshape(1, 1, 1, 5)
    >>> mask = torch.tensor([0, 0, 0, 1, 1]).reshape(1, 1, 1, 5)
    >>> y, new_mask = partial_conv2d(x, mask, torch.full((1, 1, 1, 3), 1 / 3))
    >>> y[0, 0], new_mask[0, 0]
    (tensor([[ 0.0000, 12.0000, 13.5000]]), tensor([[0, 1, 1]]))
    """
    where = "partial_conv2d"
    x, weight, bias = floats(where, x=x, weight=weight, bias=bias)
    check.rank(where, "x", x, "N C H W")
    check.rank(where, "weight", weight, "out in KH KW")
    check.channels(where, x, weight, out_axis=0)
    if bias is not None:
        check.shape(where, "bias", bias, weight.shape[:1])
    if not isinstance(mask, Tensor):
        raise TypeError(f"{where}: mask must be a tensor, got {type(mask).__name__}")
    check.shape(where, "mask", mask, (x.shape[0], 1, *x.shape[2:]))
    windows = parse_windows(where, weight.shape[2:], stride, padding, dilation)
    output_size(where, x.shape, windows)

    known = mask != 0
    with without_autocast(x):  # half precisions do not have all counts
        wide = torch.promote_types(x.dtype, torch.float32)
        ones = torch.ones(1, 1, *weight.shape[2:], dtype=wide, device=x.device)
        count = convolve(known.to(wide), ones, None, windows)  # (N, 1, OH, OW)
    valid = count > 0
    ratio = torch.where(valid, ones.numel() / count, 0).to(x.dtype)
    y = convolve(torch.where(known, x, 0), weight, None, windows)
    if bias is None:
        return y * ratio, valid.to(mask.dtype)
    y = torch.addcmul(bias[:, None, None], y, ratio)
    return torch.where(valid, y, 0), valid.to(mask.dtype)


class PartialConv2d(Module):
    """Partial convolution: `Conv2d` over images with holes.

    Parameters
    ----------
    out_channels, kernel_size, stride, padding, dilation, bias
        As for `conv_notes.Conv2d`.
    device, dtype
        As for any module of PyTorch.

    Examples
    --------
    >>> import torch
    >>> layer = PartialConv2d(8, 3, padding=1)
    >>> x, mask = torch.ones(1, 3, 6, 6), torch.ones(1, 1, 6, 6)
    >>> y, new_mask = layer(x, mask)
    >>> y.shape, new_mask.shape
    (torch.Size([1, 8, 6, 6]), torch.Size([1, 1, 6, 6]))
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
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        window = kernel_size, stride, padding, dilation
        layer = layers.Conv2d(out_channels, *window, bias=bias)
        super().__init__(layer, device, dtype)

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Outputs for a batch `x` (N, C, H, W) with its `mask`, and their mask."""
        return partial_conv2d(x, mask, self.weight, self.bias, **self.geometry)
