"""PyTorch: its own functions, and for what it does not have, the recipes in use."""

from collections.abc import Callable
from typing import Any

import numpy as np
from cases import Arrays, Case, Way

try:
    import torch
    import torch.nn.functional as F
except ModuleNotFoundError:
    torch = None

Tensor = Any


def unfold_fold(x: Tensor) -> Tensor:
    windows = F.unfold(x, 3, padding=1)
    return F.fold(windows, x.shape[2:], 3, padding=1)


def local_einsum(
    x: Tensor, weight: Tensor, *, stride: int = 1, padding: int = 0
) -> Tensor:
    oh, ow, out, _, *kernel = weight.shape
    columns = F.unfold(x, kernel, stride=stride, padding=padding)  # (N, C·KH·KW, OH·OW)
    kernels = weight.reshape(oh * ow, out, -1)
    return torch.einsum("nkl,lmk->nml", columns, kernels).reshape(-1, out, oh, ow)


def local_product(
    x: Tensor, weight: Tensor, *, stride: int = 1, padding: int = 0
) -> Tensor:
    oh, ow, out, _, kh, kw = weight.shape
    x = F.pad(x, [padding] * 4)
    seen = x.unfold(2, kh, stride).unfold(3, kw, stride)  # (N, C, OH, OW, KH, KW)
    columns = seen.permute(2, 3, 0, 1, 4, 5).reshape(oh * ow, len(x), -1)
    y = torch.bmm(weight.reshape(oh * ow, out, -1), columns.transpose(1, 2))
    return y.permute(2, 1, 0).reshape(-1, out, oh, ow)


def local_loop(
    x: Tensor, weight: Tensor, *, stride: int = 1, padding: int = 0
) -> Tensor:
    oh, ow, out, _, kh, kw = weight.shape
    seen = F.pad(x, [padding] * 4).unfold(2, kh, stride).unfold(3, kw, stride)
    places = seen.flatten(2, 3).unbind(2)  # (N, C, KH, KW) each
    kernels = weight.reshape(oh * ow, out, -1).unbind()
    pairs = zip(places, kernels, strict=True)
    y = [place.flatten(1) @ kernel.T for place, kernel in pairs]
    return torch.stack(y, 2).reshape(-1, out, oh, ow)


def tiled_in_place(x: Tensor, weight: Tensor, *, padding: int) -> Tensor:
    t, out = weight.shape[0], weight.shape[2]
    y = x.new_empty(len(x), out, *x.shape[2:])
    framed = F.pad(x, [padding] * 4)
    for p in range(t):
        for q in range(t):
            its = F.conv2d(framed[..., p:, q:], weight[p, q], stride=t)
            y[..., p::t, q::t] = its
    return y


def tiled_shuffled(x: Tensor, weight: Tensor, *, padding: int) -> Tensor:
    (t, *_), (*_, height, width) = weight.shape, x.shape
    high, wide = -(-height // t), -(-width // t)  # turns of each kernel
    down, right = padding + high * t - height, padding + wide * t - width
    framed = F.pad(x, [padding, right, padding, down])
    turns = [(p, q) for p in range(t) for q in range(t)]
    parts = [F.conv2d(framed[..., p:, q:], weight[p, q], stride=t) for p, q in turns]
    parts = [part[..., :high, :wide] for part in parts]
    y = F.pixel_shuffle(torch.stack(parts, 2).flatten(1, 2), t)
    return y[..., :height, :width]


def dynamic(x: Tensor, weight: Tensor, attention: Tensor, *, padding: int) -> Tensor:
    """A kernel for each image: the images as groups of one."""
    n, c, h, w = x.shape
    own = torch.einsum("nk,kmcab->nmcab", attention, weight).flatten(0, 1)
    y = F.conv2d(x.reshape(1, n * c, h, w), own, padding=padding, groups=n)
    return y.reshape(n, -1, *y.shape[2:])


def partial(x: Tensor, mask: Tensor, weight: Tensor, *, padding: int) -> Tensor:
    ones = torch.ones(1, 1, *weight.shape[2:])
    with torch.no_grad():
        count = F.conv2d(mask, ones, padding=padding)
        ratio = ones.numel() / (count + 1e-8) * count.clamp(0, 1)
    return F.conv2d(x * mask, weight, padding=padding) * ratio


def _assigned(x: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """Descriptors (N, D, P), and their shares in the centres (N, K, P)."""
    share = F.conv2d(x, weight[..., None, None], bias).flatten(2).softmax(1)
    return x.flatten(2), share


def _normalized(v: Tensor) -> Tensor:
    return F.normalize(F.normalize(v, dim=2).flatten(1), dim=1)


def netvlad_loop(x: Tensor, weight: Tensor, bias: Tensor, centers: Tensor) -> Tensor:
    points, share = _assigned(x, weight, bias)
    rows = [
        ((points - center[:, None]) * share[:, k : k + 1]).sum(2)
        for k, center in enumerate(centers)
    ]
    return _normalized(torch.stack(rows, 1))


def netvlad_residuals(
    x: Tensor, weight: Tensor, bias: Tensor, centers: Tensor
) -> Tensor:
    points, share = _assigned(x, weight, bias)
    residuals = points[:, None] - centers[None, :, :, None]  # (N, K, D, P)
    return _normalized((residuals * share[:, :, None]).sum(3))


def netvlad_products(
    x: Tensor, weight: Tensor, bias: Tensor, centers: Tensor
) -> Tensor:
    points, share = _assigned(x, weight, bias)
    v = share @ points.transpose(1, 2) - share.sum(2)[..., None] * centers
    return _normalized(v)


Recipes = dict[str, Callable[..., Tensor]]
OWN, LAST, USUAL, SECOND = (
    "PyTorch",
    "PyTorch, channels last",
    "PyTorch, usual recipe",
    "PyTorch, second recipe",
)


def _recipes() -> dict[str, Recipes]:
    """For each op its columns. The best recipe stands where PyTorch's own would."""
    natives: dict[str, Callable[..., Tensor]] = {
        "conv2d": F.conv2d,
        "conv_transpose2d": F.conv_transpose2d,
        "max_pool2d": F.max_pool2d,
        "avg_pool2d": F.avg_pool2d,
        "interpolate": F.interpolate,
        "pixel_shuffle": F.pixel_shuffle,
        "global_avg_pool2d": lambda x: x.mean((2, 3)),
        "partial_conv2d": partial,
        "dynamic_conv2d": dynamic,
    }
    return {
        **{name: {OWN: call, LAST: call} for name, call in natives.items()},
        "unfold_fold": {OWN: unfold_fold},
        "local_conv2d": {OWN: local_product, USUAL: local_einsum},
        "tiled_conv2d": {
            OWN: tiled_shuffled,
            LAST: tiled_shuffled,
            USUAL: tiled_in_place,
        },
        "netvlad": {
            OWN: netvlad_products,
            USUAL: netvlad_loop,
            SECOND: netvlad_residuals,
        },
    }


NOTES = {
    OWN: "its own function; unshared: windows copied once and one batched product; "
    "unfold + fold: its unfold copies the windows, ours is a view; NetVLAD: two "
    "products; tiled: t² strided convolutions, stacked and shuffled; partial: two "
    "convolutions; dynamic: a convolution in as many groups as images",
    LAST: "the same with arrays in the memory format channels_last",
    USUAL: "unshared: unfold and einsum; tiled: t² strided convolutions, each written "
    "into its places; NetVLAD: a loop over the centres",
    SECOND: "NetVLAD: all residuals at once",
}


def ways(case: Case, arrays: Arrays, dy: np.ndarray, threads: int) -> dict[str, Way]:
    if torch is None:
        return {}
    torch.set_num_threads(threads)
    recipes = _recipes()[case.op.__name__]
    return {
        name: _way(case, call, arrays, dy, last=name == LAST)
        for name, call in recipes.items()
    }


def _way(
    case: Case,
    call: Callable[..., Tensor],
    arrays: Arrays,
    dy: np.ndarray,
    *,
    last: bool,
) -> Way:
    def tensor(array: Any) -> Tensor:
        tensor = torch.tensor(array)
        if last and tensor.ndim == 4:
            return tensor.contiguous(memory_format=torch.channels_last)
        return tensor

    options = case.keywords(arrays)
    tensors = {name: tensor(array) for name, array in arrays.items()}
    learned = [t.requires_grad_() for name, t in tensors.items() if name != "mask"]

    def forward() -> Tensor:
        with torch.no_grad():
            return call(*tensors.values(), **options)

    if not hasattr(case.op, "vjp"):
        return Way(forward)
    y, dy = call(*tensors.values(), **options), tensor(dy)
    return Way(forward, lambda: torch.autograd.grad(y, learned, dy, retain_graph=True))
