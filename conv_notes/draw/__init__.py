"""Figures in one visual language: inputs blue, outputs orange, a letter per weight.

Every function returns a `Drawing`: a matplotlib figure that a notebook shows as an SVG
which is the same to the byte each time, and that describes itself in words (``.alt``).
"""

from ._drawing import Drawing, subplots
from .channels import channel_sum
from .charts import bars, curves, waterfall
from .connections import connections, matrix, wiring
from .field import field
from .cubes import cubes
from .branches import branches
from .charts import bars, curves, waterfall
from .connections import connections, matrix, wiring
from .mixing import mixing
from .pictures import pictures
from .places import places
from .slide import slide
from .reach import reach
from .overlap import overlap
from .pictures import pictures
from .pooling import pooling
from .window import window

__all__ = [
    "Drawing",
    "bars",
    "channel_sum",
    "branches",
    "connections",
    "cubes",
    "curves",
    "field",
    "matrix",
    "mixing",
    "pictures",
    "places",
    "slide",
    "reach",
    "overlap",
    "pictures",
    "pooling",
    "subplots",
    "waterfall",
    "window",
    "wiring",
]
