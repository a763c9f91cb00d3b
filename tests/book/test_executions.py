"""What a chapter said is known as long as nothing changes that it depends on."""

import sysconfig

import executions
import pytest
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

FILES = {
    "conv_notes/ops/relu.py": "as written",
    "conv_notes/torch/local.py": "as written",
    "constraints.txt": "numpy==2",
    "book/claims.yml": "claim",
    "book/other.ipynb": "{}",
    "packages/numpy-2.dist-info/METADATA": "",
}


@pytest.fixture
def book(tmp_path, monkeypatch):
    """Return the folder of a book whose chapters say how often one was executed."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    times = []

    def execute(notebook, folder):
        times.append(folder)
        for cell in executions.code(notebook):
            cell.outputs = [f"execution {len(times)}"]
        return [0.5 for _ in executions.code(notebook)]

    monkeypatch.setattr(executions, "ROOT", tmp_path)
    monkeypatch.setattr(executions, "STORE", tmp_path / "_build/executed")
    monkeypatch.setattr(executions, "execute", execute)
    monkeypatch.setattr(sysconfig, "get_path", lambda name: tmp_path / "packages")
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    return tmp_path


def notebook(*sources, text="Text", **metadata):
    cells = [new_code_cell(source, metadata=metadata) for source in sources]
    return new_notebook(cells=[new_markdown_cell(text), *cells])


def said(book, chapter):
    """Return in which execution a chapter said what is known of it."""
    found = executions.executed(book / "book/chapter.ipynb", chapter)
    (number,) = {output for outputs in found["outputs"] for output in outputs}
    assert [len(cell.outputs) for cell in executions.code(chapter)] == [0, 0]
    return int(number.removeprefix("execution "))


CHAPTER = notebook("1", "2")


def test_text_may_change(book):
    assert said(book, CHAPTER) == 1
    assert said(book, notebook("1", "2", text="Other text")) == 1
    for name in ("book/claims.yml", "book/other.ipynb"):
        (book / name).write_text("changed")
    assert said(book, CHAPTER) == 1


@pytest.mark.parametrize(
    "other", [notebook("1", "3"), notebook("1", "2", tags=["raises-exception"])]
)
def test_code_may_not(book, other):
    assert said(book, CHAPTER) == 1
    assert said(book, other) == 2
    assert said(book, CHAPTER) == 3  # only the last is kept


@pytest.mark.parametrize("name", ["conv_notes/ops/relu.py", "constraints.txt"])
@pytest.mark.parametrize("change", ["edit", "rename", "remove"])
def test_nor_may_the_library(book, name, change):
    assert said(book, CHAPTER) == 1
    path = book / name
    if change == "edit":
        path.write_text("changed")
    elif change == "rename":
        path.rename(path.with_name("new.py"))
    else:
        path.unlink()
    assert said(book, CHAPTER) == 2


@pytest.mark.parametrize("name", ["claims.yml", "other.ipynb"])
def test_nor_may_a_file_of_a_kind_that_the_code_names(book, name):
    chapter = notebook("1", f"open({name!r})")
    assert said(book, chapter) == 1
    (book / "book" / name).write_text("changed")
    assert said(book, chapter) == 2


def test_what_one_chapter_needs_is_no_matter_for_the_others(book):
    chapter, other = notebook("1", "import conv_notes.torch"), notebook("1", "2")
    assert said(book, other) == 1
    (book / "conv_notes/torch/local.py").write_text("changed")
    assert said(book, other) == 1
    assert said(book, chapter) == 2
    (book / "conv_notes/torch/local.py").write_text("changed again")
    assert said(book, chapter) == 3


def test_without_what_it_needs_a_chapter_says_what_is_committed(book):
    chapter = notebook("1", "2")
    for cell in executions.code(chapter):
        cell.outputs = ["as committed"]
    path = book / "book/chapter.ipynb"
    chapter.metadata.needs = "json not_installed_here"
    assert executions.lacking(chapter) == ["not_installed_here"]
    found = executions.executed(path, chapter)
    assert found["outputs"] == [["as committed"], ["as committed"]]
    chapter.metadata.needs = "json"
    found = executions.executed(path, chapter)
    assert found["outputs"] == [["execution 1"], ["execution 1"]]


def test_nor_may_what_it_runs_on(book, monkeypatch):
    assert said(book, CHAPTER) == 1
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    assert said(book, CHAPTER) == 2
    monkeypatch.setenv("OPENBLAS_CORETYPE", "as of another processor")
    assert said(book, CHAPTER) == 3
    package = book / "packages/numpy-2.dist-info"
    package.rename(package.with_name("numpy-3.dist-info"))
    assert said(book, CHAPTER) == 4
    monkeypatch.setattr(executions.sys, "version", "4.0")
    assert said(book, CHAPTER) == 5


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text[: len(text) // 2],
        lambda text: text.split("\n")[0],
        lambda text: text.split("\n")[1],
        lambda text: text.replace("execution 1", "execution 0"),
    ],
    ids=["emptied", "cut", "no content", "no seal", "edited"],
)
def test_what_is_damaged_is_not_known(book, damage):
    assert said(book, CHAPTER) == 1
    file = book / "_build/executed/chapter.json"
    file.write_text(damage(file.read_text("utf-8")), "utf-8")
    assert said(book, CHAPTER) == 2
    assert said(book, CHAPTER) == 2


def test_nor_is_what_failed(book, monkeypatch):
    def fail(notebook, folder):
        raise CellExecutionError("", "", "")

    with monkeypatch.context() as patch, pytest.raises(CellExecutionError):
        patch.setattr(executions, "execute", fail)
        said(book, CHAPTER)
    assert said(book, CHAPTER) == 1


def test_nor_is_what_was_executed_during_a_change(book, monkeypatch):
    execute = executions.execute

    def edit(notebook, folder):
        (book / "constraints.txt").write_text("changed meanwhile")
        return execute(notebook, folder)

    with monkeypatch.context() as patch:
        patch.setattr(executions, "execute", edit)
        assert said(book, CHAPTER) == 1
    assert said(book, CHAPTER) == 2
