"""Record what is in book/_assets/vendor: `python tools/vendored.py`.

To refresh a package: `npm pack <name>@<version>`, copy from it the files that
VENDORED.json lists and its licence, change the version there, run this, run the tests.
"""

import hashlib
import json
from pathlib import Path

VENDOR = Path(__file__).parents[1] / "book/_assets/vendor"
RECORD = VENDOR / "VENDORED.json"


def checksums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file in a folder, by its path in the folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in files
    }


if __name__ == "__main__":
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    for folder, package in record.items():
        package["sha256"] = checksums(VENDOR / folder)
    RECORD.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
