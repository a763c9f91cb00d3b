"""SciPy: filters of single images, where one of them computes the case."""

from typing import Any

import numpy as np
from cases import Arrays, Case, Way

try:
    import scipy
    from scipy import ndimage, signal
except ModuleNotFoundError:
    scipy = None

NAME = "SciPy"


def small(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return signal.correlate(x, weight, mode="valid")


def large_kernel(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """By Fourier transforms, as pays for large kernels."""
    turned = weight[..., ::-1, ::-1]
    own = x[:, None], turned[None]  # (N, 1, C, H, W), (1, out, C, KH, KW)
    return signal.oaconvolve(*own, mode="valid", axes=(3, 4)).sum(2)


def depthwise(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    y = np.empty_like(x)
    for planes, out in zip(x, y, strict=True):
        for plane, kernel, into in zip(planes, weight[:, 0], out, strict=True):
            ndimage.correlate(plane, kernel, mode="constant", output=into)
    return y


def max_pool(x: np.ndarray, *, kernel_size: int, stride: int) -> np.ndarray:
    largest = ndimage.maximum_filter(x, (1, 1, kernel_size, kernel_size))
    inside = slice(kernel_size // 2, -(kernel_size // 2), stride)
    return largest[..., inside, inside]


def avg_pool(x: np.ndarray, *, kernel_size: int, stride: int) -> np.ndarray:
    mean = ndimage.uniform_filter(x, (1, 1, kernel_size, kernel_size))
    inside = slice(kernel_size // 2, -(kernel_size // 2), stride)
    return mean[..., inside, inside]


def bilinear(x: np.ndarray, *, scale_factor: int, mode: str) -> np.ndarray:
    zoom = (1, 1, scale_factor, scale_factor)
    return ndimage.zoom(x, zoom, order=1, mode="nearest", grid_mode=True)


def ways(case: Case, arrays: Arrays, dy: np.ndarray, threads: int) -> dict[str, Way]:
    recipes: dict[str, tuple[Any, dict[str, Any]]] = {
        "c": (large_kernel, {}),
        "d": (depthwise, {}),
        "g": (max_pool, case.options),
        "j": (bilinear, case.options),
        "l1": (avg_pool, case.options),
        "m": (small, {}),
    }
    if scipy is None or case.key not in recipes:
        return {}
    call, options = recipes[case.key]
    return {NAME: Way(lambda: call(**arrays, **options))}
