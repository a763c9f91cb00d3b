"""A bag of local descriptors as one vector."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar

import numpy as np

from .. import _checks as check
from .._checks import FloatArray, Shape
from ..ops import netvlad, netvlad_init
from ..ops._differentiable import Gradients
from ._layer import Layer, Params, Plan


@dataclass(frozen=True, repr=False)
class NetVLAD(Layer):
    """NetVLAD: (D, H, W) becomes (K·D,), whatever H and W are.

    K(2D + 1) parameters: weights and biases of the assignment, and the centres. Two
    multiply-adds for each descriptor, cluster and dimension, one to assign and one to
    sum up, and one for each entry of a centre.

    Parameters
    ----------
    n_clusters : int
        K.
    normalize : bool
        As for `netvlad`.
    alpha : float
        How hard the assignment is at first; as for `netvlad_init`.

    Examples
    --------
    >>> NetVLAD(64).output_shape((512, 30, 40)), NetVLAD(64).n_params((512, 30, 40))
    ((32768,), 65600)
    """

    n_clusters: int
    normalize: bool = True
    alpha: float = 1.0
    axes: ClassVar[str] = "D H W"
    is_linear: ClassVar[bool] = False
    sees_all: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self._check_counts("n_clusters")
        check.positive("NetVLAD", "alpha", self.alpha)
        self._keep_plain()

    def _plan(self, shape: Shape) -> Plan:
        k, (d, *_) = self.n_clusters, shape
        params = {"weight": (k, d), "bias": (k,), "centers": (k, d)}
        return Plan(shape, (k * d,), params, macs=k * (2 * prod(shape) + d))

    def init(
        self, input_shape: Shape, rng: np.random.Generator, dtype: Any = np.float64
    ) -> Params:
        """Centres from N(0, 1 / D), so about 1 long; the rest by `netvlad_init`.

        For centres that fit the descriptors, cluster some of them instead.
        """
        shape = self.param_shapes(input_shape)["centers"]
        centers = rng.standard_normal(shape, dtype) / np.sqrt(shape[1]).astype(dtype)
        weight, bias = netvlad_init(centers, self.alpha)
        return {"weight": weight, "bias": bias, "centers": centers}

    def _op(self, x: FloatArray, *params: FloatArray) -> tuple[FloatArray, Gradients]:
        return netvlad.vjp(x, *params, normalize=self.normalize)
