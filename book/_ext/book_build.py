"""What the book's build needs beyond Jupyter Book.

- It works in a folder of any name.
- A change in the library executes the chapters again; one in the style
  or scripts, which Sphinx does not follow either, writes them again.
- Errors and warnings in a notebook name the file, cell and line.
- A build that failed is not taken up where it stopped: Sphinx would not
  repeat its warnings, and the second build of a broken book would pass.
"""

import hashlib
import json
import logging
import re
from pathlib import Path

import jupyter_cache.cache.db
import myst_nb.sphinx_
import sqlalchemy
from docutils import nodes
from myst_nb.core.execute import ExecutionError
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.logging import getLogger

LOGGER = getLogger(__name__)

# What a chapter's outputs depend on besides its own code cells, and
# what its page depends on.
INPUTS = ("conv_notes/**/*.py", "book/*.yml", "constraints.txt")
FRAME = ("book/_assets/**/*", "book/_ext/*.py", "book/_site/*")


def digest(root: Path, patterns: tuple[str, ...]) -> str:
    """Sum up the names and contents of the files that match."""
    total = hashlib.sha256()
    paths = (
        path for pattern in patterns for path in root.glob(pattern)
    )
    for path in sorted(path for path in paths if path.is_file()):
        total.update(path.relative_to(root).as_posix().encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:12]


def follow_changes(app: Sphinx, config: Config) -> None:
    """Have all pages read again when other files change.

    Sphinx does so when an option changes, so each option here holds a
    digest. A cache of executed chapters under a new name is empty.
    """
    root, build = Path(app.srcdir), Path(app.outdir).parent
    config.nb_execution_cache_path = str(
        build / f".jupyter_cache-{digest(root, INPUTS)}"
    )
    config.book_frame = digest(root, FRAME)


def connect(address: str) -> sqlalchemy.Engine:
    """Open the database whose path follows `sqlite:///` as it stands.

    jupyter-cache does not quote it: `%20` and `?` name another file.
    """
    path = address.removeprefix("sqlite:///")
    return sqlalchemy.create_engine(
        sqlalchemy.URL.create("sqlite", database=path)
    )


class Parser(myst_nb.sphinx_.Parser):
    """MyST-NB's parser, which here says where the cell is that failed.

    The build goes on, as with any other error, and fails at its end.
    """

    def parse(
        self, inputstring: str, document: nodes.document
    ) -> None:
        try:
            super().parse(inputstring, document)
        except ExecutionError as error:
            name = self.env.doc2path(self.env.docname, base=False)
            cells = json.loads(inputstring)["cells"]
            cause = error.__cause__
            LOGGER.error(describe_failure(name, cells, cause))
            self.env.app.statuscode = 1
            # The page as committed keeps links from other pages whole.
            config = self.env.mystnb_config
            as_is = config.copy(execution_mode="off")
            self.env.mystnb_config = as_is
            super().parse(inputstring, document)
            self.env.mystnb_config = config


def describe_failure(
    name: str, cells: list[dict], cause: BaseException
) -> str:
    """Say which cell of the notebook failed, at which line, and how."""
    # Without the colours for a terminal.
    report = re.sub(r"\x1b\[[0-9;]*m", "", str(cause))
    frame = re.search(r"Cell In\[(\d+)\], line (\d+)", report)
    # A time-out has no traceback; it quotes the cell.
    if frame is None:
        return f"{name}: {report}"
    # The kernel numbers the cells it runs: those that hold code.
    run = [
        number
        for number, cell in enumerate(cells, start=1)
        if cell["cell_type"] == "code"
        and "".join(cell["source"]).strip()
    ]
    cell = run[int(frame[1]) - 1]
    return f"{name}, cell {cell}, line {frame[2]}:\n{report}"


def name_cell(record: logging.LogRecord) -> bool:
    """Rewrite MyST-NB's lines: `x.ipynb:30003` is cell 3, line 2."""
    location = getattr(record, "location", None) or ""
    match = re.fullmatch(r"(.*\.ipynb):(\d+)", location)
    if match and int(match[2]) > 10000:
        cell, line = divmod(int(match[2]), 10000)
        record.location = f"{match[1]}, cell {cell}, line {line - 1}"
    return True


def forget_failed_build(
    app: Sphinx, exception: Exception | None
) -> None:
    """Make the next build read everything again if this one failed."""
    if exception or app.statuscode:
        pickle = Path(app.doctreedir, "environment.pickle")
        pickle.unlink(missing_ok=True)


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.setup_extension("myst_nb")
    app.add_source_parser(Parser, override=True)
    jupyter_cache.cache.db.create_engine = connect
    for handler in logging.getLogger("sphinx").handlers:
        handler.addFilter(name_cell)
    app.add_config_value("book_frame", "", "env")
    app.connect("config-inited", follow_changes)
    app.connect("build-finished", forget_failed_build)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
