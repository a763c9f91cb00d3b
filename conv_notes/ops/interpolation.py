"""From one image size to another: values between the pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import _checks as check
from .._checks import FloatArray, Shape
from ._differentiable import Pullback, differentiable

#: By the number of axes that are resized.
MODES = {2: ("nearest", "bilinear", "bicubic"), 3: ("nearest", "trilinear")}
CUBIC = -0.75  # the slope of Keys's kernel at 1, in PyTorch and OpenCV


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
    axes = zip(x.shape[2:], sizes, factors, strict=True)
    taps = [_taps(*axis, mode, align_corners) for axis in axes]
    y = x
    # The last axis first: its values lie side by side.
    for axis, these in reversed(list(enumerate(taps, start=2))):
        y = _mix(y, these, axis)

    def pullback(dy: FloatArray) -> tuple[FloatArray]:
        for axis, (these, count) in enumerate(zip(taps, x.shape[2:], strict=True), 2):
            matrix = these.matrix(count).astype(x.dtype)
            dy = np.moveaxis(np.moveaxis(dy, axis, -1) @ matrix, -1, axis)
        return (np.ascontiguousarray(dy),)

    return y, pullback


class Scaling(NamedTuple):
    """What the output size is, or what it follows from; the one or the other."""

    size: tuple[int, ...] | None
    factors: tuple[float, ...] | None
    written: Any  # by the caller

    def output_size(self, where: str, size: Shape) -> Shape:
        """The output size of an image of `size`."""
        if self.factors is None:
            return self.size or ()
        axes = zip(size, self.factors, strict=True)
        sizes = tuple(math.floor(n * r) for n, r in axes)
        if 0 in sizes:
            raise ValueError(
                f"{where}: scale_factor={self.written} leaves nothing of an image of "
                f"{size}"
            )
        return sizes


def parse_scaling(
    where: str,
    axes: int,
    size: Any,
    scale_factor: Any,
    mode: object,
    align_corners: bool,
) -> Scaling:
    """What the caller of `where` wrote about an image with this many `axes`."""
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


class _Taps(NamedTuple):
    """Which pixels make each output of an axis, and with what weight.

    Both are of shape (T, O), with T pixels for each of O outputs.
    """

    pixel: np.ndarray
    weight: np.ndarray

    def matrix(self, count: int) -> np.ndarray:
        """The same as an (O, `count`) matrix."""
        outputs = self.pixel.shape[1]
        matrix = np.zeros((outputs, count))
        np.add.at(matrix, (np.arange(outputs), self.pixel), self.weight)
        return matrix


def _taps(
    size: int, outputs: int, factor: float | None, mode: str, align_corners: bool
) -> _Taps:
    o = np.arange(outputs)
    if mode == "nearest":
        # In integers where they are known: o · (H / O) may round the wrong way.
        source = o * size // outputs if factor is None else np.floor(o / factor)
        index = np.minimum(source, size - 1).astype(np.int64)
        return _Taps(index[None], np.ones((1, outputs)))
    if align_corners:
        place = o * ((size - 1) / (outputs - 1)) if outputs > 1 else np.zeros(1)
    else:
        step = size / outputs if factor is None else 1 / factor
        place = (o + 0.5) * step - 0.5
    first = np.floor(place)
    t = place - first
    around = np.arange(-1, 3) if mode == "bicubic" else np.arange(2)
    distance = np.abs(t - around[:, None])
    weight = _keys(distance) if mode == "bicubic" else 1 - distance
    index = np.clip(first + around[:, None], 0, size - 1).astype(np.int64)
    return _Taps(index, weight)


def _keys(d: np.ndarray) -> np.ndarray:
    """Keys's cubic at a distance of 0 to 2 pixels."""
    near = ((CUBIC + 2) * d - (CUBIC + 3)) * d**2 + 1
    far = ((CUBIC * d - 5 * CUBIC) * d + 8 * CUBIC) * d - 4 * CUBIC
    weight: np.ndarray = np.where(d <= 1, near, far)
    return weight


def _mix(x: FloatArray, taps: _Taps, axis: int) -> FloatArray:
    """Gathered, not as a matrix product, in which one NaN would reach every output."""
    along = [1] * x.ndim
    along[axis] = -1
    y: Any = 0
    for index, weight in zip(*taps, strict=True):
        y = y + np.take(x, index, axis) * weight.astype(x.dtype).reshape(along)
    return y  # type: ignore[no-any-return]
