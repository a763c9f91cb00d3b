"""Sums of residuals: what all kinds of VLAD are, also where digits are scarce."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .._checks import FloatArray
from ._differentiable import Pullback
from ._sums import total

Adjoint = Callable[[FloatArray], FloatArray]


class Bag(NamedTuple):
    """Descriptors and centres, also as seen from an origin that is near to them."""

    points: FloatArray  # (N, D, P)
    centers: FloatArray  # (K, D)
    origin: FloatArray  # (N, D, 1)
    x: FloatArray  # points - origin
    c: FloatArray  # centers - origin: (N, K, D), or (1, K, D) if that is 0
    reach: FloatArray  # the largest number of x: (N, 1, 1)

    def residuals(self, n: int, k: int, used: np.ndarray) -> FloatArray:
        """How some descriptors of example n differ from centre k: (D, used)."""
        points, center = self.points[n][:, used], self.centers[k, :, None]
        difference: FloatArray = np.subtract(points, center, dtype=np.float64)
        return difference


def bag_of(points: FloatArray, centers: FloatArray) -> Bag:
    """The origin is 0, or, where an example's numbers all have one sign, the smallest.

    Seen from there, none of them is larger than it was: nothing is lost.
    """
    low = points.min(axis=2, keepdims=True, initial=np.inf)
    high = points.max(axis=2, keepdims=True, initial=-np.inf)
    origin = np.clip(points.dtype.type(0), low, high)
    origin[~np.isfinite(origin)] = 0
    reach = np.maximum(high - origin, origin - low).max(1, keepdims=True, initial=0)
    x, c = points, centers[None]
    if origin.any():
        x, c = x - origin, c - origin.swapaxes(1, 2)
    return Bag(points, centers, origin, x, c, reach)


def nearest_centers(bag: Bag) -> np.ndarray:
    """Which centre is nearest to each descriptor, the first of several: (N, P).

    It has the least ‖c‖² - 2 c · x, up to rounding. Where more than one may have it,
    the residuals decide.
    """
    *_, x, c, _ = bag
    limits, terms = np.finfo(x.dtype), 8 + x.shape[1]
    with np.errstate(over="ignore", invalid="ignore"):
        squares = _dot(c, c)  # (N, K, 1)
        distance = (-2 * c) @ x  # but for what all centres have in common: (N, K, P)
        distance += squares
        # At most so much does rounding move each of them: (N, 1, P).
        longest = np.sqrt(squares.max(axis=1, keepdims=True))
        of_x = np.sqrt(np.einsum("ndp,ndp->np", x, x))[:, None]
        rounding = terms * (limits.eps * longest * (2 * of_x + longest) + limits.tiny)
        least = distance.min(axis=1, keepdims=True) + 2 * rounding
    may_be = ~(distance > least)  # also what is compared with NaN
    first: np.ndarray = distance.argmin(axis=1)
    n, p = np.nonzero(may_be.sum(axis=1) > 1)
    if len(n):
        points, some = bag.points[n, :, p], may_be[n, :, p]
        first[n, p] = _of_some(points, bag.centers, some)
    return first


def _of_some(points: FloatArray, centers: FloatArray, some: np.ndarray) -> np.ndarray:
    """Which of some centres, (M, K), is nearest to each descriptor (M, D)."""
    sizes = (np.abs(v[np.isfinite(v)]).max(initial=0) for v in (points, centers))
    _, exponent = np.frexp(max(sizes))
    squares = np.full(some.shape, np.inf)
    for k in np.flatnonzero(some.any(axis=0)):
        i = some[:, k]
        r = np.subtract(points[i], centers[k], dtype=np.float64)
        r = np.ldexp(r, -exponent)  # squares do not overflow
        squares[i, k] = (r * r).sum(axis=1)
    first: np.ndarray = squares.argmin(axis=1)
    return first


def aggregate(
    bag: Bag, share: FloatArray, size: FloatArray, scores: FloatArray, normalize: bool
) -> tuple[FloatArray, Pullback, Adjoint]:
    """Σ_p size · share · (points - centers), or that normalised: (N, K · D).

    Computed as Σ share · x - (Σ share) · c, so that the N · K · D · P residuals, far
    more numbers than all else, are never stored. Those of a row are summed up by
    themselves where the two cancel more than chance would have it, or a NaN has
    spoiled them.

    The pullback takes dy to dv, the gradient of v = Σ share · (points - centers), and
    to dcenters; a second one takes dv to share · dshare: (N, K, P).
    """
    *_, x, c, reach = bag
    p, eps = x.shape[2], np.finfo(x.dtype).eps
    whole = share.sum(axis=2, keepdims=True)
    with np.errstate(invalid="ignore"):
        # The other way round, share @ xᵀ, takes a third longer.
        v = (x @ share.swapaxes(1, 2)).swapaxes(1, 2).copy()  # (N, K, D)
        v -= whole * c
        extent = whole * (reach + _largest(c))
    cancelled = ~(16 * max(p, 1) ** 0.5 * _largest(v) >= extent)
    rows = [(n, k, share[n, k] != 0) for n, k in np.argwhere(cancelled[:, :, 0])]

    # How long rounding alone could make v. That of a centre moves all its residuals;
    # that of scores, by units of their last place, all shares but those that are 1.
    _, length, scale = _scaled(bag.centers)
    noise = eps * whole * (length * scale)
    for n, k, used in rows:
        r, a = bag.residuals(n, k, used), share[n, k, used]
        v[n, k] = r @ a
        _, length, scale = _scaled(r.T)
        steep = np.abs(scores[n]).max(where=np.isfinite(scores[n]), initial=0)
        units = 8 + (1 - size[n, k] * a) * steep
        units = eps * units + p * np.finfo(np.float64).eps
        noise[n, k] += units @ (a[:, None] * length * scale)
    y, pull_back_norm = _normalized(v, noise) if normalize else _resized(v, size)

    def pullback(dy: FloatArray) -> tuple[FloatArray, FloatArray]:
        dv = pull_back_norm(dy.reshape(v.shape))
        return dv, -total(whole * dv, 0)

    def pull_back_share(dv: FloatArray) -> FloatArray:
        dshare: FloatArray = dv @ x - _dot(dv, c)
        for n, k, used in rows:
            dshare[n, k] = 0
            dshare[n, k, used] = dv[n, k] @ bag.residuals(n, k, used)
        dshare *= share
        return dshare

    return y.reshape(len(y), bag.centers.size), pullback, pull_back_share


def _resized(v: FloatArray, size: FloatArray) -> tuple[FloatArray, Adjoint]:
    """Rows times their size; where that is 0, not even NaN is passed back."""
    return size * v, lambda dy: np.where(size == 0, 0, size * dy)


def _normalized(v: FloatArray, noise: FloatArray) -> tuple[FloatArray, Adjoint]:
    """Each row of v (N, K, D) at length 1, then each example.

    A row that is no longer than its noise becomes zero, and passes no gradient on. The
    others have length 1, and so all have the square root of their number.
    """
    u, length, scale = _scaled(v)
    zero = length * scale <= noise
    length = np.where(zero, 1, length)
    u[zero[:, :, 0]] = 0
    u /= length
    count = np.where(zero, 0, length / length).sum(axis=1, keepdims=True)  # or NaN
    whole = np.sqrt(np.where(count == 0, 1, count))

    def pullback(dy: FloatArray) -> FloatArray:
        dv: FloatArray = dy - u * _dot(dy, u)
        dv /= whole * length
        dv /= scale
        dv[zero[:, :, 0]] = 0
        return dv

    return u / whole, pullback


def _scaled(v: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Rows divided by their largest number, their lengths then, and that number."""
    scale = _largest(v)
    scale = np.where(scale == 0, 1, scale)
    v = v / scale
    return v, np.sqrt(_dot(v, v)), scale


def _largest(v: FloatArray) -> FloatArray:
    """The largest absolute value of each row, or 0 where there is none: (..., 1)."""
    high = v.max(axis=-1, keepdims=True, initial=0)
    largest: FloatArray = np.maximum(high, -v.min(axis=-1, keepdims=True, initial=0))
    return largest


def _dot(a: FloatArray, b: FloatArray) -> FloatArray:
    """The product of each row of `a` with that of `b`: (..., 1)."""
    products: FloatArray = np.einsum("...d,...d->...", a, b)[..., None]
    return products
