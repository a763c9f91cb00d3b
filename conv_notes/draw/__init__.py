"""Figures in one visual language: inputs blue, outputs orange, a letter per weight.

Every function returns a `Drawing`: a matplotlib figure that a notebook shows as an SVG
which is the same to the byte each time, and that describes itself in words (``.alt``).
"""

from .. import _extras

with _extras.needed("conv_notes.draw", "matplotlib", "book", "Matplotlib"):
    from . import marks
from ._drawing import Drawing, subplots
from .activations import stages, strongest
from .architectures import branches, stack
from .channels import channel_sum, mixing
from .charts import bars, curves, panels, waterfall
from .descriptors import assignment, clusters
from .fields import field, reach
from .holes import filling, masked_matrix, masked_window
from .images import pictures, tiles
from .isometric import cubes
from .neurons import connections, matrix, plane, wiring
from .resampling import divided, overlap, pooling
from .sliding import places, slide, window

__all__ = [
    "Drawing",
    "assignment",
    "bars",
    "branches",
    "channel_sum",
    "clusters",
    "connections",
    "cubes",
    "curves",
    "divided",
    "field",
    "filling",
    "marks",
    "masked_matrix",
    "masked_window",
    "matrix",
    "mixing",
    "overlap",
    "panels",
    "pictures",
    "places",
    "plane",
    "pooling",
    "reach",
    "slide",
    "stack",
    "stages",
    "strongest",
    "subplots",
    "tiles",
    "waterfall",
    "window",
    "wiring",
]
