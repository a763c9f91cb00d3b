"""Execute chapters in place: `python tools/run_notebooks.py [book/x.ipynb ...]`.

Without arguments, all that _toc.yml lists. Two run at a time, whether or not the build
knows what they say: so it is compared with another execution. What is written depends
on the code alone: no times, no state and ids of widgets (the build has its own), the
same metadata. A chapter that needs a package which is not here is left alone. What a
cell says does not depend on how many stand before it: it keeps the id that it has, and
all bear the same number.
"""

import sys
from pathlib import Path

import nbformat
from sphinx_external_toc.parsing import parse_toc_yaml

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "book/_ext"))
from executions import execute, lacking, two_at_a_time  # noqa: E402

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
#: The number of every executed cell. nbval asks only whether a cell has one, no page
#: shows it, and counting would change all cells after a new one.
EXECUTED = 1


def notebooks() -> list[Path]:
    """Return the notebooks that _toc.yml lists, in its order."""
    paths = (ROOT / f"{name}.ipynb" for name in parse_toc_yaml(ROOT / "_toc.yml"))
    return [path for path in paths if path.exists()]


def run(path: Path) -> None:
    """Execute a notebook and write it back; on failure, leave it as it was."""
    notebook = nbformat.read(path, as_version=4)
    if without := lacking(notebook):
        print(f"{path}: left alone, for lack of {', '.join(without)}", flush=True)
        return
    kept = {key: value for key, value in notebook.metadata.items() if key == "needs"}
    execute(notebook, path.parent)
    notebook.metadata = nbformat.from_dict(METADATA | kept)
    for cell in notebook.cells:
        outputs = cell.get("outputs", [])
        for counted in (cell, *outputs):
            if counted.get("execution_count"):
                counted.execution_count = EXECUTED
        for output in outputs:
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
    nbformat.validate(notebook)
    nbformat.write(notebook, path)
    print(path, flush=True)


if __name__ == "__main__":
    paths = [Path(name) for name in sys.argv[1:]] or notebooks()
    results = two_at_a_time(run, paths)
    errors = [f"{path}: {results[path]}" for path in paths if results[path]]
    sys.exit("\n".join(errors) or None)
