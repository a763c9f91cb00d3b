"""What the book's build needs beyond Jupyter Book.

- It works in a folder of any name.
- Chapters are executed before they are read, two at a time, and only
  if what they depend on has changed: executions.py says what that is.
  A change in the style or scripts, which Sphinx does not follow either,
  writes all pages again.
- In the text a chapter is called by its subject, not by its whole title.
- MathJax is loaded where there is a formula.
- Errors and warnings in a notebook name the file, cell and line.
- The front page, the one at the top, is put there last and taken away
  first. Where it is missing, a build failed or was stopped, and the next
  does not go on from there: Sphinx would not repeat its warnings, and
  take a page that was half written for done.
- What a cell writes to stderr fails the build, which quotes it.
- Of two builds in one folder the second waits.
"""

import json
import logging
import re
import shutil
from pathlib import Path

import myst_nb.sphinx_
import nbformat
from docutils import nodes
from filelock import FileLock, Timeout
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util.logging import getLogger

import book_widgets
import executions

LOGGER = getLogger(__name__)

# What the pages depend on besides their own files.
FRAME = ("book/_assets/**/*", "book/_ext/*", "book/_site/*", "book/glossary.md")

# What the chapters to be read say, or why they do not; and which of
# them were executed for that.
FOUND: dict[Path, executions.Execution | Exception] = {}
EXECUTED: list[Path] = []

# Held until this process ends, however it does.
LOCKS: list[FileLock] = []


def front(app: Sphinx) -> Path:
    """Return the path of the page at the top, which leads to the first."""
    return Path(app.outdir, "index.html")


def wait_for_others(app: Sphinx, config: Config) -> None:
    """Build when no other process does, before anything is read."""
    Path(app.doctreedir).mkdir(parents=True, exist_ok=True)
    lock = FileLock(Path(app.doctreedir, "lock"))
    LOCKS.append(lock)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        LOGGER.info("Another build is at work here: this one waits for it.")
        lock.acquire()


def begin(app: Sphinx, config: Config) -> None:
    """Begin anew if the last build did not come to its end."""
    if not front(app).exists():
        Path(app.doctreedir, "environment.pickle").unlink(missing_ok=True)


def close(app, pagename, templatename, context, doctree) -> None:
    """Take the front page away before a page is written."""
    if doctree:
        front(app).unlink(missing_ok=True)


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Put the front page there if all went well."""
    if exception or app.statuscode or (app.keep_going and app._warncount):
        front(app).unlink(missing_ok=True)
    elif app.builder.name == "html":
        shutil.copy(Path(__file__).with_name("front.html"), front(app))


def follow_changes(app: Sphinx, config: Config) -> None:
    """Have all pages read again when other files change.

    Sphinx does so when an option changes: `book_frame` holds a digest.
    """
    config.nb_execution_mode = "off"
    for_all = executions.state(NotebookNode(cells=[]))
    config.book_frame = for_all + executions.digest(FRAME)


def execute_chapters(app: Sphinx, env: BuildEnvironment, names: list[str]) -> None:
    """Execute those of the pages to be read that need it, two at a time."""
    if names:
        front(app).unlink(missing_ok=True)
    paths = [Path(env.doc2path(name)) for name in names]
    chapters = [path for path in paths if path.suffix == ".ipynb"]
    # The largest take longest, as a rule: no long one is left to the end.
    chapters.sort(key=lambda path: path.stat().st_size, reverse=True)
    FOUND.update(executions.two_at_a_time(find, chapters))


def find(path: Path) -> executions.Execution:
    """Return what a chapter says."""
    name = path.relative_to(executions.ROOT).as_posix()
    notebook = nbformat.read(path, as_version=4)
    if found := executions.stored(path, notebook):
        lacking = " and ".join(executions.lacking(notebook))
        which = (
            f"committed notebook, without {lacking}" if lacking else "cached notebook"
        )
        LOGGER.info(f"{name}: Using {which}")
        return found
    LOGGER.info(f"{name}: Executing notebook")
    found = executions.executed(path, notebook)
    EXECUTED.append(path)
    seconds = sum(found["seconds"])
    LOGGER.info(f"{name}: Executed notebook in {seconds:.1f} seconds")
    return found


class Parser(myst_nb.sphinx_.Parser):
    """MyST-NB's parser of what a chapter says when it is executed."""

    def parse(self, inputstring: str, document: nodes.document) -> None:
        found = FOUND.get(Path(self.env.doc2path(self.env.docname)))
        if isinstance(found, Exception):
            # The page as committed keeps links from other pages whole,
            # and the build goes on, to fail at its end.
            name = self.env.doc2path(self.env.docname, base=False)
            LOGGER.error(describe_failure(name, inputstring, found))
            self.env.app.statuscode = 1
        elif found:
            notebook = nbformat.reads(inputstring, as_version=4)
            for pattern in executions.named(notebook):
                for path in executions.ROOT.glob(pattern):
                    self.env.note_dependency(str(path))
            book_widgets.as_executed(notebook, found)
            report_stderr(self.env.doc2path(self.env.docname, base=False), notebook)
            inputstring = nbformat.writes(notebook)
        super().parse(inputstring, document)


def name_chapters(app: Sphinx, doctree: nodes.document, name: str) -> None:
    """Let the text call a chapter by its subject, what stands before the colon."""
    for words in doctree.findall(nodes.inline):
        if {"std-doc", "doc"} & {*words["classes"]}:  # of MyST, of reStructuredText
            words[:] = [nodes.Text(words.astext().partition(": ")[0])]


def describe_failure(name: str, content: str, cause: Exception) -> str:
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
        for number, cell in enumerate(json.loads(content)["cells"], start=1)
        if cell["cell_type"] == "code" and "".join(cell["source"]).strip()
    ]
    cell = run[int(frame[1]) - 1]
    return f"{name}, cell {cell}, line {frame[2]}:\n{report}"


def report_stderr(name: str, notebook: NotebookNode) -> None:
    """Quote what cells wrote to stderr, as errors of the build."""
    for number, cell in enumerate(notebook.cells, start=1):
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                LOGGER.error(f"{name}, cell {number}, wrote to stderr:\n{output.text}")


def name_cell(record: logging.LogRecord) -> bool:
    """Rewrite MyST-NB's lines: `x.ipynb:30003` is cell 3, line 2."""
    location = getattr(record, "location", None) or ""
    match = re.fullmatch(r"(.*\.ipynb):(\d+)", location)
    if match and int(match[2]) > 10000:
        cell, line = divmod(int(match[2]), 10000)
        record.location = f"{match[1]}, cell {cell}, line {line - 1}"
    return True


def only_for_formulas(app, pagename, templatename, context, doctree) -> None:
    """Spare a page MathJax if only pages in its table of contents have formulas."""
    if 'class="math' not in context.get("body", ""):
        context["script_files"][:] = [
            script
            for script in context["script_files"]
            if "mathjax" not in str(script).lower()
        ]


def report_times(app: Sphinx, exception: Exception | None) -> None:
    """Say which cells took longest, if any were executed."""
    if EXECUTED:
        LOGGER.info(executions.slowest(EXECUTED))


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.setup_extension("myst_nb")
    app.setup_extension("book_widgets")
    app.add_source_parser(Parser, override=True)
    for handler in logging.getLogger("sphinx").handlers:
        handler.addFilter(name_cell)
    app.add_config_value("book_frame", "", "env")
    app.connect("config-inited", wait_for_others)
    app.connect("config-inited", begin)
    app.connect("config-inited", follow_changes)
    app.connect("env-before-read-docs", execute_chapters)
    app.connect("doctree-resolved", name_chapters)
    app.connect("html-page-context", only_for_formulas, priority=900)
    app.connect("html-page-context", close)
    app.connect("build-finished", report_times)
    app.connect("build-finished", finish, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
