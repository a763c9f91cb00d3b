"""What the functions on tensors have in common: checks, precision, windows."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from .. import _checks as check
from ..arithmetic import Windows


def floats(where: str, /, wide: bool = False, **values: Tensor | None) -> list[Any]:
    """`values`, or None for None, once all are floats of one dtype.

    Autocast makes them what it asks for, or float32 where they must be `wide`.
    """
    tensors = {name: t for name, t in values.items() if t is not None}
    for name, tensor in tensors.items():
        if not isinstance(tensor, Tensor):
            got = type(tensor).__name__
            raise TypeError(f"{where}: {name} must be a tensor, got {got}")
        if not tensor.dtype.is_floating_point:
            raise TypeError(f"{where}: {name} must hold floats, got {tensor.dtype}")
        if autocasts(tensor) and tensor.dtype != torch.float64:
            half = torch.get_autocast_dtype(tensor.device.type)
            tensors[name] = tensor.to(torch.float32 if wide else half)
    check.one_dtype(where, tensors)
    return [tensors.get(name) for name in values]


def autocasts(x: Tensor) -> bool:
    """Whether a region of automatic mixed precision is entered, for the device of x."""
    kind = x.device.type
    return torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind)


def without_autocast(x: Tensor) -> AbstractContextManager[Any]:
    """A region in which products have the precision of their factors."""
    if autocasts(x):
        return torch.autocast(x.device.type, enabled=False)
    return nullcontext()


def framed(x: Tensor, windows: Windows) -> Tensor:
    """`x` in a frame of zeros, where there is padding."""
    rows, cols = windows
    frame = [cols.before, cols.after, rows.before, rows.after]
    return F.pad(x, frame) if any(frame) else x


def convolve(
    x: Tensor, weight: Tensor, bias: Tensor | None, windows: Windows, groups: int = 1
) -> Tensor:
    """Convolution with any frame: PyTorch's has the same on both sides of an axis."""
    rows, cols = windows
    padding = rows.before, cols.before
    if padding != (rows.after, cols.after):
        x, padding = framed(x, windows), (0, 0)
    stride, dilation = (rows.stride, cols.stride), (rows.dilation, cols.dilation)
    return F.conv2d(x, weight, bias, stride, padding, dilation, groups)
