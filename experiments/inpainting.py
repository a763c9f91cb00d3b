"""Small networks that learn to fill holes in photographs, told of them in three ways.

Partial: every layer is a partial convolution. Plain: the same without the mask. Mask
channel: plain, with the mask as a second channel of the input.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from conv_notes import Adam, avg_pool2d, partial_conv2d, relu
from conv_notes.data import photographs
from conv_notes.layers import Params

from .training import Best, with_best_rate

KINDS = "partial", "plain", "mask channel"
TRAINED_ON = "astronaut", "clock"
CHOSEN_ON = ("coins",)
TESTED_ON = "camera", "chelsea", "coffee"
SEEDS = range(3)
RATES = [0.003, 0.01, 0.03]
STEPS = 100  # in a pass

Make = Callable[[int, np.random.Generator], np.ndarray]  # of a mask
Fill = Callable[[np.ndarray, np.ndarray], np.ndarray]


@cache
def photo(name: str) -> np.ndarray:
    """A photograph at half its resolution, (1, 1, H, W)."""
    return avg_pool2d(photographs().images[name][None, None], 2)


def crop(name: str, size: int = 96) -> np.ndarray:
    """Its middle."""
    h, w = ((n - size) // 2 for n in photo(name).shape[2:])
    return photo(name)[:, :, h : h + size, w : w + size]


def scattered(missing: float) -> Make:
    """Each pixel is missing with this probability."""
    return lambda n, rng: (rng.random((n, n)) >= missing) * 1.0


def blocks(
    n: int, rng: np.random.Generator, size: int = 20, count: int = 3
) -> np.ndarray:
    mask = np.ones((n, n))
    for i, j in rng.integers(0, n - size, (count, 2)):
        mask[i : i + size, j : j + size] = 0
    return mask


def strokes(n: int, rng: np.random.Generator, count: int = 8) -> np.ndarray:
    """Lines that wind across the image, three pixels wide."""
    turns = rng.normal(0, 0.4, (count, 40)).cumsum(axis=1)
    angles = rng.uniform(0, 2 * np.pi, (count, 1)) + turns
    line = np.stack([np.sin(angles), np.cos(angles)]).cumsum(axis=2)
    line = (line + rng.uniform(0, n, (2, count, 1))).astype(int)
    line = line[:, ((line >= 0) & (line < n)).all(axis=0)]
    ink = np.zeros((n + 2, n + 2))  # with a frame of one pixel
    for a, b in np.ndindex(3, 3):
        ink[line[0] + a, line[1] + b] = 1
    return 1 - ink[1:-1, 1:-1]


def small_blocks(n: int, rng: np.random.Generator) -> np.ndarray:
    return blocks(n, rng, size=8, count=12)


TASKS: dict[str, Make] = {
    "50 %": scattered(0.5),
    "75 %": scattered(0.75),
    "strokes": strokes,
    "blocks of 8": small_blocks,
}


def psnr(y: np.ndarray, x: np.ndarray, mask: np.ndarray) -> float:
    """In decibels, over the hole only."""
    return float(-10 * np.log10(np.mean((y - x)[mask == 0] ** 2)))


def scores(fill: Fill, make: Make, names: tuple[str, ...], seed: int) -> list[float]:
    """One for each photograph, each with a mask of its own."""
    rng, values = np.random.default_rng(seed), []
    for name in names:
        x, mask = crop(name), make(96, rng)[None, None]
        values.append(psnr(fill(x, mask), x, mask))
    return values


def some_hole(n: int, rng: np.random.Generator) -> np.ndarray:
    kind = rng.integers(3)
    if kind == 0:
        return scattered(rng.uniform(0.25, 0.9))(n, rng)
    if kind == 1:
        return strokes(n, rng, count=3)
    return blocks(n, rng, size=int(rng.integers(4, 9)), count=6)


def patches(
    rng: np.random.Generator, count: int = 2, n: int = 40
) -> tuple[np.ndarray, np.ndarray]:
    """Pieces of the photographs to learn from, and masks: (count, 1, n, n) each."""
    x, mask = np.zeros((2, count, 1, n, n), np.float32)
    for k in range(count):
        z = photo(TRAINED_ON[rng.integers(2)])[0, 0]
        i, j = (rng.integers(size - n) for size in z.shape)
        x[k, 0] = z[i : i + n, j : j + n]
        mask[k, 0] = some_hole(n, rng)
    return x, mask


def begin(channels: int, rng: np.random.Generator, maps: int = 8) -> Params:
    """Random weights; the skip is the mean of its window."""
    sizes, p = [channels, maps, maps, maps, 1], {}
    for i in range(4):
        shape = (sizes[i + 1], sizes[i], 3, 3)
        scale = np.sqrt(2 / (9 * sizes[i])) * (1 if i < 3 else 0.1)
        p[f"w{i}"] = rng.normal(0, scale, shape)
        p[f"b{i}"] = np.zeros(sizes[i + 1])
    p["skip"] = np.zeros((1, channels, 3, 3))
    p["skip"][0, 0] = 1 / 9
    return {name: w.astype(np.float32) for name, w in p.items()}


def net(
    p: Params, x: np.ndarray, mask: np.ndarray
) -> tuple[np.ndarray, Callable[[np.ndarray], Params]]:
    """Four layers and a skip: the filling, and from its gradient those of p."""
    h, m, back = x, mask, []
    for i in range(3):
        w, b = p[f"w{i}"], p[f"b{i}"]
        (h, m), conv = partial_conv2d.vjp(h, m, w, b, padding=1)
        h, cut = relu.vjp(h)
        back.append((conv, cut))
    (y, _), last = partial_conv2d.vjp(h, m, p["w3"], p["b3"], padding=1)
    (z, _), skip = partial_conv2d.vjp(x, mask, p["skip"], padding=1)

    def pull_back(dy: np.ndarray) -> Params:
        g = {"skip": skip(dy)[2]}
        dh, _, g["w3"], g["b3"] = last(dy)
        for i in (2, 1, 0):
            conv, cut = back[i]
            dh, _, g[f"w{i}"], g[f"b{i}"] = conv(cut(dh)[0])
        return g

    return y + z, pull_back


def prepare(
    kind: str, x: np.ndarray, mask: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What the network sees, which pixels count, and the mean of the known ones."""
    axes: dict[str, Any] = {"axis": (1, 2, 3), "keepdims": True}
    mean = (x * mask).sum(**axes) / mask.sum(**axes)
    seen = (x - mean) * mask
    counts = mask if kind == "partial" else np.ones_like(mask)
    if kind == "mask channel":
        seen = np.concatenate([seen, mask], axis=1)
    return seen, counts, mean


def repair(kind: str, p: Params) -> Fill:
    def fill(x: np.ndarray, mask: np.ndarray) -> np.ndarray:
        x, mask = x.astype(np.float32), mask.astype(np.float32)
        seen, counts, mean = prepare(kind, x, mask)
        return np.where(mask, x, net(p, seen, counts)[0] + mean)

    return fill


def train(kind: str, seed: int, rate: float, most: int = 10_000) -> Best:
    """Train until the filling of the photograph to choose by gets no better.

    All kinds see the same patches and masks, in the same order. What is kept is a
    running mean of the parameters, over about the last hundred steps: it does not
    shake as they do.
    """
    p = begin(2 if kind == "mask channel" else 1, np.random.default_rng(seed))
    rng, smooth = np.random.default_rng([seed, 1]), p
    # Less than about 0.05 dB is no progress.
    best = Best(lambda p: {"psnr": on_chosen(repair(kind, p))}, gain=0.002)
    state = Adam(rate).start(p)
    for done in range(most):
        adam = Adam(rate / (1 + done / 10))  # ever smaller steps
        for _ in range(STEPS):
            x, mask = patches(rng)
            seen, counts, mean = prepare(kind, x, mask)
            y, pull_back = net(p, seen, counts)
            weight = np.where(mask, 1, 6).astype(mask.dtype) / mask.size
            grads = pull_back(2 * weight * (y + mean - x))
            p, state = adam.step(p, grads, state)
            smooth = {k: 0.99 * w + 0.01 * p[k] for k, w in smooth.items()}
        if best(smooth):
            break
    return best


def on_chosen(fill: Fill) -> float:
    """The mean over all tasks, with two masks each."""
    values = [
        scores(fill, make, CHOSEN_ON, seed)
        for make in TASKS.values()
        for seed in range(2)
    ]
    return float(np.mean(values))


def on_tested(fill: Fill, seed: int) -> dict[str, list[float]]:
    """Each task, each photograph; the masks are the seed's."""
    return {
        task: scores(fill, make, TESTED_ON, 10 + seed) for task, make in TASKS.items()
    }


def kept(params: Params) -> dict[str, np.ndarray]:
    """Parameters as rows, which make a shorter file."""
    return {k: w.astype(float).round(4).ravel() for k, w in params.items()}


def restored(kind: str, rows: dict[str, list[float]]) -> Params:
    """What was kept, as parameters again."""
    shapes = begin(2 if kind == "mask channel" else 1, np.random.default_rng(0))
    return {k: np.array(rows[k], w.dtype).reshape(w.shape) for k, w in shapes.items()}


def run(say: Callable[[str], None]) -> dict[str, Any]:
    results = {}
    for kind in KINDS:

        def one(rate: float, seed: int, kind: str = kind) -> Best:
            best = train(kind, seed, rate)
            say(f"{kind}, seed {seed}, rate {rate}: {best.passes}, {best.value:.2f}")
            return best

        rate, bests = with_best_rate(RATES, one, SEEDS, first=1)
        results[kind] = {
            "rate": rate,
            "curves": [best.curve for best in bests],
            "test": [
                on_tested(repair(kind, best.params), s)
                for s, best in zip(SEEDS, bests, strict=True)
            ],
            "params": kept(bests[0].params),
        }
    return results
