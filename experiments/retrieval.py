"""Who is it, and which texture? Bags of descriptors as vectors, in many draws.

Draws share people (there are 40), so they are no independent repetitions; methods are
compared within each draw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from conv_notes import avg_pool2d, conv2d, netvlad, netvlad_init, relu, unfold, vlad
from conv_notes.data import orl_faces, textures

from .training import search

DRAWS = 20
K = 16
ALPHAS = [5.0, 20.0, 80.0]  # where a search begins
CURVE = [1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0]


def run(say: Callable[[str], None]) -> dict[str, Any]:
    faces, strips = [], []
    for seed in range(DRAWS):
        faces.append(faces_once(seed))
        say(f"faces, draw {seed}: {faces[-1]['unscaled']['whole']['NetVLAD']}")
    for check, test in ways_to_deal():
        strips.append(textures_once(check, test))
    say("textures, all draws")
    return {"alphas": CURVE, "faces": turned(faces), "textures": turned(strips)}


def turned(draws: list[Any]) -> Any:
    """Lists, one number a draw, below the names; in place of names in a list."""
    if not isinstance(draws[0], dict) or "chosen" in draws[0]:
        return draws
    found = {name: turned([one[name] for one in draws]) for name in draws[0]}
    for name in found.keys() & {"curve", "recall@1"}:
        found[name] = np.mean(found[name], axis=0)  # to draw; nothing is compared
    return found


# --- How a vector is judged


def rated(v: np.ndarray, who: np.ndarray) -> tuple[float, float]:
    """mAP and recall@1; every row of v is a query once, among all the others."""
    square = (v**2).sum(axis=1)
    distance = square[:, None] + square - 2 * v @ v.T
    np.fill_diagonal(distance, np.inf)  # not itself
    order = distance.argsort(axis=1)[:, :-1]
    hit = who[order] == who[:, None]
    precision = hit.cumsum(axis=1) / np.arange(1, len(who))
    ap = (precision * hit).sum(axis=1) / hit.sum(axis=1)
    return float(ap.mean()), float(hit[:, 0].mean())


def shorten(v: np.ndarray, known: np.ndarray, n: int) -> np.ndarray:
    """PCA without whitening: v in the n main directions of the known vectors."""
    if v.shape[1] <= n:
        return v
    centred = known - known.mean(axis=0)
    _, axes = np.linalg.eigh(centred @ centred.T)
    axes = centred.T @ axes[:, -n:]
    axes = axes / np.sqrt((axes**2).sum(axis=0))
    return (v - known.mean(axis=0)) @ axes


# --- From images to bags


def unit(v: np.ndarray) -> np.ndarray:
    """Rows (or descriptors: axis 1) of length 1."""
    length = np.sqrt((v**2).sum(axis=1, keepdims=True))
    return v / np.maximum(length, 1e-12)


def learn_kernels(images: np.ndarray, n: int = 8, size: int = 7) -> np.ndarray:
    """The n main directions of patches, and their negatives: (2n, 1, size, size)."""
    patches = np.moveaxis(unfold(images, size, stride=4), (2, 3), (4, 5))
    patches = patches.reshape(-1, size * size)
    patches = patches - patches.mean(axis=1, keepdims=True)
    _, axes = np.linalg.eigh(patches.T @ patches)
    main = axes[:, -n:].T.reshape(n, 1, size, size)
    return np.concatenate([main, -main])


def bag_of(maps: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """n of all descriptors, drawn at random: (n, D)."""
    rows = np.moveaxis(maps, 1, 3).reshape(-1, maps.shape[1])
    return rows[rng.choice(len(rows), n, replace=False)]


def kmeans(
    x: np.ndarray, k: int, rng: np.random.Generator, steps: int = 10
) -> np.ndarray:
    centers = x[rng.choice(len(x), k, replace=False)]
    for _ in range(steps):
        score = (centers**2).sum(axis=1) - 2 * x @ centers.T
        nearest = np.eye(k)[score.argmin(axis=1)]
        n = nearest.sum(axis=0)[:, None]
        means = nearest.T @ x / np.maximum(n, 1)
        centers = np.where(n > 0, means, centers)
    return centers


class Bags(NamedTuple):
    """How images become maps of descriptors, and what NetVLAD starts from."""

    kernels: np.ndarray
    scaled: bool  # each descriptor to length 1
    scale: float  # else all by their root mean square length
    centers: np.ndarray
    alpha: float  # by the paper's rule
    some: np.ndarray  # the descriptors that centres and α were made from

    def maps(self, images: np.ndarray) -> np.ndarray:
        maps = relu(conv2d(images, self.kernels, stride=2))
        return unit(maps) if self.scaled else maps / self.scale


def bags_of(
    images: np.ndarray,
    kernels: np.ndarray,
    scaled: bool,
    rng: np.random.Generator,
    k: int = K,
) -> Bags:
    maps = relu(conv2d(images, kernels, stride=2))
    scale = float(np.sqrt((maps**2).sum(axis=1).mean()))
    some = bag_of(unit(maps) if scaled else maps / scale, 4000, rng)
    centers = kmeans(some, k, rng)
    return Bags(kernels, scaled, scale, centers, rules_alpha(some, centers), some)


# --- From bags to vectors


def as_it_is(f: np.ndarray, c: np.ndarray, alpha: float) -> np.ndarray:
    return netvlad(f, *netvlad_init(c, alpha), c)


def intra(v: np.ndarray) -> np.ndarray:
    """Both normalisations of sums (images, K, D)."""
    parts = unit(v.reshape(-1, v.shape[2]))
    return unit(parts.reshape(len(v), -1))


def rules_alpha(x: np.ndarray, c: np.ndarray) -> float:
    """Make the largest share of x 100 times the second, on (geometric) average."""
    if len(c) == 1:
        return 1.0  # all shares are 1
    square = np.sort((c**2).sum(axis=1) - 2 * x @ c.T, axis=1)
    return float(np.log(100) / (square[:, 1] - square[:, 0]).mean())


def authors_layer(bags: Bags) -> tuple[np.ndarray, np.ndarray]:
    """Weight and bias of the authors' own experiments, with their rule for α."""
    directions = unit(bags.centers)
    scores = np.sort(bags.some @ directions.T, axis=1)
    alpha = np.log(100) / (scores[:, -1] - scores[:, -2]).mean()
    return alpha * directions, np.zeros(len(directions))


def plain_vectors(x: np.ndarray, kernels: np.ndarray) -> dict[str, np.ndarray]:
    """Vectors of images x that are not made of descriptors."""
    y = conv2d(x, kernels[: len(kernels) // 2], stride=2)
    energy = np.sqrt((y**2).mean(axis=(2, 3)))
    return {"raw pixels": x.reshape(len(x), -1), "energy": energy}


def vectors(x: np.ndarray, bags: Bags) -> dict[str, np.ndarray]:
    """Vectors of images x from their descriptors."""
    f, c = bags.maps(x), bags.centers
    h, w = (n // 4 for n in f.shape[2:])
    average = f.mean(axis=(2, 3))
    return {
        "average": average,
        "average, deviation": np.hstack([average, f.std(axis=(2, 3))]),
        "average on 4 × 4": avg_pool2d(f, (h, w))[..., :4, :4].reshape(len(x), -1),
        "VLAD": vlad(f, c),
        "NetVLAD": as_it_is(f, c, bags.alpha),
    }


def ablations(x: np.ndarray, bags: Bags, chosen: float) -> dict[str, np.ndarray]:
    """Variants of NetVLAD; chosen is an α that was chosen in place of the rule's."""
    f, c = bags.maps(x), bags.centers
    w, b = netvlad_init(c, bags.alpha)
    residuals = netvlad(f, w, b, c, normalize=False)
    sums = netvlad(f, w, b, np.zeros_like(c), normalize=False)
    all_shares_1 = f.sum(axis=(2, 3))[:, None] - f[0, 0].size * c
    return {
        "α chosen": as_it_is(f, c, chosen),
        "α = 1": as_it_is(f, c, 1.0),
        "without Σ": intra(all_shares_1),
        "b without square": netvlad(f, w, -bags.alpha * np.sqrt((c**2).sum(axis=1)), c),
        "b = 0": netvlad(f, *authors_layer(bags), c),
        "no intra": unit(residuals),
        "no residuals": intra(sums.reshape(len(x), *c.shape)),
    }


def choose_alpha(x: np.ndarray, who: np.ndarray, bags: Bags) -> dict[str, Any]:
    """By the images x, of which we know who it is."""
    f = bags.maps(x)
    return search(ALPHAS, lambda alpha: rated(as_it_is(f, bags.centers, alpha), who)[0])


def judge(
    of: Callable[[np.ndarray], dict[str, np.ndarray]],
    new: np.ndarray,
    who: np.ndarray,
    known: np.ndarray | None = None,
    n: int = 32,
) -> dict[str, dict[str, float]]:
    """By method: mAP; if images are known, recall@1, and mAP at n numbers."""
    of_known = {} if known is None else of(known)
    found = {}
    for name, v in of(new).items():
        mean, first = rated(v, who)
        found[name] = {"mAP": mean}
        if known is not None:
            short = rated(shorten(v, of_known[name], n), who)[0]
            found[name] |= {"recall@1": first, "short": short}
    return {
        name: {key: round(value, 4) for key, value in one.items()}
        for name, one in found.items()
    }


def judge_bags(
    bags: Bags,
    chosen: float,
    new: np.ndarray,
    who: np.ndarray,
    known: np.ndarray | None = None,
    n: int = 32,
) -> dict[str, dict[str, float]]:
    main = judge(lambda x: vectors(x, bags), new, who, known, n)
    return main | judge(lambda x: ablations(x, bags, chosen), new, who)


# --- Faces


FACES, PEOPLE, _ = orl_faces()
SMALL = avg_pool2d(FACES, 2)


class Split(NamedTuple):
    """Whose pictures are for what: masks over all pictures."""

    train: np.ndarray
    check: np.ndarray
    test: np.ndarray
    kernels: np.ndarray


def deal(seed: int) -> Split:
    """14 people to learn from, 6 to choose by, 20 to test."""
    mixed = np.random.default_rng(seed).permutation(40)
    parts = np.split(mixed, [14, 20])
    train, check, test = (np.isin(PEOPLE, part) for part in parts)
    return Split(train, check, test, learn_kernels(SMALL[train]))


def framed(images: np.ndarray, rng: np.random.Generator | None = None) -> np.ndarray:
    """48 × 38 pixels from the middle, or up to 4 pixels off it."""
    places = [(4, 4)] * len(images) if rng is None else rng.integers(0, 9, (400, 2))
    return np.stack(
        [
            z[:, i : i + 48, j : j + 38]
            for z, (i, j) in zip(images, places, strict=False)
        ]
    )


def faces_once(seed: int) -> dict[str, Any]:
    train, check, test, kernels = deal(seed)
    known, new, who = SMALL[train], SMALL[test], PEOPLE[test]
    still, moved = framed(new), framed(new, np.random.default_rng([seed, 2]))

    def plain(x: np.ndarray) -> dict[str, np.ndarray]:
        return plain_vectors(x, kernels)

    found: dict[str, Any] = {
        "plain": {
            "whole": judge(plain, new, who, known),
            "still": judge(plain, still, who),
            "moved": judge(plain, moved, who, framed(known)),
        }
    }
    for kind in ("scaled", "unscaled"):
        rng = np.random.default_rng([seed, 1])  # the same places for both
        bags = bags_of(known, kernels, kind == "scaled", rng)
        choice = choose_alpha(SMALL[check], PEOPLE[check], bags)
        f = bags.maps(new)
        in_frames = bags_of(framed(known), kernels, kind == "scaled", rng)
        how = in_frames, choice["chosen"]
        found[kind] = {
            "choice": choice,
            "rule": bags.alpha,
            "curve": [rated(as_it_is(f, bags.centers, a), who)[0] for a in CURVE],
            "whole": judge_bags(bags, choice["chosen"], new, who, known),
            "still": judge_bags(*how, still, who),
            "moved": judge_bags(*how, moved, who, framed(known)),
        }
    return found


# --- Textures


def ways_to_deal() -> Iterator[tuple[int, int]]:
    """Which of four strips is to choose by, and which to test on."""
    return ((i, j) for i in range(4) for j in range(4) if i != j)


def samples(
    strips: list[int], rng: np.random.Generator, n: int = 40, size: int = 32
) -> tuple[np.ndarray, np.ndarray]:
    """Windows at random places of strips of each texture, of one mean and deviation."""
    x = []
    for image in textures()[0].values():
        for _ in range(n):
            i = rng.integers(512 - size + 1)
            j = 128 * rng.choice(strips) + rng.integers(128 - size + 1)
            z = image[i : i + size, j : j + size]
            x.append((z - z.mean()) / z.std())
    return np.stack(x)[:, None], np.repeat(np.arange(3), n)


def textures_once(check: int, test: int) -> dict[str, Any]:
    rng = np.random.default_rng([check, test])
    others = [strip for strip in range(4) if strip not in (check, test)]
    known, _ = samples(others, rng)
    to_choose, (new, which) = samples([check], rng), samples([test], rng)
    kernels = learn_kernels(known)
    plain = judge(lambda x: plain_vectors(x, kernels), new, which, known, 16)
    found: dict[str, Any] = {"plain": {"whole": plain}}
    for kind in ("scaled", "unscaled"):
        rng = np.random.default_rng([check, test, 1])
        bags = bags_of(known, kernels, kind == "scaled", rng)
        choice = choose_alpha(*to_choose, bags)
        found[kind] = {
            "choice": choice,
            "rule": bags.alpha,
            "whole": judge_bags(bags, choice["chosen"], new, which, known, 16),
        }
    return found
