"""Every page is in the table of contents, every public name on the page of the API."""

import importlib
import re
from pathlib import Path

import pytest
from sphinx_external_toc.parsing import parse_toc_yaml

import conv_notes

ROOT = Path(__file__).parents[2]
API = (ROOT / "book/api.md").read_text(encoding="utf-8")


def test_table_of_contents_is_complete():
    files = [*ROOT.glob("book/*.ipynb"), *ROOT.glob("book/*.md")]
    written = {f"book/{path.stem}" for path in files}
    listed = {*parse_toc_yaml(ROOT / "_toc.yml")}
    assert not written - listed, f"add {written - listed} to _toc.yml"
    assert not listed - written, f"write {listed - written}, which _toc.yml lists"


def documented():
    """The names on the page of the API."""
    for block in re.split("(?m)^[.]{2} automodule:: ", API)[1:]:
        module = importlib.import_module(block.split()[0])
        members = re.search("(?m)^ *:members: *(.*)$", block)[1]
        yield from members.split(", ") if members else module.__all__


@pytest.mark.parametrize("name", conv_notes.__all__)
def test_page_of_the_api_is_complete(name):
    assert name in documented(), f"add {name} to the :members: of book/api.md"
