"""Every page is in the table of contents, every public name on a page of the API."""

import ast
import importlib
import inspect
import re
from pathlib import Path

import book_api
import pytest
from book_api import named
from sphinx_external_toc.parsing import parse_toc_yaml

import conv_notes

ROOT = Path(__file__).parents[2]
API = [path.read_text(encoding="utf-8") for path in ROOT.glob("book/api/*.md")]


def test_table_of_contents_is_complete():
    patterns = "book/*.ipynb", "book/*.md", "book/api/*.md"
    files = [path for pattern in patterns for path in ROOT.glob(pattern)]
    written = {path.relative_to(ROOT).with_suffix("").as_posix() for path in files}
    listed = {*parse_toc_yaml(ROOT / "_toc.yml")}
    assert not written - listed, f"add {written - listed} to _toc.yml"
    assert not listed - written, f"write {listed - written}, which _toc.yml lists"


def documented():
    """The names on the pages of the API."""
    for block in re.split("(?m)^[.]{2} automodule:: ", "\n".join(API))[1:]:
        module = importlib.import_module(block.split()[0])
        members = re.search("(?m)^ *:members: *(.*)$", block)[1]
        yield from members.split(", ") if members else getattr(module, "__all__", [])


@pytest.mark.parametrize("name", conv_notes.__all__)
def test_pages_of_the_api_are_complete(name):
    assert name in documented(), f"add {name} to the :members: of a page in book/api"


TUPLES = [
    thing
    for thing in (getattr(conv_notes, name) for name in conv_notes.__all__)
    if inspect.isclass(thing) and issubclass(thing, tuple)
]


@pytest.mark.parametrize("named_tuple", TUPLES)
def test_fields_are_described_once_with_their_tuple(named_tuple):
    said = inspect.getdoc(named_tuple)
    for name in named_tuple._fields:
        assert re.search(rf"(?m)^(\w+, )*{name}\b.* : ", said), name
        field = getattr(named_tuple, name)
        assert book_api.skip(None, "class", name, field, False, None)


def test_entries_name_the_chapters_that_use_them():
    """By import, as an attribute of a module, and not by an attribute of a result."""
    chapters = {it.stem: named(it) for it in ROOT.glob("book/*.ipynb")}
    users = {name for name in chapters if conv_notes.vlad in chapters[name]}
    assert "netvlad" in users and "connectivity" not in users
    # conv_notes.unfold, and draw.wiring
    assert conv_notes.unfold in chapters["pooling"]
    assert conv_notes.draw.wiring in chapters["connectivity"]


def test_page_of_the_api_says_what_conv_notes_torch_has():
    """Read from the source: the book is built without PyTorch."""
    said = {}
    for path in ROOT.glob("conv_notes/torch/*.py"):
        for part in ast.parse(path.read_text("utf-8")).body:
            if (
                isinstance(part, ast.Assign)
                and ast.unparse(part.targets[0]) == "__all__"
            ):
                names = ast.literal_eval(part.value)
            if isinstance(part, ast.FunctionDef | ast.ClassDef):
                said[part.name] = (ast.get_docstring(part) or "").partition("\n")[0]
    page = (ROOT / "book/api/torch.md").read_text("utf-8")
    table = re.findall(r"(?m)^\| `(\w+)` \| (.*) \|$", page)
    assert dict(table) == {name: said[name] for name in names}
