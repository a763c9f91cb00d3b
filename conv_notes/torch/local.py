"""The locally connected layer: windows like a convolution, but nothing is shared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from .. import _checks as check
from .. import layers
from .._checks import Padding, Pair
from ..arithmetic import Windows, parse_windows
from ..windows import output_size
from ._module import Module
from ._tensors import floats, framed

# Of so many images, arrays with the batch as their last axis are the faster ones: for
# what outputs see, and for what their gradients give back.
SEVERAL, MANY = 4, 16
# Entries of a kernel from which one image is multiplied with kernels, not they with it.
LONG_KERNEL = 4096


def local_conv2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    stride: int | Pair = 1,
    padding: int | Pair | Padding | str = 0,
    dilation: int | Pair = 1,
) -> Tensor:
    """Give every output position a kernel of its own: unshared convolution.

    One output row is computed at a time, as a batched product: the weights are read
    once, and what the outputs see is copied for a row and never kept, not for the
    gradient either.

    Parameters
    ----------
    x : Tensor, shape (N, C, H, W)
        Floats of any precision, in any memory format. N may be 0.
    weight : Tensor, shape (OH, OW, out, C, KH, KW)
        Same dtype and device as `x`.
    bias : Tensor, shape (OH, OW, out), optional
        Same dtype and device as `x`.
    stride, padding, dilation
        As for `conv_notes.local_conv2d`.

    Returns
    -------
    Tensor, shape (N, out, OH, OW)
        Same dtype as `x`.

    Raises
    ------
    TypeError
        If a tensor does not hold floats, the dtypes differ, or another argument is not
        an int.
    ValueError
        If the shapes do not fit: (OH, OW) must be the output size that `x` and the
        other arguments give.

    References
    ----------
    Goodfellow, Bengio & Courville (2016), *Deep Learning*, equation 9.9.

    Examples
    --------
    >>> import torch
    >>> x = torch.ones(1, 1, 1, 4)
    >>> weight = torch.arange(1.0, 7.0).reshape(1, 3, 1, 1, 1, 2)  # a pair per output
    >>> local_conv2d(x, weight)[0, 0]
    tensor([[ 3.,  7., 11.]])
    """
    where = "local_conv2d"
    x, weight, bias = floats(where, x=x, weight=weight, bias=bias)
    check.rank(where, "x", x, "N C H W")
    check.rank(where, "weight", weight, "OH OW out in KH KW")
    check.channels(where, x, weight, out_axis=2)
    if bias is not None:
        check.shape(where, "bias", bias, weight.shape[:3])
    windows = parse_windows(where, weight.shape[4:], stride, padding, dilation)
    check.kernel_per_output(where, x, weight, output_size(where, x.shape, windows))
    x = framed(x, windows)
    if torch.compiler.is_exporting():  # an expression that others know how to run
        y = torch.einsum("ncijab,ijmcab->nmij", _seen(x, windows), weight)
    else:
        rows, cols = windows
        steps = [rows.stride, cols.stride], [rows.dilation, cols.dilation]
        y = _apply(_outputs, x, weight, *steps)
    return y if bias is None else y + bias.permute(2, 0, 1)


class LocalConv2d(Module):
    """Locally connected layer (unshared convolution): a kernel for every position.

    Parameters
    ----------
    out_channels, kernel_size, stride, padding, dilation, bias
        As for `conv_notes.LocalConv2d`.
    device, dtype
        As for any module of PyTorch.

    Notes
    -----
    The gradient of the weight is as large as the weight, and PyTorch takes new memory
    for it each time. On Linux, half of the time that training takes may be spent on
    that; less with ``THP_MEM_ALLOC_ENABLE=1`` in the environment, for larger pages.

    Examples
    --------
    >>> import torch
    >>> layer = LocalConv2d(16, 9)
    >>> layer(torch.ones(2, 16, 63, 63)).shape, layer.weight.shape
    (torch.Size([2, 16, 55, 55]), torch.Size([55, 55, 16, 16, 9, 9]))
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
        layer = layers.LocalConv2d(
            out_channels, kernel_size, stride, padding, dilation, bias
        )
        super().__init__(layer, device, dtype)

    def forward(self, x: Tensor) -> Tensor:
        """Outputs for a batch `x` (N, C, H, W)."""
        return local_conv2d(x, self.weight, self.bias, **self.geometry)


# y, seen as a function of x and weight, is linear in each. So are the gradients, which
# are the other two of three functions; each of them has the two others as its own.


@torch.library.custom_op("conv_notes::local_conv2d", mutates_args=())
def _outputs(
    x: Tensor, weight: Tensor, stride: list[int], dilation: list[int]
) -> Tensor:
    """Outputs (N, out, OH, OW) of images in their frame."""
    n, (oh, ow, out) = len(x), weight.shape[:3]
    kernels = weight.reshape(oh * ow, out, -1)  # (OH·OW, out, C·KH·KW)
    first = n < SEVERAL and kernels.shape[2] < LONG_KERNEL
    y = x.new_empty(oh * ow, *((out, n) if first else (n, out)))
    for at, rows in _rows(x, weight.shape, stride, dilation):
        if first:
            torch.bmm(kernels[at], rows.mT, out=y[at])
        else:
            torch.bmm(rows, kernels[at].mT, out=y[at])
    y = y if first else y.mT
    return y.unflatten(0, (oh, ow)).permute(3, 2, 0, 1).contiguous()


@torch.library.custom_op("conv_notes::local_conv2d_weight", mutates_args=())
def _of_weight(
    x: Tensor,
    dy: Tensor,
    kernel_size: list[int],
    stride: list[int],
    dilation: list[int],
) -> Tensor:
    """The gradient of the weight (OH, OW, out, C, KH, KW)."""
    n, out, oh, ow = dy.shape
    dweight = x.new_empty(oh, ow, out, x.shape[1], *kernel_size)
    dkernels = dweight.view(oh * ow, out, -1)
    dplaces = dy.permute(2, 3, 1, 0).reshape(oh * ow, out, n)
    # Of one image it multiplies single numbers, for which a product is slower.
    multiply = torch.mul if n == 1 else torch.bmm
    for at, rows in _rows(x, dweight.shape, stride, dilation):
        multiply(dplaces[at], rows, out=dkernels[at])
    return dweight


@torch.library.custom_op("conv_notes::local_conv2d_input", mutates_args=())
def _of_input(
    dy: Tensor,
    weight: Tensor,
    size: list[int],
    stride: list[int],
    dilation: list[int],
) -> Tensor:
    """The gradient of the images in their frame: (N, C, *size)."""
    n, (oh, ow, out, channels, kh, kw) = len(dy), weight.shape
    kernels = weight.reshape(oh * ow, out, -1)
    dplaces = dy.permute(2, 3, 0, 1).reshape(oh * ow, n, out)
    # Where many windows overlap, half precisions would lose what they add.
    wide = torch.promote_types(dy.dtype, torch.float32)
    last = n >= MANY
    shape = (channels, *size, n) if last else (n, channels, *size)
    dx = dy.new_zeros(shape, dtype=wide)
    dx = dx.permute(3, 0, 1, 2) if last else dx
    for rows, at in _parts(oh, ow, n):
        if last:
            windows = kernels[at].mT @ dplaces[at].mT  # (part of OH·OW, C·KH·KW, N)
            windows = windows.view(len(rows), ow, channels, kh, kw, n)
            windows = windows.permute(0, 4, 5, 2, 3, 1)
        else:
            windows = dplaces[at] @ kernels[at]  # (part of OH·OW, N, C·KH·KW)
            windows = windows.view(len(rows), ow, n, channels, kh, kw)
            windows = windows.permute(0, 5, 2, 3, 4, 1)
        for i, taps in zip(rows, windows, strict=True):
            seen = dx[:, :, _every(dilation[0], kh, i * stride[0])]
            for b, tap in enumerate(taps):  # (N, C, KH, OW)
                seen[..., _every(stride[1], ow, b * dilation[1])] += tap
    return dx.to(dy.dtype).contiguous()


@_outputs.register_fake
def _(x: Tensor, weight: Tensor, stride: Any, dilation: Any) -> Tensor:
    oh, ow, out, *_ = weight.shape
    return x.new_empty(x.shape[0], out, oh, ow)


@_of_weight.register_fake
def _(x: Tensor, dy: Tensor, kernel_size: Any, stride: Any, dilation: Any) -> Tensor:
    _, out, oh, ow = dy.shape
    return x.new_empty(oh, ow, out, x.shape[1], *kernel_size)


@_of_input.register_fake
def _(dy: Tensor, weight: Tensor, size: Any, stride: Any, dilation: Any) -> Tensor:
    return dy.new_empty(dy.shape[0], weight.shape[3], *size)


def _keep(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    """Two tensors, and how the windows lie."""
    ctx.save_for_backward(*inputs[:2])
    ctx.steps = inputs[-2:]


def _from_outputs(ctx: Any, dy: Tensor) -> tuple[Any, ...]:
    (x, weight), (of_x, of_weight, *_) = ctx.saved_tensors, ctx.needs_input_grad
    dx = dweight = None
    if of_x:
        dx = _apply(_of_input, dy, weight, x.shape[2:], *ctx.steps)
    if of_weight:
        dweight = _apply(_of_weight, x, dy, weight.shape[4:], *ctx.steps)
    return dx, dweight, None, None


def _from_weight(ctx: Any, dweight: Tensor) -> tuple[Any, ...]:
    (x, dy), (of_x, of_dy, *_) = ctx.saved_tensors, ctx.needs_input_grad
    dx = ddy = None
    if of_x:
        dx = _apply(_of_input, dy, dweight, x.shape[2:], *ctx.steps)
    if of_dy:
        ddy = _apply(_outputs, x, dweight, *ctx.steps)
    return dx, ddy, None, None, None


def _from_input(ctx: Any, dx: Tensor) -> tuple[Any, ...]:
    (dy, weight), (of_dy, of_weight, *_) = ctx.saved_tensors, ctx.needs_input_grad
    ddy = dweight = None
    if of_dy:
        ddy = _apply(_outputs, dx, weight, *ctx.steps)
    if of_weight:
        dweight = _apply(_of_weight, dx, dy, weight.shape[4:], *ctx.steps)
    return ddy, dweight, None, None, None


WAYS_BACK = {
    _outputs: _from_outputs,
    _of_weight: _from_weight,
    _of_input: _from_input,
}
for _op, _way_back in WAYS_BACK.items():
    _op.register_autograd(_way_back, setup_context=_keep)


class _Differentiable(torch.autograd.Function):
    """One of the three, as the last argument, on the others.

    What is registered above serves `torch.compile`; this the transforms of
    `torch.func`.
    """

    @staticmethod
    def forward(a: Tensor, b: Tensor, *others: Any) -> Tensor:
        *steps, op = others
        return op(a, b, *steps)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.op = inputs[-1]
        _keep(ctx, inputs[:-1], output)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Any, ...]:
        return *WAYS_BACK[ctx.op](ctx, dy), None

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[int | None, ...], *inputs: Any
    ) -> tuple[Tensor, int]:
        *steps, op = inputs[2:]
        has = [dim is not None for dim in in_dims[:2]]
        pairs = zip(inputs, in_dims[:2], strict=False)
        a, b = (t if dim is None else t.movedim(dim, 0) for t, dim in pairs)
        if op is not _of_weight and not has[1]:  # a weight for all: one longer batch
            y = _apply(op, a.flatten(0, 1), b, *steps)
            return y.unflatten(0, a.shape[:2]), 0
        each = [
            _apply(op, a[i] if has[0] else a, b[i] if has[1] else b, *steps)
            for i in range(info.batch_size)
        ]
        return torch.stack(each), 0


def _apply(op: Any, *inputs: Any) -> Any:
    return (
        op(*inputs)
        if torch.compiler.is_compiling()
        else _Differentiable.apply(*inputs, op)
    )


def _seen(x: Tensor, windows: Windows) -> Tensor:
    """Every window as a view: (N, C, OH, OW, KH, KW)."""
    for window in windows:  # each step takes axis 2 or 3 and adds one at the end
        axis = x.ndim - 2
        x = x.unfold(axis, window.span, window.stride)[..., :: window.dilation]
    return x


def _rows(
    x: Tensor, shape: torch.Size, stride: list[int], dilation: list[int]
) -> Iterator[tuple[slice, Tensor]]:
    """Part by part of the outputs, what they see: (part of OH·OW, N, C·KH·KW).

    It is copied into the same place, of several images with the batch as last axis.
    """
    n, (oh, ow, _, _, *kernel) = len(x), shape
    last = n >= SEVERAL
    if last:
        x = x.permute(1, 2, 3, 0).contiguous().permute(3, 0, 1, 2)
    spans = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    seen = x.unfold(2, spans[0], stride[0]).unfold(3, spans[1], stride[1])
    seen = seen[..., :: dilation[0], :: dilation[1]]  # (N, C, OH, OW, KH, KW)
    seen = seen.permute(2, 3, *((1, 4, 5, 0) if last else (0, 1, 4, 5)))
    places = x.new_empty(_most(oh, n), *seen.shape[1:])
    for rows, at in _parts(oh, ow, n):
        part = places[: len(rows)].copy_(seen[rows.start : rows.stop]).flatten(0, 1)
        yield at, part.flatten(1, 3).mT if last else part.flatten(2)


def _most(oh: int, n: int) -> int:
    """How many output rows are computed at once.

    As many as have no more windows than one of eight images, or a quarter of all.
    """
    return max(1, min(8 // max(1, n), oh // 4))


def _parts(oh: int, ow: int, n: int) -> Iterator[tuple[range, slice]]:
    """A few output rows at a time, and where their outputs lie among all."""
    step = _most(oh, n)
    for i in range(0, oh, step):
        rows = range(i, min(i + step, oh))
        yield rows, slice(i * ow, rows.stop * ow)


def _every(step: int, count: int, start: int) -> slice:
    """So many places, from one on."""
    return slice(start, start + (count - 1) * step + 1, step)
