"""A reader who begins at the beginning meets no term before it is explained.

The first paragraph of the chapters, in the book's order, that uses a name from the
glossary links to its entry, {term}`so`, or gives the Chinese that stands there. Names
that are everyday words too, `EVERYDAY`, need a link to their entry somewhere.
"""

import re
from collections.abc import Iterator
from functools import cache

import nbformat
import pytest
import run_notebooks
import yaml
from mdit_py_plugins.anchors.index import slugify

ROOT = run_notebooks.ROOT
BOOK = ROOT / "book"

EVERYDAY = set(
    "bottleneck cluster crop feature filter group head loss mask median pass rank "
    "residual score shortcut unit".split()
)
CHINESE = r"[\u3400-\u9fff]+"
LINK = r"\{term\}`(?:[^`<]*<)?([^`<>]+)>?`"


def entries(glossary: str) -> dict[str, str]:
    """Return all names, each with the entry that explains it."""
    inside = glossary.split("```{glossary}\n")[1].split("\n```")[0]
    found = {}
    for entry in inside.split("\n\n"):
        for name in re.findall(r"^\S.*", entry, re.M):
            assert name not in found, f"glossary: {name} has two entries"
            found[name] = entry
    return found


def chapters() -> list[str]:
    """Return the chapters' names in the book's order."""
    parts = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))["parts"]
    files = next(part["chapters"] for part in parts if part["caption"] == "Chapters")
    return [entry["file"].removeprefix("book/") for entry in files]


def paragraphs(name: str) -> Iterator[tuple[str, str]]:
    """Yield what a chapter says, without headings, code and mathematics."""
    cells = nbformat.read(BOOK / f"{name}.ipynb", as_version=4).cells
    for number, cell in enumerate(cells, start=1):
        if cell.cell_type == "markdown":
            for text in re.split(r"\n\s*\n", prose(cell.source)):
                yield f"{name}, cell {number}", " ".join(text.split())


def prose(text: str) -> str:
    """Leave out what is neither prose nor a link to the glossary."""
    blocks = r"(?ms)^```(\{)?.*?^```$"  # code, and directives, whose text counts
    text = re.sub(blocks, lambda block: block[0] if block[1] else "", text)
    text = re.sub(r"(?s)\$\$.*?\$\$|<!--.*?-->", "", text)
    text = re.sub(r"(?m)^(#|:|```|\([\w-]+\)=).*$", "", text)
    text = re.sub(r"\$[^$]*\$|\]\([^)]*\)", " ", text)
    role_or_code = r"(\{[\w:]+\})?`[^`]*`"
    return re.sub(role_or_code, lambda x: x[0] if x[1] == "{term}" else " ", text)


def pattern(name: str) -> str:
    """Match a name; that it is a layer may be left out."""
    words = re.escape(re.sub(r"(\S+ \S+) layer$", r"\1", name))
    words = words.replace(r"\ ", "[ -]").replace("y", "(?:y|ie)")
    return words if name != name.lower() else f"(?i:{words})"


def unexplained(names: dict[str, str], told: list[tuple[str, str]]) -> list[str]:
    """List the names whose first paragraph does not say what they are."""
    longest_first = sorted(names, key=len, reverse=True)
    any_name = "|".join(f"({pattern(name)})" for name in longest_first)
    seen, linked, missing = set(EVERYDAY), set(), []
    for place, text in told:
        here = {name.lower() for name in re.findall(LINK, text)}
        links = {names[name] for name in names if name.lower() in here}
        linked |= links
        said = re.sub(LINK, r"\1", text)
        for used in re.finditer(rf"(?<!\w)(?:{any_name})\w{{0,2}}(?!\w)", said):
            name = longest_first[used.lastindex - 1]
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


NAMES = entries((BOOK / "glossary.md").read_text("utf-8"))


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
