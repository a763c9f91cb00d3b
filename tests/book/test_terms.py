"""A reader who begins at the beginning meets no term before it is explained.

The first paragraph of the chapters, in the book's order, that uses a name from the
glossary links to its entry, {term}`so`, or gives the Chinese that stands there. Names
that are everyday words too, `EVERYDAY`, need a link to their entry somewhere.
"""

import re
from collections.abc import Iterator
from functools import cache

import contents
import nbformat
import pytest
from contents import EVERYDAY, LINK, chapters, entries, glossary, pattern, prose, uses
from mdit_py_plugins.anchors.index import slugify

BOOK = contents.BOOK
CHINESE = r"[\u3400-\u9fff]+"


def paragraphs(name: str) -> Iterator[tuple[str, str]]:
    """Yield what a chapter says, without headings, code and mathematics."""
    cells = nbformat.read(BOOK / f"{name}.ipynb", as_version=4).cells
    for number, cell in enumerate(cells, start=1):
        if cell.cell_type == "markdown":
            for text in re.split(r"\n\s*\n", prose(cell.source)):
                yield f"{name}, cell {number}", " ".join(text.split())


def unexplained(names: dict[str, str], told: list[tuple[str, str]]) -> list[str]:
    """List the names whose first paragraph does not say what they are."""
    seen, linked, missing = set(EVERYDAY), set(), []
    for place, text in told:
        here = {name.lower() for name in re.findall(LINK, text)}
        links = {names[name] for name in names if name.lower() in here}
        linked |= links
        said = re.sub(LINK, r"\1", text)
        for name, used in uses(names, said):
            if name in seen:
                continue
            seen.add(name)
            chinese = re.findall(CHINESE, names[name])
            if names[name] not in links and not any(word in text for word in chinese):
                around = said[max(0, used.start() - 50) : used.end() + 30]
                missing.append(f"{place}: {name}: …{around}…")
    for name in sorted(EVERYDAY & set(names)):
        if names[name] not in linked:
            missing.append(f"{name}: nothing links to it")
    return missing


NAMES = glossary()


def test_first_use_is_explained():
    told = [paragraph for chapter in chapters() for paragraph in paragraphs(chapter)]
    missing = unexplained(NAMES, told)
    assert not missing, "\n".join(["", *missing])


def test_the_glossary_is_in_order():
    order = [entry.splitlines()[0].lower() for entry in dict.fromkeys(NAMES.values())]
    assert order == sorted(order)
    assert EVERYDAY <= set(NAMES)


@cache
def section(chapter: str, heading: str = "") -> str:
    """Return what stands below a heading, or all of a chapter."""
    cells = nbformat.read(BOOK / f"{chapter}.ipynb", as_version=4).cells
    text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    _, *parts = re.split(r"(?m)^#+ (.*)$", text)
    titles, bodies = parts[::2], parts[1::2]
    under = {slugify(a): a + b for a, b in zip(titles, bodies, strict=True)}
    return under[heading] if heading else text


@pytest.mark.parametrize("name", NAMES)
def test_entries_lead_to_where_the_term_is_explained(name):
    entry = NAMES[name]
    links = re.findall(r"→ \[\]\((.*)\.ipynb(?:#(.*))?\)", entry)
    assert len(links) == 1
    any_name = "|".join(pattern(other) for other in NAMES if NAMES[other] == entry)
    if any(re.search(any_name, section(chapter)) for chapter in chapters()):
        chinese = "".join(f"|{word}" for word in re.findall(CHINESE, entry))
        assert re.search(any_name + chinese, section(*links[0]))


GLOSSARY = """
```{glossary}
hidden convolution layer
  In between.

kernel
template
  Its weights (卷积核).

rank
  How many directions.
```
"""


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("Four kernels.\n\nA {term}`kernel` is", ["kernel"]),
        ("Four {term}`kernels <kernel>`.\n\nKernels", []),
        ("A kernel (卷积核).\n\nA kernel", []),
        ("A {term}`kernel`.\n\nOf templates", ["template"]),
        ("A template is another {term}`kernel`.", []),
        ("## Kernels\n\n`kernel`, $kernel$, {doc}`kernel`, [so](kernel)", []),
        ("```{note} In a box\n:class: x\nA\nkernel.\n```", ["kernel"]),
        ("```python\nkernel\n```", []),
        ("Two hidden\nconvolutions.", ["hidden convolution layer"]),
        ("Of a rank and kernelling.", []),
    ],
)
def test_what_is_missing(text, missing):
    told = [("here", " ".join(part.split())) for part in prose(text).split("\n\n")]
    *found, last = unexplained(entries(GLOSSARY), told)
    assert [line.split(": ")[1] for line in found] == missing
    assert last == "rank: nothing links to it"
    told.append(("there", "Its {term}`rank`."))
    assert unexplained(entries(GLOSSARY), told) == found
