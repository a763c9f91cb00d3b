"""Functions and modules take what ops and layers take, and say what they do."""

import inspect
import re
from pathlib import Path

import pytest
from test_public import sections

torch = pytest.importorskip("torch")

from tensors import FUNCTIONS

import conv_notes as cn
import conv_notes.torch as ct

README = Path(__file__).parents[3] / "README.md"
MODULES = [name for name in ct.__all__ if name[0].isupper()]


def parameters(thing):
    found = inspect.signature(thing).parameters.values()
    return [(p.name, p.kind, p.default) for p in found]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_take_what_ops_take(name):
    assert parameters(getattr(ct, name)) == parameters(getattr(cn, name))


@pytest.mark.parametrize("name", [name for name in MODULES if hasattr(cn, name)])
def test_modules_take_what_layers_take(name):
    *ours, device, dtype = parameters(getattr(ct, name))
    assert [name for name, *_ in (device, dtype)] == ["device", "dtype"]
    assert ours == parameters(getattr(cn, name))


@pytest.mark.parametrize("name", ct.__all__)
def test_docstrings(name):
    thing = getattr(ct, name)
    first, *rest = inspect.getdoc(thing).splitlines()
    assert first.endswith(".")
    assert rest[0] == ""
    found = sections(thing)
    needed = ["Parameters", "Returns", "Raises", "References", "Examples"]
    if name in MODULES:
        needed = ["Parameters", "Examples"]
    assert [title for title in found if title != "Notes"] == needed
    documented = [line for line in found["Parameters"] if line and line[0] != " "]
    named = [n for line in documented for n in line.partition(" : ")[0].split(", ")]
    assert sorted(named) == sorted(inspect.signature(thing).parameters)


def test_all_is_what_is_importable():
    own = {
        name
        for name, thing in vars(ct).items()
        if not name.startswith("_") and not inspect.ismodule(thing)
    }
    assert own == {*ct.__all__}
    assert ct.__all__ == sorted(ct.__all__)


def test_what_the_readme_says():
    blocks = re.findall(r"(?s)```python\n(.*?)```", README.read_text("utf-8"))
    (block,) = (block for block in blocks if "conv_notes.torch" in block)
    names = {}
    exec(block, names)
    assert names["y"].shape == (2, 16, 55, 55)
    assert {*names["params"]} == {*cn.lenet5().param_shapes((1, 32, 32))}
