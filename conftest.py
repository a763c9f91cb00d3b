"""Settings of every test run, for the chapters too."""

import os
import re
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

# Two workers share two cores; with two threads each, the chapters' linear algebra would
# spend most of its time waiting. Inherited by the kernels and by the build.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Wherever the configuration is: the plug-in by which nbval does not execute again what
# was executed. The oldest NumPy is tested without the book.
sys.path.append(str(Path(__file__).parent / "book/_ext"))
pytest_plugins = ["replay"] if find_spec("nbval") else []

# Looked through for examples, these would be imported under names that others have.
collect_ignore_glob = ["tests/*conftest.py", "book/_live/*"]
if not find_spec("torch"):
    collect_ignore_glob += ["conv_notes/torch/*", "tests/library/pytorch/tensors.py"]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Let both workers take pages to open, which are most of what a run takes.

    All else stays together as `loadscope` has it: a file's tests, a notebook's cells.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Scopes(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            visit = re.search(r"test_(?:pages|touching)\.py::\w+\[(.*)\]$", nodeid)
            return super()._split_scope(nodeid) + (visit[1] if visit else "")

    return Scopes(config, log)
