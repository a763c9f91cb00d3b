"""From a bag of local descriptors to one vector: VLAD and its trainable relatives."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

import numpy as np

from .. import _checks as check
from .._checks import FloatArray
from ._differentiable import Pullback, differentiable
from ._sums import total
from .classification import log_softmax


@differentiable
def vlad(
    x: FloatArray, centers: FloatArray, *, normalize: bool = True
) -> tuple[Any, Pullback]:
    r"""Sum, for each centre, how the descriptors nearest to it differ from it.

    .. math:: V[k] = \sum_{i\,:\,k = \arg\min_{k'} \|x_i - c_{k'}\|} (x_i - c_k)

    Parameters
    ----------
    x : ndarray, shape (N, D, H, W)
        H · W descriptors of D numbers for each example; float32 or float64. N may be 0.
    centers : ndarray, shape (K, D)
        c, the visual words; same dtype as `x`. Of centres equally near, the first
        counts, as it does for a descriptor with NaN or infinity.
    normalize : bool
        Scale each V[k] to length 1, then the whole vector to length 1. A V[k] that is
        zero, but for what rounding adds, becomes zero and has no gradient.

    Returns
    -------
    ndarray, shape (N, K · D)
        Centre by centre; same dtype as `x`. The gradient is that of the residuals: the
        assignment is constant wherever it has a derivative at all.

    Raises
    ------
    TypeError
        If an array is not float32 or float64, or the dtypes differ.
    ValueError
        If the shapes do not fit.

    References
    ----------
    Jégou et al. (2010), "Aggregating local descriptors into a compact image
    representation", equation 1; normalised as in Arandjelović & Zisserman (2013), "All
    about VLAD", section 3.

    Examples
    --------
    Three descriptors on a line, two centres at 0 and 10:

    >>> import numpy as np
    >>> x = np.array([1.0, 2.0, 9.0]).reshape(1, 1, 1, 3)
    >>> vlad(x, np.array([[0.0], [10.0]]), normalize=False)
    array([[ 3., -1.]])
    """
    where = "vlad"
    x, centers = check.float_arrays(where, x=x, centers=centers)  # type: ignore[assignment]
    check.rank(where, "x", x, "N D H W")
    n, d, height, width = x.shape
    _check_centers(where, d, centers=centers)
    points = x.reshape(n, d, height * width)  # (N, D, P)
    bag = _bag(points, centers)
    nearest = _nearest(bag)  # (N, P)
    share = (np.arange(len(centers))[:, None] == nearest[:, None]).astype(x.dtype)
    size = share.max(axis=2, keepdims=True, initial=0)
    y, pull_back, _ = _aggregate(bag, share, size, share, normalize)

    def pullback(dy: FloatArray) -> tuple[FloatArray, FloatArray]:
        dv, dcenters = pull_back(dy)
        # Taken from dv, not multiplied by the assignment: 0 · NaN would not be 0.
        dpoints = np.take_along_axis(dv, nearest[:, :, None], axis=1).swapaxes(1, 2)
        return dpoints.reshape(x.shape), dcenters

    return y, pullback


@differentiable
def netvlad(
    x: FloatArray,
    weight: FloatArray,
    bias: FloatArray,
    centers: FloatArray,
    *,
    normalize: bool = True,
) -> tuple[Any, Pullback]:
    r"""VLAD with a soft assignment, so that all of it can be learned.

    .. math::
        V[k] = \sum_i \frac{e^{w_k \cdot x_i + b_k}}{\sum_{k'} e^{w_{k'} \cdot x_i +
        b_{k'}}} (x_i - c_k)

    The softmax is a 1×1 convolution with `weight` and `bias`. With those of
    `netvlad_init` and a large alpha, this becomes `vlad`.

    Parameters
    ----------
    x : ndarray, shape (N, D, H, W)
        H · W descriptors of D numbers for each example; float32 or float64. N may be 0.
    weight, centers : ndarray, shape (K, D)
        w and c; same dtype as `x`.
    bias : ndarray, shape (K,)
        b; same dtype as `x`.
    normalize : bool
        Scale each V[k] to length 1, then the whole vector to length 1. A V[k] that is
        zero, but for what rounding adds, becomes zero and has no gradient.

    Returns
    -------
    ndarray, shape (N, K · D)
        Cluster by cluster; same dtype as `x`.

    Raises
    ------
    TypeError
        If an array is not float32 or float64, or the dtypes differ.
    ValueError
        If the shapes do not fit.

    References
    ----------
    Arandjelović et al. (2016), "NetVLAD: CNN architecture for weakly supervised place
    recognition", equation 4.

    Examples
    --------
    With equal scores every descriptor belongs half to each centre:

    >>> import numpy as np
    >>> x = np.array([1.0, 2.0, 9.0]).reshape(1, 1, 1, 3)
    >>> zero, centers = np.zeros((2, 1)), np.array([[0.0], [10.0]])
    >>> netvlad(x, zero, np.zeros(2), centers, normalize=False)
    array([[ 6., -9.]])
    """
    return _soft_vlad("netvlad", "N D H W", x, weight, bias, centers, 0, normalize)


@differentiable
def ghost_vlad(
    x: FloatArray,
    weight: FloatArray,
    bias: FloatArray,
    centers: FloatArray,
    n_ghost: int,
    *,
    normalize: bool = True,
) -> tuple[Any, Pullback]:
    r"""NetVLAD with clusters that take descriptors in and are then left out.

    A ghost cluster is there for what should not count, such as blurred faces: it draws
    the weight of these descriptors away from the clusters that stay.

    Parameters
    ----------
    x : ndarray, shape (N, D, H, W)
        H · W descriptors of D numbers for each example; float32 or float64. N may be 0.
    weight, centers : ndarray, shape (K + n_ghost, D)
        As for `netvlad`, the ghosts last; the centres of ghosts have no effect.
    bias : ndarray, shape (K + n_ghost,)
        As for `netvlad`.
    n_ghost : int
        How many of the clusters are ghosts; 0 gives `netvlad`.
    normalize : bool
        As for `netvlad`, without the ghosts.

    Returns
    -------
    ndarray, shape (N, K · D)
        Cluster by cluster; same dtype as `x`.

    Raises
    ------
    TypeError
        If an array is not float32 or float64, the dtypes differ, or `n_ghost` is no
        int.
    ValueError
        If the shapes do not fit, or no cluster is left beside the ghosts.

    References
    ----------
    Zhong, Arandjelović & Zisserman (2018), "GhostVLAD for set-based face recognition",
    section 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([1.0, 2.0, 9.0]).reshape(1, 1, 1, 3)
    >>> zero, centers = np.zeros((2, 1)), np.array([[0.0], [10.0]])
    >>> ghost_vlad(x, zero, np.zeros(2), centers, n_ghost=1, normalize=False)
    array([[6.]])
    """
    where = "ghost_vlad"
    n_ghost = check.integer(where, "n_ghost", n_ghost, 0)
    return _soft_vlad(where, "N D H W", x, weight, bias, centers, n_ghost, normalize)


@differentiable
def action_vlad(
    x: FloatArray,
    weight: FloatArray,
    bias: FloatArray,
    centers: FloatArray,
    *,
    normalize: bool = True,
) -> tuple[Any, Pullback]:
    r"""NetVLAD over a video: one vector from the descriptors of all its frames.

    Parameters
    ----------
    x : ndarray, shape (N, T, D, H, W)
        T frames of H · W descriptors for each example; float32 or float64. N may be 0.
    weight, bias, centers, normalize
        As for `netvlad`.

    Returns
    -------
    ndarray, shape (N, K · D)
        Cluster by cluster; same dtype as `x`.

    Raises
    ------
    TypeError
        If an array is not float32 or float64, or the dtypes differ.
    ValueError
        If the shapes do not fit.

    References
    ----------
    Girdhar et al. (2017), "ActionVLAD: learning spatio-temporal aggregation for action
    classification", equation 2.

    Examples
    --------
    Two frames of three descriptors count as one frame of six:

    >>> import numpy as np
    >>> x = np.array([1.0, 2.0, 9.0, 1.0, 2.0, 9.0]).reshape(1, 2, 1, 1, 3)
    >>> zero, centers = np.zeros((2, 1)), np.array([[0.0], [10.0]])
    >>> action_vlad(x, zero, np.zeros(2), centers, normalize=False)
    array([[ 12., -18.]])
    """
    return _soft_vlad(
        "action_vlad", "N T D H W", x, weight, bias, centers, 0, normalize
    )


def netvlad_init(centers: FloatArray, alpha: float) -> tuple[FloatArray, FloatArray]:
    r"""Weight and bias with which `netvlad` assigns by distance to the centres.

    .. math::
        e^{-\alpha \|x - c_k\|^2} = e^{-\alpha \|x\|^2} e^{w_k \cdot x + b_k}
        \quad\text{with}\quad w_k = 2 \alpha c_k,\; b_k = -\alpha \|c_k\|^2

    and the factor without k cancels in the softmax. So does what all w_k, or all b_k,
    have in common. Where rounding could move an α‖c_k‖² by more than 1/64, which it can
    in float32 if that is above 130,000, centres are measured from their mean m:

    .. math:: w_k = 2 \alpha (c_k - m),\; b_k = -\alpha \|c_k - m\|^2 - w_k \cdot m

    Parameters
    ----------
    centers : ndarray, shape (K, D)
        float32 or float64.
    alpha : float
        How hard the assignment is, above 0, in 1 / (unit of the descriptors)².

    Returns
    -------
    weight : ndarray, shape (K, D)
        Same dtype as `centers`.
    bias : ndarray, shape (K,)
        Same dtype as `centers`. Two well-known ports of NetVLAD to PyTorch leave out
        the square.

    Raises
    ------
    TypeError
        If `centers` is not a float32 or float64 array, or `alpha` no number.
    ValueError
        If `centers` does not have two axes, or `alpha` is not above 0.

    References
    ----------
    Arandjelović et al. (2016), equations 2 and 3.

    Examples
    --------
    >>> import numpy as np
    >>> weight, bias = netvlad_init(np.array([[3.0, 4.0]]), alpha=2)
    >>> weight, bias
    (array([[12., 16.]]), array([-50.]))
    """
    where = "netvlad_init"
    (centers,) = check.float_arrays(where, centers=centers)  # type: ignore[assignment]
    check.rank(where, "centers", centers, "K D")
    alpha = check.positive(where, "alpha", alpha)
    c = centers.astype(np.float64)
    lost = np.finfo(centers.dtype).eps * (alpha * c * c).sum(axis=1).max(initial=0)
    origin = c.mean(axis=0) if 1 / 64 < lost < np.inf else np.zeros(c.shape[1])
    c -= origin
    weight = (2 * alpha * c).astype(centers.dtype)
    # At the origin, the score is -α‖origin - c‖², whatever rounding did to the weight.
    bias = -(alpha * c * c).sum(axis=1) - weight @ origin
    return weight, bias.astype(centers.dtype)


def _soft_vlad(
    where: str,
    axes: str,
    x: FloatArray,
    weight: FloatArray,
    bias: FloatArray,
    centers: FloatArray,
    n_ghost: int,
    normalize: bool,
) -> tuple[Any, Pullback]:
    x, weight, bias, centers = check.float_arrays(  # type: ignore[assignment]
        where, "", x=x, weight=weight, bias=bias, centers=centers
    )
    check.rank(where, "x", x, axes)
    *batch, d, _, _ = x.shape  # (N,) or (N, T)
    _check_centers(where, d, weight=weight, centers=centers)
    clusters = len(weight) - n_ghost
    check.shape(where, "centers", centers, weight.shape)
    check.shape(where, "bias", bias, weight.shape[:1])
    if clusters < 1:
        raise ValueError(
            f"{where}: n_ghost={n_ghost} leaves none of {len(weight)} clusters "
            f"(weight.shape={weight.shape})"
        )
    # The descriptors of all positions, and of all frames, in one row: (N, D, P).
    n, before = batch[0], np.moveaxis(x, -3, 1)
    points = before.reshape(n, d, prod(before.shape[2:]))
    bag = _bag(points, centers[:clusters])
    # Scores at the origin, without what they have in common.
    offset = np.matmul(weight, bag.origin, dtype=np.float64) + bias[:, None]
    offset -= offset.max(axis=1, keepdims=True)
    scores = weight @ bag.x
    scores += offset.astype(x.dtype)
    logs, pull_back_softmax = log_softmax.vjp(scores, 1)
    # Each cluster's assignments are size · share, and the largest share is 1: however
    # far a cluster is, neither its direction nor the gradient underflows.
    log_size = logs[:, :clusters].max(
        axis=2, keepdims=True, initial=np.finfo(x.dtype).min
    )
    size = np.exp(log_size)  # (N, K, 1)
    share = np.exp(logs[:, :clusters] - log_size)
    share *= size > 0
    y, pull_back, pull_back_share = _aggregate(bag, share, size, scores, normalize)

    def pullback(dy: FloatArray) -> tuple[FloatArray, ...]:
        dlogs, dcenters = np.zeros_like(logs), np.zeros_like(centers)
        dv, dcenters[:clusters] = pull_back(dy)
        dlogs[:, :clusters] = pull_back_share(dv)
        (dscores,) = pull_back_softmax(dlogs)
        # One product: dvᵀ · share + weightᵀ · dscores
        both = np.concatenate([dv, np.broadcast_to(weight, (n, *weight.shape))], axis=1)
        dpoints = both.swapaxes(1, 2) @ np.concatenate([share, dscores], axis=1)
        dweight = dscores @ bag.x.swapaxes(1, 2)
        dweight += dscores.sum(axis=2, keepdims=True) * bag.origin.swapaxes(1, 2)
        dx = np.moveaxis(dpoints.reshape(before.shape), 1, -3)
        return dx, total(dweight, 0), total(dscores, (0, 2)), dcenters

    return y, pullback


_PullBack = Callable[[FloatArray], FloatArray]


class _Bag(NamedTuple):
    """Descriptors and centres, also as seen from an origin that is near to them."""

    points: FloatArray  # (N, D, P)
    centers: FloatArray  # (K, D)
    origin: FloatArray  # (N, D, 1)
    x: FloatArray  # points - origin
    c: FloatArray  # centers - origin: (N, K, D)
    reach: FloatArray  # the largest number of x: (N, 1, 1)

    def residuals(self, n: int, k: int, used: np.ndarray) -> FloatArray:
        """How some descriptors of example n differ from centre k: (D, used)."""
        points, center = self.points[n][:, used], self.centers[k, :, None]
        difference: FloatArray = np.subtract(points, center, dtype=np.float64)
        return difference


def _bag(points: FloatArray, centers: FloatArray) -> _Bag:
    """The origin is 0, or, where an example's numbers all have one sign, the smallest.

    Seen from there, none of them is larger than it was: nothing is lost.
    """
    low = points.min(axis=2, keepdims=True, initial=np.inf)
    high = points.max(axis=2, keepdims=True, initial=-np.inf)
    origin = np.clip(points.dtype.type(0), low, high)
    origin[~np.isfinite(origin)] = 0
    reach = np.maximum(high - origin, origin - low).max(1, keepdims=True, initial=0)
    x, c = points, np.broadcast_to(centers, (len(points), *centers.shape))
    if origin.any():
        x, c = x - origin, c - origin.swapaxes(1, 2)
    return _Bag(points, centers, origin, x, c, reach)


def _nearest(bag: _Bag) -> np.ndarray:
    """Which centre is nearest to each descriptor, the first of several: (N, P).

    It has the least ‖c‖² - 2 c · x, up to rounding. Where more than one may have it,
    the residuals decide.
    """
    *_, x, c, _ = bag
    limits, terms = np.finfo(x.dtype), 8 + x.shape[1]
    with np.errstate(over="ignore", invalid="ignore"):
        squares = _dot(c, c)  # (N, K, 1)
        of_x = np.sqrt(np.einsum("ndp,ndp->np", x, x))[:, None]
        # Rounding of ‖c‖² - 2 c · x, at most; and the least it may be: (N, K, P).
        rounding = np.sqrt(squares) * (2 * of_x) + squares
        rounding *= terms * limits.eps
        rounding += terms * limits.tiny
        lowest = c @ x
        lowest *= -2
        lowest += squares - rounding
        least = (lowest + 2 * rounding).min(axis=1, keepdims=True)
    may_be = ~(lowest > least)  # also what is compared with NaN
    nearest: np.ndarray = lowest.argmin(axis=1)
    n, p = np.nonzero(may_be.sum(axis=1) > 1)
    if len(n):
        points, some = bag.points[n, :, p], may_be[n, :, p]
        nearest[n, p] = _nearest_of_some(points, bag.centers, some)
    return nearest


def _nearest_of_some(
    points: FloatArray, centers: FloatArray, some: np.ndarray
) -> np.ndarray:
    """Which of some centres, (M, K), is nearest to each descriptor (M, D)."""
    sizes = (np.abs(v).max(where=np.isfinite(v), initial=0) for v in (points, centers))
    _, exponent = np.frexp(max(sizes))
    squares = np.full(some.shape, np.inf)
    for k in range(len(centers)):
        i = some[:, k]
        r = np.subtract(points[i], centers[k], dtype=np.float64)
        r = np.ldexp(r, -exponent)  # squares do not overflow
        squares[i, k] = (r * r).sum(axis=1)
    nearest: np.ndarray = squares.argmin(axis=1)
    return nearest


def _aggregate(
    bag: _Bag, share: FloatArray, size: FloatArray, scores: FloatArray, normalize: bool
) -> tuple[FloatArray, Pullback, _PullBack]:
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
        v = share @ x.swapaxes(1, 2)  # (N, K, D)
        v -= whole * c
        extent = whole * (reach + _largest(c, 2))
    cancelled = ~(16 * max(p, 1) ** 0.5 * _largest(v, 2) >= extent)
    rows = [(n, k, share[n, k] != 0) for n, k in np.argwhere(cancelled[:, :, 0])]

    # A length that rounding could make: that of a centre moves all its residuals; that
    # of scores, by so many units of the last place, all shares but those that are 1.
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


def _resized(v: FloatArray, size: FloatArray) -> tuple[FloatArray, _PullBack]:
    """Rows times their size; where that is 0, not even NaN is passed back."""
    return size * v, lambda dy: np.where(size == 0, 0, size * dy)


def _normalized(v: FloatArray, noise: FloatArray) -> tuple[FloatArray, _PullBack]:
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
    scale = _largest(v, -1)
    scale = np.where(scale == 0, 1, scale)
    v = v / scale
    return v, np.sqrt(_dot(v, v)), scale


def _largest(v: FloatArray, axis: int) -> FloatArray:
    """The largest absolute value along an axis, or 0 where there is none."""
    high = v.max(axis=axis, keepdims=True, initial=0)
    largest: FloatArray = np.maximum(high, -v.min(axis=axis, keepdims=True, initial=0))
    return largest


def _dot(a: FloatArray, b: FloatArray) -> FloatArray:
    """The product of each row of `a` with that of `b`: (..., 1)."""
    products: FloatArray = np.einsum("...d,...d->...", a, b)[..., None]
    return products


def _check_centers(where: str, d: int, **arrays: FloatArray) -> None:
    for name, array in arrays.items():
        check.rank(where, name, array, "K D")
        if array.shape[1] != d or len(array) == 0:
            raise ValueError(
                f"{where}: {name} must have shape (K, {d}) for descriptors of {d} "
                f"numbers, got {name}.shape={array.shape}"
            )
