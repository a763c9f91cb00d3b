"""What does pooling do to overfitting, and to the sensitivity to position?

Four networks learn 500 digits. Three of them have the same parameters, and differ in
how 24 × 24 values of a map become 6 × 6.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from conv_notes import (
    AvgPool2d,
    Conv2d,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
    Sequential,
)
from conv_notes.data import mnist_digits
from conv_notes.layers import Layer

from .training import (
    Best,
    Examples,
    accuracy,
    is_right,
    pairs,
    train,
    with_best_rate,
)

SEEDS = range(5)
RATES = [0.001, 0.003, 0.01]
SIDES = (0, 2), (0, -2), (2, 0), (-2, 0)  # rows down, columns to the right

TAIL = Flatten(), Linear(10)
NETS: dict[str, Layer] = {
    "nothing": Sequential(Conv2d(8, 5), ReLU(), *TAIL),
    "every fourth": Sequential(Conv2d(8, 5, stride=4), ReLU(), *TAIL),
    "average 4 / 4": Sequential(Conv2d(8, 5), ReLU(), AvgPool2d(4), *TAIL),
    "max 4 / 4": Sequential(Conv2d(8, 5), ReLU(), MaxPool2d(4), *TAIL),
}


def digits(seed: int) -> list[Examples]:
    """500 to train with, 500 to choose by, 1,500 for the test."""
    images, labels, _ = mnist_digits()
    order = np.random.default_rng(seed).permutation(len(labels))[:2500]
    every = Examples(images[order].astype(np.float32), labels[order])
    ends = (0, 500), (500, 1000), (1000, 2500)
    return [every.some(slice(*part)) for part in ends]


def learn(net: Layer, rate: float, seed: int, most: int = 10_000) -> Best:
    training, choosing, _ = digits(seed)
    return train(net, training, choosing, rate, seed, most=most)


def moved(images: np.ndarray, side: tuple[int, int]) -> np.ndarray:
    """Shifted; what leaves at one side comes in at the other, mostly paper."""
    return np.roll(images, side, axis=(2, 3))


def run(say: Callable[[str], None]) -> dict[str, Any]:
    found, right = {}, {}
    for name, net in NETS.items():

        def one(rate: float, seed: int, net: Layer = net) -> Best:
            return learn(net, rate, seed)

        rate, bests = with_best_rate(RATES, one, SEEDS, first=2)
        known, new, shifted = [], [], []
        right[name] = []
        for seed, best in zip(SEEDS, bests, strict=True):
            training, _, test = digits(seed)
            known.append(accuracy(net, best.params, training))
            right[name].append(is_right(net, best.params, test))
            new.append(right[name][-1].mean())
            at = [Examples(moved(test.x, side), test.labels) for side in SIDES]
            shifted.append(np.mean([accuracy(net, best.params, e) for e in at]))
        found[name] = {
            "rate": rate,
            "curve": bests[0].curve,
            "lengths": [[best.passes, best.done] for best in bests],
            "trained on": known,
            "new": new,
            "shifted": shifted,
        }
        say(f"{name}: rate {rate['chosen']}, new {np.mean(new):.3f}")
    # How many test digits only "max 4 / 4" reads, and only the other.
    against = {
        name: pairs(right["max 4 / 4"], right[name])
        for name in NETS
        if name != "max 4 / 4"
    }
    return {"nets": found, "max against": against}
