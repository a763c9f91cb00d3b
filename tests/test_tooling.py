"""Code is formatted, linted, typed and spelt right; the version is the changelog's."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import conv_notes

ROOT = Path(__file__).parents[1]
HOOKS = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
COMMANDS = {hook["id"]: hook["entry"] for hook in HOOKS["repos"][0]["hooks"]}


@pytest.mark.parametrize("check", ["lint", "format", "types", "spelling"])
def test_code_is_clean(check):
    python, *arguments = COMMANDS[check].split()
    assert python == ".venv/bin/python"
    result = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_newest_release_in_the_changelog_is_this_version():
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    releases = re.findall(r"(?m)^## \[([\d.]+)\] - \d{4}-\d\d-\d\d$", text)
    assert releases[0] == conv_notes.__version__
