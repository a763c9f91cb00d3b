"""Find Chromium or Chrome; on Debian as root, install it.

`python tools/chromium.py` does its best and prints the path, or says in one line what
to install. The environment variable CHROMIUM overrides the search.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

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
    debian_root = shutil.which("apt-get") and os.getuid() == 0
    if not find() and debian_root:
        apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
        quiet = {"stdin": subprocess.DEVNULL, "stdout": sys.stderr}
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run([*apt, "update"], check=True, env=env, **quiet)
        install = ["install", "--yes", "--no-install-recommends", SHELL]
        subprocess.run([*apt, *install], check=True, env=env, **quiet)
    print(
        find()
        or sys.exit("The tests need Chromium or Chrome: install one, or set CHROMIUM.")
    )


if __name__ == "__main__":
    main()
