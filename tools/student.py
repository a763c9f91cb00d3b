"""The chapters for students, as notebooks: `python tools/student.py [FOLDER]`.

Without solutions, checks and what cells said: that is for students to find out. A
prediction that the page asks for becomes a question in words, without its answer. The
exercises and their cells for an answer stay, under plain headings.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
from contents import BOOK, chapters, exercises
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

STUDENT = BOOK.parent / "_build/student"
GATE = re.compile(r"(?m)^```\{solution-(start|end)\}.*\n(?:[^`\n].*\n)*```$\n?")
BEGIN = re.compile(r"```\{exercise-start\} (.*)\n:label: (\S+)\n```\n")
END = re.compile(r"```\{exercise-end\}\n```\n?")


def edition(name: str) -> NotebookNode:
    """Return a chapter as students get it."""
    notebook = nbformat.read(BOOK / f"{name}.ipynb", as_version=4)
    number = chapters().index(name) + 1
    labels = [exercise.label for exercise in exercises(name)]

    def heading(begin: re.Match) -> str:
        title, label = begin.groups()
        return f"### Exercise {number}.{labels.index(label) + 1}: {title}\n\n"

    for cell in (kept := [*without_solutions(notebook.cells)]):
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        else:
            cell.source = END.sub("", BEGIN.sub(heading, cell.source)).strip()
    notebook.cells = [cell for cell in kept if cell.source]
    nbformat.validate(notebook)
    return notebook


def without_solutions(cells: list[NotebookNode]) -> Iterator[NotebookNode]:
    """Yield the cells outside solutions, and of text cells the part that is."""
    inside = False
    for cell in cells:
        if cell.cell_type == "code":
            if not inside and "check" not in cell.metadata.get("tags", []):
                yield question(cell) or cell
            continue
        first, *rest = GATE.split(cell.source)
        parts = [] if inside else [first]
        for kind, text in zip(rest[::2], rest[1::2], strict=True):
            inside = kind == "start"
            if not inside:
                parts.append(text)
        text = "".join(parts)
        yield new_markdown_cell(text, id=cell.id, metadata=cell.metadata)


def question(cell: NotebookNode) -> NotebookNode | None:
    """Return what a cell asks, if it does, in words."""
    for output in cell.outputs:
        data = output.get("data", {})
        if 'class="ask"' in (html := data.get("text/html", "")):
            asked = re.search('<script type="application/json">(.*)</script>', html)[1]
            choices = "".join(f"\n- {it}" for it in json.loads(asked)["choices"])
            text = f"**Predict:** {data['text/plain']}\n{choices}".strip()
            return new_markdown_cell(text, id=cell.id)
    return None


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in chapters():
        nbformat.write(edition(name), folder / f"{name}.ipynb")
    print(folder)


if __name__ == "__main__":
    main(Path(*sys.argv[1:] or [STUDENT]))
