"""Speed of the library against others, as ratios measured in one run.

Run with `make bench`. Each row is one operation on one input; each number is the time
another implementation takes divided by ours, so above 1 ours is faster. Times are the
median of several runs, taken in turn so that all meet the same state of the machine.
"""

import statistics
import time
from collections.abc import Callable

import numpy as np

import conv_notes as cn
from conv_notes.table import Table

try:
    import torch
    import torch.nn.functional as F
except ModuleNotFoundError:  # an optional extra
    torch = None

SECONDS = 2.0  # per row, about
Case = dict[str, Callable[[], object]]


def backward(
    op: Callable[..., object], *arrays: np.ndarray, **options: object
) -> object:
    y, pullback = op.vjp(*arrays, **options)
    return pullback(y)


def torch_case(call: Callable[..., object], *arrays: np.ndarray, grad: bool) -> Case:
    if torch is None:
        return {}
    tensors = [torch.tensor(a, requires_grad=grad) for a in arrays]

    def run() -> object:
        y = call(*tensors)
        return torch.autograd.grad(y, tensors, y.detach()) if grad else y

    return {"PyTorch": run}


def cases() -> dict[str, Case]:
    rng = np.random.default_rng(0)

    def normal(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape, np.float32)

    found: dict[str, Case] = {}
    x, w = normal(16, 32, 56, 56), normal(32, 32, 3, 3)
    name = "conv2d 3×3, 16 × 32 × 56 × 56"
    found[name] = {
        "ours": lambda: cn.conv2d(x, w, padding=1),
        "einsum": lambda: np.einsum(
            "ncabij,mcab->nmij", cn.unfold(x, 3, padding=1), w, optimize=True
        ),
    } | torch_case(lambda a, b: F.conv2d(a, b, padding=1), x, w, grad=False)
    found[f"{name}, with gradients"] = {
        "ours": lambda: backward(cn.conv2d, x, w, padding=1),
    } | torch_case(lambda a, b: F.conv2d(a, b, padding=1), x, w, grad=True)

    p = normal(64, 32, 1, 1)
    found["conv2d 1×1"] = {
        "ours": lambda: cn.conv2d(x, p),
        "einsum": lambda: np.einsum("ncij,mc->nmij", x, p[..., 0, 0], optimize=True),
    } | torch_case(lambda a, b: F.conv2d(a, b), x, p, grad=False)

    for n in (1, 32):
        small, own = normal(n, 16, 25, 25), normal(21, 21, 16, 16, 5, 5)
        found[f"local_conv2d 5×5, {n} × 16 × 25 × 25"] = {
            "ours": lambda x=small, w=own: cn.local_conv2d(x, w),
            "einsum": lambda x=small, w=own: np.einsum(
                "ncabij,ijmcab->nmij", cn.unfold(x, 5), w, optimize=True
            ),
            "conv2d": lambda x=small, w=own[0, 0]: cn.conv2d(x, w),
        }

    t = normal(2, 2, 32, 32, 3, 3)
    found["tiled_conv2d 2 × 2 tiles of 3×3"] = {
        "ours": lambda: cn.tiled_conv2d(x, t),
        "conv2d": lambda: cn.conv2d(x, t[0, 0]),
    }
    found["max_pool2d 2×2"] = {
        "ours": lambda: cn.max_pool2d(x, 2),
        "reduce": lambda: x.reshape(16, 32, 28, 2, 28, 2).max(axis=(3, 5)),
    } | torch_case(lambda a: F.max_pool2d(a, 2), x, grad=False)

    d = normal(32, 1, 3, 3)
    found["conv2d 3×3, depthwise"] = {
        "ours": lambda: cn.conv2d(x, d, padding=1, groups=32),
        "conv2d": lambda: cn.conv2d(x, w, padding=1),
    } | torch_case(lambda a, b: F.conv2d(a, b, padding=1, groups=32), x, d, grad=False)
    up = normal(32, 16, 4, 4)
    found["conv_transpose2d 4×4, stride 2"] = {
        "ours": lambda: cn.conv_transpose2d(x, up, stride=2, padding=1),
    } | torch_case(
        lambda a, b: F.conv_transpose2d(a, b, stride=2, padding=1), x, up, grad=False
    )
    found["avg_pool2d 2×2"] = {
        "ours": lambda: cn.avg_pool2d(x, 2),
        "reduce": lambda: x.reshape(16, 32, 28, 2, 28, 2).mean(axis=(3, 5)),
    } | torch_case(lambda a: F.avg_pool2d(a, 2), x, grad=False)
    for mode in ("nearest", "bilinear", "bicubic"):
        found[f"interpolate ×2, {mode}"] = {
            "ours": lambda mode=mode: cn.interpolate(x, scale_factor=2, mode=mode),
        } | torch_case(
            lambda a, mode=mode: F.interpolate(a, scale_factor=2, mode=mode),
            x,
            grad=False,
        )
    centers = normal(64, 32)
    to_cluster, offset = cn.netvlad_init(centers, 1.0)
    found["netvlad, 64 clusters"] = {
        "ours": lambda: cn.netvlad(x, to_cluster, offset, centers),
        "einsum": lambda: residuals(x, to_cluster, offset, centers),
    }
    return found


def residuals(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray, centers: np.ndarray
) -> np.ndarray:
    """NetVLAD as its formula reads, with every residual stored, before it is scaled."""
    points = x.reshape(*x.shape[:2], -1)
    a = cn.softmax(weight @ points + bias[:, None], 1)
    differences = points[:, None] - centers[None, :, :, None]  # (N, K, D, P)
    return np.einsum("nkp,nkdp->nkd", a, differences, optimize=True)


def measure(case: Case) -> dict[str, float]:
    """Median seconds of each implementation, run in turns."""
    times: dict[str, list[float]] = {name: [] for name in case}
    for run in case.values():  # warm up
        run()
    start = time.perf_counter()
    while time.perf_counter() - start < SECONDS or len(times["ours"]) < 3:
        for name, run in case.items():
            begin = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - begin)
    return {name: statistics.median(values) for name, values in times.items()}


def main() -> None:
    others = ["einsum", "conv2d", "reduce", "PyTorch"]
    rows = []
    for name, case in cases().items():
        seconds = measure(case)
        ratios = [
            seconds[other] / seconds["ours"] if other in seconds else ""
            for other in others
        ]
        rows.append((name, 1000 * seconds["ours"], *ratios))
    print(Table(["operation", "ours, ms", *others], rows))
    print("\nA ratio above 1 means that ours is faster than the one in the column.")
    if torch is None:
        print("PyTorch is not installed; it is not needed for anything else.")


if __name__ == "__main__":
    main()
