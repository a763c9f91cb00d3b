"""The functions as graphs: compiled, exported, and run by ONNX Runtime."""

import shutil

import pytest
from test_networks import BLOCK, NET, NET_INPUT

torch = pytest.importorskip("torch")

from tensors import DEVICE, FUNCTIONS, array, example, learned, results

import conv_notes.torch as ct

EXAMPLES = [(name, {}) for name in FUNCTIONS] + [("tiled_conv2d", {"tiling": "block"})]
ignoring_what_the_exporter_says = pytest.mark.filterwarnings("ignore")
each_example = pytest.mark.parametrize(("name", "options"), EXAMPLES)
COMPILED = [(name, options, "aot_eager") for name, options in EXAMPLES]
if shutil.which("g++"):  # with which Inductor compiles for a processor; it takes long
    different = [
        name for name in FUNCTIONS if name not in ("ghost_vlad", "action_vlad")
    ]
    COMPILED += [(name, {}, "inductor") for name in different]


class Call(torch.nn.Module):
    """A function, whose weights are this module's: called with what varies."""

    def __init__(self, name, options, dtype=torch.float32):
        super().__init__()
        self.function, arguments = getattr(ct, name), example(name, dtype)
        inputs = [key for key in ("x", "mask", "attention") if key in arguments]
        self.inputs = {key: arguments.pop(key).detach() for key in inputs}
        weights = learned(arguments)
        self.weights = torch.nn.ParameterDict(weights)
        self.options = {k: arguments[k] for k in arguments if k not in weights}
        self.options |= options

    def batch(self, n):
        """Other inputs: so many examples."""
        torch.manual_seed(n)
        return tuple(
            (torch.randn(n, *value.shape[1:]).to(value) > 0).to(value)
            if key == "mask"
            else torch.randn(n, *value.shape[1:]).to(value)
            for key, value in self.inputs.items()
        )

    def forward(self, *inputs):
        arguments = dict(zip(self.inputs, inputs, strict=True))
        return self.function(**arguments, **self.weights, **self.options)


@pytest.mark.parametrize(("name", "options", "backend"), COMPILED)
def test_compile(name, options, backend):
    """In one graph, with the gradients."""
    torch.compiler.reset()
    call = Call(name, options, torch.float64)
    compiled = torch.compile(call, fullgraph=True, backend=backend)
    x, *others = call.batch(2)
    values = [x.requires_grad_(), *call.parameters()]
    found = [results(each(x, *others)) for each in (call, compiled)]
    torch.testing.assert_close(*found)
    grads = [torch.autograd.grad(y.square().sum(), values) for y, *_ in found]
    torch.testing.assert_close(*grads)


def test_compile_for_any_batch():
    torch.compiler.reset()
    call = Call("local_conv2d", {})
    compiled = torch.compile(call, fullgraph=True, backend="aot_eager", dynamic=True)
    for n in (2, 5, 17):
        torch.testing.assert_close(compiled(*call.batch(n)), call(*call.batch(n)))


@each_example
def test_export(name, options):
    """Of PyTorch's own operators; and, where no kernel depends on it, for any batch."""
    call = Call(name, options)
    inputs, dynamic = call.batch(3), None
    if name != "dynamic_conv2d":
        dynamic = (tuple({0: torch.export.Dim.AUTO} for _ in inputs),)
    program = torch.export.export(call, inputs, dynamic_shapes=dynamic)
    targets = {str(node.target) for node in program.graph.nodes}
    assert not [target for target in targets if "conv_notes" in target]
    inputs = call.batch(5 if dynamic else 3)
    torch.testing.assert_close(program.module()(*inputs), call(*inputs))


def run_elsewhere(module, inputs):
    """Assert that ONNX Runtime computes the same."""
    runtime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    program = torch.onnx.export(module, inputs, dynamo=True, verbose=False)
    session = runtime.InferenceSession(program.model_proto.SerializeToString())
    names = [node.name for node in session.get_inputs()]
    found = session.run(None, dict(zip(names, map(array, inputs), strict=True)))
    for theirs, ours in zip(found, results(module(*inputs)), strict=True):
        torch.testing.assert_close(torch.tensor(theirs), ours.cpu())


@ignoring_what_the_exporter_says
@each_example
def test_onnx_runtime(name, options):
    call = Call(name, options)
    run_elsewhere(call, call.batch(2))


@ignoring_what_the_exporter_says
@pytest.mark.parametrize(("network", "shape"), [(NET, NET_INPUT), (BLOCK, (2, 4, 5))])
def test_networks_in_onnx_runtime(network, shape):
    torch.manual_seed(0)
    module = ct.to_torch(network, shape).to(DEVICE).eval()
    run_elsewhere(module, (torch.randn(2, *shape, device=DEVICE),))


@pytest.mark.parametrize("module", [ct.LocalConv2d(3, 2), ct.NetVLAD(3)])
def test_compile_before_the_first_input(module):
    torch.compiler.reset()
    x = torch.randn(2, 4, 5, 6)
    y = torch.compile(module, fullgraph=True, backend="aot_eager")(x)
    torch.testing.assert_close(y, module(x))
