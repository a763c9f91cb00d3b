"""Integers only: output sizes, padding, receptive fields. Nothing touches an array."""

from .fields import Path, ReceptiveField, receptive_field
from .sizes import conv_output_size, conv_transpose_output_size, same_padding
from .tiling import Turn, turns
from .window import Window, Windows, parse_windows

__all__ = [
    "Path",
    "ReceptiveField",
    "Turn",
    "Window",
    "Windows",
    "conv_output_size",
    "conv_transpose_output_size",
    "parse_windows",
    "receptive_field",
    "same_padding",
    "turns",
]
