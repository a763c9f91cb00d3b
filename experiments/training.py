"""How the networks of all experiments are trained, and when that is enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from conv_notes import Adam, cross_entropy, fit
from conv_notes.layers import Layer, Params
from conv_notes.train import Optimizer


class Examples(NamedTuple):
    """Images and their classes."""

    x: np.ndarray
    labels: np.ndarray

    def some(self, which: np.ndarray | slice) -> Examples:
        return Examples(self.x[which], self.labels[which])


@dataclass
class Best:
    """The best pass over the training examples so far, and whether to go on.

    Best is what gets most of the examples to choose by right; of equals, what has the
    smaller cross-entropy. Neither may have been better than ever before for ten passes
    and a quarter of those done: then training ends.
    """

    net: Layer
    choose: Examples
    params: Params = field(default_factory=dict)
    passes: int = 0  # those that the best parameters took
    accuracies: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    improved: int = 0  # after so many passes, the last time

    def __call__(self, params: Params) -> bool:
        scores = scores_of(self.net, params, self.choose.x)
        accuracy = float(np.mean(scores.argmax(axis=1) == self.choose.labels))
        loss = float(cross_entropy(scores, self.choose.labels))
        highest = max(self.accuracies, default=-1.0)
        lowest = min(self.losses, default=np.inf)
        if accuracy > highest or loss < lowest:
            self.improved = len(self.losses) + 1
        if accuracy > highest or (
            accuracy == highest and loss < self.losses[self.passes - 1]
        ):
            self.params, self.passes = params, len(self.losses) + 1
        self.accuracies.append(accuracy)
        self.losses.append(loss)
        return len(self.losses) >= self.improved * 5 // 4 + 10

    @property
    def accuracy(self) -> float:
        """That of the best pass, on the examples to choose by."""
        return self.accuracies[self.passes - 1]

    @property
    def curve(self) -> dict[str, list[float] | int]:
        """What a page draws: every pass, and which one was kept."""
        return {
            "accuracy": self.accuracies,
            "loss": self.losses,
            "passes": self.passes,
        }


def train(
    net: Layer,
    examples: Examples,
    choose: Examples,
    optimizer: Optimizer | float,
    seed: int,
    *,
    batch_size: int = 20,
    most: int = 1000,
    start: Params | None = None,
) -> Best:
    """Train until the examples to choose by get no better.

    A number for an optimizer is the rate of Adam. The seed decides the start, where
    none is given, and the order of the examples.
    """
    if isinstance(optimizer, float):
        optimizer = Adam(optimizer)
    if start is None:
        start = net.init(
            examples.x.shape[1:], np.random.default_rng(seed), examples.x.dtype
        )
    best = Best(net, choose)
    fit(
        net,
        start,
        *examples,
        epochs=most,
        batch_size=batch_size,
        optimizer=optimizer,
        rng=np.random.default_rng([seed, 1]),
        progress=False,
        until=best,
    )
    return best


def scores_of(net: Layer, params: Params, x: np.ndarray) -> np.ndarray:
    """What a network puts out, in portions of 100, which is faster."""
    parts = [net.apply(params, x[k : k + 100]) for k in range(0, len(x), 100)]
    return np.concatenate(parts)


def accuracy(net: Layer, params: Params, examples: Examples) -> float:
    scores = scores_of(net, params, examples.x)
    return float(np.mean(scores.argmax(axis=1) == examples.labels))


def search(
    values: list[float], score: Callable[[float], float]
) -> dict[str, float | list[float]]:
    """Try values, and beyond an end by the same factor for as long as it is best."""
    tried = {value: score(value) for value in values}
    while True:
        order = sorted(tried)
        chosen = max(order, key=tried.__getitem__)
        if chosen == order[0]:
            new = chosen * chosen / order[1]
        elif chosen == order[-1]:
            new = chosen * chosen / order[-2]
        else:
            scores = [tried[value] for value in order]
            return {"tried": order, "scores": scores, "chosen": chosen}
        new = float(f"{new:.2g}")
        tried[new] = score(new)
