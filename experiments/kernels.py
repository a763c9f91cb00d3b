"""Are 32 kernels 32 features? Two small networks, before and after their training.

Digits: which of ten is it? Colours: which of three photographs is a patch of 12 × 12
from?
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from conv_notes import (
    Conv2d,
    Flatten,
    GlobalAvgPool2d,
    Linear,
    MaxPool2d,
    ReLU,
    Sequential,
    conv2d,
    unfold,
)
from conv_notes.data import mnist_digits, photographs
from conv_notes.layers import Params

from .training import Best, Examples, accuracy, train, with_best_rate

SEEDS = range(5)
RATES = [0.001, 0.003, 0.01]
KEPT = [1, 2, 4, 8, 16, 32]
BATCH = 50


def digit_net(maps: int = 32) -> Sequential:
    return Sequential(Conv2d(maps, 5), ReLU(), MaxPool2d(4), Flatten(), Linear(10))


def colour_net() -> Sequential:
    return Sequential(Conv2d(16, 5), ReLU(), GlobalAvgPool2d(), Linear(3))


def digits(seed: int) -> tuple[Examples, Examples, Examples]:
    """2,000 to learn from, which the seed draws; 1,000 to choose by, 1,000 to test."""
    images, labels, _ = mnist_digits()
    both = Examples(images.astype(np.float32), labels)
    order = np.random.default_rng(7).permutation(5000)
    learn = np.random.default_rng([seed, 2]).permutation(order[2000:])[:2000]
    return both.some(learn), both.some(order[1000:2000]), both.some(order[:1000])


def colours(seed: int) -> tuple[Examples, Examples, Examples]:
    """Patches without overlap: 350 and 100 of each left half, 450 of each right one."""
    rng = np.random.default_rng([seed, 2])
    learn, choose, test = [], [], []
    for photo in photographs(colour=True).images.values():
        left, right = (patches(half, rng) for half in np.array_split(photo, 2, axis=2))
        learn.append(left[:350])
        choose.append(left[350:])
        test.append(right)
    return labelled(learn), labelled(choose), labelled(test)


def patches(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    cut = unfold(photo[None], 12, stride=12)[0]  # 3 12 12 OH OW
    cut = cut.reshape(3, 12, 12, -1).transpose(3, 0, 1, 2)
    return rng.permutation(cut)[:450].astype(np.float32) - np.float32(0.5)


def labelled(parts: list[np.ndarray]) -> Examples:
    return Examples(np.concatenate(parts), np.repeat(np.arange(3), len(parts[0])))


def begun(net: Sequential, learn: Examples, seed: int) -> np.ndarray:
    """The kernels with which `train` begins."""
    rng = np.random.default_rng(seed)
    return net.init(learn.x.shape[1:], rng, np.float32)["0.weight"]


def unit_rows(kernels: np.ndarray) -> np.ndarray:
    """Each kernel as a row, an arrow of length one."""
    rows = kernels.reshape(len(kernels), -1)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def nearest_other(kernels: np.ndarray) -> float:
    """The cosine to the most similar other one, regardless of sign; their mean."""
    cosines = unit_rows(kernels) @ unit_rows(kernels).T
    np.fill_diagonal(cosines, 0)
    return float(np.abs(cosines).max(axis=1).mean())


def directions(kernels: np.ndarray) -> float:
    """How many directions they fill about evenly."""
    s = np.linalg.svd(unit_rows(kernels), compute_uv=False)
    return float((s**2).sum() ** 2 / (s**4).sum())


def turned(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Each kernel's angle to what it was, in degrees."""
    cosines = (unit_rows(before) * unit_rows(after)).sum(axis=1)
    return np.degrees(np.arccos(np.clip(cosines, -1, 1)))


def statistics(params: Params, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of the maps before the activation, over places and images."""
    maps = conv2d(x, params["0.weight"], params["0.bias"])
    rows = maps.transpose(1, 0, 2, 3).reshape(maps.shape[1], -1)
    return rows.mean(axis=1), np.cov(rows)


def strongest(cov: np.ndarray, r: int) -> np.ndarray:
    """Project the maps (M, M) on the r directions along which they vary most."""
    basis = np.linalg.eigh(cov)[1][:, ::-1][:, :r]
    return basis @ basis.T


def alone(cov: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Keep the chosen maps; the others stay at their means."""
    return np.diag(np.isin(np.arange(len(cov)), chosen) * 1.0)


def filled_in(cov: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Keep the chosen maps; least squares makes the others from them."""
    fill = np.zeros_like(cov)
    fill[:, chosen] = cov[:, chosen] @ np.linalg.pinv(cov[np.ix_(chosen, chosen)])
    return fill


def reduced(params: Params, p: np.ndarray, mean: np.ndarray) -> Params:
    """Send each place's maps through p (M, M), around the mean: mixtures of kernels."""
    p, mean = p.astype(np.float32), mean.astype(np.float32)
    weight = np.tensordot(p, params["0.weight"], 1)
    bias = p @ params["0.bias"] + mean - p @ mean
    return params | {"0.weight": weight, "0.bias": bias}


def keeping(
    net: Sequential, params: Params, learn: Examples, test: Examples, seed: int
) -> dict[str, list[float]]:
    """Test accuracy with less and less of the maps, without further training."""
    mean, cov = statistics(params, learn.x[:300])
    order = np.random.default_rng([seed, 3]).permutation(len(cov))
    ways: dict[str, Callable[[int], np.ndarray]] = {
        "strongest directions": lambda r: strongest(cov, r),
        "maps at random, filled in": lambda r: filled_in(cov, order[:r]),
        "maps at random": lambda r: alone(cov, order[:r]),
    }
    return {
        name: [
            accuracy(net, reduced(params, way(r), mean), test)
            for r in KEPT
            if r <= len(cov)
        ]
        for name, way in ways.items()
    }


def several(
    name: str,
    net: Sequential,
    data: Callable[[int], tuple[Examples, Examples, Examples]],
    say: Callable[[str], None],
) -> tuple[dict[str, Any], list[Best]]:
    """Choose a rate with one seed, then train with all.

    That rates differ by fewer than three of the examples to choose by is no reason.
    """

    def run(rate: float, seed: int) -> Best:
        learn, choose, _ = data(seed)
        best = train(net, learn, choose, rate, seed, batch_size=BATCH)
        say(f"{name}, seed {seed}, rate {rate}: {best.passes} passes, {best.value}")
        return best

    steps = len(data(0)[1].labels) / 3
    rate, bests = with_best_rate(RATES, run, SEEDS, first=1, steps=steps)
    found: dict[str, Any] = {
        "rate": rate,
        "curve": bests[0].curve,
        "ends": [best.passes for best in bests],
        "test": [
            accuracy(net, best.params, data(s)[2])
            for s, best in zip(SEEDS, bests, strict=True)
        ],
    }
    pairs = [
        (begun(net, data(s)[0], s), best.params["0.weight"])
        for s, best in zip(SEEDS, bests, strict=True)
    ]
    found["turned"] = [turned(*pair) for pair in pairs]
    for k, when in enumerate(("before", "after")):
        kernels = [pair[k] for pair in pairs]
        found[when] = {
            "nearest other": [nearest_other(one) for one in kernels],
            "directions": [directions(one) for one in kernels],
        }
    return found, bests


def run(say: Callable[[str], None]) -> dict[str, Any]:
    results: dict[str, Any] = {"kept": KEPT}
    for name, net, data in (
        ("digits, 32", digit_net(32), digits),
        ("digits, 8", digit_net(8), digits),
        ("colours, 16", colour_net(), colours),
    ):
        results[name], bests = several(name, net, data, say)
        if name != "digits, 8":  # a picture of the first seed's
            results[name]["kernels"] = (
                bests[0].params["0.weight"].astype(float).round(4)
            )
        if name == "digits, 32":
            results["keeping"] = [
                keeping(net, best.params, data(s)[0], data(s)[2], s)
                for s, best in zip(SEEDS, bests, strict=True)
            ]
    return results
