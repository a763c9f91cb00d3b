"""Print a notebook as text: `python tools/notebook_text.py x.ipynb`.

What git compares, as .gitattributes says and the set-up arranges: sources and outputs
in plain text, all else, such as pictures, as a digest. It needs nothing installed.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

READABLE = "stream", "error", "text/plain", "text/markdown"


def describe(content: str) -> Iterator[str]:
    """Yield each cell: its kind and id, its metadata, its source, its outputs."""
    try:
        cells = json.loads(content)["cells"]
    except ValueError:  # it holds the marks of a merge
        yield content
        return
    for cell in cells:
        yield f"══ {cell['cell_type']} {cell.get('id', '')}"
        if cell["metadata"]:  # tags, and the words that stand for a picture
            yield json.dumps(cell["metadata"], ensure_ascii=False)
        yield joined(cell["source"])
        for output in cell.get("outputs", []):
            said = output.get("text", output.get("evalue"))
            data = output.get("data", {output["output_type"]: said})
            for kind, value in sorted(data.items()):
                if kind in READABLE:
                    yield f"── {kind}\n{joined(value)}"
                else:
                    digest = hashlib.sha256(json.dumps(value).encode()).hexdigest()
                    yield f"── {kind} {digest[:12]}"
        yield ""


def joined(text: str | list[str]) -> str:
    """Join the lines of a text, however the notebook stores it."""
    return text if isinstance(text, str) else "".join(text)


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    print(*describe(Path(sys.argv[1]).read_text("utf-8")), sep="\n")
