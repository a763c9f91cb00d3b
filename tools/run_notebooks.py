"""Execute chapters in place: `python tools/run_notebooks.py [book/x.ipynb ...]`.

Without arguments, all that _toc.yml lists. Two run at a time, whether or not the build
knows what they say: so it is compared with another execution. What is written depends
on the code alone: notebook_form.py. A chapter that needs a package which is not here is
left alone.
"""

import sys
from pathlib import Path

import nbformat
from notebook_form import as_committed
from sphinx_external_toc.parsing import parse_toc_yaml

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "book/_ext"))
from executions import execute, lacking, two_at_a_time  # noqa: E402


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
    execute(notebook, path.parent)
    as_committed(notebook)
    nbformat.validate(notebook)
    nbformat.write(notebook, path)
    print(path, flush=True)


if __name__ == "__main__":
    paths = [Path(name) for name in sys.argv[1:]] or notebooks()
    results = two_at_a_time(run, paths)
    errors = [f"{path}: {results[path]}" for path in paths if results[path]]
    sys.exit("\n".join(errors) or None)
