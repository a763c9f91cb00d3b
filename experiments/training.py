"""How the networks of all experiments are trained, and when that is enough."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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

    A pass is judged by scores that have names. The first decides, of equals the next;
    more is better, except for a loss. Training ends when for `patience` passes and a
    quarter of those done no score was better than ever before, by the share `gain`.
    """

    judge: Callable[[Params], dict[str, float]]
    patience: int = 10
    gain: float = 0.0
    params: Params = field(default_factory=dict)
    passes: int = 0  # those that the best parameters took
    scores: dict[str, list[float]] = field(default_factory=dict)
    highest: tuple[float, ...] = ()  # what the best pass was worth
    marks: float | np.ndarray = -np.finfo(float).max  # what is to be passed by `gain`
    progress: int = 0  # after so many passes, the last time

    def __call__(self, params: Params) -> bool:
        scores = self.judge(params)
        for name, score in scores.items():
            self.scores.setdefault(name, []).append(score)
        worth = tuple(-s if name == "loss" else s for name, s in scores.items())
        if worth > self.highest:
            self.params, self.passes, self.highest = params, self.done, worth
        higher = worth > self.marks + self.gain * abs(self.marks)
        self.marks = np.where(higher, worth, self.marks)
        if higher.any():
            self.progress = self.done
        return self.done >= self.progress * 5 // 4 + self.patience

    @property
    def done(self) -> int:
        """Passes so far."""
        return len(next(iter(self.scores.values())))

    @property
    def value(self) -> float:
        """The first score of the best pass, on the examples to choose by."""
        return self.highest[0]

    @property
    def curve(self) -> dict[str, list[float] | int]:
        """What a page draws: every pass, and which one was kept."""
        return {**self.scores, "passes": self.passes}


def reads(net: Layer, choose: Examples) -> Callable[[Params], dict[str, float]]:
    """Judge a classifier by the share that is right, then by the cross-entropy."""

    def judge(params: Params) -> dict[str, float]:
        scores = scores_of(net, params, choose.x)
        right = float(np.mean(scores.argmax(axis=1) == choose.labels))
        return {"accuracy": right, "loss": float(cross_entropy(scores, choose.labels))}

    return judge


def train(
    net: Layer,
    examples: Examples,
    choose: Examples,
    optimizer: Optimizer | float,
    seed: int,
    *,
    batch_size: int = 20,
    most: int = 10_000,
    start: Params | None = None,
    patience: int = 10,
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
    best = Best(reads(net, choose), patience)
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


def is_right(net: Layer, params: Params, examples: Examples) -> np.ndarray:
    return scores_of(net, params, examples.x).argmax(axis=1) == examples.labels


def accuracy(net: Layer, params: Params, examples: Examples) -> float:
    return float(np.mean(is_right(net, params, examples)))


def with_best_rate(
    rates: list[float],
    one: Callable[[float, int], Best],
    seeds: Sequence[int],
    first: int,
    steps: float | None = None,
    worth: Callable[[Best], float] = lambda best: best.value,
) -> tuple[dict[str, float | list[float]], list[Best]]:
    """Choose a rate with the first seeds, then train with all.

    Chosen is what is best on the mean of these seeds, on the examples to choose by.
    Where only so many steps between 0 and 1 are told apart, the quickest of equals is.
    """
    bests = {}

    def score(rate: float) -> float:
        bests[rate] = [one(rate, seed) for seed in seeds[:first]]
        value = float(np.mean([worth(best) for best in bests[rate]]))
        if steps is None:
            return value
        passes = float(np.mean([best.passes for best in bests[rate]]))
        return round(value * steps) / steps - 1e-6 * passes

    rate = search(rates, score)
    chosen = rate["chosen"]
    return rate, bests[chosen] + [one(chosen, seed) for seed in seeds[first:]]


def pairs(one: Sequence[np.ndarray], other: Sequence[np.ndarray]) -> list[list[int]]:
    """For each seed: how many examples only the one gets right, and only the other."""
    return [
        [int(np.sum(a & ~b)), int(np.sum(b & ~a))]
        for a, b in zip(one, other, strict=True)
    ]


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
