"""Is a trained convolution nearly separable, and what does one do that is?"""

from collections.abc import Callable
from typing import Any

import numpy as np

from conv_notes import (
    Conv2d,
    DepthwiseConv2d,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
    Sequential,
)
from conv_notes.data import optical_digits
from conv_notes.layers import Layer, Params

from .training import Best, Examples, accuracy, train, with_best_rate

SEEDS = range(5)
RATES = [0.001, 0.003, 0.01]
RANKS = range(1, 10)
SIZES = {"training": 1000, "choosing": 200, "test": 597}


def network(second: list[Layer]) -> Sequential:
    first = Conv2d(8, 3, padding=1)
    return Sequential(
        first, ReLU(), *second, ReLU(), MaxPool2d(2), Flatten(), Linear(10)
    )


SAME: dict[str, Any] = {"padding": 1, "bias": False}
NETWORKS = {  # by the convolution from 8 to 32 maps
    "standard": network([Conv2d(32, 3, **SAME)]),
    "separable": network([DepthwiseConv2d(3, **SAME), Conv2d(32, 1, bias=False)]),
    "8 groups": network([Conv2d(32, 3, groups=8, **SAME)]),
}


def digits(seed: int) -> dict[str, Examples]:
    """Split the digits anew for each seed."""
    images, labels, _ = optical_digits()
    order = np.random.default_rng(seed).permutation(len(images))
    images = images[order].astype(np.float32)
    cuts = np.cumsum([*SIZES.values()])[:-1]
    parts = zip(np.split(images, cuts), np.split(labels[order], cuts), strict=True)
    return {n: Examples(*part) for n, part in zip(SIZES, parts, strict=True)}


def of_rank(weight: np.ndarray, r: int) -> np.ndarray:
    """Return the kernel nearest to a weight (M, C, KH, KW) that r windows make."""
    m, c, kh, kw = weight.shape
    by_channel = weight.swapaxes(0, 1).reshape(c, m, kh * kw)
    u, s, v = np.linalg.svd(by_channel, full_matrices=False)
    nearest = (u[..., :r] * s[:, None, :r]) @ v[:, :r]
    return nearest.reshape(c, m, kh, kw).swapaxes(0, 1)


def left_out(weight: np.ndarray, r: int) -> float:
    """Share of the sum of squares that a split at rank r leaves out."""
    return float(np.sum((weight - of_rank(weight, r)) ** 2) / np.sum(weight**2))


def learn(
    data: dict[str, Examples], name: str, rate: float, seed: int, most: int = 10_000
) -> Best:
    net, examples, choose = NETWORKS[name], data["training"], data["choosing"]
    return train(net, examples, choose, rate, seed, most=most)


def cut(
    net: Layer, params: Params, data: dict[str, Examples], seed: int
) -> dict[str, Any]:
    """Split a trained standard network at each rank, and test it.

    Beside it what the same split leaves out of the random kernel that training began
    with, and how far training has moved that, as a share of its own length.
    """
    weight = params["2.weight"]
    rng = np.random.default_rng(seed)
    start = net.init((1, 8, 8), rng, np.float32)["2.weight"]
    cuts = [params | {"2.weight": of_rank(weight, r)} for r in RANKS]
    return {
        "test": [accuracy(net, params, data["test"]) for params in cuts],
        "left out": [left_out(weight, r) for r in RANKS],
        "left out at first": [left_out(start, r) for r in RANKS],
        "moved": np.linalg.norm(weight - start) / np.linalg.norm(start),
    }


def run(say: Callable[[str], None]) -> dict[str, Any]:
    splits, results = [digits(seed) for seed in SEEDS], {}
    for name, net in NETWORKS.items():

        def one(rate: float, seed: int, name: str = name) -> Best:
            return learn(splits[seed], name, rate, seed)

        rate, bests = with_best_rate(RATES, one, SEEDS, len(SEEDS))
        kept = list(zip(bests, splits, SEEDS, strict=True))
        tests = [accuracy(net, best.params, data["test"]) for best, data, _ in kept]
        results[name] = {
            "rate": rate,
            "test": tests,
            "best passes": [best.passes for best, _, _ in kept],
            "curve": kept[0][0].curve,
        }
        if name == "standard":
            results["cuts"] = [
                cut(net, best.params, data, seed) for best, data, seed in kept
            ]
        say(f"{name}: rate {rate['chosen']}, test {np.mean(tests):.3f}")
    return results
