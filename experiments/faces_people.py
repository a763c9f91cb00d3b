"""Who is it? Layers that share their kernels, know the place, or do not share."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from conv_notes import (
    Adam,
    AvgPool2d,
    Conv2d,
    Flatten,
    GlobalAvgPool2d,
    Linear,
    LocalConv2d,
    ReLU,
    Sequential,
    avg_pool2d,
    fit,
)
from conv_notes.data import orl_faces

from .training import Best, Examples, accuracy, reads, with_best_rate

SEEDS = range(5)
SHIFTS = {"as taken": 0, "moved by up to 6": 6}  # pixels of the full picture

HIDDEN = {
    "shared": Conv2d(16, 4, stride=2),
    "shared, 64 maps": Conv2d(64, 4, stride=2),
    "shared, 393 maps": Conv2d(393, 4, stride=2),  # as many parameters as local
    "shared, with place": Conv2d(16, 4, stride=2),
    "local": LocalConv2d(16, 4, stride=2),
}
HEADS = {
    "global average": [GlobalAvgPool2d()],
    "quarters": [AvgPool2d((5, 4)), Flatten()],
    "dense": [Flatten()],
}
RATES = {  # where each search begins
    "global average": [0.03, 0.1, 0.3],
    "quarters": [0.01, 0.03, 0.1],
    "dense": [0.003, 0.01, 0.03],
}
BOTH = [("global average", k) for k in HIDDEN if "maps" not in k]
BOTH += [("dense", "shared"), ("dense", "local")]
AS_TAKEN = [("global average", k) for k in HIDDEN if "maps" in k]
AS_TAKEN += [("dense", "shared, with place")]
AS_TAKEN += [("quarters", "shared"), ("quarters", "local")]


def moved(most: int, rng: np.random.Generator) -> np.ndarray:
    """Faces at half size, each moved by up to `most` pixels of the full picture."""
    faces = orl_faces()[0]
    corners = rng.integers(-most, most + 1, (len(faces), 2))
    corners += 12, 10
    pairs = zip(faces, corners, strict=True)
    frames = [face[:, i : i + 88, j : j + 72] for face, (i, j) in pairs]
    return avg_pool2d(np.stack(frames), 2)  # 44 × 36


@cache
def small(most: int, seed: int) -> Examples:
    """Return faces at a quarter of their size, each of mean 0 and deviation 1."""
    x = avg_pool2d(moved(most, np.random.default_rng([seed, 0])), 2)
    mean = x.mean(axis=(1, 2, 3), keepdims=True)
    x = (x - mean) / x.std(axis=(1, 2, 3), keepdims=True)
    return Examples(x.astype(np.float32), orl_faces()[1])


def split(seed: int) -> list[np.ndarray]:
    """Of each person, four pictures to train, one to choose by, five to test."""
    rng = np.random.default_rng([seed, 1])
    pictures = rng.permuted(np.arange(400).reshape(40, 10), axis=1)
    return [part.ravel() for part in np.split(pictures, [4, 5], axis=1)]


def with_place(x: np.ndarray) -> np.ndarray:
    """Two more channels: the row and the column of each pixel, from −1 to 1."""
    n, _, h, w = x.shape
    ramps = np.mgrid[-1 : 1 : h * 1j, -1 : 1 : w * 1j].astype(x.dtype)
    return np.concatenate([x, np.tile(ramps, (n, 1, 1, 1))], axis=1)


def network(head: str, hidden: str) -> Sequential:
    return Sequential(HIDDEN[hidden], ReLU(), *HEADS[head], Linear(40))


def recognise(
    head: str,
    hidden: str,
    shift: int,
    rate: float,
    seed: int,
    change: Callable[[np.ndarray], np.ndarray] | None = None,
    most: int = 10_000,
) -> tuple[Best, float]:
    """One training, and its accuracy on the pictures to test."""
    if change is None and "place" in hidden:
        change = with_place
    examples = small(shift, seed)
    if change is not None:
        examples = Examples(change(examples.x), examples.labels)
    four, one, five = map(examples.some, split(seed))
    net, rng = network(head, hidden), np.random.default_rng([seed, 2])
    # A pass is but four steps: one without progress says little.
    best = Best(reads(net, one), patience=30, gain=0.01)
    fit(
        net,
        net.init(four.x.shape[1:], rng, np.float32),
        *four,
        epochs=most,
        batch_size=40,
        optimizer=Adam(rate),
        rng=rng,
        progress=False,
        until=best,
    )
    return best, accuracy(net, best.params, five)


def study(head: str, hidden: str, shift: int) -> dict[str, Any]:
    """One rate for all seeds; less than two hundredths, four pictures, are no reason
    to train for longer."""
    tests = {}

    def one(rate: float, seed: int) -> Best:
        best, tests[rate, seed] = recognise(head, hidden, shift, rate, seed)
        return best

    rate, bests = with_best_rate(RATES[head], one, SEEDS, len(SEEDS), steps=50)
    return {
        "rate": rate,
        "accuracy": [tests[rate["chosen"], seed] for seed in SEEDS],
        "kept after": [best.passes for best in bests],  # passes
        "curve": bests[0].curve,  # of the first seed
    }


def run(say: Callable[[str], None]) -> dict[str, Any]:
    results: dict[str, Any] = {}
    for name, shift in SHIFTS.items():
        for head, hidden in BOTH + AS_TAKEN * (shift == 0):
            found = study(head, hidden, shift)
            mean = np.mean(found["accuracy"])
            rate = found["rate"]["chosen"]
            say(f"{name}, {head}, {hidden}: rate {rate}, accuracy {mean:.3f}")
            if shift:
                del found["curve"]
            results.setdefault(name, {}).setdefault(head, {})[hidden] = found
    return results
