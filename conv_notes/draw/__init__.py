"""Figures in one visual language: inputs blue, outputs orange, a letter per weight.

Every function returns a `Drawing`: a matplotlib figure that a notebook shows as an SVG
which is the same to the byte each time, and that describes itself in words (``.alt``).
"""

from ._drawing import Drawing, subplots
from .charts import bars, curves, waterfall
from .connections import connections, matrix, wiring
from .overlap import overlap
from .pictures import pictures
from .pooling import pooling
from .window import window

__all__ = [
    "Drawing",
    "bars",
    "connections",
    "curves",
    "matrix",
    "overlap",
    "pictures",
    "pooling",
    "subplots",
    "waterfall",
    "window",
    "wiring",
]
