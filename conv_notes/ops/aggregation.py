"""From a bag of local descriptors to one vector: VLAD and its trainable relatives."""

from __future__ import annotations

from math import prod

import numpy as np

from .. import _checks as check
from .._checks import FloatArray
from ._differentiable import Pullback, differentiable
from ._residuals import aggregate, bag_of, nearest_centers
from ._sums import total
from .classification import log_softmax


@differentiable
def vlad(
    x: FloatArray, centers: FloatArray, *, normalize: bool = True
) -> tuple[FloatArray, Pullback]:
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
    x, centers = check.float_arrays(where, x=x, centers=centers)
    check.rank(where, "x", x, "N D H W")
    n, d, height, width = x.shape
    check.centers(where, d, centers=centers)
    points = x.reshape(n, d, height * width)  # (N, D, P)
    bag = bag_of(points, centers)
    nearest = nearest_centers(bag)  # (N, P)
    share = (np.arange(len(centers))[:, None] == nearest[:, None]).astype(x.dtype)
    size = share.max(axis=2, keepdims=True, initial=0)
    y, pull_back, _ = aggregate(bag, share, size, share, normalize)

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
) -> tuple[FloatArray, Pullback]:
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
) -> tuple[FloatArray, Pullback]:
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
) -> tuple[FloatArray, Pullback]:
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
    (centers,) = check.float_arrays(where, centers=centers)
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
) -> tuple[FloatArray, Pullback]:
    x, weight, bias, centers = check.float_arrays(
        where, x=x, weight=weight, bias=bias, centers=centers
    )
    check.rank(where, "x", x, axes)
    *batch, d, _, _ = x.shape  # (N,) or (N, T)
    clusters = check.clusters(where, d, weight, bias, centers, n_ghost)
    # The descriptors of all positions, and of all frames, in one row: (N, D, P).
    n, before = batch[0], np.moveaxis(x, -3, 1)
    points = before.reshape(n, d, prod(before.shape[2:]))
    bag = bag_of(points, centers[:clusters])
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
    y, pull_back, pull_back_share = aggregate(bag, share, size, scores, normalize)

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
