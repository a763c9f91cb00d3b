"""The node tests of the ONNX standard, as far as our ops can express them."""

import math
import warnings
from collections import Counter

import numpy as np
import pytest
from onnx.backend.test.loader import load_model_tests
from onnx.helper import get_attribute_value

from conv_notes import conv2d, linear, max_pool2d, relu

PASSED = {
    "Conv": [
        "basic_conv_with_padding",
        "basic_conv_without_padding",
        "conv_with_autopad_same",
        "conv_with_strides_and_asymmetric_padding",
        "conv_with_strides_no_padding",
        "conv_with_strides_padding",
    ],
    "Gemm": [
        "gemm_all_attributes",
        "gemm_alpha",
        "gemm_beta",
        "gemm_default_no_bias",
        "gemm_default_scalar_bias",
        "gemm_default_single_elem_vector_bias",
        "gemm_default_vector_bias",
        "gemm_default_zero_bias",
        "gemm_transposeA",
        "gemm_transposeB",
    ],
    "MaxPool": [
        "maxpool_2d_ceil",
        "maxpool_2d_ceil_output_size_reduce_by_one",
        "maxpool_2d_default",
        "maxpool_2d_dilations",
        "maxpool_2d_precomputed_pads",
        "maxpool_2d_precomputed_same_upper",
        "maxpool_2d_precomputed_strides",
        "maxpool_2d_strides",
        "maxpool_with_argmax_2d_precomputed_pads",
        "maxpool_with_argmax_2d_precomputed_strides",
    ],
    "Relu": ["relu"],
}
INSIDE = "a step inside the expansion of another operator, not a node of its own"
AXES = "one or three spatial axes; ours are images"
LEFT_OUT = {
    **dict.fromkeys(
        [
            "causal_conv_with_state_b1_c1_degenerate_expanded",
            "causal_conv_with_state_basic_expanded",
            "causal_conv_with_state_decode_step_expanded",
            "causal_conv_with_state_fp16_expanded",
            "causal_conv_with_state_kernel_size_one_expanded",
            "causal_conv_with_state_short_input_no_past_state_expanded",
            "causal_conv_with_state_silu_expanded",
            "causal_conv_with_state_silu_fp16_expanded",
            "causal_conv_with_state_silu_with_past_state_expanded",
            "causal_conv_with_state_swish_alias_expanded",
            "causal_conv_with_state_with_bias_and_past_state_expanded",
            "causal_conv_with_state_with_bias_expanded",
            "causal_conv_with_state_with_past_state_expanded",
            "range_bfloat16_type_positive_delta_expanded",
            "range_float16_type_positive_delta_expanded",
            "range_float_type_positive_delta_expanded",
            "range_int32_type_negative_delta_expanded",
        ],
        INSIDE,
    ),
    **dict.fromkeys(
        [
            "maxpool_1d_default",
            "maxpool_3d_default",
            "maxpool_3d_dilations",
            "maxpool_3d_dilations_use_ref_impl",
            "maxpool_3d_dilations_use_ref_impl_large",
        ],
        AXES,
    ),
    "gemm_default_matrix_bias": "a bias per example; ours is per output",
    "maxpool_2d_pads": "padding above half the kernel, which PyTorch refuses too",
    "maxpool_2d_same_lower": "asymmetric padding, which pooling does not take",
    "maxpool_2d_same_upper": "asymmetric padding, which pooling does not take",
    "maxpool_2d_uint8": "integers; ours are float32 and float64",
}


def every_node(graph):
    """The nodes of a graph, and of the graphs inside its nodes."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in (*attribute.graphs, attribute.g):
                yield from every_node(inner)


@pytest.fixture(scope="module")
def found():
    """Every node case that has a node of our types: name -> (case, those types)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of how ONNX makes its data
        cases = load_model_tests(kind="node")
    found = {}
    for case in cases:
        functions = [node for f in case.model.functions for node in f.node]
        nodes = [*every_node(case.model.graph), *functions]
        if types := {node.op_type for node in nodes} & set(PASSED):
            found[case.name.removeprefix("test_")] = case, types
    return found


def explicit_padding(attributes, size):
    """((top, bottom), (left, right)) of `pads` or `auto_pad`."""
    mode = attributes.get("auto_pad", b"NOTSET")
    if mode == b"NOTSET":
        top, left, bottom, right = attributes.get("pads", [0] * 4)
        return (top, bottom), (left, right)
    if mode == b"VALID":
        return (0, 0), (0, 0)
    kernel_size = attributes["kernel_shape"]
    strides, dilations = (attributes.get(k, [1, 1]) for k in ("strides", "dilations"))
    padding = []
    for n, k, s, d in zip(size, kernel_size, strides, dilations, strict=True):
        total = max((math.ceil(n / s) - 1) * s + d * (k - 1) + 1 - n, 0)
        sides = total // 2, total - total // 2
        padding.append(sides if mode == b"SAME_UPPER" else sides[::-1])
    return tuple(padding)


def window(attributes, x):
    """The arguments that convolution and pooling share."""
    return {
        "stride": attributes.get("strides", [1, 1]),
        "padding": explicit_padding(attributes, x.shape[2:]),
        "dilation": attributes.get("dilations", [1, 1]),
    }


def run_conv(attributes, x, weight, bias=None):
    groups = attributes.get("group", 1)
    return [conv2d(x, weight, bias, groups=groups, **window(attributes, x))]


def run_gemm(attributes, a, b, c=None):
    x = attributes.get("alpha", 1.0) * (a.T if attributes.get("transA") else a)
    weight = b if attributes.get("transB") else b.T
    if c is not None:
        assert c.size == c.shape[-1] if c.ndim else True
        c = np.broadcast_to(attributes.get("beta", 1.0) * c.ravel(), len(weight))
    return [linear(x, weight, c)]


def run_max_pool(attributes, x):
    options = window(attributes, x)
    assert all(before == after for before, after in options["padding"])
    options["padding"] = [before for before, _ in options["padding"]]
    options["ceil_mode"] = bool(attributes.get("ceil_mode", 0))
    y, indices = max_pool2d(
        x, attributes["kernel_shape"], **options, return_indices=True
    )
    # ONNX counts through the whole array, and down the columns in storage order 1.
    n, c, height, width = x.shape
    order = "CF"[attributes.get("storage_order", 0)]
    at = np.unravel_index(indices, (height, width))
    indices = np.ravel_multi_index(at, (height, width), order=order)
    planes = np.arange(n * c).reshape(n, c, 1, 1) * height * width
    return [y, indices + planes]


RUN = {
    "Conv": run_conv,
    "Gemm": run_gemm,
    "MaxPool": run_max_pool,
    "Relu": lambda attributes, x: [relu(x)],
}


@pytest.mark.parametrize(
    ("op", "name"), [(op, name) for op, names in PASSED.items() for name in names]
)
def test_node(op, name, found, record_property):
    case, _ = found[name]
    (node,) = case.model.graph.node
    assert node.op_type == op
    attributes = {a.name: get_attribute_value(a) for a in node.attribute}
    assert case.data_sets
    for inputs, outputs in case.data_sets:
        results = RUN[op](attributes, *inputs)[: len(outputs)]
        for result, expected in zip(results, outputs, strict=True):
            np.testing.assert_allclose(
                result, expected, rtol=1e-5, atol=1e-6, strict=True
            )
    record_property("onnx passed", op)


def test_no_case_is_dropped(found, record_property):
    passed = [name for names in PASSED.values() for name in names]
    assert sorted([*passed, *LEFT_OUT]) == sorted(found)
    counts = Counter(op for _, types in found.values() for op in types)
    record_property("onnx found", {op: counts[op] for op in PASSED})
    record_property("onnx left out", dict(Counter(LEFT_OUT.values())))


def test_left_out_for_what_their_node_says(found):
    for name, reason in LEFT_OUT.items():
        case, _ = found[name]
        assert (len(case.model.graph.node) > 1) == (reason == INSIDE), name
        if reason == AXES:
            assert case.data_sets[0][0][0].ndim != 4
