"""The chapters are committed as they should be. That they still run is nbval's part."""

import json
import re
import subprocess
import sys
from pathlib import Path

import contents
import nbformat
import notebook_form
import pytest
import run_notebooks
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from test_questions import data
from test_terms import chapters

BOOK = run_notebooks.ROOT / "book"
NOTEBOOKS = sorted(BOOK.glob("*.ipynb"))
FOLDED = {"hide-input", "hide-cell", "remove-input"}

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)


def cells(path: Path, kind: str = "code") -> list[tuple[str, nbformat.NotebookNode]]:
    """Return a notebook's cells of one kind, each with a name for messages."""
    notebook = nbformat.read(path, as_version=4)
    return [
        (f"{path.name}, cell {number}", cell)
        for number, cell in enumerate(notebook.cells, start=1)
        if cell.cell_type == kind
    ]


@each_notebook
def test_every_cell_was_executed(path):
    for name, cell in cells(path):  # nbval passes over a cell without a number
        numbers = {
            part.execution_count
            for part in (cell, *cell.outputs)
            if "execution_count" in part
        }
        assert numbers == {notebook_form.EXECUTED}, (
            f"{name}: .venv/bin/python tools/run_notebooks.py {path}"
        )


def test_what_jupyterlab_saves_is_no_change_for_git():
    path = BOOK / "parameters.ipynb"
    committed = path.read_bytes()
    saved = json.loads(committed)
    saved["metadata"]["widgets"] = {"state": {}}
    saved["metadata"]["language_info"]["version"] = "3.12.1"
    for count, cell in enumerate(saved["cells"]):
        if cell["cell_type"] == "code":
            cell["metadata"]["execution"] = {"iopub.status.busy": "2026-01-01"}
            for counted in (cell, *cell["outputs"]):
                if "execution_count" in counted:
                    counted["execution_count"] = count
    changed = json.dumps(saved).encode()
    for content, form in (changed, committed), (b"<<<<<<< x", b"<<<<<<< x"):
        tool = [sys.executable, run_notebooks.ROOT / "tools/notebook_form.py"]
        again = subprocess.run(tool, input=content, capture_output=True, check=True)
        assert again.stdout == form
    attributes = (run_notebooks.ROOT / ".gitattributes").read_text("utf-8")
    assert "\n*.ipynb diff=notebook filter=notebook\n" in attributes


@each_notebook
def test_ids_are_unique(path):
    ids = [cell["id"] for cell in json.loads(path.read_text("utf-8"))["cells"]]
    assert len(set(ids)) == len(ids)


@each_notebook
def test_outputs_are_clean(path):
    for name, cell in cells(path):
        for output in cell.outputs:
            assert output.output_type != "error", name
            assert output.get("name") != "stderr", name


@each_notebook
def test_every_output_is_compared(path):
    """Nothing is there that nbval passes over, but for what a clock has measured."""
    for name, cell in cells(path):
        kinds = {kind for output in cell.outputs for kind in output.get("data", {})}
        assert not kinds & {"image/png", "image/jpeg"}, f"{name}: draw it as SVG"
        marks = re.findall("nbval", f"{cell.source} {cell.metadata}", re.I)
        assert not marks or "seconds(" in cell.source, name


@each_notebook
def test_no_state_is_committed(path):
    assert "widgets" not in nbformat.read(path, as_version=4).metadata
    assert not [name for name, cell in cells(path) if "execution" in cell.metadata]


@each_notebook
def test_no_todo(path):
    mark = "TO" + "DO"  # in two parts, so that searching the project finds no mark
    named = cells(path) + cells(path, "markdown")
    assert not [name for name, cell in named if mark in cell.source]


@each_notebook
def test_code_fits_the_page(path):
    for name, cell in cells(path):
        lines = [line for line in cell.source.splitlines() if line.strip()]
        long = [line for line in lines if len(line) > 88]
        assert not long, name
        # Behind a long line, a comment makes ruff break the line for its sake.
        behind = [line for line in lines if re.match(r"\s*[)\]}].*  # (?!fmt)", line)]
        assert not behind, f"{name}: put the comment above what it explains"
        if not FOLDED & set(cell.metadata.get("tags", [])):
            assert len(lines) <= 15, f"{name}: fold it, or move it into the library"


@each_notebook
def test_pictures_have_a_text_alternative(path):
    for name, cell in cells(path):
        kinds = {kind for output in cell.outputs for kind in output.get("data", {})}
        if "image/svg+xml" in kinds:
            image = cell.metadata.get("mystnb", {}).get("image", {})
            assert image.get("alt"), f"{name}: metadata.mystnb.image.alt"


@pytest.mark.parametrize("name", chapters())
def test_a_chapter_asks_before_its_exercises(name):
    notebook = nbformat.read(BOOK / f"{name}.ipynb", as_version=4)
    headings = [
        (at, title)
        for at, cell in enumerate(notebook.cells)
        if cell.cell_type == "markdown"
        for title in re.findall(r"(?m)^## (.*)$", cell.source)
    ]
    number = [title for _, title in headings].index("Exercises")
    (start, title), (end, _) = headings[number - 1 : number + 1]
    assert title == "Check yourself"
    asked = notebook.cells[start + 1 : end]
    assert 3 <= len(asked) <= 5
    for cell in asked:
        assert "remove-input" in cell.metadata.tags  # it holds the answer
        (output,) = cell.outputs
        question = data(output.data["text/html"])
        assert len(question["because"].split()) > 3, output.data["text/plain"]
        if question["choices"]:
            assert any(why for _, why in question["slips"]), output.data["text/plain"]


def test_a_new_cell_leaves_the_others_alone(tmp_path):
    path = tmp_path / "chapter.ipynb"
    source = "from ipywidgets import IntSlider\n\nIntSlider()"
    old = [new_markdown_cell("# Chapter", id="title"), new_code_cell(source, id="old")]
    nbformat.write(new_notebook(cells=old), path)
    run_notebooks.run(path)
    first = nbformat.read(path, as_version=4)
    first.cells.insert(1, new_code_cell("print('new')"))
    path.write_text(nbformat.writes(first))

    run_notebooks.run(path)
    second = path.read_bytes()
    cells = nbformat.reads(second, as_version=4).cells
    assert [cells[0], cells[2]] == [first.cells[0], first.cells[2]]
    assert cells[1].outputs[0].text == "new\n"
    run_notebooks.run(path)
    assert path.read_bytes() == second


def test_a_chapter_that_fails_is_named_and_left(tmp_path):
    codes = {"good": "print(40 + 2)", "bad": "1 / 0"}
    paths = {name: tmp_path / f"{name}.ipynb" for name in codes}
    for name, code in codes.items():
        nbformat.write(new_notebook(cells=[new_code_cell(code)]), paths[name])
    before = paths["bad"].read_bytes()
    program = [sys.executable, run_notebooks.ROOT / "tools/run_notebooks.py"]
    result = subprocess.run(
        [*program, *paths.values()], capture_output=True, encoding="utf-8"
    )
    assert result.returncode == 1
    assert f"{paths['bad']}: " in result.stderr
    assert "division by zero" in result.stderr
    assert paths["bad"].read_bytes() == before
    assert '"42\\n"' in paths["good"].read_text("utf-8")


TEXT = """\
══ code first
{"tags": ["hide-input"]}
a = 1
a
── stream
12

── image/svg+xml 2559f3e8e681
── text/plain
1
2
── error
why

══ markdown b
χ

"""


def test_git_compares_text(tmp_path):
    outputs = [
        new_output("stream", text="12\n"),
        new_output("display_data", {"image/svg+xml": "<svg/>", "text/plain": "1\n2"}),
        new_output("error", ename="E", evalue="why", traceback=["coloured"]),
    ]
    tags = {"tags": ["hide-input"]}
    code = new_code_cell("a = 1\na", id="first", outputs=outputs, metadata=tags)
    path = tmp_path / "chapter.ipynb"
    nbformat.write(new_notebook(cells=[code, new_markdown_cell("χ", id="b")]), path)
    program = [sys.executable, run_notebooks.ROOT / "tools/notebook_text.py", path]
    assert subprocess.check_output(program, encoding="utf-8") == TEXT
    path.write_text("<<<<<<< ours", "utf-8")
    assert subprocess.check_output(program, encoding="utf-8") == "<<<<<<< ours\n"


def test_the_first_page_says_how_long_a_chapter_takes():
    (text,) = (
        cell.source
        for _, cell in cells(BOOK / "index.ipynb", "markdown")
        if "| evening |" in cell.source
    )
    rows = re.findall(r"\| \{doc\}`([\w-]+)` \|.*\| (\d+) \+ (\d+) \|", text)
    assert [name for name, *_ in rows] == contents.chapters()
    for name, *said in rows:
        sources = [cell.source for _, cell in cells(BOOK / f"{name}.ipynb", "markdown")]
        words = sum(len(source.split()) for source in sources)
        exercises = sum(source.count("{exercise-start}") for source in sources)
        for minutes, told in zip((words / 200, 8 * exercises), said, strict=True):
            assert abs(minutes - int(told)) <= 5, (
                f"book/index.ipynb says {told} minutes of {name}: {minutes:.0f}, "
                "of 200 words each, and eight for an exercise"
            )
