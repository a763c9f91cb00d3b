"""Record what is in book/_assets/vendor: `python tools/vendored.py`.

To refresh a package: `npm pack <name>@<version>`, copy from it the files that
VENDORED.json lists and its licence, change the version there, run this, run the tests.
THIRD-PARTY.md says the same to people.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
VENDOR = ROOT / "book/_assets/vendor"
RECORD = VENDOR / "VENDORED.json"
NOTICES = ROOT / "THIRD-PARTY.md"
LOCK = ROOT / "book/_live/editor/package-lock.json"

HEAD = """# What others made

The book's pages load the files below, which lie in `book/_assets/vendor/`, each folder
with its licences, and each archive of Python packages with theirs. The package
`conv_notes` has none of them. `tools/vendored.py` writes this list, and a test compares
it with the files. The page on credits names who made the data sets.
"""


def checksums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file in a folder, by its path in the folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in files
    }


def notices(record: dict[str, Any]) -> str:
    """Return THIRD-PARTY.md."""
    parts = [HEAD]
    for folder, package in record.items():
        parts.append(f"## {folder}\n")
        parts.append(table("what", "version", "licence", rows=sources(package)))
        for archive, wheels in package.get("packed", {}).items():
            rows = [(wheel, it["sha256"]) for wheel, it in wheels.items()]
            parts.append(table(f"in `{archive}`", "SHA-256", rows=rows))
        rows = [(f"`{name}`", digest) for name, digest in package["sha256"].items()]
        parts.append(table("file", "SHA-256", rows=rows))
    return "\n".join(parts)


def sources(package: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Of which packages a folder is made, in which versions, under which licences."""
    if "made by" in package:  # bundled, by esbuild, of what the editor's lock names
        locked = json.loads(LOCK.read_text("utf-8"))["packages"]
        for path, it in locked.items():
            if path and "esbuild" not in path:
                name = path.removeprefix("node_modules/")
                yield name, it["version"], it["license"]
    else:
        yield package["npm"], package["version"], package["licence"]
    for wheels in package.get("packed", {}).values():
        for wheel, it in wheels.items():
            name, version, *_ = wheel.split("-")
            yield name, version, it["licence"]


def table(*head: str, rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def write(record: dict[str, Any]) -> None:
    """Write the record and the notices."""
    RECORD.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    NOTICES.write_text(notices(record), encoding="utf-8")


if __name__ == "__main__":
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    for folder, package in record.items():
        package["sha256"] = checksums(VENDOR / folder)
    write(record)
