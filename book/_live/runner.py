"""Runs cells as a notebook would, in the reader's browser.

Fetches packages and pictures when they are first looked for. `worker.js` gives it two
functions: `emit`, which sends a message to the page, and `fetch`, which returns a file
of the book as bytes.
"""

import ast
import dis
import importlib.abc
import importlib.util
import io
import linecache
import logging
import re
import sys
import traceback
import warnings
import zipfile
from functools import cache
from site import getsitepackages
from types import CodeType

from IPython.display import SVG
from IPython.lib.pretty import pretty

namespace = {"__name__": "__main__"}
signed = {}  # what stands for each cell's code and that of all it needs
ran = {}  # the same, of the cells as they ran
codes = {}  # their code
imported, generators = set(), set()  # names; the latter of random numbers
maker = {}  # of names: the cell that made or changed them last
moved = []
emit = fetch = None


class Fetched(importlib.abc.MetaPathFinder):
    """Unpacks the archive of a package when that is first looked for."""

    def __init__(self, archives):
        self.archives = archives  # by the names of packages

    def find_spec(self, name, path=None, target=None):
        if archive := self.archives.pop(name.partition(".")[0], None):
            for other in [k for k, v in self.archives.items() if v == archive]:
                del self.archives[other]
            unpack(fetch(archive))
            return importlib.util.find_spec(name)
        return None


def unpack(archive):
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        packed.extractall(getsitepackages()[0])
    importlib.invalidate_caches()


KINDS = {
    "html": "_repr_html_",
    "svg": "_repr_svg_",
    "markdown": "_repr_markdown_",
}


def display(*values):
    for value in values:
        if hasattr(value, "for_page"):  # to be moved or drawn upon
            moved.append(value)
            emit(value.kind, {"number": len(moved) - 1, **value.for_page()})
            continue
        shown, text = "plain", None
        for kind, name in KINDS.items():
            if text is None and hasattr(type(value), name):
                shown, text = kind, getattr(value, name)()  # None: not as this kind
        if text is None:
            shown, text = "plain", pretty(value)
        emit("show", {"shown": shown, "text": text, "alt": getattr(value, "alt", "")})


def asked(number, *what):
    """What an explorer or a sketch answers to the reader's hand."""
    try:
        return moved[number].answer(*what)
    except Exception as error:
        return {"failed": f"{type(error).__name__}: {error}"}


def install(archives):
    # It would say that it looks for fonts, which it does once.
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    # `plt.show()` is right: what is drawn is shown at the end of its cell.
    warnings.filterwarnings("ignore", "FigureCanvas.* is non-interactive")
    sys.meta_path.append(Fetched(archives))
    namespace["display"] = display


def figures():
    """Show what has been drawn with pyplot and not shown."""
    if plt := sys.modules.get("matplotlib.pyplot"):
        for number in plt.get_fignums():
            file = io.StringIO()
            plt.figure(number).savefig(file, format="svg")
            svg = file.getvalue()
            display(SVG(svg[svg.index("<svg") :]))
        plt.close("all")


def run(source, cell):
    """Run one cell; return whether it did not raise."""
    names = names_of(source)
    for name in names_of(codes.pop(cell, "")).made - names.made:
        if maker.get(name) == cell:  # the reader has taken it out
            namespace.pop(name, None)
    codes[cell] = source
    ran.pop(cell, None)
    maker.update(dict.fromkeys(touched(names), cell))
    name = f"<cell {cell + 1}>"
    linecache.cache[name] = (
        len(source),
        None,
        source.splitlines(keepends=True),
        name,
    )
    try:
        tree = ast.parse(source, name)
        last = None
        silent = source.rstrip().endswith(";")
        if tree.body and isinstance(tree.body[-1], ast.Expr) and not silent:
            last = ast.Expression(tree.body.pop().value)
        exec(compile(tree, name, "exec"), namespace)
        if last is not None:
            value = eval(compile(last, name, "eval"), namespace)
            if value is not None:
                namespace["_"] = value
                display(value)
        figures()
        ran[cell] = signed.get(cell)
        return True
    except BaseException as error:
        emit("error", explained(error, name))
        return False
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def explained(error, name):
    """The reader's own frames of a traceback, and the line of the cell."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename.startswith("<cell ")]
    line = getattr(error, "lineno", None) if isinstance(error, SyntaxError) else None
    lines = [frame.lineno for frame in own if frame.filename == name]
    listed = traceback.format_list(own)
    listed += traceback.format_exception_only(error)
    if why := unmet(error, "".join(linecache.getlines(name)), name):
        listed[-1] = f"AssertionError: {why}\n"
    text = re.sub(r'File "<(cell \d+)>"', r"\1", "".join(listed))
    return {
        "text": text,
        "line": line or (lines[-1] if lines else None),
    }


def check(source):
    """Whether what an exercise asks for holds; of the first that does not, why."""
    try:
        exec(compile(source, "<check>", "exec"), namespace)
    except BaseException as error:
        why = str(error) or unmet(error, source, "<check>")
        text = f"Not yet: {why}"
        if not (isinstance(error, AssertionError) and why):
            said = traceback.format_exception_only(error)[-1].strip()
            text = f"Not yet, the check meets {said}"
        return {"right": False, "text": text}
    return {"right": True, "text": "Right."}


def unmet(error, source, name):
    """Of an assertion that says nothing itself, what should hold, and what does."""
    if not isinstance(error, AssertionError) or str(error):
        return None
    last = traceback.extract_tb(error.__traceback__)[-1]
    if (last.filename, last.name) != (name, "<module>"):
        return None  # a function's names are gone
    asserts = (n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Assert))
    here = [node for node in asserts if node.lineno <= last.lineno <= node.end_lineno]
    return compared(here[-1].test) if here else None


def compared(test):
    """An expression that should be true, with the two values where it compares."""
    if not isinstance(test, ast.Compare):
        return f"{ast.unparse(test)} should be true."
    sides = [test.left, *test.comparators]
    values = [
        eval(compile(ast.Expression(s), "<check>", "eval"), namespace) for s in sides
    ]
    pairs = [(ast.unparse(s), pretty(v)) for s, v in zip(sides, values, strict=True)]
    told = " and ".join(f"{code} is {value}" for code, value in pairs if code != value)
    return f"{ast.unparse(test)} should be true, but {told}."


def missing(sources, at):
    """Which of the needed cells have to run.

    Those that did not, or with other cells before them, and those whose names are no
    longer as they left them.
    """
    cells = [names_of(source) for source in sources[: at + 1]]
    generators.update(*(cell.generators for cell in cells))
    imported.update(*(cell.imported for cell in cells))
    chosen = needed(cells, at)
    for i in (*chosen, at):
        signed[i] = hash((sources[i], *(signed.get(k) for k in needed(cells, i))))
    last = {name: i for i in chosen for name in touched(cells[i])}
    todo, wanted = [], reached(cells, cells[at].used)
    for i in reversed(chosen):
        asked_for = touched(cells[i]) & wanted
        kept = all(maker.get(name) == last[name] for name in asked_for)
        if asked_for and not (kept and ran.get(i) == signed[i]):
            todo.insert(0, i)
            wanted |= reached(cells, cells[i].used)
    return todo


def needed(cells, at):
    """Which cells above one make the names that it uses.

    A name is also made by what changes it: a part is set, a method called, and of a
    generator of random numbers each use, so that all numbers are those of the book.
    """
    wanted, chosen = reached(cells[: at + 1], cells[at].used), []
    for i in range(at - 1, -1, -1):
        cell = cells[i]
        if touched(cell) & wanted:
            wanted = wanted - cell.made | reached(cells[: at + 1], cell.used)
            chosen.insert(0, i)
    return chosen


def touched(cell):
    """Names that are not as before when a cell has run."""
    return cell.made | cell.changed - imported | cell.used & generators


def reached(cells, names):
    """Names, and those in functions among them: used when these are called."""
    reach, todo = set(), names
    bodies = {name: used for cell in cells for name, used in cell.bodies.items()}
    while todo:
        reach |= todo
        todo = set().union(*(bodies.get(name, ()) for name in todo)) - reach
    return reach


@cache
def names_of(source):
    return Names(source)


class Names:
    """The names that a cell uses before it makes them, makes, and changes."""

    def __init__(self, source):
        self.used, self.made, self.changed = set(), set(), set()
        self.imported, self.generators, self.bodies = set(), set(), {}
        try:
            code = compile(source, "<cell>", "exec")
        except SyntaxError:
            return  # which running it will tell
        for node in ast.walk(ast.parse(source)):
            self.see(node)
        for step in dis.get_instructions(code):
            if isinstance(step.argval, CodeType):  # a function, or a class
                self.bodies[step.argval.co_name] = loaded(step.argval)
                self.used |= loaded(step.argval) - self.made
            elif step.opname == "LOAD_NAME" and step.argval not in self.made:
                self.used.add(step.argval)
            elif step.opname == "STORE_NAME":
                self.made.add(step.argval)

    def see(self, node):
        match node:
            case ast.Import() | ast.ImportFrom():
                names = [alias.asname or alias.name for alias in node.names]
                self.imported |= {name.partition(".")[0] for name in names}
            case ast.Assign(value=ast.Call(func=made_by)):
                if ast.unparse(made_by).endswith("default_rng"):
                    self.generators |= named(*node.targets)
            case ast.If() | ast.While() | ast.Try():  # what was before may stay
                self.used |= named(node, kind=ast.Store)
            case ast.Expr(value=ast.Call(func=ast.Attribute())):
                self.changed |= first_of(node.value)  # x.append(…), alone in its line
            case ast.Attribute() | ast.Subscript() if not isinstance(
                node.ctx, ast.Load
            ):
                self.changed |= first_of(node)


def loaded(code):
    """The names that code looks up outside of itself."""
    names = set()
    for step in dis.get_instructions(code):
        if isinstance(step.argval, CodeType):
            names |= loaded(step.argval)
        elif step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            names.add(step.argval)
    return names


def named(*trees, kind=ast.expr_context):
    nodes = (node for tree in trees for node in ast.walk(tree))
    return {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, kind)}


def first_of(node):
    """The name before all dots and brackets, if there is one."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return named(node)
