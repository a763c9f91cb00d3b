"""Make book/_assets/vendor/pyodide: Python and its packages for the reader's browser.

    python tools/vendor_pyodide.py [FOLDER]

Pyodide's core comes from npm. Its builds of NumPy, Matplotlib and what that needs come
from FOLDER, the unpacked official release (pyodide-314.0.3.tar.bz2), or, without it,
from inside a wheel that carries them for its own use: only those files are taken from
it. Each wheel must have the SHA-256 that Pyodide's own lock file names. Pyodide itself
slims, compiles and packs them, under Node, so that the same files give the same bytes
whatever this machine's Python and zlib are. VENDORED.json records all of it.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from vendored import RECORD, VENDOR, checksums, write

VERSION = "314.0.3"
CARRIER = "open-webui==0.12.4"
# By archive: packages and their licences. Of what Matplotlib asks for, fonttools and
# pytz are left out: only PDF and PostScript, and time zones, need them.
PACKAGES = {
    "numpy": {"numpy": "BSD-3-Clause"},
    "matplotlib": {
        "matplotlib": "PSF-2.0 (Matplotlib)",
        "contourpy": "BSD-3-Clause",
        "cycler": "BSD-3-Clause",
        "kiwisolver": "BSD-3-Clause",
        "packaging": "Apache-2.0 or BSD-2-Clause",
        "pillow": "MIT-CMU",
        "pyparsing": "MIT",
        "python-dateutil": "Apache-2.0 or BSD-3-Clause",
        "six": "MIT",
    },
}
PACK = Path(__file__).with_name("pack_pyodide.mjs")


def main(folder: str | None = None) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        core = npm_package(work)
        lock = json.loads((core / "pyodide-lock.json").read_text("utf-8"))
        wheels = Path(folder) if folder else carried(work)
        groups = {
            group: [checked(wheels, lock["packages"][name]) for name in names]
            for group, names in PACKAGES.items()
        }
        made = work / "made"
        made.mkdir()
        for name in ("pyodide.mjs", "pyodide.asm.mjs"):
            shutil.copy(core / name, made)
        # The packages are unpacked by our own worker, from the archives made here.
        slim = json.dumps({"info": lock["info"], "packages": {}}, indent=1)
        (made / "pyodide-lock.json").write_text(slim + "\n", "utf-8")
        (work / "groups.json").write_text(json.dumps(groups), "utf-8")
        subprocess.run(["node", PACK, core, work / "groups.json", made], check=True)
        for path in made.iterdir():
            shutil.copy(path, VENDOR / "pyodide")  # the licences stay there
    record = json.loads(RECORD.read_text("utf-8"))
    record["pyodide"] = {
        "npm": "pyodide",
        "version": VERSION,
        "licence": "MPL-2.0; Python itself: PSF-2.0",
        "packed": {
            f"{group}.zip": {
                lock["packages"][name]["file_name"]: {
                    "licence": licence,
                    "sha256": lock["packages"][name]["sha256"],
                }
                for name, licence in names.items()
            }
            for group, names in PACKAGES.items()
        },
        "sha256": checksums(VENDOR / "pyodide"),
    }
    write(record)


def npm_package(work: Path) -> Path:
    command = ["npm", "pack", "--silent", f"pyodide@{VERSION}"]
    subprocess.run(command, cwd=work, check=True, stdout=subprocess.DEVNULL)
    with tarfile.open(work / f"pyodide-{VERSION}.tgz") as archive:
        archive.extractall(work, filter="data")
    return work / "package"


def carried(work: Path) -> Path:
    """Take Pyodide's wheels out of the wheel that carries them."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", CARRIER]
    subprocess.run(pip, cwd=work, check=True)
    (wheel,) = work.glob("open_webui-*.whl")
    wheels = work / "wheels"
    wheels.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if "/pyodide/" in name and name.endswith(".whl"):
                (wheels / name.rsplit("/", 1)[1]).write_bytes(archive.read(name))
    return wheels


def checked(wheels: Path, package: dict[str, str]) -> str:
    """Return the path of an official wheel, if that is what it is."""
    path = wheels / package["file_name"]
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != package["sha256"]:
        sys.exit(f"{path.name} is not Pyodide's: {found} is not {package['sha256']}")
    return str(path)


if __name__ == "__main__":
    main(*sys.argv[1:])
