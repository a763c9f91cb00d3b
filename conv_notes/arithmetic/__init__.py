"""Integers only: output sizes, padding, receptive fields. Nothing touches an array."""

from .fields import Path, ReceptiveField, Window, receptive_field
from .sizes import (
    conv_output_size,
    conv_transpose_output_size,
    effective_kernel_size,
    same_padding,
)

__all__ = [
    "Path",
    "ReceptiveField",
    "Window",
    "conv_output_size",
    "conv_transpose_output_size",
    "effective_kernel_size",
    "receptive_field",
    "same_padding",
]
