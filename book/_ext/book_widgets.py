"""What readers move in a page without a kernel.

The page does not need the widget manager: of a widget's saved state the
build makes a form, choices above a picture, which `widgets.js` brings to
life.
"""

import json
from collections.abc import Iterator

from nbformat import NotebookNode

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
