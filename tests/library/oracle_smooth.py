"""Definitions in plain loops of the ops that weigh: resizing, softmax, VLAD."""

from fractions import Fraction
from math import exp, floor, log, sqrt

import numpy as np


def hat(distance):
    return max(0, 1 - distance)


def keys(d):
    """The kernel of Keys (1981) with a slope of -3/4 at 1."""
    a = Fraction(-3, 4)
    if d <= 1:
        return (a + 2) * d**3 - (a + 3) * d**2 + 1
    if d < 2:
        return a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a
    return 0


KERNELS = {"bilinear": hat, "trilinear": hat, "bicubic": keys}


def shares(size, outputs, factor, mode, align_corners):
    """How much of each pixel of an axis is in each output: (outputs, size), exact."""
    r = Fraction(outputs, size) if factor is None else Fraction(factor)
    found = np.zeros((outputs, size), object)
    for o in range(outputs):
        if mode == "nearest":
            found[o, min(floor(o / r), size - 1)] = Fraction(1)
            continue
        place = (o + Fraction(1, 2)) / r - Fraction(1, 2)
        if align_corners:
            place = Fraction(o * (size - 1), max(outputs - 1, 1))
        for p in range(floor(place) - 2, floor(place) + 4):
            pixel = min(max(p, 0), size - 1)  # outside, the edge is repeated
            found[o, pixel] += KERNELS[mode](abs(place - p))
    return found.astype(float)


def interpolate(x, *, size, factors, mode, align_corners):
    axes = zip(x.shape[2:], size, factors, strict=True)
    parts = [shares(*axis, mode, align_corners) for axis in axes]
    y = np.zeros((*x.shape[:2], *size))
    for to in np.ndindex(*size):
        for source in np.ndindex(x.shape[2:]):
            share = 1.0
            for part, o, i in zip(parts, to, source, strict=True):
                share *= part[o, i]
            y[:, :, *to] += share * x[:, :, *source]
    return y.astype(x.dtype)


def softmax(x, axis):
    y = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        row = np.moveaxis(x, axis, -1)[tuple(np.delete(i, axis))]
        y[i] = 1 / sum(exp(other - x[i]) for other in row.astype(float))
    return y


def log_softmax(x, axis):
    return np.log(softmax(x.astype(float), axis)).astype(x.dtype)


def cross_entropy(logits, labels):
    right = [softmax(row, 0)[k] for row, k in zip(logits, labels, strict=True)]
    return np.array(-sum(map(log, right)) / len(right), logits.dtype)


def exact(x):
    """Its numbers as fractions, on which arithmetic does not round."""
    return np.vectorize(Fraction, otypes=[object])(x)


def bag(x):
    """The descriptors of one example or frame (D, H, W), one by one."""
    return [exact(x[:, i, j]) for i, j in np.ndindex(x.shape[1:])]


def normalized(v):
    """Rows at length 1, then all; what is zero stays zero."""
    for row in [*v, v.reshape(-1)]:
        row /= max(abs(row), default=0) or 1
        row /= Fraction(sqrt(row @ row)) or 1
    return v


def aggregate(bags, centers, share, normalize, dtype):
    """Σ share(descriptor)[k] · (descriptor - centre k), for each bag."""
    y, centers = exact(np.zeros((len(bags), *centers.shape))), exact(centers)
    for v, descriptors in zip(y, bags, strict=True):
        for descriptor in descriptors:
            a = share(descriptor)
            for k in range(len(centers)):
                v[k] += Fraction(a[k]) * (descriptor - centers[k])
        if normalize:
            normalized(v)
    return y.reshape(len(bags), centers.size).astype(dtype)


def vlad(x, centers, normalize):
    def share(descriptor):
        distances = [sum((descriptor - c) ** 2) for c in exact(centers)]
        nearest = distances.index(min(distances))
        return [int(k == nearest) for k in range(len(centers))]

    return aggregate([*map(bag, x)], centers, share, normalize, x.dtype)


def soft_vlad(bags, weight, bias, centers, normalize, dtype, n_ghost=0):
    def share(descriptor):
        scores = exact(weight) @ descriptor + exact(bias)
        return softmax((scores - max(scores)).astype(float), 0)

    kept = centers[: len(centers) - n_ghost]
    return aggregate(bags, kept, share, normalize, dtype)


def netvlad(x, weight, bias, centers, normalize):
    bags = [*map(bag, x)]
    return soft_vlad(bags, weight, bias, centers, normalize, x.dtype)


def ghost_vlad(x, weight, bias, centers, n_ghost, normalize):
    bags = [*map(bag, x)]
    return soft_vlad(bags, weight, bias, centers, normalize, x.dtype, n_ghost)


def action_vlad(x, weight, bias, centers, normalize):
    bags = [[d for frame in video for d in bag(frame)] for video in x]
    return soft_vlad(bags, weight, bias, centers, normalize, x.dtype)
