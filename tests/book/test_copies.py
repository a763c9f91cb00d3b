"""Chapters that a reader takes away bring what they run on."""

import importlib.util
import io
import os
import subprocess
import sys
import zipfile

import book_copies
import executions
import pytest

CHAPTER = executions.ROOT / "book/parameters.ipynb"


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """Be in an empty folder where conv_notes is not installed."""
    folder = tmp_path / "book"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    return tmp_path


def run(notebook):
    """Run the first cell; return what it would install."""
    code = notebook.cells[0].source
    lines = code.splitlines()
    (pip,) = (line for line in lines if line.lstrip().startswith("%pip"))
    exec(code.replace(pip, ""), {})
    return pip.split()


@pytest.fixture(scope="module")
def archive():
    return book_copies.archive(book_copies.copies(""))


def chapters_run_here():
    """A new Python finds the library and the results where the first cell led."""
    code = (
        f"import sys; sys.path.insert(0, {sys.path[-1]!r})\n"
        "import conv_notes, experiments; experiments.found('digits')\n"
        "print(conv_notes.__file__, open('claims.yml').name)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    return said.stdout.startswith(sys.path[-1]) or said.stderr


def test_a_chapter_gets_what_it_runs_on_from_the_books_address(elsewhere, archive):
    site = elsewhere / "site"
    (site / "_static").mkdir(parents=True)
    (site / "_static" / book_copies.NAME).write_bytes(archive)
    for _ in range(2):  # the second time it is there
        os.chdir(elsewhere / "book")
        installs = run(book_copies.copy(CHAPTER, f"{site.as_uri()}/"))
    assert {"numpy", "mlxtend", "ipywidgets"} <= {*installs}
    assert os.getcwd() == str(elsewhere / "book/conv_notes-book/book")
    assert chapters_run_here() is True


def test_a_chapter_finds_it_in_the_archive(elsewhere, archive):
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        file.extractall(elsewhere)
    run(book_copies.copy(CHAPTER, ""))
    assert os.getcwd() == str(elsewhere / "book")
    assert chapters_run_here() is True


def test_without_an_address_a_chapter_says_what_to_get(elsewhere):
    with pytest.raises(ModuleNotFoundError, match=r"Unpack chapters\.zip"):
        run(book_copies.copy(CHAPTER, ""))


def test_where_the_library_is_nothing_is_fetched(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run(book_copies.copy(CHAPTER, "https://example.org/"))
    assert os.getcwd() == str(tmp_path)


def test_the_rest_of_a_copy_is_the_chapter():
    notebook = book_copies.copy(CHAPTER, "")
    assert [it.source for it in notebook.cells[1:]] == [
        it.source for it in book_copies.copy(CHAPTER, "https://x/").cells[1:]
    ]
    beyond = book_copies.copy(executions.ROOT / "book/beyond.ipynb", "")
    assert beyond.cells[0].source.rstrip().endswith(" torch")
