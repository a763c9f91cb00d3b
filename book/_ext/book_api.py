"""What the pages of the library say otherwise than its docstrings.

The sources that a docstring names, as in "Dumoulin & Visin (2016)", are
links. A field of a named tuple is described once, with its tuple.
"""

import re
from collections import namedtuple
from functools import cache

from pybtex.database import parse_file
from sphinx.application import Sphinx
from sphinx.util.logging import getLogger

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


def skip(app, what, name, obj, skipped: bool, options) -> bool | None:
    """Leave out the fields of named tuples."""
    field = type(namedtuple("One", "field").field)
    return True if isinstance(obj, field) else None


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.connect("autodoc-process-docstring", link)
    app.connect("autodoc-skip-member", skip)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
