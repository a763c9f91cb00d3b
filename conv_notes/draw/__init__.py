"""Figures in one visual language: inputs blue, outputs orange, a letter per weight.

Every function returns a `Drawing`: a matplotlib figure that a notebook shows as an SVG
which is the same to the byte each time, and that describes itself in words (``.alt``).
"""

from ._drawing import Drawing, subplots
from .branches import branches
from .channels import channel_sum
from .charts import bars, curves, waterfall
from .clusters import clusters
from .connections import connections, matrix, wiring
from .cubes import cubes
from .field import field
from .holes import filling, masked_matrix, masked_window
from .mixing import mixing
from .overlap import overlap
from .pictures import pictures
from .places import places
from .pooling import pooling
from .reach import reach
from .slide import slide
from .stack import stack
from .stages import stages
from .window import window

__all__ = [
    "Drawing",
    "bars",
    "branches",
    "channel_sum",
    "clusters",
    "connections",
    "cubes",
    "curves",
    "field",
    "filling",
    "masked_matrix",
    "masked_window",
    "matrix",
    "mixing",
    "overlap",
    "pictures",
    "places",
    "pooling",
    "reach",
    "slide",
    "stack",
    "stages",
    "subplots",
    "waterfall",
    "window",
    "wiring",
]
