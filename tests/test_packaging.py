"""What is passed on: the package, who made it, and what it needs."""

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest
import yaml
from flit_core import buildapi
from packaging.requirements import Requirement

import conv_notes
from conv_notes import data

ROOT = Path(__file__).parents[1]
LIBRARY = {
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "conv_notes").rglob("*")
    if path.suffix == ".py" or path.name == "py.typed"
}
(EXAMPLE,) = (
    block
    for block in re.findall(
        r"(?s)```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8")
    )
    if "torch" not in block
)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Return wheel and sdist, of another day than the files."""
    folder = tmp_path_factory.mktemp("built")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        patch.setenv("SOURCE_DATE_EPOCH", "1700000000")
        names = buildapi.build_wheel(str(folder)), buildapi.build_sdist(str(folder))
    return [folder / name for name in names]


@pytest.fixture(scope="module")
def metadata(built):
    with zipfile.ZipFile(built[0]) as wheel:
        (name,) = (name for name in wheel.namelist() if name.endswith("/METADATA"))
        return message_from_bytes(wheel.read(name))


def test_the_wheel_is_the_library(built):
    with zipfile.ZipFile(built[0]) as wheel:
        names = {*wheel.namelist()}
    other = {name.partition("/")[2] for name in names - LIBRARY}
    assert names >= LIBRARY
    assert other == {"METADATA", "RECORD", "WHEEL", "licenses/LICENSE"}


def test_the_sdist_is_what_the_wheel_is_made_of(built):
    with tarfile.open(built[1]) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    meant = {"CHANGELOG.md", "CITATION.cff", "LICENSE", "README.md", "pyproject.toml"}
    assert names == LIBRARY | meant | {"PKG-INFO"}


def test_two_builds_are_the_same_to_the_byte(built, tmp_path, monkeypatch):
    """In another folder, by another hand and at another time, too."""
    with tarfile.open(built[1]) as sdist:
        sdist.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.iterdir()
    for path in folder.rglob("*"):
        os.utime(path, (1e9, 1e9))
        path.chmod(0o700 if path.is_dir() else 0o600)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    for path, build in zip(
        built, (buildapi.build_wheel, buildapi.build_sdist), strict=True
    ):
        name = build(str(tmp_path))
        assert name == path.name
        assert (tmp_path / name).read_bytes() == path.read_bytes()


def test_numpy_alone_is_required(metadata):
    needed = [Requirement(line) for line in metadata.get_all("Requires-Dist")]
    assert [it.name for it in needed if it.marker is None] == ["numpy"]
    for extra in "book", "data", "test", "oracle", "bench", "torch":
        assert extra in metadata.get_all("Provides-Extra")


@pytest.fixture(scope="module")
def alone(built, tmp_path_factory):
    """Return a function that runs a program where the wheel and NumPy are alone."""
    folder = tmp_path_factory.mktemp("alone")
    if os.environ.get("THOROUGH"):
        venv.create(folder, with_pip=True)
        python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
        pip = [python, "-m", "pip", "install", "--quiet", built[0]]
        subprocess.run([*pip, "-c", ROOT / "constraints.txt"], check=True)
        start, first = [python, "-I"], ""
    else:  # as if it were installed
        with zipfile.ZipFile(built[0]) as wheel:
            wheel.extractall(folder)
        for path in Path(sysconfig.get_path("platlib")).glob("numpy*"):
            (folder / path.name).symlink_to(path)
        start = [sys.executable, "-I", "-S"]
        first = f"import sys; sys.path.append({str(folder)!r})\n"

    def run(code):
        run = subprocess.run(
            [*start, "-c", first + code],
            cwd=folder,
            capture_output=True,
            encoding="utf-8",
        )
        assert run.returncode == 0, run.stderr
        return run.stdout

    return run


def test_the_example_of_the_readme_runs(alone):
    shown = "print(y.shape, dbias, conv_notes.__file__)"
    said = alone(f"{EXAMPLE}\nimport conv_notes\n{shown}")
    assert said.startswith("(8, 16, 14, 14) None ")
    assert str(ROOT) not in said


LOADERS = [f"conv_notes.data.{name}()" for name in data.__all__ if name.islower()]
PARTS = ["conv_notes.draw", "conv_notes.widgets", "conv_notes.torch"]
FIT = """import numpy as np
layer, rng = conv_notes.Linear(2), np.random.default_rng(0)
conv_notes.fit(
    layer, layer.init((3,), rng), np.ones((1, 3)), np.array([0]), epochs=1,
    batch_size=1, optimizer=conv_notes.SGD(1), rng=rng, progress=True,
)"""


@pytest.mark.parametrize("part", [*PARTS, *LOADERS, pytest.param(FIT, id="fit")])
def test_what_is_missing_is_named_and_its_extra_brings_it(alone, metadata, part):
    use = f"import {part}" if part in PARTS else part
    lines = "\n".join("    " + line for line in use.splitlines())
    said = alone(
        "import conv_notes, conv_notes.data\n"
        f"try:\n{lines}\nexcept ImportError as error:\n"
        "    assert error.__cause__ is None and error.__suppress_context__\n"
        "    print(error)"
    )
    form = r".+ needs (\S+), which is not installed: pip install \"(\w+)\[(\w+)\]\"\n"
    project, library, extra = re.fullmatch(form, said).groups()
    assert library == "conv_notes"
    needed = [Requirement(line) for line in metadata.get_all("Requires-Dist")]
    brought = {
        it.name for it in needed if it.marker and it.marker.evaluate({"extra": extra})
    }
    assert {"PyTorch": "torch"}.get(project, project.lower()) in brought


def test_a_broken_package_is_not_said_to_be_missing(alone, tmp_path):
    (tmp_path / "matplotlib.py").write_text("import what_it_needs")
    said = alone(
        f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\n"
        "try:\n    import conv_notes.draw\nexcept ImportError as error:\n"
        "    print(error)"
    )
    assert said == "No module named 'what_it_needs'\n"


def test_the_citation_is_of_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= {*citation}
    assert citation["version"] == conv_notes.__version__
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert f"## [{citation['version']}] - {citation['date-released']}\n" in changes


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="no checkout")
def test_building_leaves_nothing_that_git_sees(tmp_path):
    def git(*arguments):
        return subprocess.run(
            ["git", *arguments], cwd=ROOT, capture_output=True, encoding="utf-8"
        )

    before = git("status", "--porcelain", "--untracked-files=all").stdout
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "."]
    pip += ["--no-build-isolation", "--wheel-dir", tmp_path]
    subprocess.run(pip, cwd=ROOT, check=True)
    assert git("status", "--porcelain", "--untracked-files=all").stdout == before
    # Without that option, it lies here.
    (wheel,) = tmp_path.iterdir()
    assert git("check-ignore", wheel.name).returncode == 0
