"""The chapters are committed as they should be. That they still run is nbval's part."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import run_notebooks
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

BOOK = run_notebooks.ROOT / "book"
NOTEBOOKS = sorted(BOOK.glob("*.ipynb"))
FOLDED = {"hide-input", "hide-cell"}

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)


def cells(path: Path, kind: str = "code") -> list[tuple[str, nbformat.NotebookNode]]:
    """Return a notebook's cells of one kind, each with a name for messages."""
    notebook = nbformat.read(path, as_version=4)
    return [
        (f"{path.name}, cell {number}", cell)
        for number, cell in enumerate(notebook.cells, start=1)
        if cell.cell_type == kind
    ]


def test_table_of_contents_is_complete():
    assert NOTEBOOKS == sorted(run_notebooks.notebooks())


@each_notebook
def test_every_cell_was_executed_in_order(path):
    counts = [cell.execution_count for _, cell in cells(path)]
    assert counts == list(range(1, len(counts) + 1)), "run `make notebooks`"


@each_notebook
def test_outputs_are_clean(path):
    for name, cell in cells(path):
        for output in cell.outputs:
            assert output.output_type != "error", name
            assert output.get("name") != "stderr", name


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
        if not FOLDED & set(cell.metadata.get("tags", [])):
            assert len(lines) <= 15, f"{name}: fold it, or move it into the library"


@each_notebook
def test_pictures_have_a_text_alternative(path):
    for name, cell in cells(path):
        kinds = {kind for output in cell.outputs for kind in output.get("data", {})}
        if kinds & {"image/svg+xml", "image/png"}:
            image = cell.metadata.get("mystnb", {}).get("image", {})
            assert image.get("alt"), f"{name}: metadata.mystnb.image.alt"


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
