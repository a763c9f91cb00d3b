"""The vendored files are the ones recorded."""

import json
import re

import pytest
import vendored

RECORD = json.loads(vendored.RECORD.read_text(encoding="utf-8"))


def test_every_folder_is_recorded():
    folders = {path.name for path in vendored.VENDOR.iterdir() if path.is_dir()}
    assert folders == set(RECORD)


@pytest.mark.parametrize("folder", RECORD)
def test_checksums(folder):
    assert vendored.checksums(vendored.VENDOR / folder) == RECORD[folder]["sha256"]


@pytest.mark.parametrize("folder", RECORD)
def test_licence_is_included(folder):
    assert (vendored.VENDOR / folder / "LICENSE").is_file()


def test_the_notices_are_the_record():
    written = vendored.NOTICES.read_text("utf-8")
    assert written == vendored.notices(RECORD), "run `python tools/vendored.py`"
    for name in ("@lezer/common", "mathjax", "pyodide", "numpy", "pillow"):
        assert re.search(rf"^\| {name} \| \d[\d.]+ \| [A-Z]", written, re.MULTILINE)


def test_the_page_draws_with_the_matplotlib_of_the_book():
    pins = (vendored.VENDOR.parents[2] / "constraints.txt").read_text("utf-8")
    version = re.search(r"^matplotlib==(.*)$", pins, re.MULTILINE)[1]
    wheels = RECORD["pyodide"]["packed"]["matplotlib.zip"]
    assert [name for name in wheels if name.startswith(f"matplotlib-{version}-")]
