"""Sets of units along an axis, and where they come from."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from operator import or_
from typing import NamedTuple

from .window import Window


class Units(NamedTuple):
    """Some units of an axis: `first`, and `first` + j for each bit j of `mask`.

    Large sets stay quick to shift and to join; equal ones compare equal.
    """

    first: int
    mask: int  # odd, or 0 if there are none

    @property
    def last(self) -> int:
        return self.first + self.mask.bit_length() - 1

    def __contains__(self, unit: object) -> bool:
        place = int(unit) - self.first if isinstance(unit, int) else -1
        return place >= 0 and bool(self.mask >> place & 1)

    def within(self, size: int) -> Units:
        """Those of them that are on an axis of `size`."""
        mask = self.mask << self.first if self.first > 0 else self.mask >> -self.first
        return together([Units(0, mask & ((1 << size) - 1))])


def sources(w: Window, units: Units) -> Units:
    """The positions, some in the padding, that these units are computed from."""
    first, mask = units
    if w.transposed:
        first += w.before - w.dilation * (w.kernel_size - 1)
    else:
        first = first * w.stride - w.before
        mask = int(("0" * (w.stride - 1)).join(f"{mask:b}"), 2)
    taps = 1  # so many of them are joined
    while taps < w.kernel_size:
        more = min(taps, w.kernel_size - taps)
        mask |= mask << more * w.dilation
        taps += more
    if w.transposed:  # only multiples of the stride have a source
        skip = -first % w.stride
        bits = f"{mask:b}"[::-1][skip :: w.stride]
        first, mask = (first + skip) // w.stride, int(bits[::-1] or "0", 2)
    return together([Units(first, mask)])


def together(several: Sequence[Units]) -> Units:
    """All of these units."""
    start = min(first for first, _ in several)
    mask = functools.reduce(or_, (mask << first - start for first, mask in several))
    zeros = max((mask & -mask).bit_length() - 1, 0)
    return Units(start + zeros, mask >> zeros)
