"""Layers in a row and side by side, a table of what they cost, published networks."""

from .containers import Parallel, Sequential
from .matrix import dense_matrix, weight_ids
from .overview import Row, Summary, summary
from .published import alexnet, deepface, inception_3a, lenet5, mobilenet_v1, vgg16

__all__ = [
    "Parallel",
    "Row",
    "Sequential",
    "Summary",
    "alexnet",
    "deepface",
    "dense_matrix",
    "inception_3a",
    "lenet5",
    "mobilenet_v1",
    "summary",
    "vgg16",
    "weight_ids",
]
