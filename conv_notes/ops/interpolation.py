"""From one image size to another: values between the pixels."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import floor, prod
from typing import Any, NamedTuple

import numpy as np

from .. import _checks as check
from .._checks import FloatArray, Shape
from ._differentiable import Pullback, differentiable

#: By the number of axes that are resized.
MODES = {2: ("nearest", "bilinear", "bicubic"), 3: ("nearest", "trilinear")}
CUBIC = -0.75  # the slope of Keys's kernel at 1, in PyTorch and OpenCV
LONG = 16  # more float32 than this are added up in float64
CACHED = 2**17  # so many numbers are worked on at a time


@differentiable
def interpolate(
    x: FloatArray,
    *,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool = False,
) -> tuple[FloatArray, Pullback]:
    r"""Resize images or volumes, each axis on its own.

    Along an axis, output pixel o looks at the place

    .. math::
        s(o) = \frac{o + \frac{1}{2}}{r} - \frac{1}{2}
        \qquad\text{or, with aligned corners,}\qquad
        s(o) = o\,\frac{H - 1}{O - 1}

    of the input, where r is the scale factor, and mixes the pixels around it: the one
    it falls into (``nearest``: ⌊o / r⌋), the two nearest with weights that fall off
    linearly (``bilinear``, ``trilinear``), or the four nearest with Keys's cubic of
    slope −0.75 (``bicubic``). Pixels outside the image repeat its edge. PyTorch does so
    too, but for a factor that leaves the size as it is: then it returns the image.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W) or (N, C, D, H, W)
        float32 or float64. N may be 0.
    size : int or sequence of int, optional
        The output size O, for every axis or for each.
    scale_factor : float or sequence of float, optional
        r, for every axis or for each; the output size is ⌊H · r⌋. Give this or `size`.
    mode : {"nearest", "bilinear", "bicubic", "trilinear"}
        Images take the first three, volumes ``nearest`` and ``trilinear``.
    align_corners : bool
        Whether the centres of the corner pixels stay where they are. Otherwise the
        outer edges of the image do. Not for ``nearest``.

    Returns
    -------
    ndarray, shape (N, C, OH, OW) or (N, C, OD, OH, OW)
        Same dtype as `x`.

    Raises
    ------
    TypeError
        If `x` is not a float32 or float64 array, or a size or factor is no number.
    ValueError
        If `x` does not have four or five axes or its images are empty, `mode` does not
        suit it, both or neither of `size` and `scale_factor` are given, one of them is
        not positive, or nothing is left of the output.

    References
    ----------
    Keys (1981), "Cubic convolution interpolation for digital image processing",
    equation 15 with a slope of −1/2; conventions are those of PyTorch.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([0.0, 4.0]).reshape(1, 1, 1, 2)
    >>> interpolate(x, size=(1, 4), mode="bilinear")[0, 0]
    array([[0., 1., 3., 4.]])
    >>> interpolate(x, size=(1, 5), mode="bilinear", align_corners=True)[0, 0]
    array([[0., 1., 2., 3., 4.]])
    >>> interpolate(x, scale_factor=2)[0, 0]
    array([[0., 0., 4., 4.],
           [0., 0., 4., 4.]])
    """
    where = "interpolate"
    (x,) = check.float_arrays(where, x=x)
    if x.ndim - 2 not in MODES:
        raise ValueError(
            f"{where}: x must have 4 axes (N, C, H, W) or 5 (N, C, D, H, W), got "
            f"{x.ndim} (x.shape={x.shape})"
        )
    scaling = parse_scaling(where, x.ndim - 2, size, scale_factor, mode, align_corners)
    if 0 in x.shape[2:]:
        raise ValueError(f"{where}: x must not be empty, got x.shape={x.shape}")
    sizes = scaling.output_size(where, x.shape[2:])
    factors = scaling.factors or (None,) * len(sizes)
    axes = enumerate(zip(x.shape[2:], sizes, factors, strict=True), 1)
    edges = [connect(*axis, mode, align_corners, x.dtype) for axis in axes]

    def pullback(dy: FloatArray) -> tuple[FloatArray]:
        return (_mix(dy, [each.turned() for each in edges]),)

    # The last axis first: its values lie side by side.
    return _mix(x, edges[::-1]), pullback


class Scaling(NamedTuple):
    """What the output size is, or what it follows from; the one or the other."""

    size: tuple[int, ...] | None
    factors: tuple[float, ...] | None
    written: Any  # by the caller

    def output_size(self, where: str, size: Shape) -> Shape:
        """The output size of an image of `size`."""
        if self.factors is None:
            return self.size or ()
        wished = [n * r for n, r in zip(size, self.factors, strict=True)]
        if not all(1 <= n < 2**53 for n in wished):  # of which floats are exact
            result = "leaves nothing" if min(wished) < 1 else "makes too much"
            raise ValueError(
                f"{where}: scale_factor={self.written} {result} of an image of {size}"
            )
        return tuple(map(floor, wished))


def parse_scaling(
    where: str,
    axes: int,
    size: Any,
    scale_factor: Any,
    mode: object,
    align_corners: bool,
) -> Scaling:
    """What the caller of `where` wrote, for images with this many `axes`."""
    check.choice(where, "mode", mode, MODES[axes])
    if align_corners and mode == "nearest":
        raise ValueError(f"{where}: align_corners must be False for mode='nearest'")
    if (size is None) == (scale_factor is None):
        raise ValueError(
            f"{where}: give one of size and scale_factor, got size={size} and "
            f"scale_factor={scale_factor}"
        )
    if scale_factor is None:
        sizes = _per_axis(where, "size", size, axes)
        whole = tuple(check.integer(where, "size", n, 1) for n in sizes)
        return Scaling(whole, None, size)
    factors = _per_axis(where, "scale_factor", scale_factor, axes)
    positive = tuple(check.positive(where, "scale_factor", r) for r in factors)
    return Scaling(None, positive, scale_factor)


def _per_axis(where: str, name: str, value: Any, axes: int) -> tuple[Any, ...]:
    if not check.is_sequence(value):
        return (value,) * axes
    if len(value) != axes:
        raise ValueError(f"{where}: {name} must be one number or {axes}, got {value!r}")
    return tuple(value)


class Edges(NamedTuple):
    """The connections along an axis, each from one place to another with a weight.

    No weight is zero: where it would be, nothing passes, neither NaN nor infinity.
    """

    axis: int
    sources: int
    targets: int
    source: np.ndarray
    target: np.ndarray
    weight: np.ndarray

    def turned(self) -> Edges:
        """The transpose: the same connections, the other way."""
        return Edges(
            self.axis, self.targets, self.sources, self.target, self.source, self.weight
        )


def connect(
    axis: int,
    line: tuple[int, int, float | None],
    mode: str,
    align_corners: bool,
    dtype: np.dtype[Any],
) -> Edges:
    """What is mixed along an axis, whose size, output size and factor `line` has."""
    size, outputs, factor = line
    o = np.arange(outputs)
    if mode == "nearest":
        # In integers where they are known: o · (H / O) may round the wrong way.
        source = o * size // outputs if factor is None else np.floor(o / factor)
        pixel = np.minimum(source, size - 1).astype(np.intp)
        return Edges(axis, size, outputs, pixel, o, np.ones(outputs, dtype))
    # The place is above / below, so that one that falls on a pixel does so exactly.
    above: Any = (2 * o + 1) * size - outputs
    below = 2 * outputs
    if align_corners:
        above, below = o * (size - 1), max(outputs - 1, 1)
    elif factor is not None:
        above, below = (o + 0.5) / factor - 0.5, 1
    first, rest = np.divmod(above, below)
    around = np.arange(-1, 3) if mode == "bicubic" else np.arange(2)
    distance = np.abs(rest / below - around[:, None])
    weight = _keys(distance) if mode == "bicubic" else 1 - distance
    pixel = np.clip(first + around[:, None], 0, size - 1).astype(np.intp)
    # Outside, the pixel of the edge is met again: one connection, with one weight.
    for before, k in pairwise(range(len(around))):
        again = pixel[before] == pixel[k]
        weight[k, again] += weight[before, again]
        weight[before, again] = 0
    weight = weight.astype(dtype)
    some = np.nonzero(weight)
    return Edges(axis, size, outputs, pixel[some], o[some[1]], weight[some])


def _keys(d: np.ndarray) -> np.ndarray:
    """Keys's cubic at a distance of 0 to 2 pixels."""
    near = ((CUBIC + 2) * d - (CUBIC + 3)) * d**2 + 1
    far = ((CUBIC * d - 5 * CUBIC) * d + 8 * CUBIC) * d - 4 * CUBIC
    weight: np.ndarray = np.where(d <= 1, near, far)
    return weight


class _Taps(NamedTuple):
    """The same as up to T sources for each target, which are added up there.

    `source` is of shape (T, targets). `weight` is of shape (T, *image), for then a
    product is one long loop. `absent` lists the targets of fewer sources, for each of
    the T; `weighted` is whether a weight is not 1.
    """

    axis: int
    source: np.ndarray
    weight: np.ndarray
    absent: list[np.ndarray]
    weighted: bool


def _taps(edges: Edges, image: tuple[int, ...]) -> _Taps:
    order = np.argsort(edges.target, kind="stable")
    target = edges.target[order]
    nth = np.arange(len(target)) - np.searchsorted(target, target)
    shape = nth.max() + 1, edges.targets
    source, weight = np.zeros(shape, np.intp), np.zeros(shape, edges.weight.dtype)
    source[nth, target] = edges.source[order]
    weight[nth, target] = edges.weight[order]
    absent = [np.flatnonzero(each == 0) for each in weight]
    along = [1] * len(image)
    along[edges.axis - 1] = edges.targets
    whole = np.broadcast_to(weight.reshape(-1, *along), (len(weight), *image)).copy()
    weighted = bool((edges.weight != 1).any())
    return _Taps(edges.axis, source, whole, absent, weighted)


@np.errstate(invalid="ignore")  # where infinities of both signs meet, that is NaN
def _mix(x: FloatArray, edges: list[Edges]) -> FloatArray:
    """Mix along one axis after another, as many images at a time as a cache holds."""
    images = x.reshape(-1, *x.shape[2:])
    shape, taps = list(x.shape[2:]), []
    for each in edges:
        shape[each.axis - 1] = each.targets
        taps.append(_taps(each, tuple(shape)))
    largest = max(prod(x.shape[2:]), *(t.weight[0].size for t in taps))
    count = max(1, min(len(images), CACHED // largest))
    long = any(len(t.source) > LONG for t in taps)
    dtype = np.dtype(np.float64) if long else x.dtype
    rooms = [np.empty((2, count, *t.weight.shape[1:]), dtype) for t in taps]
    y = np.empty((len(images), *shape), x.dtype)
    for start in range(0, len(images), count):
        some = np.ascontiguousarray(images[start : start + count], dtype)
        spaces = [room[:, : len(some)] for room in rooms]
        results = [result for result, _ in spaces]
        if not long:
            results[-1] = y[start : start + count]
        for these, result, (_, term) in zip(taps, results, spaces, strict=True):
            some = _gather(some, these, result, term)
        if long:
            y[start : start + count] = some
    return y.reshape(*x.shape[:2], *shape)


def _gather(x: FloatArray, taps: _Taps, y: FloatArray, term: FloatArray) -> FloatArray:
    """Gathered, not as a matrix product, in which one NaN would reach every output."""
    before: tuple[Any, ...] = (slice(None),) * taps.axis
    for nth, (source, weight, absent) in enumerate(zip(*taps[1:4], strict=True)):
        part = term if nth else y
        # Asked to "raise", which cannot happen here, it would gather into a copy.
        np.take(x, source, taps.axis, part, mode="clip")
        if absent.size:
            part[(*before, absent)] = 0
        if taps.weighted:
            part *= weight
        if nth:
            y += part
    return y
