"""How many handwritten digits do networks read, and what do their layers say?"""

from collections.abc import Callable

import numpy as np

from conv_notes import (
    Adam,
    Conv2d,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
    Sequential,
    fit,
)
from conv_notes.data import mnist_digits
from conv_notes.layers import Layer, Params

from .training import (
    Best,
    Examples,
    accuracy,
    is_right,
    pairs,
    scores_of,
    search,
    train,
    with_best_rate,
)

SHAPE = (1, 28, 28)
SIZES = 20, 100, 500, 2500
SEEDS = range(5)
RATES = [0.003, 0.01, 0.03]
SEEN = 500  # digits, at least, until the validation digits are read
LONG = 60  # passes over all training digits, to see what more of them do


def digits() -> list[Examples]:
    """2,500 to train with, 1,000 to choose by, 1,500 for the test; always the same."""
    images, labels, _ = mnist_digits()
    order = np.random.default_rng(0).permutation(5000)
    every = Examples(images[order].astype(np.float32), labels[order])
    ends = (0, 2500), (2500, 3500), (3500, 5000)
    return [every.some(slice(*part)) for part in ends]


def drawn(training: Examples, n: int, seed: int) -> Examples:
    """n of the training digits; the seed decides which."""
    which = np.random.default_rng([seed, 2]).permutation(len(training.x))
    return training.some(which[:n])


def convolutional() -> Sequential:
    first = Conv2d(6, 5), ReLU(), MaxPool2d(2)
    second = Conv2d(12, 5), ReLU(), MaxPool2d(2)
    return Sequential(*first, *second, Flatten(), Linear(10))


def dense(hidden: int) -> Sequential:
    layers = [Linear(hidden), ReLU()] if hidden else []
    return Sequential(Flatten(), *layers, Linear(10))


def start_of(net: Layer, seed: int) -> Params:
    return net.init(SHAPE, np.random.default_rng(seed), np.float32)


def trained_long(
    net: Layer, examples: Examples, rate: float, seed: int, test: Examples
) -> float:
    """Test accuracy after `LONG` passes of a training that nothing ends before."""
    start, rng = start_of(net, seed), np.random.default_rng([seed, 1])
    how = {"epochs": LONG, "batch_size": 20, "optimizer": Adam(rate), "rng": rng}
    params, _ = fit(net, start, *examples, progress=False, **how)
    return accuracy(net, params, test)


def moved(examples: Examples, pixels: int) -> Examples:
    """Digits moved to the right; what leaves the image is lost."""
    x = np.zeros_like(examples.x)
    x[..., pixels:] = examples.x[..., : x.shape[-1] - pixels]
    return Examples(x, examples.labels)


def readable(parts: list[np.ndarray], labels: list[np.ndarray]) -> tuple[dict, float]:
    """How many test digits a linear reader of features gets right.

    It is ridge regression on the classes, with the ridge that leaves the smallest error
    on the validation digits; features and labels are those of training, validation and
    test.
    """
    fs = [part.reshape(len(part), -1).astype(float) for part in parts]
    a, validation, test = (f - fs[0].mean(axis=0) for f in fs)
    wanted, aims, _ = (np.eye(10)[part] - 0.1 for part in labels)
    gram, right = a.T @ a, a.T @ wanted

    def weight(ridge: float) -> np.ndarray:
        return np.linalg.solve(gram + ridge * np.eye(len(gram)), right)

    def score(ridge: float) -> float:  # accuracy is the same for all small ridges
        return -float(np.mean((validation @ weight(ridge) - aims) ** 2))

    ridge = search([10.0, 100.0, 1000.0], score)
    guess = (test @ weight(ridge["chosen"])).argmax(axis=1)
    return ridge, float(np.mean(guess == labels[2]))


def similarity(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """How alike images are to a network with a hidden layer of unlimited width.

    What such a network learns is ridge regression with these numbers (Jacot, Gabriel
    & Hongler 2018; the formula for ReLU, without biases, is Cho & Saul's of 2009).
    """
    a, b = (x.reshape(len(x), -1).astype(float) for x in (a, b))
    sizes = np.linalg.norm(a, axis=1)[:, None] * np.linalg.norm(b, axis=1)
    cosine = np.clip(a @ b.T / sizes, -1, 1)
    angle = np.arccos(cosine)
    return sizes * (np.sin(angle) + 2 * (np.pi - angle) * cosine) / np.pi


def unlimited(training: Examples, test: Examples, n: int, seed: int) -> np.ndarray:
    """Which test digits a network of unlimited width, trained to its end, gets right.

    To its end means until it has learned every training digit by heart: the ridge is
    there for the rounding only. Larger ones serve the validation digits no better.
    """
    some = drawn(training, n, seed)
    alike = similarity(some.x, some.x) + 1e-3 * np.eye(n)
    weight = np.linalg.solve(alike, np.eye(10)[some.labels] - 0.1)
    guess = (similarity(test.x, some.x) @ weight).argmax(axis=1)
    return guess == test.labels


def up_to(k: int, params: Params, x: np.ndarray) -> np.ndarray:
    """What the first k layers of the convolutional network put out."""
    mine = {name: v for name, v in params.items() if int(name[0]) < k}
    return scores_of(Sequential(*list(convolutional())[:k]), mine, x)


def readers(params: Params, seed: int, parts: list[Examples]) -> dict:
    """A linear reader behind both stages: random kernels, trained ones, a control."""
    labels, net, found = [part.labels for part in parts], convolutional(), {}
    for name, k, numbers in ("pooling 1", 3, 864), ("pooling 2", 6, 192):
        control = Sequential(Flatten(), Linear(numbers), ReLU())
        mine = start_of(control, seed)
        found[name] = {
            "control": [scores_of(control, mine, part.x) for part in parts],
            "random": [up_to(k, start_of(net, seed), part.x) for part in parts],
            "trained": [up_to(k, params, part.x) for part in parts],
        }
    return {
        stage: {name: readable(fs, labels) for name, fs in features.items()}
        for stage, features in found.items()
    }


def run(say: Callable[[str], None]) -> dict:
    parts = training, validation, test = digits()
    nets = {"convolution": convolutional(), "linear": dense(0)}
    nets |= {"equal": dense(5), "wide": dense(256)}
    found = {"sizes": SIZES, "networks": {name: {} for name in nets}}

    def study(net: Layer, n: int) -> tuple[dict, list[Best]]:
        def one(rate: float, seed: int) -> Best:
            part, start = drawn(training, n, seed), start_of(net, seed)
            # Few digits are seen several times before the validation digits are.
            part = part.some(np.tile(np.arange(n), max(1, SEEN // n)))
            return train(net, part, validation, rate, seed, start=start)

        return with_best_rate(RATES, one, SEEDS, first=3)

    kept, right = {}, {}
    for name, net in nets.items():
        for n in SIZES:
            rate, bests = study(net, n)
            kept[name, n] = bests
            right[name, n] = [is_right(net, best.params, test) for best in bests]
            found["networks"][name][n] = {
                "rate": rate,
                "accuracy": np.mean(right[name, n], axis=1),
                "after": [best.passes for best in bests],
            }
            if n >= 500:
                found["networks"][name][n]["curve"] = bests[0].curve
            say(f"{name}, {n}: {np.mean(right[name, n]):.3f}")

    found["unlimited"] = {}
    found["pairs"], found["difference"] = {"wide": {}, "unlimited": {}}, {}
    for n in SIZES:
        answers = [unlimited(training, test, n, seed) for seed in SEEDS]
        right["unlimited", n] = answers
        found["unlimited"][n] = np.mean(answers, axis=1)
        say(f"unlimited, {n}: {np.mean(answers):.3f}")
    for rival in found["pairs"]:
        found["difference"][rival] = {}
        for n in SIZES:
            one, other = right["convolution", n], right[rival, n]
            found["pairs"][rival][n] = pairs(one, other)
            each = np.mean(one, axis=0) - np.mean(other, axis=0)  # of every test digit
            error = each.std() / np.sqrt(len(each))
            found["difference"][rival][n] = [each.mean(), error]

    found["moved"] = {
        name: {
            s: [
                accuracy(nets[name], best.params, moved(test, s))
                for best in kept[name, 2500]
            ]
            for s in (0, 1, 2, 4)
        }
        for name in ("convolution", "wide")
    }
    rate = found["networks"]["linear"][2500]["rate"]["chosen"]
    found["linear, long"] = [
        trained_long(nets["linear"], drawn(training, 2500, seed), rate, seed, test)
        for seed in SEEDS
    ]
    first = kept["convolution", 2500][0].params  # of the first seed
    found["kept"] = {name: w.astype(float).round(4) for name, w in first.items()}
    labels = [part.labels for part in parts]
    found["pixels"] = readable([part.x for part in parts], labels)
    found["readers"] = [
        readers(best.params, seed, parts)
        for seed, best in enumerate(kept["convolution", 2500])
    ]
    return found
