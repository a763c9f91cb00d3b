"""nbval compares what a chapter said when it was executed, once."""

import executions
import pytest
from nbformat import NotebookNode
from nbval.plugin import IPyNbFile


class Replay:
    """As much of a kernel as nbval uses, saying what another said."""

    def __init__(self, outputs: list[list[NotebookNode]]):
        self.outputs, self.messages = iter(outputs), iter(())

    def execute_cell_input(self, source, allow_stdin=None):
        outputs = next(self.outputs)
        self.messages = iter(
            [
                *outputs,
                {"output_type": "status", "execution_state": "idle"},
            ]
        )
        return "this cell"

    def get_message(self, stream, timeout=None):
        content = next(self.messages)
        header = {"msg_id": "this cell"}
        return {
            "msg_type": content["output_type"],
            "content": content,
            "parent_header": header,
        }

    def await_reply(self, msg_id, timeout=None):
        pass

    await_idle = await_reply

    def is_alive(self):
        return True

    def stop(self):
        pass


class Chapter(IPyNbFile):
    def setup(self):
        try:
            found = executions.executed(self.path, self.nb)
        except (
            Exception
        ):  # executed by nbval, which says where it fails
            super().setup()
        else:
            self.kernel = Replay(found["outputs"])
            self.setup_sanitize_files()


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path, parent):
    ours = parent.config.getoption("nbval_current_env", False)
    return [
        Chapter.from_parent(parent, path=file_path)
        if ours and isinstance(file, IPyNbFile)
        else file
        for file in (yield)
    ]


def pytest_terminal_summary(terminalreporter):
    stats = terminalreporter.stats
    reports = [*stats.get("passed", []), *stats.get("failed", [])]
    names = {report.nodeid.partition("::")[0] for report in reports}
    paths = [
        executions.ROOT / name
        for name in names
        if name.endswith(".ipynb")
    ]
    if paths:
        terminalreporter.write_line(executions.slowest(paths))
