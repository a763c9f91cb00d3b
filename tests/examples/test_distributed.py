"""The example of `torch.distributed`: workers do what one would, and may die."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("mlxtend")

from torch.distributed.checkpoint.format_utils import dcp_to_torch_save

ROOT = Path(__file__).parents[2]
TORCHRUN = (  # on this machine, at a port that is free
    "-m torch.distributed.run --max-restarts 1 --local-addr 127.0.0.1 "
    "--rdzv-backend c10d --rdzv-endpoint 127.0.0.1:0 --nproc-per-node"
).split()
HERE = {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo", "PYTHONPATH": str(ROOT)}
HERE |= {"TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"}  # examples/distributed.py says why
FEW = "--digits 600 --passes 4 --batch 60 --warmup 7"


def start(kept, workers, options=FEW):
    """Begin a run of so many workers."""
    program = [sys.executable, *TORCHRUN, str(workers), "examples/distributed.py"]
    return subprocess.Popen(
        [*program, "--kept", kept, *options.split()],
        cwd=ROOT,
        env=os.environ | HERE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def end(run, kept):
    """What it said, and the losses and parameters that are kept of it."""
    said, _ = run.communicate(timeout=300)
    assert run.returncode == 0, said
    dcp_to_torch_save(last(kept), kept / "all.pt")
    state = torch.load(kept / "all.pt", weights_only=False)["training"]
    model = state["states"]["model_state_dict"]
    return said, torch.tensor(state["losses"]), model


def last(kept):
    return max(path.parent for path in kept.glob("pass-*/.metadata"))


def same(one, other):
    """Whether two runs came to the same end, but for rounding."""
    for a, b in zip(one[1:], other[1:], strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)


def of_workers(run):
    """The processes of the workers that torchrun started."""
    children = Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text().split()
    return [
        int(child)
        for child in children
        if b"distributed.py" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """A run of one worker."""
    kept = tmp_path_factory.mktemp("alone")
    return end(start(kept, 1), kept)


def test_it_learns(alone):
    _, losses, model = alone
    assert losses.shape == (4, 10)
    assert losses[-1].mean() < losses[0].mean() / 2
    assert model["0.weight"].shape == (6, 1, 5, 5)


def test_two_workers_do_what_one_does(alone, tmp_path):
    """In parts of a share, too; and one may go on where two ended."""
    same(end(start(tmp_path, 2, f"{FEW} --accumulate 3"), tmp_path), alone)
    for kept in tmp_path.glob("pass-000[34]"):
        shutil.rmtree(kept)
    said, *found = end(start(tmp_path, 1), tmp_path)
    assert "goes on after" in said and "pass 2" not in said
    same((said, *found), alone)


def test_unshared_layers_too(tmp_path):
    options = FEW.replace("passes 4", "passes 1 --network deepface")
    kept = [tmp_path / "one", tmp_path / "two"]
    one, two = (end(start(kept[k], k + 1, options), kept[k]) for k in (0, 1))
    assert one[2]["5.weight"].shape == (6, 6, 12, 12, 3, 3)
    same(one, two)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="asks /proc")
def test_a_worker_may_die(alone, tmp_path):
    run, until = start(tmp_path, 2), time.time() + 120
    while not (tmp_path / "pass-0002/.metadata").exists():
        assert time.time() < until and run.poll() is None, "it does not begin"
        time.sleep(0.01)
    os.kill(of_workers(run)[1], signal.SIGKILL)
    said, *found = end(run, tmp_path)
    assert re.search(r"goes on after .*/pass-000[23]$", said, re.MULTILINE)
    same((said, *found), alone)


def test_rows_of_an_unshared_layer_are_shared_out():
    """Each of three workers compares its part with the whole."""
    run = subprocess.run(
        [sys.executable, *TORCHRUN, "3", "examples/rows.py"],
        cwd=ROOT,
        env=os.environ | HERE,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    said = re.findall(r"worker \d: (\d+) rows, .* sent (\d+) \+ (\d+)", run.stdout)
    rows, forward, back = zip(*(map(int, words) for words in said), strict=True)
    assert sum(rows) == 55
    assert sum(forward) == sum(back) == 2 * 8 * 63 * 4 * 4 * 2  # at two borders
