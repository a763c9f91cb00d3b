"""The chapters are committed as they should be. That they still run is nbval's part."""

from pathlib import Path

import nbformat
import pytest
import run_notebooks

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
