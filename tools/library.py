"""Test the library alone: `library.py oldest`, `pinned` or `newest`, of its packages.

In a virtual environment of its own, without the book, its packages and its settings.
"""

import os
import shutil
import subprocess
import sys

import set_up

PACKAGES = ("numpy", "scipy", "pytest", "hypothesis")
PINS = {
    "oldest": ("--constraint", "constraints-oldest.txt"),
    "pinned": ("--constraint", "constraints.txt"),
    "newest": (),
}
LEFT_OUT = ("tests/library/test_onnx.py", "tests/library/test_data.py")


def main(which: str) -> None:
    name = f".venv-{which}"
    folder = set_up.ROOT / name
    if not PINS[which]:  # what was newest then
        shutil.rmtree(folder, ignore_errors=True)
    set_up.main(name, *PINS[which], *PACKAGES)
    pytest = [folder / set_up.BIN, "-m", "pytest", "-c", os.devnull, "--rootdir=."]
    pytest += ["--quiet", "-p", "no:cacheprovider", "tests/library"]
    result = subprocess.run(
        [*pytest, *(f"--ignore={path}" for path in LEFT_OUT)],
        cwd=set_up.ROOT,
        env=os.environ | {"PYTHONPATH": "."},
    )
    sys.exit(result.returncode)


if __name__ == "__main__":
    main(*sys.argv[1:])
