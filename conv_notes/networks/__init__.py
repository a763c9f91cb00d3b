"""Layers in a row and side by side, a table of what they cost, published networks."""

from .containers import Parallel, Sequential
from .published import alexnet, deepface, inception_3a, lenet5, mobilenet_v1, vgg16
from .summary import Row, Summary, summary

__all__ = [
    "Parallel",
    "Row",
    "Sequential",
    "Summary",
    "alexnet",
    "deepface",
    "inception_3a",
    "lenet5",
    "mobilenet_v1",
    "summary",
    "vgg16",
]
