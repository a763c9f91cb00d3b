"""What `make book` promises, on a tiny book with the real configuration."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ROOT = Path(__file__).parents[2]


@pytest.fixture
def book(request, tmp_path, monkeypatch):
    """Return a folder with a library and the frame of a book of two pages.

    The folder's name is the fixture's parameter, if it is given one.
    """
    book = tmp_path / getattr(request, "param", "book")
    for folder in ("book/_assets", "book/_ext", "book/_site"):
        shutil.copytree(ROOT / folder, book / folder)
    for name in ("_config.yml", "README.md"):
        shutil.copy(ROOT / name, book)
    (book / "_toc.yml").write_text(
        "format: jb-book\nroot: book/index\nchapters: [{file: book/chapter}]\n"
    )
    (book / "book/references.bib").touch()
    (book / "conv_notes").mkdir()
    (book / "conv_notes/__init__.py").write_text("VALUE = 'as-written'\n")
    monkeypatch.setenv("PYTHONPATH", str(book))
    write(book, "index", new_markdown_cell("# Index"))
    return book


def write(book: Path, name: str, *cells: nbformat.NotebookNode) -> None:
    """Write a page of the book."""
    nbformat.write(new_notebook(cells=cells), book / f"book/{name}.ipynb")


def page(book: Path, name: str = "book/chapter.html") -> str:
    """Read a page as built."""
    return (book / "_build/html" / name).read_text(encoding="utf-8")


CODE = new_code_cell("import conv_notes\n\nprint(conv_notes.VALUE)")
TITLE = new_markdown_cell("# Chapter\n\n$x^2$")


def test_build_follows_every_change(book, build_book):
    write(book, "chapter", TITLE, CODE)
    first = build_book(book)
    assert first.returncode == 0, first.stdout
    assert "chapter.ipynb: Executed notebook" in first.stdout
    assert "as-written" in page(book)

    second = build_book(book)
    assert second.returncode == 0, second.stdout
    assert "Execut" not in second.stdout

    write(book, "chapter", TITLE, new_markdown_cell("New text."), CODE)
    third = build_book(book)
    assert third.returncode == 0, third.stdout
    assert "New text." in page(book)
    assert "chapter.ipynb: Using cached notebook" in third.stdout

    (book / "book/_assets/book.css").write_text("/* new style */")
    fourth = build_book(book)
    assert fourth.returncode == 0, fourth.stdout
    assert page(book, "_static/book.css") == "/* new style */"
    assert "Executed" not in fourth.stdout

    (book / "conv_notes/__init__.py").write_text("VALUE = 'as-changed'\n")
    fifth = build_book(book)
    assert fifth.returncode == 0, fifth.stdout
    assert "as-changed" in page(book)


# Windows knows no such name as the second.
NAMES = ["c%20d", "j[1]"] if os.name == "nt" else ["c%20d", "g?h", "j[1]"]


@pytest.mark.parametrize("book", NAMES, indirect=True)
def test_folder_may_have_any_name(book, build_book):
    write(book, "chapter", TITLE, CODE)
    result = build_book(book)
    assert result.returncode == 0, result.stdout
    assert "as-written" in page(book)
    pages = {path.name for path in (book / "_build/html").glob("*.html")}
    assert pages == {"index.html", "genindex.html", "search.html"}
    assert list(book.parent.iterdir()) == [book]


def test_failing_cell_is_named(book, build_book):
    code = new_code_cell("answer = 41\n\nassert answer == 42, 'not the answer'")
    write(book, "chapter", TITLE, CODE, new_code_cell(""), code)
    for _ in range(2):  # the second build must not take the page for done
        result = build_book(book)
        assert result.returncode != 0
        assert "book/chapter.ipynb, cell 4, line 3:\n" in result.stdout
        assert "AssertionError: not the answer" in result.stdout


def test_broken_links_are_named(book, build_book):
    text = "# Chapter\n\n{ref}`nowhere`, [there](#nowhere) and {cite}`nobody1998`"
    picture = "A picture:\n\n![A picture](missing.png)\n\nand a {term}`word`"
    write(book, "chapter", new_markdown_cell(text), new_markdown_cell(picture))
    for _ in range(2):
        result = build_book(book)
        assert result.returncode != 0
        warnings = re.findall(r"book/(chapter\.ipynb.*WARNING: .*)", result.stdout)
        places = sorted(warning.partition(": WARNING")[0] for warning in warnings)
        assert places == [
            "chapter.ipynb, cell 1, line 3",
            "chapter.ipynb, cell 1, line 3",
            "chapter.ipynb, cell 1, line 3",
            "chapter.ipynb, cell 2, line 3",
            "chapter.ipynb, cell 2, line 5",
        ], result.stdout


def test_plain_sphinx_builds_the_book_too(book, jupyter_book):
    """Jupyter Book 1 is in maintenance: this is the way out."""
    write(book, "chapter", TITLE, CODE)
    result = jupyter_book(book, "config", "sphinx", ".")
    assert result.returncode == 0, result.stdout
    result = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "-n", ".", "_build/html"],
        cwd=book,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(book), "book/_ext"])},
        capture_output=True,
        encoding="utf-8",
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "as-written" in page(book)
    assert "vendor/mathjax" in page(book)
