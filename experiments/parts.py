"""What does each part of a network contribute to reading digits?"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from conv_notes import (
    Adam,
    AvgPool2d,
    Conv2d,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
    Sequential,
)
from conv_notes.layers import Params
from conv_notes.train import Optimizer

from .digits import (
    RATES,
    SEEDS,
    convolutional,
    digits,
    drawn,
    moved,
    start_of,
    up_to,
)
from .training import (
    Best,
    Examples,
    accuracy,
    is_right,
    pairs,
    train,
    with_best_rate,
)

N = 500


@dataclass
class Only:
    """An optimizer that moves some layers and leaves the others as they are."""

    layers: str  # their numbers
    optimizer: Optimizer

    def pick(self, arrays: Params) -> Params:
        return {name: a for name, a in arrays.items() if name[0] in self.layers}

    def start(self, params: Params) -> Any:
        return self.optimizer.start(self.pick(params))

    def step(self, params: Params, grads: Params, state: Any) -> tuple[Params, Any]:
        some = self.pick(params), self.pick(grads)
        new, state = self.optimizer.step(*some, state)
        return params | new, state


def variants() -> dict[str, Sequential]:
    first, second, tail = Conv2d(6, 5), Conv2d(12, 5), [Flatten(), Linear(10)]
    largest, mean, relu = MaxPool2d(2), AvgPool2d(2), ReLU()
    return {
        "all parts": convolutional(),
        "no ReLU": Sequential(first, largest, second, largest, *tail),
        "average pooling": Sequential(first, relu, mean, second, relu, mean, *tail),
        "average, no ReLU": Sequential(first, mean, second, mean, *tail),
    }


def shuffled(examples: Examples) -> Examples:
    """The pixels of every image in one other order."""
    order = np.random.default_rng(7).permutation(784)
    x = examples.x.reshape(-1, 784)[:, order]
    return Examples(x.reshape(examples.x.shape), examples.labels)


def jittered(examples: Examples, seed: int) -> Examples:
    """Every digit moved at random, up to 4 pixels each way."""
    large = np.pad(examples.x, [(0, 0), (0, 0), (4, 4), (4, 4)])
    places = np.random.default_rng([seed, 3]).integers(0, 9, (len(large), 2))
    x = [d[:, i : i + 28, j : j + 28] for d, (i, j) in zip(large, places, strict=True)]
    return Examples(np.stack(x), examples.labels)


def kernels_only(training: Examples, validation: Examples, rate: float, seed: int):
    net, part = convolutional(), drawn(training, N, seed)
    start = start_of(net, seed)
    return train(net, part, validation, Only("03", Adam(rate)), seed, start=start)


def head_only(training: Examples, validation: Examples, rate: float, seed: int):
    """The last layer, on what the random layers before it put out."""
    start = start_of(convolutional(), seed)
    part, choose = (
        Examples(up_to(6, start, e.x).reshape(len(e.x), -1), e.labels)
        for e in (drawn(training, N, seed), validation)
    )
    head = {"weight": start["7.weight"], "bias": start["7.bias"]}
    best = train(Linear(10), part, choose, rate, seed, start=head)
    best.params = start | {f"7.{name}": value for name, value in best.params.items()}
    return best


def run(say: Callable[[str], None]) -> dict:
    training, validation, test = digits()
    found, right = {"parts": {}}, {}

    def keep(
        name: str,
        net: Sequential,
        one: Callable[[float, int], Best],
        of: Examples,
    ) -> list[Best]:
        rate, bests = with_best_rate(RATES, one, SEEDS, first=3)
        right[name] = [is_right(net, best.params, of) for best in bests]
        found["parts"][name] = {
            "rate": rate,
            "accuracy": np.mean(right[name], axis=1),
            "after": [best.passes for best in bests],
            "curve": bests[0].curve,
            "pairs": pairs(right["all parts"], right[name]),
        }
        say(f"{name}: {np.mean(right[name]):.3f}")
        return bests

    def ablate(net: Sequential, change: Callable[[Examples], Examples]):
        def one(rate: float, seed: int) -> Best:
            part, start = change(drawn(training, N, seed)), start_of(net, seed)
            choose = change(validation)
            return train(net, part, choose, rate, seed, start=start)

        return one

    for name, net in variants().items():
        bests = keep(name, net, ablate(net, lambda examples: examples), test)
        if name == "all parts":
            plain = bests
    net = convolutional()
    keep("shuffled pixels", net, ablate(net, shuffled), shuffled(test))
    for one in head_only, kernels_only:
        name = one.__name__.replace("_", " ")
        keep(name, net, lambda *which, one=one: one(training, validation, *which), test)

    def on_moved(rate: float, seed: int) -> Best:
        part = jittered(drawn(training, N, seed), seed)
        start = start_of(net, seed)
        return train(net, part, jittered(validation, 99), rate, seed, start=start)

    bests = keep("moved digits", net, on_moved, test)
    found["moved"] = {
        name: {
            s: [accuracy(net, b.params, moved(test, s)) for b in some]
            for s in (0, 2, 4)
        }
        for name, some in (("as they are", plain), ("moved", bests))
    }
    return found
