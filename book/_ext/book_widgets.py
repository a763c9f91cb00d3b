"""What readers move in a page without a kernel.

The page does not need the widget manager: of a widget's saved state the
build makes a form, choices above a picture, which `widgets.js` brings to
life. The page holds the first picture; the others load when it is near.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from sphinx.application import Sphinx

import executions

FORM = re.compile(
    '(<div class="explore">.*?<script type="application/json">)'
    "(.*?)(?=</script></div>)",
    re.DOTALL,
)
SIZE = re.compile(r'<svg[^>]* viewBox="0 0 ([\d.]+) ([\d.]+)"')
VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"


def as_executed(notebook: NotebookNode, found: executions.Execution) -> None:
    """Have a notebook say what it said when it was executed, its sliders as forms."""
    notebook.metadata.update(nbformat.from_dict(found["metadata"]))
    cells = executions.code(notebook)
    for cell, outputs in zip(cells, found["outputs"], strict=True):
        cell.outputs = nbformat.from_dict(outputs)
    as_forms(notebook)


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
    return (
        f'<div class="explore">{pictures[shown]}'
        f'<script type="application/json">{in_script(data)}</script></div>'
    )


def in_script(data: dict) -> str:
    """Return data as JSON that a script of a page may hold."""
    return json.dumps(data, ensure_ascii=False).replace("</", r"<\/")


def leaves(saved: dict, model: str) -> Iterator[dict]:
    """Go through the widgets that hold no others, in order."""
    state = saved[model.removeprefix("IPY_MODEL_")]["state"]
    if "children" not in state:
        yield state
    for child in state.get("children", []):
        yield from leaves(saved, child)


def beside(app: Sphinx, pagename, templatename, context, doctree) -> None:
    """Put the pictures of forms beside the page, and into it how high they get.

    As a script, which a page that was opened as a file may load too.
    """
    folder = Path(app.outdir, "_static/states")

    def put(form: re.Match) -> str:
        data = json.loads(form[2])
        pictures = data.pop("pictures")
        sizes = [size for picture in pictures if (size := SIZE.search(picture))]
        tallest = max((float(size[2]) / float(size[1]) for size in sizes), default=0)
        text = json.dumps(pictures, ensure_ascii=False)
        name = hashlib.sha256(text.encode()).hexdigest()[:16]
        folder.mkdir(parents=True, exist_ok=True)
        script = f'conv_notes.states["{name}"] = {text}\n'
        (folder / f"{name}.js").write_text(script, "utf-8")
        source = context["pathto"](f"_static/states/{name}.js", resource=True)
        data |= {"states": name, "source": source, "tallest": tallest}
        return form[1] + in_script(data)

    context["body"] = FORM.sub(put, context.get("body", ""))


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.connect("html-page-context", beside, priority=600)  # book_figures reads them
    return {"parallel_read_safe": True, "parallel_write_safe": True}
