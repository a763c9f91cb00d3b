"""Find Chromium or Chrome; on Debian as root, install it.

`python tools/chromium.py` does its best and prints the path, or says in one line what
to install. The environment variable CHROMIUM overrides the search.
"""

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import debian

# First the one without windows, which does the same in less time.
SHELL = "chromium-headless-shell"
NAMES = SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"
PATHS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
)


def find() -> str | None:
    """Return the path of a browser to test with, or None."""
    named = (os.environ["CHROMIUM"],) if "CHROMIUM" in os.environ else NAMES
    found = (shutil.which(name) for name in named)
    there = (path for path in PATHS if Path(path).exists())
    return next(filter(None, (*found, *there)), None)


def main() -> None:
    for name in NAMES[:2]:  # not every release has the first
        if not find():
            with suppress(subprocess.CalledProcessError):
                debian.install(name)
    print(
        find()
        or sys.exit("The tests need Chromium or Chrome: install one, or set CHROMIUM.")
    )


if __name__ == "__main__":
    main()
