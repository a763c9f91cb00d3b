"""The node tests of the ONNX standard, as far as our ops can express them.

onnx_cases.toml names every case with a node of a type of ours: those that are run, and
those that are left out, by reason. `REASONS` tells from a node whether a reason holds:
for all that are left out for it, and for none that is run.
"""

import tomllib
import warnings
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from onnx.backend.test.loader import load_model_tests
from onnx.helper import get_attribute_value
from onnx_adapters import RUN, explicit_padding, output_sizes, pooling_takes

CASES = tomllib.loads(Path(__file__).with_name("onnx_cases.toml").read_text("utf-8"))
PASSED, LEFT_OUT = CASES["passed"], CASES["left_out"]
#: Where inputs and outputs are given to four digits only.
ROUNDED = {"averagepool_2d_ceil_last_window_starts_on_pad"}
WINDOWED = {"AveragePool", "Conv", "ConvTranspose", "MaxPool"}


class Node(NamedTuple):
    """A case that is one node of a type of ours."""

    op: str
    attributes: dict[str, Any]
    data_sets: list[Any]

    @property
    def inputs(self):
        return self.data_sets[0][0]


def every_node(graph):
    """The nodes of a graph, and of the graphs inside its nodes."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in (*attribute.graphs, attribute.g):
                yield from every_node(inner)


def single_node(case):
    """The case as a `Node`, or None if it has several."""
    if len(case.model.graph.node) > 1:
        return None
    (node,) = case.model.graph.node
    data_sets = []
    for arrays, outputs in case.data_sets:
        given = iter(arrays)  # an input that is left out has no name
        data_sets.append(([next(given) if n else None for n in node.input], outputs))
    attributes = {a.name: get_attribute_value(a) for a in node.attribute}
    return Node(node.op_type, attributes, data_sets)


@pytest.fixture(scope="module")
def found():
    """Every node case that has a node of our types: name -> (`Node` or None, types)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of how ONNX makes its data
        cases = load_model_tests(kind="node")
    found = {}
    for case in cases:
        functions = [node for f in case.model.functions for node in f.node]
        nodes = [*every_node(case.model.graph), *functions]
        if types := {node.op_type for node in nodes} & set(RUN):
            found[case.name.removeprefix("test_")] = single_node(case), types
    return found


def three_axes(node):
    if node.op == "Col2Im":
        return len(node.inputs[1]) == 3
    return node.op in WINDOWED and node.inputs[0].ndim == 5


def bias_per_example(node):
    if node.op != "Gemm" or len(node.inputs) < 3:
        return False
    return node.inputs[2].ndim == 2 and len(node.inputs[2]) > 1


def dilated_mean(node):
    return node.op == "AveragePool" and max(node.attributes.get("dilations", [1])) > 1


def uncounted_padding(node):
    counted, x = node.attributes.get("count_include_pad"), node.inputs[0]
    if node.op != "AveragePool" or counted or x.ndim != 4:
        return False
    padding = explicit_padding(node.attributes, x.shape[2:])
    return not pooling_takes(padding, node.attributes["kernel_shape"])


def coordinates(node):
    mode = node.attributes.get("coordinate_transformation_mode", b"half_pixel")
    if node.op != "Resize" or node.attributes["mode"] == b"nearest":
        return False
    if mode in (b"half_pixel", b"align_corners"):
        return False
    if mode == b"pytorch_half_pixel":  # differs from half_pixel at size one alone
        return 1 in resized(node)[0]
    return True


def resized(node):
    """`output_sizes` of a Resize."""
    x, _, scales, sizes = (*node.inputs, None)[:4]
    return output_sizes(node.attributes, x.shape, scales, sizes)


def corners_of_a_fraction(node):
    """Whether ONNX aligns the corners of 3.2 pixels, where the result has 3."""
    mode = node.attributes.get("coordinate_transformation_mode")
    if node.op != "Resize" or mode != b"align_corners":
        return False
    sizes = node.inputs[0].shape[2:]
    return any(
        abs(n * r - o) > 1e-6 for n, o, r in zip(sizes, *resized(node), strict=True)
    )


def other_pixels(node):
    """Whether the nearest pixel of ONNX's rule is not always ⌊o / r⌋, as ours is."""
    if node.op != "Resize" or node.attributes["mode"] != b"nearest":
        return False
    place = {
        b"half_pixel": lambda o, n, r: (o + 0.5) / r - 0.5,
        b"asymmetric": lambda o, n, r: o / r,
        b"align_corners": lambda o, n, r: o * (n - 1) / (n * r - 1),
    }[node.attributes.get("coordinate_transformation_mode", b"half_pixel")]
    to_pixel = {
        b"round_prefer_floor": lambda p: np.ceil(p - 0.5),
        b"round_prefer_ceil": lambda p: np.floor(p + 0.5),
        b"floor": np.floor,
        b"ceil": np.ceil,
    }[node.attributes.get("nearest_mode", b"round_prefer_floor")]
    for n, outputs, r in zip(node.inputs[0].shape[2:], *resized(node), strict=True):
        o = np.arange(outputs)
        theirs, ours = np.clip([to_pixel(place(o, n, r)), np.floor(o / r)], 0, n - 1)
        if (theirs != ours).any():
            return True
    return False


def class_weights(node):
    return node.op == "SoftmaxCrossEntropyLoss" and len(node.inputs) > 2


INSIDE = "inside the expansion of another operator"
REASONS = {
    "three spatial axes": three_axes,
    "integers": lambda node: node.inputs[0].dtype.kind in "iu",
    "a bias per example": bias_per_example,
    "a mean over a dilated window": dilated_mean,
    "a mean without padding that is uneven or above half the kernel": uncounted_padding,
    "antialiasing": lambda node: node.attributes.get("antialias"),
    "pixels outside excluded": lambda node: node.attributes.get("exclude_outside"),
    "coordinates by another rule": coordinates,
    "corners aligned of a fraction of a pixel": corners_of_a_fraction,
    "another pixel is the nearest": other_pixels,
    "classes with weights": class_weights,
}


@pytest.mark.parametrize(
    ("op", "name"), [(op, name) for op, names in PASSED.items() for name in names]
)
def test_node(op, name, found, record_property):
    node, _ = found[name]
    assert node.op == op
    assert node.data_sets
    atol = 1e-4 if name in ROUNDED else 1e-6
    for inputs, outputs in node.data_sets:
        results = RUN[op](node.attributes, *inputs)[: len(outputs)]
        for result, expected in zip(results, outputs, strict=True):
            np.testing.assert_allclose(
                result, expected, rtol=1e-5, atol=atol, strict=True
            )
    record_property("onnx passed", op)


def test_no_case_is_dropped(found, record_property):
    passed = [name for names in PASSED.values() for name in names]
    left_out = [name for names in LEFT_OUT.values() for name in names]
    assert sorted(passed + left_out) == sorted(found)
    assert list(PASSED) == sorted(RUN)
    counts = Counter(node.op for node, _ in found.values() if node)
    record_property("onnx found", {op: counts[op] for op in PASSED})
    record_property("onnx left out", {r: len(names) for r, names in LEFT_OUT.items()})


def test_left_out_for_what_their_node_says(found):
    assert list(LEFT_OUT) == [INSIDE, *REASONS]
    single = {name: node for name, (node, _) in found.items() if node}
    assert not single.keys() & set(LEFT_OUT[INSIDE])
    for reason, applies in REASONS.items():
        true_of = {name for name, node in single.items() if applies(node)}
        assert true_of >= set(LEFT_OUT[reason]), reason
        assert not true_of & {name for names in PASSED.values() for name in names}
