"""Kernels that take turns along an axis: which outputs each of them computes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from .window import Window


class Turn(NamedTuple):
    """The outputs along an axis that one kernel computes, as those of a convolution."""

    number: int  # of the kernel
    at: slice
    window: Window
    length: int


def turns(window: Window, size: int, count: int, tiling: str) -> Iterator[Turn]:
    """The turns of `count` kernels over `size` outputs, "cyclic" or in "block"s."""
    for p in range(count):
        at = slice(p, size, count)
        if tiling == "block":
            at = slice(-(-p * size // count), -(-(p + 1) * size // count), 1)
        length = len(range(size)[at])
        if length:  # of more kernels than outputs, some have none
            first, apart = at.start * window.stride, at.step * window.stride
            its = window._replace(stride=apart, before=window.before - first)
            yield Turn(p, at, its, length)
