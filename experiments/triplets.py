"""NetVLAD and the convolution before it learn who is who from triplets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from conv_notes import Adam, Conv2d, NetVLAD, ReLU, Sequential, netvlad_init
from conv_notes.layers import Params

from .retrieval import PEOPLE, SMALL, Split, bags_of, deal, learn_kernels, rated
from .training import Best, with_best_rate

SEEDS = range(5)
RATES = [0.001, 0.003, 0.01]
STEPS = 4  # a pass: 4 batches of 35 pictures, as many as there are to learn from
PICTURES = SMALL.astype(np.float32)

#: Directions of patches (each is two kernels), K, and whether to start at random.
WAYS = {
    "K = 1": (8, 1, False),
    "K = 1, 96 kernels": (48, 1, False),
    "K = 8": (8, 8, False),
    "K = 8, random start": (8, 8, True),
}


def run(say: Callable[[str], None]) -> dict[str, Any]:
    found: dict[str, Any] = {name: [] for name in WAYS}
    for name in WAYS:
        for seed in SEEDS:
            found[name].append(once(name, seed))
            say(f"{name}, draw {seed}: {found[name][-1]['new']}")
    return found


def once(name: str, seed: int) -> dict[str, Any]:
    """One network with the rate that suits it best, before and after."""
    network, start = begin(name, seed)
    split = deal(seed)

    def one(rate: float, seed: int) -> Best:
        return learn(network, start, split, rate, seed)

    def trained(best: Best) -> float:
        return max(best.scores["mAP"][1:])  # even where the start is better

    rate, [kept] = with_best_rate(RATES, one, [seed], 1, steps=1e6, worth=trained)
    return {
        "rate": rate,
        "course": {
            "mAP": kept.scores["mAP"][1:],
            "passes": kept.passes - 1,
            "at 0": kept.scores["mAP"][0],
        },
        "new": [score(network, p, split.test) for p in (start, kept.params)],
        "known": [score(network, p, split.train) for p in (start, kept.params)],
        "apart": [apart(p) for p in (start, kept.params)],
        "moved": {
            key: float(np.sqrt(np.mean((kept.params[key] - start[key]) ** 2)))
            for key in start
        },
    }


def begin(name: str, seed: int) -> tuple[Sequential, Params]:
    """A network, and the parameters it starts with."""
    n, k, at_random = WAYS[name]
    network = Sequential(Conv2d(2 * n, 7, stride=2), ReLU(), NetVLAD(k))
    rng, known = np.random.default_rng(seed), SMALL[deal(seed).train]
    if at_random:
        return network, network.init(PICTURES.shape[1:], rng, np.float32)
    bags = bags_of(known, learn_kernels(known, n), False, rng, k)
    weight, bias = netvlad_init(bags.centers, bags.alpha)
    params = {
        "0.weight": bags.kernels / bags.scale,
        "0.bias": np.zeros(2 * n),
        "2.weight": weight,
        "2.bias": bias,
        "2.centers": bags.centers,
    }
    return network, {key: p.astype(np.float32) for key, p in params.items()}


def triplet_loss(
    v: np.ndarray, who: np.ndarray, margin: float = 0.1
) -> tuple[float, np.ndarray]:
    """The mean loss of all triplets and its gradient; v has a row for each image."""
    square = (v**2).sum(axis=1)
    d = square[:, None] + square - 2 * v @ v.T
    other = who[:, None] != who
    same = ~other & ~np.eye(len(who), dtype=bool)
    t = d[:, :, None] - d[:, None] + margin  # anchor, same, other
    pairs = same[:, :, None] & other[:, None]
    on, n = pairs & (t > 0), pairs.sum()
    dd = on.sum(axis=2) * 1.0 - on.sum(axis=1)  # towards d
    dd = (dd + dd.T) / n
    dv = 2 * (dd.sum(axis=1)[:, None] * v - dd @ v)
    return float(t[on].sum() / n), dv.astype(v.dtype)


def score(network: Sequential, params: Params, which: np.ndarray) -> float:
    v = network.apply(params, PICTURES[which])
    return rated(v.astype(float), PEOPLE[which])[0]


def learn(
    network: Sequential,
    params: Params,
    split: Split,
    lr: float,
    seed: int,
    most: int = 10_000,
) -> Best:
    """Take batches of 7 people with 5 pictures each until it gets no better.

    The start is judged too. A pass is but four steps: one without progress says little.
    """
    who, rng = np.unique(PEOPLE[split.train]), np.random.default_rng([seed, 1])
    optimizer = Adam(lr)
    state = optimizer.start(params)
    best = Best(lambda params: {"mAP": score(network, params, split.check)}, 30)
    best(params)
    for _ in range(most):
        for _ in range(STEPS):
            people = rng.choice(who, 7, replace=False)
            pick = [10 * p + rng.permutation(10)[:5] for p in people]
            pick = np.concatenate(pick)
            v, pull_back = network.vjp(params, PICTURES[pick])
            _, dv = triplet_loss(v, PEOPLE[pick])
            params, state = optimizer.step(params, pull_back(dv)[0], state)
        if best(params):
            break
    return best


def apart(params: Params) -> float:
    """What of the weights is no multiple of the centres: a part of their length."""
    w, c = params["2.weight"], params["2.centers"]
    rest = w - (w * c).sum() / (c * c).sum() * c
    return float(np.linalg.norm(rest) / np.linalg.norm(w))
