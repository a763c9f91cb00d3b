"""The layers that PyTorch does not have, and any network of this library as a module.

Functions and modules carry the names and take the arguments of the ops and layers of
`conv_notes`, on tensors of any device. A module gets its parameters with the first
input it meets, whose size decides how many there are.
"""

from .. import _extras

with _extras.needed("conv_notes.torch", "torch", "torch", "PyTorch"):
    import torch as _torch  # noqa: F401

from .aggregation import (
    ActionVLAD,
    GhostVLAD,
    NetVLAD,
    action_vlad,
    ghost_vlad,
    netvlad,
    vlad,
)
from .conversion import from_torch, to_torch
from .dynamic import DynamicConv2d, dynamic_conv2d
from .local import LocalConv2d, local_conv2d
from .partial import PartialConv2d, partial_conv2d
from .tiled import TiledConv2d, tiled_conv2d

__all__ = [
    "ActionVLAD",
    "DynamicConv2d",
    "GhostVLAD",
    "LocalConv2d",
    "NetVLAD",
    "PartialConv2d",
    "TiledConv2d",
    "action_vlad",
    "dynamic_conv2d",
    "from_torch",
    "ghost_vlad",
    "local_conv2d",
    "netvlad",
    "partial_conv2d",
    "tiled_conv2d",
    "to_torch",
    "vlad",
]
