"""The pictures of each chapter as slides: `python tools/slides.py [FOLDER]`.

The book must have been built: a slide shows what a cell drew then, below the heading
that it stands under and above its caption; of a slider, the state it begins with. A
file holds all that it shows, and is printed a picture to a page.
"""

import base64
import json
import re
import sys
from collections.abc import Iterator
from html import escape, unescape
from pathlib import Path
from typing import NamedTuple

import nbformat
from contents import BOOK, chapters, sources, title
from nbformat import NotebookNode

sys.path.append(str(BOOK / "_ext"))
import book_widgets
import executions

SLIDES = BOOK.parent / "_build/slides"
STYLE = """
html { scroll-snap-type: y mandatory; font: 2.4vmin/1.4 system-ui, sans-serif }
body { margin: 0; color: #1a1a1a; background: #fff }
section { box-sizing: border-box; height: 100vh; padding: 4vmin 6vmin;
  scroll-snap-align: start; display: flex; flex-direction: column;
  align-items: center; break-after: page }
h1, h2 { margin: 0; text-align: center; font-size: 4.5vmin }
section.title { justify-content: center }
img { flex: 1; min-height: 0; width: 100%; object-fit: contain }
p { margin: 1vmin 0 0; max-width: 70em; text-align: center }
footer { font-size: 1.8vmin; color: #595959 }
@page { size: 297mm 167mm; margin: 0 }
@media print { html { font-size: 4mm } }
"""
KEYS = """
const slides = [...document.querySelectorAll("section")];
const steps = { ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1,
  ArrowLeft: -1, ArrowUp: -1, PageUp: -1, Home: -slides.length, End: slides.length };
addEventListener("keydown", (event) => {
  const step = steps[event.key];
  if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  const shown = (it) => it.getBoundingClientRect().bottom > innerHeight / 2;
  const now = slides.findIndex(shown);
  const next = Math.min(Math.max(now + step, 0), slides.length - 1);
  slides[next].scrollIntoView();
});
"""


class Picture(NamedTuple):
    """What a slide shows."""

    heading: str
    svg: str
    alt: str
    caption: str


def executed(name: str) -> NotebookNode:
    """Return a chapter with what the build has it say, sliders as HTML."""
    path = BOOK / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    found = executions.stored(path, notebook)
    if not found:
        sys.exit(f"{name} has changed since the book was built: make book")
    book_widgets.as_executed(notebook, found)
    return notebook


def pictures(notebook: NotebookNode) -> Iterator[Picture]:
    """Yield the drawings of a notebook in their order."""
    heading = ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for line in re.findall(r"(?m)^##+ (.*)$", cell.source):
                heading = line
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            said = data.get("image/svg+xml") or data.get("text/html", "")
            if svg := re.search("<svg.*?</svg>", said, re.DOTALL):
                about = cell.metadata.get("mystnb", {})
                told = about.get("image", {}).get("alt")
                alt = told or unescape(re.search('aria-label="(.*?)"', svg[0])[1])
                caption = about.get("figure", {}).get("caption") or begins(said)
                yield Picture(heading, svg[0], alt, caption)


def begins(html: str) -> str:
    """Say with which choices a slider begins."""
    found = re.search('<script type="application/json">(.*?)</script>', html, re.DOTALL)
    if not found:
        return ""
    data = json.loads(found[1])
    pairs = zip(data["controls"], data["first"], strict=True)
    return ", ".join(f"{name}: {labels[k]}" for (name, labels), k in pairs)


def plain(text: str) -> str:
    """Return Markdown without its marks, as HTML."""
    text = re.sub(r"\{[\w:]+\}`([^`<]+?)(\s*<.*?>)?`|\[(.*?)\]\(.*?\)", r"\1\3", text)
    return escape(re.sub(r"[`*$]", "", text))


def page(name: str, shown: list[Picture]) -> str:
    """Return a chapter's slides as one file."""
    begin = plain(sources(name)[0].splitlines()[0].removeprefix("# "))
    slides = [f'<section class="title"><h1>{begin}</h1></section>']
    for number, it in enumerate(shown, start=1):
        data = base64.b64encode(it.svg.encode()).decode()
        slides.append(
            f"<section><h2>{plain(it.heading or title(name))}</h2>"
            f'<img alt="{escape(it.alt)}" src="data:image/svg+xml;base64,{data}">'
            f"<p>{plain(it.caption)}</p>"
            f"<footer>{plain(title(name))}, {number} of {len(shown)}</footer></section>"
        )
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{plain(title(name))}: slides</title><style>{STYLE}</style></head>"
        f"<body><main>{''.join(slides)}</main><script>{KEYS}</script></body></html>"
    )


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in chapters():
        shown = [*pictures(executed(name))]
        (folder / f"{name}.html").write_text(page(name, shown), "utf-8")
    print(folder)


if __name__ == "__main__":
    main(Path(*sys.argv[1:] or [SLIDES]))
