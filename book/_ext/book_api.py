"""What the pages of the library say otherwise than its docstrings.

The sources that a docstring names, as in "Dumoulin & Visin (2016)", are
links, and each entry names the chapters that use it. A field of a named
tuple is described once, with its tuple.
"""

import ast
import pkgutil
import re
from collections import namedtuple
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
from pybtex.database import parse_file
from sphinx.application import Sphinx
from sphinx.util.logging import getLogger
from sphinx_external_toc.parsing import parse_toc_yaml

import executions
from executions import ROOT

LOGGER = getLogger(__name__)

NAMED = re.compile(
    r"(?:[^\W\d_][\w-]+(?:, | & |,\n\s*| &\n\s*))*"  # the authors but the last
    r"[^\W\d_][\w-]+(?:\s+et\s+al\.)?\s+\(\d{4}\)"
)


@cache
def sources() -> dict[str, dict[str, str]]:
    """Return titles of the bibliography by key, under what docstrings call them."""
    found = {}
    for key, entry in parse_file(ROOT / "book/references.bib").entries.items():
        people = entry.persons["author"]
        *others, last = (" ".join(map(str, it.rich_last_names)) for it in people)
        whole = f"{', '.join(others)} & {last}" if others else last
        for authors in whole, f"{(others or [last])[0]} et al.":
            called = found.setdefault(f"{authors} ({entry.fields['year']})", {})
            called[key] = re.sub("[{}]", "", entry.fields["title"])
    return found


def link(app, what, name, obj, options, lines: list[str]) -> None:
    """Make a link of each source; those of one name are told apart by their titles."""
    text = "\n".join(lines)
    plain = " ".join(text.split())

    def cited(named: re.Match) -> str:
        known = sources().get(" ".join(named[0].split()))
        if known is None:
            LOGGER.warning(f"{name}: {named[0]} is not in references.bib")
            return named[0]
        keys = [key for key, title in known.items() if title[:20] in plain]
        return f":cite:t:`{(keys or [*known])[0]}`"

    lines[:] = NAMED.sub(cited, text).split("\n")


@cache
def named(path: Path) -> list[Any]:
    """Return what the code of a chapter names of the library."""
    cells = executions.code(nbformat.read(path, as_version=4))
    nodes = [*ast.walk(ast.parse("\n".join(cell.source for cell in cells)))]
    ours = {"conv_notes": "conv_notes"}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module.startswith("conv_notes"):
            ours |= {it.name: f"{node.module}.{it.name}" for it in node.names}
    things = []
    for node in nodes:
        if isinstance(node, ast.Name | ast.Attribute):
            first, dot, rest = ast.unparse(node).partition(".")
            # Not what is a result's, as in conv2d(x, w).shape, or needs PyTorch.
            with suppress(AttributeError, ImportError, ValueError):
                things.append(pkgutil.resolve_name(ours.get(first, "") + dot + rest))
    return things


def add_uses(app, what, name, obj, options, lines: list[str]) -> None:
    """Name the chapters, in their order, whose code uses a thing."""
    if what == "module":
        return
    uses = []
    for page in parse_toc_yaml(ROOT / "_toc.yml"):
        path = Path(app.env.doc2path(page))
        if path.suffix == ".ipynb":
            app.env.note_dependency(str(path))
            if any(thing is obj for thing in named(path)):
                uses.append(f":doc:`/{page}`")
    if uses:
        lines += ["", f"Used in {', '.join(uses)}.", ""]


def skip(app, what, name, obj, skipped: bool, options) -> bool | None:
    """Leave out the fields of named tuples."""
    field = type(namedtuple("One", "field").field)
    return True if isinstance(obj, field) else None


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.connect("autodoc-process-docstring", link)
    app.connect("autodoc-process-docstring", add_uses)
    app.connect("autodoc-skip-member", skip)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
