"""A plug-in of pytest: nbval compares what a chapter's one execution said."""

import nbformat
import pytest
from nbformat import NotebookNode
from nbval.plugin import IPyNbFile

import executions


class Replay:
    """As much of a kernel as nbval uses, saying what another said."""

    def __init__(self, outputs: list[list[NotebookNode]]):
        self.outputs = outputs

    def turn_to(self, cell: int):
        idle = {"output_type": "status", "execution_state": "idle"}
        self.messages = iter([*self.outputs[cell], idle])

    def execute_cell_input(self, source, allow_stdin=None):
        return "now"

    def get_message(self, stream, timeout=None):
        content = next(self.messages)
        kind = content["output_type"]
        now = {"msg_id": "now"}
        return {
            "msg_type": kind,
            "content": content,
            "parent_header": now,
        }

    def await_reply(self, msg_id, timeout=None):
        pass

    await_idle = await_reply

    def is_alive(self):
        return True

    def stop(self):
        pass


class Chapter(IPyNbFile):
    def collect(self):
        if lacking := executions.lacking(nbformat.read(self.path, as_version=4)):
            pytest.skip(f"{self.path.name} needs {', '.join(lacking)}")
        return super().collect()

    def setup(self):
        try:
            found = executions.executed(self.path, self.nb)
        except Exception:
            super().setup()  # nbval executes it, and says what fails
        else:
            self.kernel = Replay(found["outputs"])
            self.setup_sanitize_files()


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path, parent):
    in_book = file_path.parent == executions.ROOT / "book"
    ours = in_book and parent.config.getoption("nbval_current_env", False)
    return [
        Chapter.from_parent(parent, path=file_path)
        if ours and isinstance(file, IPyNbFile)
        else file
        for file in (yield)
    ]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item):
    if isinstance(getattr(item.parent, "kernel", None), Replay):
        item.parent.kernel.turn_to(item.cell_num)
        # Of which nbval says only that there is some.
        for output in item.parent.kernel.outputs[item.cell_num]:
            if output.get("name") == "stderr":
                item.add_report_section("call", "stderr", output["text"])


def pytest_terminal_summary(terminalreporter):
    stats = terminalreporter.stats
    reports = [*stats.get("passed", []), *stats.get("failed", [])]
    names = {report.nodeid.partition("::")[0] for report in reports}
    paths = [executions.ROOT / name for name in names if name.endswith(".ipynb")]
    if paths:
        terminalreporter.write_line(executions.slowest(paths))
