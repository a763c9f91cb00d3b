"""Bring a notebook into the form that is committed: `python tools/notebook_form.py <x`.

git asks for it when it looks at what JupyterLab has saved, as .gitattributes says and
the set-up arranges; tools/run_notebooks.py for what it has executed. It needs nothing
installed.
"""

import json
import sys
from typing import Any

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
#: The number of every executed cell. nbval asks only whether a cell has one, no page
#: shows it, and counting would change all cells after a new one.
EXECUTED = 1
VIEW = "application/vnd.jupyter.widget-view+json"


def as_committed(notebook: Any) -> None:
    """Leave in a notebook what depends on its code alone.

    No times, no state and ids of widgets (the build has its own), one number for all
    cells, the same metadata but for what a chapter needs.
    """
    kept = {key: it for key, it in notebook["metadata"].items() if key == "needs"}
    notebook["metadata"] = METADATA | kept
    for cell in notebook["cells"]:
        cell["metadata"].pop("execution", None)
        outputs = cell.get("outputs", [])
        for counted in (cell, *outputs):
            if counted.get("execution_count"):
                counted["execution_count"] = EXECUTED
        for output in outputs:
            output.get("data", {}).pop(VIEW, None)


def main() -> None:
    content = sys.stdin.buffer.read()
    try:
        notebook = json.loads(content)
        as_committed(notebook)
    except (ValueError, KeyError, TypeError):  # it holds the marks of a merge
        sys.stdout.buffer.write(content)
        return
    text = json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True)
    sys.stdout.buffer.write(f"{text}\n".encode())


if __name__ == "__main__":
    main()
