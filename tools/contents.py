"""What the chapters contain: their exercises, sections, claims, and terms they use.

Read from the notebooks and the glossary, for the pages that list it, the tools that
pass on a part of it, and tests.
"""

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml
from mdit_py_plugins.anchors.index import slugify

BOOK = Path(__file__).parents[1] / "book"

#: What an exercise's title begins with, and how much it asks for.
KINDS = {
    "Count by hand": "1 count",
    "Predict, then run": "2 predict",
    "Spot the error": "2 spot",
    "Build it": "3 build",
    "Open": "4 open",
}
#: Names of the glossary that are also words of every day.
EVERYDAY = set(
    "bottleneck cluster crop feature filter group head loss mask median pass rank "
    "residual score shortcut unit".split()
)
LINK = r"\{term\}`(?:[^`<]*<)?([^`<>]+)>?`"


class Exercise(NamedTuple):
    """An exercise: its label is also where it stands on its chapter's page."""

    chapter: str
    label: str
    title: str
    text: str

    @property
    def kind(self) -> str:
        return KINDS[self.title.partition(":")[0]]

    @property
    def begins(self) -> str:
        """Its first sentence, as plain text."""
        text = re.sub(r"\{term\}`([^`<]+?)(\s*<.*?>)?`", r"\1", self.text)
        text = re.sub(r"\{[\w:]+\}`[^`]*`\s*|[`$]", "", text)
        first = re.match(r".{40,}?[.?!:]\"?(?= |$)", " ".join(text.split()))[0]
        return first + ' …"' * (first.count('"') % 2)


class Section(NamedTuple):
    """A section of a chapter."""

    chapter: str
    heading: str

    @property
    def page(self) -> str:
        """Where it is, as a link in the book."""
        return f"{self.chapter}.ipynb#{slugify(self.heading)}"


class Need(NamedTuple):
    """A term that an earlier chapter explains, and there its section."""

    term: str
    chapter: str
    anchor: str

    @property
    def place(self) -> str:
        return f"{self.chapter}.html#{self.anchor}".rstrip("#")


def chapters() -> list[str]:
    """Return the chapters' names in the book's order."""
    toc = yaml.safe_load((BOOK.parent / "_toc.yml").read_text("utf-8"))
    parts = {part["caption"]: part["chapters"] for part in toc["parts"]}
    return [entry["file"].removeprefix("book/") for entry in parts["Chapters"]]


@cache
def cells(name: str) -> tuple[tuple[str, str], ...]:
    """Return the cells of a notebook of the book, each with its kind."""
    cells = json.loads((BOOK / f"{name}.ipynb").read_text("utf-8"))["cells"]
    return tuple((cell["cell_type"], "".join(cell["source"])) for cell in cells)


def sources(name: str) -> list[str]:
    """Return the text cells of a notebook of the book."""
    return [source for kind, source in cells(name) if kind == "markdown"]


def title(name: str) -> str:
    """Return what a page is called elsewhere: what its title says before the colon."""
    return re.match("# ([^:\n]*)", sources(name)[0])[1]


def exercises(name: str) -> list[Exercise]:
    """Return a chapter's exercises in their order."""
    begin = r"```\{exercise-start\} (.*)\n:label: (\S+)\n```\n"
    text = "\n".join(sources(name))
    found = re.findall(rf"{begin}((?:.|\n)*?)```{{exercise-end}}", text)
    return [Exercise(name, label, title, body) for title, label, body in found]


@cache
def sections() -> dict[Section, list[str]]:
    """Return the sections of the book, each with the claims of the notes it tests.

    It has a box or a row of them, or the code that shows them.
    """
    found: dict[Section, list[str]] = {}
    told = {
        "markdown": r"(?m)^##+ (.*)$|\((s\d{3}-\d\d)\)=",
        "code": r"()# (s\d{3}-\d\d)",
    }
    for name in chapters():
        here: list[str] = []
        for kind, source in cells(name):
            for heading, claim in re.findall(told[kind], source):
                if heading:
                    here = found.setdefault(Section(name, heading), [])
                else:
                    here.append(claim)
    return found


def entries(glossary: str) -> dict[str, str]:
    """Return all names, each with the entry that explains it."""
    inside = glossary.split("```{glossary}\n")[1].split("\n```")[0]
    found = {}
    for entry in inside.split("\n\n"):
        for name in re.findall(r"^\S.*", entry, re.M):
            assert name not in found, f"glossary: {name} has two entries"
            found[name] = entry
    return found


def glossary() -> dict[str, str]:
    """Return the names of the book's glossary, each with its entry."""
    return entries((BOOK / "glossary.md").read_text("utf-8"))


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


def uses(names: Iterable[str], text: str) -> Iterator[tuple[str, re.Match]]:
    """Yield which names of the glossary a text uses, and where."""
    longest_first = sorted(names, key=len, reverse=True)
    any_name = "|".join(f"({pattern(name)})" for name in longest_first)
    for use in re.finditer(rf"(?<!\w)(?:{any_name})\w{{0,2}}(?!\w)", text):
        yield longest_first[use.lastindex - 1], use


def needs(exercise: Exercise) -> list[Need]:
    """Return the terms in an exercise's text that earlier chapters explain."""
    names, found = glossary(), {}
    earlier = chapters()[: chapters().index(exercise.chapter)]
    for name, _ in uses(names, re.sub(LINK, r"\1", prose(exercise.text))):
        if name in EVERYDAY:
            continue
        entry = names[name]
        chapter, anchor = re.search(r"→ \[\]\((.*)\.ipynb#?(.*)\)", entry).groups()
        if chapter in earlier:
            found.setdefault(entry, Need(name, chapter, anchor))
    return list(found.values())
