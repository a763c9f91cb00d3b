"""What GitHub runs is pinned, may do little, and calls what a contributor calls."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / ".github/workflows").glob("*.yml"))
TARGETS = re.findall(r"(?m)^([a-z]+):.* ##", (ROOT / "Makefile").read_text("utf-8"))
PINNED = re.compile(r"uses: ([\w-]+/[\w-]+@[0-9a-f]{40}) # (v\d+\.\d+\.\d+)")

each_workflow = pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)


def jobs(path):
    return yaml.safe_load(path.read_text("utf-8"))["jobs"]


@each_workflow
def test_actions_are_pinned_and_say_their_version(path):
    lines = re.findall(r"uses: .*", path.read_text("utf-8"))
    assert lines
    assert not [line for line in lines if not PINNED.fullmatch(line)]


def test_an_action_has_one_version():
    pins = {pin for path in FILES for pin in PINNED.findall(path.read_text("utf-8"))}
    names = [pin.partition("@")[0] for pin, _ in pins]
    assert len({*names}) == len(names), pins


@each_workflow
def test_it_may_read_and_two_jobs_publish(path):
    workflow = yaml.safe_load(path.read_text("utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["concurrency"]["group"].startswith("${{ github.workflow }}")
    allowed = {"contents: read", "pages: read"}
    more = {
        "publish": {"pages: write", "id-token: write"},
        "notebooks": {"contents: write"},
    }
    for name, job in jobs(path).items():
        asked = {f"{k}: {v}" for k, v in job.get("permissions", {}).items()}
        if name in more:
            asked -= more[name]
            assert job["if"] == "github.event_name == 'push'"
        assert asked <= allowed
        assert job["timeout-minutes"] <= 120


@each_workflow
def test_commands_are_those_of_the_makefile(path):
    for job in jobs(path).values():
        matrix = job.get("strategy", {}).get("matrix", {})
        for step in job["steps"]:
            run = step.get("run", "")
            assert "\n" not in run
            for one in matrix.get("run", [""]):
                command = run.replace("${{ matrix.run }}", one).split()
                if command[:1] == ["make"]:
                    assert command[1] in TARGETS
                elif command:
                    assert command[0] == "python"
                    assert command[1] == "-m" or (ROOT / command[1]).exists()


@pytest.mark.skipif(not shutil.which("actionlint"), reason="no actionlint")
def test_actionlint_finds_nothing():
    run = subprocess.run(
        ["actionlint", "-color", *FILES],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    assert run.returncode == 0, run.stdout
