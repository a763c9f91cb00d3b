"""How far a classifier of single pixels comes, by how the pixels are split."""

from collections.abc import Callable
from typing import Any

import numpy as np

from conv_notes import Adam, Linear, ReLU, Sequential, fit
from conv_notes.data import indian_pines
from conv_notes.layers import Layer, Params

from .training import Best, Examples, scores_of, train, with_best_rate

SEEDS = {"pixel": range(5), "field": range(10)}  # fields differ more
RATES = [0.001, 0.003, 0.01, 0.03]
BATCH = 50
VISIBLE = [6, 15, 26]  # of the 200 bands: one each of blue, green and red
PER_CLASS = {"training": 150, "choosing": 50}  # pixels at most


def one_layer() -> Layer:
    return Linear(8)


def two_layers(width: int = 32) -> Layer:
    return Sequential(Linear(width), ReLU(), Linear(8))


MODELS = {  # the network, and the bands that it is given
    "one layer": (one_layer(), slice(None)),
    "two layers, 3 bands": (two_layers(), VISIBLE),
    "two layers": (two_layers(), slice(None)),
    "two layers, 128 hidden": (two_layers(128), slice(None)),
}


def fields(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Where fields are, which one, of how many: pixels connected by their sides."""
    outside = mask.size
    first = np.where(mask, np.arange(mask.size).reshape(mask.shape), outside)
    first = np.pad(first, 1, constant_values=outside)
    while True:  # the smallest number of a field spreads over all of it
        sides = [np.roll(first, by, axis) for axis in (0, 1) for by in (1, -1)]
        spread = np.where(first < outside, np.min([first, *sides], axis=0), outside)
        if np.array_equal(spread, first):
            break
        first = spread
    inside = first[1:-1, 1:-1] < outside
    numbers, which = np.unique(first[first < outside], return_inverse=True)
    return inside, which, len(numbers)


class Scene:
    """Pixels of the eight classes that have at least three fields.

    A field is a region of one class whose pixels are connected by their sides.
    """

    def __init__(self) -> None:
        scene = indian_pines()
        self.picture, self.credit = scene.image, scene.credit
        self.map = np.zeros(scene.labels.shape, int)  # 0: not used, else the field
        self.class_of, self.classes = [-1], []  # of a field; names
        for c in range(1, 17):
            inside, regions, n = fields(scene.labels == c)
            if n >= 3:
                self.map[inside] = regions + len(self.class_of)
                self.class_of += [len(self.classes)] * n
                self.classes.append(scene.classes[c])
        used = self.map > 0
        self.spectra = scene.image[0][:, used].T.astype(np.float32)  # pixels, bands
        self.field = self.map[used]
        self.label = np.array(self.class_of)[self.field]

    def split(self, by: str, seed: int) -> dict[str, np.ndarray]:
        """Draw pixels to learn from, to choose by, and to test on.

        By field, each class gives one field to choose by and another for testing.
        """
        rng = np.random.default_rng(seed)
        parts: dict[str, list[np.ndarray]] = {
            "training": [],
            "choosing": [],
            "test": [],
        }
        for k in range(len(self.classes)):
            if by == "field":
                fields = rng.permutation(np.flatnonzero(np.array(self.class_of) == k))
                of = [fields[2:], fields[1:2], fields[:1]]
                pools = [np.flatnonzero(np.isin(self.field, f)) for f in of]
                pools = [rng.permutation(pool) for pool in pools]
            else:
                pixels = rng.permutation(np.flatnonzero(self.label == k))
                pools = np.split(pixels, np.cumsum([*PER_CLASS.values()]))
            for (part, taken), pool in zip(parts.items(), pools, strict=True):
                taken.append(pool[: PER_CLASS.get(part)])
        return {part: np.concatenate(taken) for part, taken in parts.items()}

    def examples(self, parts: dict[str, np.ndarray]) -> dict[str, Examples]:
        """Spectra of the parts, each band in standard units of the training pixels."""
        mean, std = self.units(parts)
        return {
            part: Examples((self.spectra[which] - mean) / std, self.label[which])
            for part, which in parts.items()
        }

    def units(self, parts: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        spectra = self.spectra[parts["training"]]
        return spectra.mean(axis=0), spectra.std(axis=0)


def of_bands(data: dict[str, Examples], bands: Any) -> dict[str, Examples]:
    return {part: Examples(x[:, bands], labels) for part, (x, labels) in data.items()}


def class_accuracy(guess: np.ndarray, labels: np.ndarray) -> float:
    """Mean over the classes of the share that is right."""
    shares = [np.mean(guess[labels == k] == k) for k in np.unique(labels)]
    return float(np.mean(shares))


def nearest_mean(data: dict[str, Examples]) -> float:
    x, labels = map(
        np.concatenate, zip(data["training"], data["choosing"], strict=True)
    )
    means = [x[labels == k].mean(axis=0) for k in range(8)]
    x, labels = data["test"]
    far = np.stack([((x - mean) ** 2).sum(axis=1) for mean in means])
    return class_accuracy(far.argmin(axis=0), labels)


def around(best: Best) -> float:
    """The accuracy of the best pass and of ten passes around it, on the mean.

    On fields never seen it jumps from pass to pass, the more so the higher the rate.
    """
    return float(np.mean(best.scores["accuracy"][max(best.passes - 6, 0) :][:11]))


def learn(
    data: dict[str, Examples], model: str, rate: float, seed: int, most: int = 10_000
) -> Best:
    """Train on the pixels to learn from, and watch those to choose by.

    On fields never seen, the cross-entropy may rise from the first pass on.
    """
    net, bands = MODELS[model]
    data = of_bands(data, bands)
    how = {"batch_size": BATCH, "most": most, "patience": 50}
    return train(net, data["training"], data["choosing"], rate, seed, **how)


def final(
    data: dict[str, Examples], model: str, rate: float, passes: int, seed: int
) -> Params:
    """Train with all but the test pixels, once rate and passes are chosen."""
    net, bands = MODELS[model]
    data = of_bands(data, bands)
    parts = zip(data["training"], data["choosing"], strict=True)
    x, labels = map(np.concatenate, parts)
    start = net.init(x.shape[1:], np.random.default_rng(seed), x.dtype)
    return fit(
        net,
        start,
        x,
        labels,
        epochs=passes,
        batch_size=BATCH,
        optimizer=Adam(rate),
        rng=np.random.default_rng([seed, 1]),
        progress=False,
    ).params


def test(data: dict[str, Examples], model: str, params: Params) -> float:
    net, bands = MODELS[model]
    x, labels = of_bands(data, bands)["test"]
    return class_accuracy(scores_of(net, params, x).argmax(axis=1), labels)


def run(say: Callable[[str], None]) -> dict[str, Any]:
    scene, results = Scene(), {}
    for by, seeds in SEEDS.items():
        draws = [scene.examples(scene.split(by, seed)) for seed in seeds]
        results[by] = {"nearest mean": {"test": [nearest_mean(d) for d in draws]}}
        for model in MODELS:

            def one(rate: float, seed: int, model=model, draws=draws) -> Best:
                return learn(draws[seed], model, rate, seed)

            rate, kept = with_best_rate(RATES, one, seeds, len(seeds), worth=around)
            passes = int(np.median([best.passes for best in kept]))
            tested = [
                test(data, model, final(data, model, rate["chosen"], passes, seed))
                for seed, data in zip(seeds, draws, strict=True)
            ]
            results[by][model] = {
                "rate": rate,
                "passes of the last training": passes,
                "test": tested,
                "curve": kept[0].curve,
            }
            say(f"{by}, {model}: rate {rate['chosen']}, test {np.mean(tested):.3f}")
    return results
