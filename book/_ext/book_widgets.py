"""What readers move in a page without a kernel.

The page does not need the widget manager: of a widget's saved state the
build makes a form, choices above a picture, which `widgets.js` brings to
life. Pictures whose parts answer stand in the page itself.
"""

import json
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path

from docutils import nodes
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"


def as_forms(notebook: NotebookNode) -> None:
    """Turn the widgets of an executed notebook into HTML."""
    saved = notebook.metadata.pop("widgets", {}).get(STATE, {}).get("state", {})
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if view := output.get("data", {}).pop(VIEW, None):
                output.data = NotebookNode({"text/html": form(saved, view["model_id"])})


def form(saved: dict, model: str) -> str:
    """Return what `explore` made: all pictures, and what there is to choose."""
    parts = [*leaves(saved, model)]
    sliders = [part for part in parts if "_options_labels" in part]
    pictures = [part["value"] for part in parts if "value" in part]
    first = [slider["index"] for slider in sliders]
    names = [slider["description"] for slider in sliders]
    options = [slider["_options_labels"] for slider in sliders]
    shown = 0
    for index, labels in zip(first, options, strict=True):
        shown = shown * len(labels) + index
    controls = [*zip(names, options, strict=True)]
    data = {"controls": controls, "first": first, "pictures": pictures}
    text = json.dumps(data, ensure_ascii=False).replace("</", r"<\/")
    return (
        f'<div class="explore">{pictures[shown]}'
        f'<script type="application/json">{text}</script></div>'
    )


def leaves(saved: dict, model: str) -> Iterator[dict]:
    """Go through the widgets that hold no others, in order."""
    state = saved[model.removeprefix("IPY_MODEL_")]["state"]
    if "children" not in state:
        yield state
    for child in state.get("children", []):
        yield from leaves(saved, child)


class Answering(SphinxPostTransform):
    """Put pictures whose parts answer into the page, not beside it."""

    default_priority = 10  # before images are collected
    formats = ("html",)

    def run(self, **kwargs) -> None:
        for image in [*self.document.findall(nodes.image)]:
            path = Path(self.app.srcdir, image["uri"])
            if path.suffix == ".svg" and path.exists():
                svg = path.read_text("utf-8")
                if 'class="touch"' in svg:
                    old = re.search('aria-label="[^"]*"', svg)[0]
                    new = f'aria-label="{escape(image.get("alt", ""))}"'
                    svg = svg.replace(old, new, 1)
                    image.replace_self(nodes.raw("", svg, format="html"))


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.add_post_transform(Answering)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
