"""Make a virtual environment: `set_up.py FOLDER ARGUMENTS`, which are those of pip.

Where that was done, nothing is done: FOLDER/ready says of what it was made. One that
was made by another Python, has moved since, or was never finished is made anew. Who
comes while another is at work here waits, and finds it done.
"""

import hashlib
import importlib
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import debian

try:
    import fcntl
except ModuleNotFoundError:  # on Windows, where nobody waits
    fcntl = None

ROOT = Path(__file__).resolve().parents[1]
# What .gitattributes asks for.
GIT = {
    "diff.notebook.textconv": "notebook_text.py",
    "filter.notebook.clean": "notebook_form.py",
}
BIN = "Scripts/python.exe" if os.name == "nt" else "bin/python"


def main(name: str, *arguments: str) -> None:
    folder = ROOT / name
    for path in (ROOT, folder, ROOT / "_build"):
        if path.exists() and not os.access(path, os.W_OK):
            sys.exit(f"All is made in {ROOT}, and {path} cannot be written to.")
    with alone() as lock:
        place = f"Python {sys.version_info[0]}.{sys.version_info[1]} in {folder}"
        old = state(folder)
        new = [place, digest(arguments)]
        if old == new:
            return
        if old[0] != place:
            if folder.exists():
                print(f"{name} is of {old[0]}, this is {place}: it is made anew.")
            create(folder)
        (folder / "ready").unlink(missing_ok=True)
        install(folder, arguments, lock)
        if name == ".venv":
            finish(folder)
        (folder / "ready").write_text("\n".join(new), "utf-8")


def state(folder: Path) -> list[str]:
    """By which Python, where and of what an environment was made."""
    try:
        subprocess.run([folder / BIN, "-c", ""], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return ["a Python that is gone", ""]
    try:
        place, made_of = (folder / "ready").read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return ["a set-up that was not finished", ""]
    return [place, made_of]


def digest(arguments: tuple[str, ...]) -> str:
    """Sum up pip's arguments, the files that they name, and the project's."""
    total = hashlib.sha256(repr(arguments).encode())
    for name in ("pyproject.toml", *arguments):
        if (path := ROOT / name).is_file():
            total.update(path.read_bytes())
    return total.hexdigest()


@contextmanager
def alone() -> Iterator[list[int]]:
    """Keep others waiting; yield the files that children are to hold, too.

    The system gives the lock back however a process ends, but pip may outlive this one.
    """
    if fcntl is None:
        yield []
        return
    with (ROOT / "pyproject.toml").open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another set-up is at work here: this one waits for it.", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield [file.fileno()]


def create(folder: Path) -> None:
    """Make the environment, empty but for pip."""
    if importlib.util.find_spec("ensurepip") is None:
        debian.install("python3-venv")
    # It may not lie below a colon, which nothing but PATH minds.
    with patch.object(os, "pathsep", "\0"):
        venv.create(folder, clear=True, with_pip=True, symlinks=os.name != "nt")


def install(folder: Path, arguments: tuple[str, ...], lock: list[int]) -> None:
    """Have pip install what is asked for."""
    pip = [folder / BIN, "-m", "pip", "install", "--quiet"]
    code = subprocess.run([*pip, *arguments], cwd=ROOT, pass_fds=lock).returncode
    if code:
        sys.exit(code)


def finish(folder: Path) -> None:
    """Do what else the book needs."""
    # Now, so that no chapter has to look for fonts: where that takes long, it says so.
    subprocess.run([folder / BIN, "-c", "import matplotlib.font_manager"])
    # What pip writes is taken without the blanks at its end.
    base = {"base": str(folder), "platbase": str(folder)}
    packages = Path(sysconfig.get_path("purelib", "venv", base))
    line = "import os, sys; sys.path.append(os.path.dirname(sys.prefix))\n"
    (packages / "checkout.pth").write_text(line)
    if (ROOT / ".git").exists() and shutil.which("git"):
        for name, tool in GIT.items():
            program = f"{shlex.quote(sys.executable)} tools/{tool}"
            subprocess.run(["git", "config", name, program], cwd=ROOT)


if __name__ == "__main__":
    main(*sys.argv[1:])
