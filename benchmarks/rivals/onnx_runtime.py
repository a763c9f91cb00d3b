"""ONNX Runtime: a model of one node, its weights fixed. It has no gradients."""

from typing import Any

import numpy as np
from cases import Arrays, Case, Way

try:
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper
except ModuleNotFoundError:
    onnxruntime = None

NAME = "ONNX Runtime"


def _node(case: Case, arrays: Arrays) -> tuple[str, dict[str, Any], Arrays]:
    """The operator, its attributes, and inputs that the case does not have."""
    options = case.keywords(arrays)
    padding, stride = options.get("padding", 0), options.get("stride", 1)
    sliding = {"pads": [padding] * 4, "strides": [stride] * 2}
    window = {"kernel_shape": [options.get("kernel_size", 1)] * 2, **sliding}
    match case.op.__name__:
        case "conv2d":
            return "Conv", {"group": options["groups"], **sliding}, {}
        case "conv_transpose2d":
            return "ConvTranspose", sliding, {}
        case "max_pool2d":
            return "MaxPool", window, {}
        case "avg_pool2d":
            return "AveragePool", window, {}
        case "global_avg_pool2d":
            axes = {"axes": np.array([2, 3])}
            return "ReduceMean", {"keepdims": 0}, axes
        case "interpolate":
            scales = np.array([1, 1, *[options["scale_factor"]] * 2], np.float32)
            inputs = {"": np.zeros(0, np.float32), "scales": scales}
            half = "half_pixel"
            return (
                "Resize",
                {"mode": "linear", "coordinate_transformation_mode": half},
                inputs,
            )
        case "pixel_shuffle":
            blocks = {"blocksize": options["upscale_factor"], "mode": "CRD"}
            return "DepthToSpace", blocks, {}
    return "", {}, {}


def ways(case: Case, arrays: Arrays, dy: np.ndarray, threads: int) -> dict[str, Way]:
    if onnxruntime is None:
        return {}
    kind, attributes, more = _node(case, arrays)
    if not kind:
        return {}
    fixed = {name: a for name, a in arrays.items() if name != "x"} | more
    node = helper.make_node(kind, ["x", *fixed], ["y"], **attributes)
    graph = helper.make_graph(
        [node],
        "case",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, arrays["x"].shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(a, name) for name, a in fixed.items() if name],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 8
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return {NAME: Way(lambda: session.run(None, {"x": arrays["x"]})[0])}
