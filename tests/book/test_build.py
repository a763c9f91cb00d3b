"""What `make book` promises, on a tiny book with the real configuration."""

import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

ROOT = Path(__file__).parents[2]


@pytest.fixture
def book(request, tmp_path, monkeypatch):
    """Return a folder with a library and the frame of a book of two pages.

    The folder's name is the fixture's parameter, if it is given one.
    """
    book = tmp_path / getattr(request, "param", "book")
    for folder in ("book/_assets", "book/_ext", "book/_live", "book/_site"):
        shutil.copytree(ROOT / folder, book / folder)
    for name in ("_config.yml", "README.md", "conftest.py"):
        shutil.copy(ROOT / name, book)
    (book / "_toc.yml").write_text(
        "format: jb-book\nroot: book/index\nchapters: [{file: book/chapter}]\n"
    )
    (book / "book/references.bib").touch()
    (book / "conv_notes/draw").mkdir(parents=True)
    (book / "conv_notes/draw/__init__.py").touch()
    colours = "INK, PAPER, SERIES = '#000000', '#FFFFFF', ()\n"
    (book / "conv_notes/draw/marks.py").write_text(colours)
    (book / "conv_notes/__init__.py").write_text("VALUE = 'as-written'\n")
    (book / "conv_notes/data.py").write_text("_PHOTOGRAPHS, _TEXTURES = {}, {}\n")
    monkeypatch.setenv("PYTHONPATH", str(book))
    write(book, "index", new_markdown_cell("# Index"))
    return book


def write(book: Path, name: str, *cells: nbformat.NotebookNode) -> None:
    """Write a page of the book."""
    nbformat.write(new_notebook(cells=cells), book / f"book/{name}.ipynb")


def extend(book: Path, name: str, code: str) -> None:
    """Give the book's build an extension more."""
    (book / f"{name}.py").write_text(code)
    config = (book / "_config.yml").read_text("utf-8")
    config = config.replace("- book_build\n", f"- book_build\n      - {name}\n")
    (book / "_config.yml").write_text(config, "utf-8")


def page(book: Path, name: str = "book/chapter.html") -> str:
    """Read a page as built."""
    return (book / "_build/html" / name).read_text(encoding="utf-8")


def with_extensions(book: Path) -> dict[str, str]:
    """Return an environment where Python finds the book's extensions."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(book), "book/_ext"])}


def compare(book: Path) -> subprocess.CompletedProcess[str]:
    """Compare the chapter's outputs with the committed ones, as `make test` does."""
    options = (
        "-rs -pno:cacheprovider -pno:xdist --nbval --nbval-current-env --rootdir=."
    )
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-c", os.devnull, *options.split(), "book"],
        cwd=book,
        env=with_extensions(book),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )


CODE = new_code_cell("import conv_notes\n\nprint(conv_notes.VALUE)")
TITLE = new_markdown_cell("# Chapter\n\n$x^2$")


def test_build_follows_every_change(book, build_book):
    write(book, "chapter", TITLE, CODE)
    claims = book / "book/claims.yml"
    claims.write_text("claimed")
    reading = new_code_cell("print(*open('claims.yml'))")
    write(book, "index", new_markdown_cell("# Index"), reading)
    first = build_book(book)
    assert first.returncode == 0, first.stdout
    assert "chapter.ipynb: Executed notebook" in first.stdout
    assert "as-written" in page(book)

    second = build_book(book)
    assert second.returncode == 0, second.stdout
    assert "Execut" not in second.stdout

    write(book, "chapter", TITLE, new_markdown_cell("New text."), CODE)
    claims.write_text("corrected")
    third = build_book(book)
    assert third.returncode == 0, third.stdout
    assert "New text." in page(book)
    assert "chapter.ipynb: Using cached notebook" in third.stdout
    assert "corrected" in page(book, "book/index.html")

    (book / "book/_assets/book.css").write_text("/* new style */")
    fourth = build_book(book)
    assert fourth.returncode == 0, fourth.stdout
    assert page(book, "_static/book.css") == "/* new style */"
    assert "Executed" not in fourth.stdout

    (book / "conv_notes/__init__.py").write_text("VALUE = 'as-changed'\n")
    fifth = build_book(book)
    assert fifth.returncode == 0, fifth.stdout
    assert "as-changed" in page(book)
    # No buttons that lead to other hosts, unless it is said where the book is made.
    assert "launch" not in page(book) and "mybinder" not in page(book)


# Windows knows no such name as the second.
NAMES = ["c%20d", "j[1]"] if os.name == "nt" else ["c%20d", "g?h", "j[1]"]


@pytest.mark.parametrize("book", NAMES, indirect=True)
def test_folder_may_have_any_name(book, build_book):
    write(book, "chapter", TITLE, CODE)
    result = build_book(book)
    assert result.returncode == 0, result.stdout
    assert "as-written" in page(book)
    pages = {path.name for path in (book / "_build/html").glob("*.html")}
    assert pages == {"index.html", "genindex.html", "search.html", "404.html"}
    assert list(book.parent.iterdir()) == [book]


def test_failing_cell_is_named(book, build_book):
    code = new_code_cell("answer = 41\n\nassert answer == 42, 'not the answer'")
    write(book, "chapter", TITLE, CODE, new_code_cell(""), code)
    for _ in range(2):  # the second build must not take the page for done
        result = build_book(book)
        assert result.returncode != 0
        assert "book/chapter.ipynb, cell 4, line 3:\n" in result.stdout
        assert "AssertionError: not the answer" in result.stdout


def test_what_a_cell_writes_to_stderr_is_quoted(book, build_book):
    code = "import sys\n\nprint('a moment', 'please', file=sys.stderr)"
    write(book, "chapter", TITLE, new_code_cell(code, execution_count=1))
    result = build_book(book)
    assert result.returncode != 0
    said = "book/chapter.ipynb, cell 2, wrote to stderr:\na moment please\n"
    assert said in result.stdout
    compared = compare(book)
    assert compared.returncode != 0
    assert "\na moment please\n" in compared.stdout


KILLER = """import os

def setup(app):
    if os.path.exists("kill"):
        app.connect("html-page-context", lambda *_: os.kill(os.getpid(), 9))
"""


def test_a_build_that_was_killed_does_not_look_whole(book, build_book):
    extend(book, "killer", KILLER)
    write(book, "chapter", TITLE, CODE)
    front = book / "_build/html/index.html"
    assert build_book(book).returncode == 0
    assert "url=book/index.html" in front.read_text("utf-8")

    # While pages were written.
    (book / "book/_live/live.js").write_text("// new script")
    (book / "kill").touch()
    result = build_book(book)
    assert result.returncode != 0
    assert not front.exists()
    (book / "kill").unlink()
    result = build_book(book)
    assert result.returncode == 0, result.stdout
    assert front.exists()

    # While a chapter was executed.
    write(
        book, "chapter", TITLE, new_code_cell("import os\n\nos.kill(os.getppid(), 9)")
    )
    assert build_book(book).returncode != 0
    assert not front.exists()


COUNTER = """def setup(app):
    with open("builds", "a") as file:
        file.write("build ")
"""


def test_of_two_builds_the_second_waits(book, build_book):
    extend(book, "counter", COUNTER)
    both_are_here = """
import time

end = time.time() + 60
while open("../builds").read().count("build") < 2:
    assert time.time() < end, "alone"
    time.sleep(0.1)"""
    write(book, "chapter", TITLE, new_code_cell(both_are_here))
    with ThreadPoolExecutor(2) as pool:
        results = [*pool.map(build_book, [book, book])]
    said = "".join(result.stdout for result in results)
    assert [result.returncode for result in results] == [0, 0], said
    assert said.count("Another build is at work here") == 1
    assert said.count("chapter.ipynb: Executed notebook") == 1


@pytest.mark.skipif("THOROUGH" not in os.environ, reason="make thorough builds twice")
def test_two_clean_builds_are_the_same_to_the_byte(book, build_book):
    """With sliders too, whose models have other ids each time."""
    shutil.copytree(ROOT / "conv_notes", book / "conv_notes", dirs_exist_ok=True)
    code = """from conv_notes import Conv2d, draw
from conv_notes.widgets import explore

explore(lambda kernel: draw.matrix(Conv2d(1, kernel), (1, 4, 4)), kernel=[1, 2, 3])"""
    write(book, "chapter", TITLE, new_code_cell(code))
    builds = []
    for _ in range(2):
        shutil.rmtree(book / "_build", ignore_errors=True)
        result = build_book(book)
        assert result.returncode == 0, result.stdout
        html = book / "_build/html"
        files = {path.relative_to(html): path for path in html.rglob("*")}
        builds.append({k: v.read_bytes() for k, v in files.items() if v.is_file()})
    first, second = builds
    assert 'class="explore"' in page(book)
    assert first.keys() == second.keys()
    assert not [name for name in first if first[name] != second[name]]


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


PUBLISHED = {
    "BOOK_URL": "https://example.org/layers",
    "BOOK_REPOSITORY": "https://github.com/someone/layers",
    "BOOK_HUB": "https://hub.example.org",
}


def test_plain_sphinx_builds_the_book_too(book, jupyter_book):
    """Jupyter Book 1 is in maintenance: this is the way out."""
    # And may be told where it will stand.
    (book / "book/drawing.svg").write_text('<svg width="9" height="9"></svg>')
    text = "# Chapter\n\nA layer.\n\n![A drawing](drawing.svg)\n\n$x^2$"
    write(book, "chapter", new_markdown_cell(text), CODE)
    result = jupyter_book(book, "config", "sphinx", ".")
    assert result.returncode == 0, result.stdout
    result = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "-n", ".", "_build/html"],
        cwd=book,
        env={**with_extensions(book), **PUBLISHED},
        capture_output=True,
        encoding="utf-8",
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "as-written" in page(book)
    assert "vendor/mathjax" in page(book)
    top = "https://example.org/layers/"
    for name, says in {
        "description": "A layer.",
        "og:description": "A layer.",
        "og:url": f"{top}book/chapter.html",
        "og:image": f"{top}_static/previews/book/chapter.png",
    }.items():
        assert f'="{name}" content="{says}">' in page(book)
    picture = book / "_build/html/_static/previews/book/chapter.png"
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert f"<loc>{top}book/chapter.html</loc>" in page(book, "sitemap.xml")
    assert '<base href="/layers/">' in page(book, "404.html")
    there = "urlpath=lab/tree/"
    assert f"mybinder.org/v2/gh/someone/layers/main?{there}book/chapter.ip" in page(
        book
    )
    colab = "colab.research.google.com/github/someone/layers/blob/notebooks/book/"
    assert f"{colab}chapter.ipynb" in page(book)
    hub = f"{PUBLISHED['BOOK_HUB']}/hub/user-redirect/git-pull?"
    assert f'href="{hub}' in page(book)
    assert f"{top}_static/chapters.zip" in page(book, "_sources/book/chapter.ipynb")


def test_one_execution_serves_the_page_and_its_test(book, build_book):
    count = "with open('count', 'a') as file:\n    print('again', file=file)\n"
    output = new_output("stream", text="as-written\n")
    code = new_code_cell(count + CODE.source, outputs=[output], execution_count=1)
    write(book, "chapter", TITLE, new_code_cell("", execution_count=1), code)
    path, library = book / "book/chapter.ipynb", book / "conv_notes/__init__.py"
    right = path.read_text("utf-8")

    def executed() -> int:
        return (book / "book/count").read_text().count("again")

    built = build_book(book)
    assert built.returncode == 0, built.stdout
    compared = compare(book)
    assert compared.returncode == 0, compared.stdout
    for result in built, compared:
        assert "s  chapter.ipynb, cell 3\n" in result.stdout
    assert executed() == 1

    path.write_text(right.replace("as-written", "as-misread"), "utf-8")
    result = compare(book)
    assert result.returncode != 0
    assert "Cell outputs differ" in result.stdout
    assert executed() == 1

    path.write_text(right.replace("conv_notes.VALUE", "conv_notes.VALEU"), "utf-8")
    result = compare(book)
    assert result.returncode != 0
    assert "has no attribute 'VALEU'" in result.stdout

    path.write_text(right, "utf-8")
    library.write_text("VALUE = 'as-changed'\n")
    before = executed()
    result = compare(book)
    assert result.returncode != 0
    assert "Cell outputs differ" in result.stdout
    assert build_book(book).returncode == 0
    assert "as-changed" in page(book)
    assert executed() == before + 1


def test_what_a_chapter_needs_may_be_lacking(book, build_book):
    """The page has the committed outputs and no buttons, and nbval leaves it out."""
    output = new_output("stream", text="as committed\n")
    code = new_code_cell("import nowhere", outputs=[output], execution_count=1)
    metadata = {"needs": "nowhere", "language_info": {"name": "python"}}
    notebook = new_notebook(cells=[TITLE, code], metadata=metadata)
    nbformat.write(notebook, book / "book/chapter.ipynb")
    built = build_book(book)
    assert built.returncode == 0, built.stdout
    assert "chapter.ipynb: Using committed notebook, without nowhere" in built.stdout
    assert "as committed" in page(book)
    assert "live/live.js" in page(book, "book/index.html")
    assert "live/live.js" not in page(book)
    live = book / "_build/html/_static/live/cells/book"
    assert [path.name for path in live.iterdir()] == ["index.json"]
    compared = compare(book)
    assert "chapter.ipynb needs nowhere" in compared.stdout
    assert "1 skipped" in compared.stdout


def test_two_chapters_are_executed_at_a_time(book, build_book):
    meet = """
import time
from pathlib import Path
Path("{}").touch()
end = time.time() + 60
while not Path("{}").exists():
    assert time.time() < end, "alone"
    time.sleep(0.1)"""
    write(book, "index", TITLE, new_code_cell(meet.format("one", "other")))
    write(book, "chapter", TITLE, new_code_cell(meet.format("other", "one")))
    result = build_book(book)
    assert result.returncode == 0, result.stdout
