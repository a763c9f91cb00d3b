"""What a reader imports, and what its documentation holds."""

import inspect
import re
import subprocess
import sys
from types import ModuleType

import pytest
from good import complete

import conv_notes
from conv_notes.layers import Layer

PUBLIC = {name: getattr(conv_notes, name) for name in conv_notes.__all__}
FUNCTIONS = [name for name, thing in PUBLIC.items() if not inspect.isclass(thing)]
CLASSES = [name for name, thing in PUBLIC.items() if inspect.isclass(thing)]


def sections(thing):
    """The numpydoc sections of a docstring: title -> lines."""
    lines = inspect.getdoc(thing).splitlines()
    found, title = {}, None
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if re.fullmatch("-+", following) and len(following) == len(line):
            title = line
            found[title] = []
        elif title and not re.fullmatch("-+", line):
            found[title].append(line)
    return found


def documented(lines):
    """The names before the colon of the entries of a "Parameters" section."""
    entries = [line for line in lines if line and not line.startswith(" ")]
    names = (entry.partition(" : ")[0].split(", ") for entry in entries)
    return [name.lstrip("*") for group in names for name in group]


def test_all_is_what_is_importable():
    importable = {
        name
        for name, thing in vars(conv_notes).items()
        if not name.startswith("_") and not isinstance(thing, ModuleType)
    }
    ops = {name for name in conv_notes.ops.__all__ if name.islower()}
    place = "the imports and __all__ in conv_notes/__init__.py"
    complete(conv_notes.__all__, place, importable | ops)
    assert len(set(conv_notes.__all__)) == len(conv_notes.__all__)


def kinds(layer):
    """The classes derived from a class, or itself where there are none."""
    derived = layer.__subclasses__()
    return set().union(*map(kinds, derived)) if derived else {layer}


def test_every_layer_is_public():
    ours = {kind for kind in kinds(Layer) if kind.__module__.startswith("conv_notes.")}
    layers = {name for name in CLASSES if issubclass(PUBLIC[name], Layer)}
    place = "the imports and __all__ in conv_notes/__init__.py"
    complete(layers, place, {kind.__name__ for kind in ours})


@pytest.mark.parametrize("name", conv_notes.__all__)
def test_docstrings_open_with_one_sentence(name):
    first, *rest = inspect.getdoc(PUBLIC[name]).splitlines()
    assert first.endswith(".")
    assert not rest or rest[0] == ""


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_document_everything(name):
    found = sections(PUBLIC[name])
    parameters = list(inspect.signature(PUBLIC[name]).parameters)
    assert sorted(documented(found.get("Parameters", []))) == sorted(parameters)
    expected = ["Parameters", "Returns", "Raises", "References", "Examples"]
    if not parameters:
        expected = ["Returns", "References", "Examples"]
    assert [title for title in found if title != "See Also"] == expected
    assert any(">>> " in line for line in found["Examples"])


@pytest.mark.parametrize("name", CLASSES)
def test_classes_document_their_fields(name):
    thing = PUBLIC[name]
    found = sections(thing)
    if issubclass(thing, tuple):
        assert documented(found["Attributes"]) == list(thing._fields)
        return
    parameters = list(inspect.signature(thing).parameters)
    assert documented(found.get("Parameters", [])) == parameters
    assert any(">>> " in line for line in found["Examples"])


def test_import_needs_numpy_alone():
    """Also where data and tables are loaded, which only a use of them may need more."""
    code = """
import sys
import numpy  # with what it brings itself
before = set(sys.modules)
import conv_notes, conv_notes.data, conv_notes.table
print(*{name.partition(".")[0] for name in set(sys.modules) - before})
"""
    run = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    imported = set(run.stdout.split()) - sys.stdlib_module_names
    assert "conv_notes" in imported
    assert imported <= {"conv_notes", "numpy"}
