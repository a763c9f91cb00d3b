"""Set-up is done once for all that it depends on, and again when that changes."""

import re
import subprocess
import sys
import threading
import time
import venv

import pytest
import set_up


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Return a project where pip only notes what it is asked for."""
    (tmp_path / "here").mkdir()
    asked = tmp_path / "asked"
    asked.touch()

    def install(folder, arguments, lock):
        began = time.monotonic()
        time.sleep(0.2)
        with asked.open("a") as file:
            print(*arguments, began, time.monotonic(), file=file)

    monkeypatch.setattr(venv.EnvBuilder, "_setup_pip", lambda *arguments: None)
    monkeypatch.setattr(set_up, "install", install)
    monkeypatch.setattr(set_up, "ROOT", tmp_path / "here")
    (tmp_path / "here/pyproject.toml").write_text("as written")
    return tmp_path / "here"


def installed(project):
    return (project.parent / "asked").read_text().splitlines()


def test_it_is_done_once(project, capsys):
    for _ in range(2):
        set_up.main(".env", "numpy")
    assert len(installed(project)) == 1
    assert capsys.readouterr().out == ""


def test_what_is_asked_for_may_change(project):
    pins = project / "constraints.txt"
    pins.write_text("numpy==2")
    set_up.main(".env", "-c", "constraints.txt")
    (project / ".env/kept").touch()
    for path in pins, project / "pyproject.toml":
        before = len(installed(project))
        path.write_text("changed")
        set_up.main(".env", "-c", "constraints.txt")
        assert len(installed(project)) == before + 1
    set_up.main(".env", "-c", "constraints.txt", "scipy")
    assert len(installed(project)) == 4
    assert (project / ".env/kept").exists()


def move(project, monkeypatch):
    new = project.rename(project.with_name("there"))
    monkeypatch.setattr(set_up, "ROOT", new)
    return new


def other_python(project, monkeypatch):
    ready = project / ".env/ready"
    place, digest = ready.read_text().splitlines()
    ready.write_text(f"{place.replace('Python 3.', 'Python 2.')}\n{digest}")
    return project


def gone(project, monkeypatch):
    python = project / ".env" / set_up.BIN
    python.unlink()
    python.symlink_to(project / "nowhere")
    return project


def killed(project, monkeypatch):
    def kill(*arguments):
        raise KeyboardInterrupt

    (project / "pyproject.toml").write_text("changed")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(set_up, "install", kill)
        set_up.main(".env", "numpy")
    return project


WEATHERS = {
    move: r"Python [\d.]+ in \S+here/.env, this is Python [\d.]+ in \S+there/.env",
    other_python: r"Python 2\.\d+ in \S+, this is Python 3\.\d+ in \S+",
    gone: r"a Python that is gone, this is \S+ \S+ in \S+",
    killed: r"a set-up that was not finished, this is \S+ \S+ in \S+",
}


@pytest.mark.parametrize("weather", WEATHERS, ids=lambda weather: weather.__name__)
def test_one_that_would_not_work_is_made_anew(project, monkeypatch, capsys, weather):
    set_up.main(".env", "numpy")
    (project / ".env/old").touch()
    now = weather(project, monkeypatch)
    set_up.main(".env", "numpy")
    assert not (now / ".env/old").exists()
    assert len(installed(now)) == 2
    (line,) = capsys.readouterr().out.splitlines()
    assert re.fullmatch(rf"\.env is of {WEATHERS[weather]}: it is made anew\.", line)
    subprocess.run([now / ".env" / set_up.BIN, "-c", ""], check=True)


@pytest.mark.skipif(set_up.fcntl is None, reason="nobody waits on Windows")
def test_two_at_once_wait_for_each_other(project, capsys):
    def other():
        set_up.main(".env", "scipy")

    thread = threading.Thread(target=other)
    thread.start()
    set_up.main(".env", "numpy")
    thread.join()
    times = [list(map(float, line.split()[1:])) for line in installed(project)]
    (_, end), (start, _) = sorted(times)
    assert end <= start
    assert capsys.readouterr().out == (
        "Another set-up is at work here: this one waits for it.\n"
    )


def test_where_nothing_can_be_written_one_sentence_says_so(project, monkeypatch):
    monkeypatch.setattr(set_up.os, "access", lambda path, mode: path.name != "_build")
    set_up.main(".env", "numpy")
    (project / "_build").mkdir()
    with pytest.raises(SystemExit) as stop:
        set_up.main(".env", "numpy")
    built = project / "_build"
    assert (
        stop.value.code
        == f"All is made in {project}, and {built} cannot be written to."
    )


def test_what_pip_does_not_find_ends_without_a_traceback(tmp_path):
    program = "import set_up, sys; set_up.BIN = sys.executable; set_up.install"
    program += "(set_up.ROOT, ('--no-index', 'no-such-package-anywhere'), [])"
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=set_up.ROOT / "tools",
        capture_output=True,
        encoding="utf-8",
    )
    assert run.returncode == 1
    assert "No matching distribution found for no-such-package-anywhere" in run.stderr
    assert "Traceback" not in run.stderr
