"""What the cases are made of: numbers, pairs, windows and arrays.

The arrays hold small whole numbers, on which float arithmetic is exact in any order
and in both dtypes, so that tests can compare with ==; or normally distributed ones,
where an op divides or takes exponentials.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import oracle
from hypothesis import strategies as st


@dataclass(frozen=True)
class Geometry:
    size: tuple[int, int]
    kernel_size: tuple[int, int]
    options: dict[str, Any]
    full: dict[str, Any]

    @property
    def output_size(self):
        return tuple(map(len, oracle.grid(self.size, self.kernel_size, **self.full)))


def numbers(low, high):
    return st.integers(low, high)


def pairs(low, high):
    return st.tuples(numbers(low, high), numbers(low, high))


def short(pair):
    """One number where all axes agree."""
    return pair[0] if len(set(pair)) == 1 else pair


def sides(padding):
    """((top, bottom), (left, right)) of a padding that both sides of an axis share."""
    return tuple((p, p) for p in padding)


@st.composite
def geometries(draw):
    """Size, kernel, stride, padding and dilation of a window that fits."""
    kernel_size, dilation = draw(pairs(1, 3)), draw(pairs(1, 2))
    form = draw(st.sampled_from(["both", "sides", "valid", "same"]))
    stride = (1, 1) if form == "same" else draw(pairs(1, 3))
    totals = [d * (k - 1) for k, d in zip(kernel_size, dilation, strict=True)]
    if form == "both":
        pair = draw(pairs(0, 2))
        written, padding = short(pair), sides(pair)
    elif form == "sides":
        written = padding = draw(st.tuples(pairs(0, 2), pairs(0, 2)))
    else:
        written, padding = form, ((0, 0), (0, 0))
        if form == "same":
            padding = tuple((total // 2, (total + 1) // 2) for total in totals)
    least = [max(1, t + 1 - sum(p)) for t, p in zip(totals, padding, strict=True)]
    size = tuple(n + draw(numbers(0, 4)) for n in least)
    options = {"stride": short(stride), "padding": written, "dilation": short(dilation)}
    full = {"stride": stride, "padding": padding, "dilation": dilation}
    return Geometry(size, kernel_size, options, full)


dtypes = st.sampled_from([np.float64, np.float32])


@st.composite
def whole(draw, shape, dtype=np.float64):
    """An array of whole numbers from -4 to 4, with many ties."""
    rng = np.random.default_rng(draw(numbers(0, 2**32 - 1)))
    return rng.integers(-4, 5, shape).astype(dtype)


@st.composite
def distinct(draw, shape, dtype=np.float64):
    """An array of distinct numbers k + 1/2, none of them zero."""
    rng = np.random.default_rng(draw(numbers(0, 2**32 - 1)))
    count = int(np.prod(shape))
    return (rng.permutation(count) - count // 2 + 0.5).reshape(shape).astype(dtype)


@st.composite
def arrays(draw, dtype, *shapes, bias=None):
    """Arrays of the given shapes; a last one or None if `bias` is a shape."""
    drawn = [draw(whole(shape, dtype)) for shape in shapes]
    if bias is not None:
        drawn.append(draw(whole(bias, dtype)) if draw(st.booleans()) else None)
    return tuple(drawn)


@st.composite
def divisible(draw, shape, dtype=np.float64):
    """Whole numbers whose means over windows of up to 4 × 4 are whole too."""
    return 144 * draw(whole(shape, dtype))


@st.composite
def normal(draw, shape, dtype=np.float64):
    """An array of normally distributed numbers."""
    rng = np.random.default_rng(draw(numbers(0, 2**32 - 1)))
    return rng.standard_normal(shape).astype(dtype)
