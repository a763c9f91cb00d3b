"""Which way up makes the best masks? Digits on textures; every pixel gets a class.

All networks come down to maps of 7 × 7 by two max poolings, so that what tells a 1 from
a part of a 4 sees far enough. They differ in how the mask gets its size back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from conv_notes import (
    Adam,
    Conv2d,
    ConvTranspose2d,
    MaxPool2d,
    ReLU,
    Sequential,
    Upsample,
    avg_pool2d,
    fit,
    log_softmax,
    max_pool2d,
    max_unpool2d,
)
from conv_notes.data import mnist_digits, textures
from conv_notes.layers import Layer, Params
from conv_notes.layers._layer import Plan
from conv_notes.networks.containers import Container, below

from .training import Best, Examples, reads, scores_of, with_best_rate

SEEDS = range(5)
DIGITS = 0, 1, 4  # classes 1, 2, 3; 0 is the background
SIDE, CLASSES = 28, 4
SIZES = {"train": 160, "choose": 80, "test": 300}
RATES = [0.002, 0.005, 0.0125]
SHOWN = slice(3)  # test canvases of the first seed, whose masks are kept


class Canvases(NamedTuple):
    x: np.ndarray  # N, 1, 28, 28
    masks: np.ndarray  # N, 28, 28


def canvases(seed: int, sizes: dict[str, int] = SIZES) -> dict[str, Canvases]:
    """A digit each, somewhere on a piece of a texture.

    No digit and no row of a texture is in two of the parts.
    """
    rng = np.random.default_rng(seed)
    images, labels, _ = mnist_digits()
    digits = images[:, 0, 4:24, 4:24]  # around them is paper
    grounds = np.stack(list(textures().images.values()))
    grounds = avg_pool2d(grounds[None], 2)[0]  # 3, 256, 256
    order = rng.permutation(np.flatnonzero(np.isin(labels, DIGITS)))
    parts, ends = {}, {"train": (0, 0.6), "choose": (0.6, 0.8), "test": (0.8, 1)}
    for part, n in sizes.items():
        begin, end = ends[part]
        mine = order[int(begin * len(order)) : int(end * len(order))]
        top, bottom = int(begin * 256), int(end * 256) - SIDE
        x = np.empty((n, 1, SIDE, SIDE), np.float32)
        masks = np.zeros((n, SIDE, SIDE), int)
        for canvas, mask, one in zip(x[:, 0], masks, rng.choice(mine, n), strict=True):
            i, j = rng.integers(top, bottom + 1), rng.integers(257 - SIDE)
            ground = grounds[rng.integers(3), i : i + SIDE, j : j + SIDE]
            i, j = rng.integers(SIDE - 19, size=2)
            here = slice(i, i + 20), slice(j, j + 20)
            canvas[:] = 0.6 * ground
            canvas[here] = np.maximum(canvas[here], digits[one])
            mask[here][digits[one] > 0.5] = 1 + DIGITS.index(labels[one])
        parts[part] = Canvases(x, masks)
    return parts


@dataclass(frozen=True, repr=False)
class Around(Container):
    """Max pooling, layers that keep the size, and max unpooling to the same places."""

    inside: Layer

    @property
    def _inside(self) -> tuple[Layer, ...]:
        return (self.inside,)

    def parts(self, input_shape: tuple[int, ...]) -> Iterator[tuple[str, Layer, Plan]]:
        pooled = MaxPool2d(2).output_shape(input_shape)
        yield "0", self.inside, self.inside.plan(pooled)

    def _joined(self, shape: tuple[int, ...], outputs: Any) -> tuple[int, ...]:
        return shape

    def _run(self, params: Params, x: np.ndarray) -> Any:
        (peaks, places), pull_peaks = max_pool2d.vjp(x, 2, return_indices=True)
        z, pull_z = self.inside._run(below(params, 0), peaks)
        y, pull_y = max_unpool2d.vjp(z, places, 2)

        def pullback(dy: np.ndarray, *, dx: bool = True) -> tuple[Params, Any]:
            dparams, dpeaks = pull_z(pull_y(dy)[0])
            grads = {f"0.{name}": grad for name, grad in dparams.items()}
            return grads, pull_peaks(dpeaks)[0] if dx else None

        return y, pullback


def conv(channels: int) -> list[Layer]:
    return [Conv2d(channels, 3, padding=1), ReLU()]


def networks() -> dict[str, Layer]:
    """All have the same five convolutions, but for the kernels of the transposed."""
    down = [*conv(8), MaxPool2d(2), *conv(16), MaxPool2d(2), *conv(16)]
    last = Conv2d(CLASSES, 3, padding=1)

    def stepwise(mode: str) -> Layer:
        up = Upsample(scale_factor=2, mode=mode)
        return Sequential(*down, up, *conv(8), up, last)

    def painted(channels: int) -> Layer:
        return ConvTranspose2d(channels, 4, stride=2, padding=1)

    at_the_end = Upsample(scale_factor=4, mode="bilinear")
    inner = Around(Sequential(*conv(16)))
    outer = Around(Sequential(*conv(16), inner, *conv(8)))
    return {
        "bilinear at the end": Sequential(*down, *conv(8), last, at_the_end),
        "nearest": stepwise("nearest"),
        "bilinear": stepwise("bilinear"),
        "transposed": Sequential(*down, painted(8), ReLU(), painted(CLASSES)),
        "unpooling": Sequential(*conv(8), outer, last),
    }


class PixelLoss:
    """Cross-entropy, the mean over all pixels."""

    @staticmethod
    def vjp(scores: np.ndarray, masks: np.ndarray) -> tuple[np.ndarray, Any]:
        log_p, pull_back = log_softmax.vjp(scores, 1)
        wanted = (np.arange(CLASSES)[:, None, None] == masks[:, None]) / masks.size
        wanted = wanted.astype(scores.dtype)

        def pullback(dy: np.ndarray) -> tuple[np.ndarray, None]:
            return pull_back(-dy * wanted)[0], None

        return -(wanted * log_p).sum(), pullback


def as_rows(scores: np.ndarray) -> np.ndarray:
    """(N, K, H, W) to (N · H · W, K)."""
    return np.moveaxis(scores, 1, 3).reshape(-1, scores.shape[1])


@dataclass(frozen=True)
class Pixels:
    """A network whose outputs are read as rows, one for each pixel."""

    net: Layer

    def apply(self, params: Params, x: np.ndarray) -> np.ndarray:
        return as_rows(self.net.apply(params, x))


def train(
    net: Layer,
    parts: dict[str, Canvases],
    rate: float,
    seed: int,
    most: int = 10_000,
    start: Params | None = None,
) -> Best:
    """Until the canvases to choose by get no better."""
    if start is None:
        start = net.init((1, SIDE, SIDE), np.random.default_rng(seed), np.float32)
    choose = Examples(parts["choose"].x, parts["choose"].masks.ravel())
    best = Best(reads(Pixels(net), choose))
    fit(
        net,
        start,
        *parts["train"],
        epochs=most,
        batch_size=10,
        optimizer=Adam(rate),
        rng=np.random.default_rng([seed, 1]),
        loss=PixelLoss(),
        progress=False,
        until=best,
    )
    return best


def masks_of(net: Layer, params: Params, x: np.ndarray) -> np.ndarray:
    n, _, height, width = x.shape
    guess = scores_of(Pixels(net), params, x).argmax(axis=1)
    return guess.reshape(n, height, width)


def overlap(guess: np.ndarray, masks: np.ndarray) -> float:
    """Intersection over union, the mean of the three digits."""
    return float(np.mean([iou(guess == c, masks == c) for c in range(1, CLASSES)]))


def iou(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / (a | b).sum())


def where_and_what(guess: np.ndarray, masks: np.ndarray) -> dict[str, float]:
    """Where: pixels taken for any digit. What: of those rightly so, the right digit."""
    ink = (guess > 0) & (masks > 0)
    return {
        "overlap": overlap(guess, masks),
        "where": iou(guess > 0, masks > 0),
        "what": float((guess == masks)[ink].mean()),
    }


def as_text(mask: np.ndarray) -> list[str]:
    return ["".join(map(str, row)) for row in mask]


def run(say: Callable[[str], None]) -> dict[str, Any]:
    parts = [canvases(seed) for seed in SEEDS]
    found: dict[str, Any] = {}
    for name, net in networks().items():

        def one(rate: float, seed: int, net: Layer = net) -> Best:
            return train(net, parts[seed], rate, seed)

        rate, bests = with_best_rate(RATES, one, SEEDS, first=1)
        results = [
            where_and_what(
                masks_of(net, best.params, part["test"].x), part["test"].masks
            )
            for best, part in zip(bests, parts, strict=True)
        ]
        shown = masks_of(net, bests[0].params, parts[0]["test"].x[SHOWN])
        found[name] = {
            "rate": rate,
            "curve": bests[0].curve,
            "lengths": [[best.passes, best.done] for best in bests],
            "test": {key: [r[key] for r in results] for key in results[0]},
            "masks": [as_text(mask) for mask in shown],
        }
        mean = np.mean(found[name]["test"]["overlap"])
        say(f"{name}: rate {rate['chosen']}, overlap {mean:.3f}")
    return found
