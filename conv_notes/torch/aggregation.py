"""From a bag of local descriptors to one vector: VLAD and its trainable relatives."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .. import _checks as check
from .. import layers
from ._module import Module
from ._tensors import floats, without_autocast

# So many units in the last place of a centre may be due to rounding.
ROUNDING = 32


def vlad(x: Tensor, centers: Tensor, *, normalize: bool = True) -> Tensor:
    """Sum, for each centre, how the descriptors nearest to it differ from it.

    Parameters
    ----------
    x : Tensor, shape (N, D, H, W)
        H · W descriptors of D numbers for each example: floats of any precision, in
        any memory format. N may be 0.
    centers : Tensor, shape (K, D)
        Same dtype and device as `x`. Of centres equally near, the first counts.
    normalize : bool
        Scale each row to length 1, then the whole vector to length 1. A row that is
        zero, or as short as rounding could make it, becomes zero and has no gradient.

    Returns
    -------
    Tensor, shape (N, K · D)
        Centre by centre; same dtype as `x`, float32 under autocast. Half precisions
        are computed in float32. The assignment has no gradient.

    Raises
    ------
    TypeError
        If a tensor does not hold floats, or the dtypes differ.
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

    >>> import torch
    >>> x = torch.tensor([1.0, 2.0, 9.0]).reshape(1, 1, 1, 3)
    >>> vlad(x, torch.tensor([[0.0], [10.0]]), normalize=False)
    tensor([[ 3., -1.]])
    """
    where = "vlad"
    x, centers, dtype = _wide(where, x=x, centers=centers)
    check.rank(where, "x", x, "N D H W")
    check.centers(where, x.shape[1], centers=centers)
    points = x.flatten(2)  # (N, D, P)
    with without_autocast(x):
        nearest = _nearest(points.detach(), centers.detach())[:, None]  # (N, 1, P)
        taken = nearest == torch.arange(len(centers), device=x.device)[:, None]
        count = taken.to(x.dtype).sum(2, keepdim=True)  # (N, K, 1)
        share, size = taken / count.clamp(min=1), None if normalize else count
        return _aggregate(points, centers, share, size).to(dtype)


def netvlad(
    x: Tensor, weight: Tensor, bias: Tensor, centers: Tensor, *, normalize: bool = True
) -> Tensor:
    """VLAD with a soft assignment, so that all of it can be learned.

    Computed as two products; the N · K · D · P residuals are never stored.

    Parameters
    ----------
    x : Tensor, shape (N, D, H, W)
        H · W descriptors of D numbers for each example: floats of any precision, in
        any memory format. N may be 0.
    weight, centers : Tensor, shape (K, D)
        Same dtype and device as `x`.
    bias : Tensor, shape (K,)
        Same dtype and device as `x`.
    normalize : bool
        As for `vlad`.

    Returns
    -------
    Tensor, shape (N, K · D)
        Cluster by cluster; same dtype as `x`, float32 under autocast. Half precisions
        are computed in float32.

    Raises
    ------
    TypeError
        If a tensor does not hold floats, or the dtypes differ.
    ValueError
        If the shapes do not fit.

    References
    ----------
    Arandjelović et al. (2016), "NetVLAD: CNN architecture for weakly supervised place
    recognition", equation 4.

    Examples
    --------
    With equal scores every descriptor belongs half to each centre:

    >>> import torch
    >>> x = torch.tensor([1.0, 2.0, 9.0]).reshape(1, 1, 1, 3)
    >>> zero, centers = torch.zeros(2, 1), torch.tensor([[0.0], [10.0]])
    >>> netvlad(x, zero, torch.zeros(2), centers, normalize=False)
    tensor([[ 6., -9.]])
    """
    return _soft_vlad("netvlad", "N D H W", x, weight, bias, centers, 0, normalize)


def ghost_vlad(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    centers: Tensor,
    n_ghost: int,
    *,
    normalize: bool = True,
) -> Tensor:
    """NetVLAD with clusters that take descriptors in and are then left out.

    Parameters
    ----------
    x : Tensor, shape (N, D, H, W)
        As for `netvlad`.
    weight, centers : Tensor, shape (K + n_ghost, D)
        As for `netvlad`, the ghosts last; the centres of ghosts have no effect.
    bias : Tensor, shape (K + n_ghost,)
        As for `netvlad`.
    n_ghost : int
        How many of the clusters are ghosts; 0 gives `netvlad`.
    normalize : bool
        As for `netvlad`, without the ghosts.

    Returns
    -------
    Tensor, shape (N, K · D)
        As for `netvlad`.

    Raises
    ------
    TypeError
        If a tensor does not hold floats, the dtypes differ, or `n_ghost` is no int.
    ValueError
        If the shapes do not fit, or no cluster is left beside the ghosts.

    References
    ----------
    Zhong, Arandjelović & Zisserman (2018), "GhostVLAD for set-based face recognition",
    section 3.2.

    Examples
    --------
    >>> import torch
    >>> x = torch.tensor([1.0, 2.0, 9.0]).reshape(1, 1, 1, 3)
    >>> zero, centers = torch.zeros(2, 1), torch.tensor([[0.0], [10.0]])
    >>> ghost_vlad(x, zero, torch.zeros(2), centers, n_ghost=1, normalize=False)
    tensor([[6.]])
    """
    where = "ghost_vlad"
    n_ghost = check.integer(where, "n_ghost", n_ghost, 0)
    return _soft_vlad(where, "N D H W", x, weight, bias, centers, n_ghost, normalize)


def action_vlad(
    x: Tensor, weight: Tensor, bias: Tensor, centers: Tensor, *, normalize: bool = True
) -> Tensor:
    """NetVLAD over a video: one vector from the descriptors of all its frames.

    Parameters
    ----------
    x : Tensor, shape (N, T, D, H, W)
        T frames of H · W descriptors for each example; otherwise as for `netvlad`.
    weight, bias, centers, normalize
        As for `netvlad`.

    Returns
    -------
    Tensor, shape (N, K · D)
        As for `netvlad`.

    Raises
    ------
    TypeError
        If a tensor does not hold floats, or the dtypes differ.
    ValueError
        If the shapes do not fit.

    References
    ----------
    Girdhar et al. (2017), "ActionVLAD: learning spatio-temporal aggregation for action
    classification", equation 2.

    Examples
    --------
    Two frames of three descriptors count as one frame of six:

    >>> import torch
    >>> x = torch.tensor([1.0, 2.0, 9.0, 1.0, 2.0, 9.0]).reshape(1, 2, 1, 1, 3)
    >>> zero, centers = torch.zeros(2, 1), torch.tensor([[0.0], [10.0]])
    >>> action_vlad(x, zero, torch.zeros(2), centers, normalize=False)
    tensor([[ 12., -18.]])
    """
    where = "action_vlad"
    return _soft_vlad(where, "N T D H W", x, weight, bias, centers, 0, normalize)


class _Clusters(Module):
    """What the three modules have in common: NetVLAD's specification and parameters."""

    names = ("weight", "bias", "centers")

    def __init__(
        self,
        n_clusters: int,
        normalize: bool = True,
        alpha: float = 1.0,
        *,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(layers.NetVLAD(n_clusters, normalize, alpha), device, dtype)


class NetVLAD(_Clusters):
    """NetVLAD: (N, D, H, W) becomes (N, K · D), whatever H and W are.

    Parameters
    ----------
    n_clusters, normalize, alpha
        As for `conv_notes.NetVLAD`, which also says how the parameters begin. Better
        centres are those of a clustering; `conv_notes.netvlad_init` has the rest.
    device, dtype
        As for any module of PyTorch.

    Examples
    --------
    >>> import torch
    >>> NetVLAD(64)(torch.ones(2, 512, 7, 7)).shape
    torch.Size([2, 32768])
    """

    def forward(self, x: Tensor) -> Tensor:
        """One vector for each example of `x` (N, D, H, W)."""
        params = self.weight, self.bias, self.centers
        return netvlad(x, *params, normalize=self.layer.normalize)


class GhostVLAD(_Clusters):
    """GhostVLAD: NetVLAD with clusters whose descriptors do not count.

    Parameters
    ----------
    n_clusters : int
        K, without the ghosts.
    n_ghost : int
        How many ghosts there are.
    normalize, alpha
        As for `conv_notes.NetVLAD`.
    device, dtype
        As for any module of PyTorch.

    Examples
    --------
    >>> import torch
    >>> layer = GhostVLAD(8, 1)
    >>> layer(torch.ones(2, 512, 7, 7)).shape, layer.centers.shape
    (torch.Size([2, 4096]), torch.Size([9, 512]))
    """

    def __init__(
        self,
        n_clusters: int,
        n_ghost: int,
        normalize: bool = True,
        alpha: float = 1.0,
        *,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        where = "GhostVLAD"
        kept = check.integer(where, "n_clusters", n_clusters, 1)
        n_ghost = check.integer(where, "n_ghost", n_ghost, 0)
        total = kept + n_ghost
        super().__init__(total, normalize, alpha, device=device, dtype=dtype)
        self.n_ghost = n_ghost

    def forward(self, x: Tensor) -> Tensor:
        """One vector for each example of `x` (N, D, H, W)."""
        params = self.weight, self.bias, self.centers, self.n_ghost
        return ghost_vlad(x, *params, normalize=self.layer.normalize)

    def extra_repr(self) -> str:
        total, *options = super().extra_repr().split(", ")
        return ", ".join([f"{int(total) - self.n_ghost}, {self.n_ghost}", *options])


class ActionVLAD(_Clusters):
    """ActionVLAD: (N, T, D, H, W) becomes (N, K · D), whatever T, H and W are.

    Parameters
    ----------
    n_clusters, normalize, alpha
        As for `conv_notes.NetVLAD`.
    device, dtype
        As for any module of PyTorch.

    Examples
    --------
    >>> import torch
    >>> ActionVLAD(64)(torch.ones(2, 25, 512, 7, 7)).shape
    torch.Size([2, 32768])
    """

    def initialize_parameters(self, x: Tensor, *others: Tensor) -> None:
        super().initialize_parameters(x.flatten(0, 1))

    def forward(self, x: Tensor) -> Tensor:
        """One vector for each video of `x` (N, T, D, H, W)."""
        params = self.weight, self.bias, self.centers
        return action_vlad(x, *params, normalize=self.layer.normalize)


def _wide(where: str, /, **values: Tensor) -> list[Any]:
    """`values` in float32, or wider, and the dtype of the result."""
    tensors = floats(where, wide=True, **values)
    dtype = tensors[0].dtype
    wide = torch.promote_types(dtype, torch.float32)
    return [*(tensor.to(wide) for tensor in tensors), dtype]


def _soft_vlad(
    where: str,
    axes: str,
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    centers: Tensor,
    n_ghost: int,
    normalize: bool,
) -> Tensor:
    x, weight, bias, centers, dtype = _wide(
        where, x=x, weight=weight, bias=bias, centers=centers
    )
    check.rank(where, "x", x, axes)
    n, d = x.shape[0], x.shape[-3]
    kept = check.clusters(where, d, weight, bias, centers, n_ghost)
    # The descriptors of all positions, and of all frames, in one row: (N, D, P).
    points = x.movedim(-3, 1).flatten(2)
    with without_autocast(x):
        scores = torch.baddbmm(bias[:, None], weight.expand(n, *weight.shape), points)
        logs = scores.log_softmax(1)[:, :kept]
        # A cluster's assignments are size · share, and its shares add up to 1: however
        # far it is, its direction does not underflow.
        size = None if normalize else logs.logsumexp(2, keepdim=True).exp()
        share = logs.softmax(2)
        return _aggregate(points, centers[:kept], share, size).to(dtype)


def _nearest(points: Tensor, centers: Tensor) -> Tensor:
    """Which centre is nearest to each descriptor, the first of several: (N, P).

    It has the largest x · c - ‖c‖² / 2, the same with centres as seen from their mean.
    """
    mean, n = centers.mean(0), points.shape[0]
    c = centers - mean
    offset = c @ mean + (c * c).sum(1) / 2
    return torch.baddbmm(-offset[:, None], c.expand(n, *c.shape), points).argmax(1)


def _aggregate(
    points: Tensor,
    centers: Tensor,
    share: Tensor,
    size: Tensor | None,
) -> Tensor:
    """Σ_p size · share · (points - centers), or that normalised: (N, K · D).

    Computed as Σ share · points - (Σ share) · centers. The shares of a row add up to 1,
    or are all 0.
    """
    whole = share.sum(2, keepdim=True)
    v = torch.baddbmm(whole * centers, share, points.mT, beta=-1)  # (N, K, D)
    if size is not None:
        return (size * v).flatten(1)
    # A row that is no longer than its rounding is zero; the others have length 1, and
    # so all have the square root of their number.
    noise = ROUNDING * torch.finfo(v.dtype).eps * centers.detach().norm(dim=1)
    squares = (v * v).sum(2, keepdim=True)
    zero = squares <= noise[:, None] ** 2
    unit = torch.where(zero, 0, v * torch.where(zero, 1, squares).rsqrt())
    count = (~zero).sum(1, keepdim=True).clamp(min=1)
    return (unit / count.to(v.dtype).sqrt()).flatten(1)
