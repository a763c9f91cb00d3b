"""NumPy alone, as the definitions read: einsum over the view of all windows."""

from typing import Any

import numpy as np
from cases import Arrays, Case, Way

import conv_notes as cn

NAME = "einsum over windows"


def conv2d(
    x: np.ndarray, weight: np.ndarray, groups: int = 1, **options: Any
) -> np.ndarray:
    windows = cn.unfold(x, weight.shape[2:], **options)
    n, _, *rest = windows.shape
    windows = windows.reshape(n, groups, -1, *rest)
    weight = weight.reshape(groups, -1, *weight.shape[1:])
    y = np.einsum("ngcabij,gmcab->ngmij", windows, weight, optimize=True)
    return y.reshape(n, -1, *y.shape[3:])


def tiled_conv2d(x: np.ndarray, weight: np.ndarray, **options: Any) -> np.ndarray:
    th, tw, out, _, *kernel = weight.shape
    windows = cn.unfold(x, kernel, **options)
    y = np.empty((len(x), out, *windows.shape[4:]), x.dtype)
    for p in range(th):
        for q in range(tw):
            own = windows[..., p::th, q::tw]
            its = np.einsum("ncabij,mcab->nmij", own, weight[p, q], optimize=True)
            y[..., p::th, q::tw] = its
    return y


def local_conv2d(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    windows = cn.unfold(x, weight.shape[4:])
    return np.einsum("ncabij,ijmcab->nmij", windows, weight, optimize=True)


def conv_transpose2d(
    x: np.ndarray, weight: np.ndarray, *, stride: int, padding: int
) -> np.ndarray:
    spread = np.einsum("ncij,cmab->nmabij", x, weight, optimize=True)
    h, w = (
        (n - 1) * stride - 2 * padding + k
        for n, k in zip(x.shape[2:], weight.shape[2:], strict=True)
    )
    return cn.fold(spread, (h, w), stride=stride, padding=padding)


def dynamic_conv2d(
    x: np.ndarray, weight: np.ndarray, attention: np.ndarray, **options: Any
) -> np.ndarray:
    windows = cn.unfold(x, weight.shape[3:], **options)
    own = np.einsum("nk,kmcab->nmcab", attention, weight)
    return np.einsum("ncabij,nmcab->nmij", windows, own, optimize=True)


def partial_conv2d(
    x: np.ndarray, mask: np.ndarray, weight: np.ndarray, **options: Any
) -> np.ndarray:
    count = cn.unfold(mask, weight.shape[2:], **options).sum((2, 3))
    size = np.float32(weight[0, 0].size)
    y = conv2d(x * mask, weight, **options)
    return y * np.where(count > 0, size / np.maximum(count, 1), 0)


def max_pool2d(x: np.ndarray, **options: Any) -> np.ndarray:
    return cn.unfold(x, **options).max((2, 3))


def avg_pool2d(x: np.ndarray, **options: Any) -> np.ndarray:
    return cn.unfold(x, **options).mean((2, 3))


def global_avg_pool2d(x: np.ndarray) -> np.ndarray:
    return x.mean((2, 3))


def interpolate(x: np.ndarray, *, scale_factor: int, mode: str) -> np.ndarray:
    assert mode == "bilinear"
    down, right = (_between(n, scale_factor) for n in x.shape[2:])
    return np.einsum("ih,nchw,jw->ncij", down, x, right, optimize=True)


def _between(n: int, factor: int) -> np.ndarray:
    """What n values have to do with factor · n values in between: a matrix."""
    places = (np.arange(factor * n) + 0.5) / factor - 0.5
    rows = [np.interp(places, np.arange(n), row) for row in np.eye(n)]
    return np.array(rows, np.float32).T


def unfold_fold(x: np.ndarray) -> np.ndarray:
    """Each pixel has a number, each window the numbers of its pixels, 0 outside."""
    n, c, h, w = x.shape
    numbers = np.arange(1.0, h * w + 1).reshape(1, 1, h, w)
    at = cn.unfold(numbers, 3, padding=1).astype(int).ravel()
    windows = cn.unfold(x, 3, padding=1).reshape(n * c, -1)
    y = np.zeros((h * w + 1, n * c), x.dtype)
    np.add.at(y, at, windows.T)
    return y[1:].T.reshape(x.shape)


def pixel_shuffle(x: np.ndarray, upscale_factor: int) -> np.ndarray:
    n, c, h, w = x.shape
    r = upscale_factor
    apart = x.reshape(n, c // r**2, r, r, h, w).transpose(0, 1, 4, 2, 5, 3)
    return apart.reshape(n, c // r**2, r * h, r * w)


def netvlad(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray, centers: np.ndarray
) -> np.ndarray:
    """As its formula reads, with every residual stored."""
    points = x.reshape(*x.shape[:2], -1)
    a = cn.softmax(weight @ points + bias[:, None], 1)
    residuals = points[:, None] - centers[None, :, :, None]  # (N, K, D, P)
    v = np.einsum("nkp,nkdp->nkd", a, residuals, optimize=True)
    v /= np.linalg.norm(v, axis=2, keepdims=True)
    return v.reshape(len(v), -1) / np.linalg.norm(v, axis=(1, 2))[:, None]


def ways(case: Case, arrays: Arrays, dy: np.ndarray, threads: int) -> dict[str, Way]:
    define = globals()[case.op.__name__]
    return {NAME: Way(lambda: define(**arrays, **case.keywords(arrays)))}
