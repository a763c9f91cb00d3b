r"""Train a network of the book on several processors or graphics cards at once.

    TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1 torchrun --standalone --nproc-per-node 2 \
        --max-restarts 3 examples/distributed.py

Each worker computes the gradients of its share of a batch; with the mean of all they
make the steps that one would make. What they know is kept after each pass. There a run
begins, of as many workers as it then has, and what torchrun starts when one has died.
(Without the variable, these may ask for the dead: issue 135712 of pytorch/pytorch.)
"""

import argparse
import os
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch.distributed import checkpoint
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict
from torch.nn.parallel import DistributedDataParallel
from torch.optim.lr_scheduler import LinearLR
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

from conv_notes import Conv2d, Flatten, Linear, LocalConv2d, MaxPool2d, ReLU, Sequential
from conv_notes.data import mnist_digits
from conv_notes.torch import to_torch

SHARED = [Conv2d(6, 5), ReLU(), MaxPool2d(2), Conv2d(12, 5), ReLU()]
LOCAL = [LocalConv2d(12, 3), ReLU(), LocalConv2d(12, 3, stride=2), ReLU()]
NETWORKS = {
    "digits": Sequential(*SHARED, MaxPool2d(2), Flatten(), Linear(10)),
    "deepface": Sequential(*SHARED, *LOCAL, Flatten(), Linear(10)),  # a small one
}


class Training:
    """All that a run has to remember, as torch.distributed.checkpoint asks for it."""

    def __init__(self, model, rate, warmup):
        self.model = model
        self.optimizer = torch.optim.Adam(model.parameters(), rate)
        self.schedule = LinearLR(self.optimizer, 1 / (warmup + 1), total_iters=warmup)
        self.losses = []  # of each pass, of each step

    def state_dict(self):
        names = "model_state_dict", "optim_state_dict"
        states = zip(names, get_state_dict(self.model, self.optimizer), strict=True)
        schedule = self.schedule.state_dict()
        return {"states": dict(states), "schedule": schedule, "losses": self.losses}

    def load_state_dict(self, state):
        set_state_dict(self.model, self.optimizer, **state["states"])
        self.schedule.load_state_dict(state["schedule"])
        self.losses = state["losses"]

    def step(self, x, labels, parts):
        """Learn from this worker's share of a batch, in parts; return its loss."""
        self.optimizer.zero_grad()
        total, pairs = 0, list(zip(x.chunk(parts), labels.chunk(parts), strict=True))
        for pair in pairs:  # with the last one, the gradients of all workers are added
            with nullcontext() if pair is pairs[-1] else self.model.no_sync():
                loss = F.cross_entropy(self.model(pair[0]), pair[1], reduction="sum")
                (loss / len(x)).backward()
            total += loss.detach() / len(x)
        self.optimizer.step()
        self.schedule.step()
        return total


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--network", choices=NETWORKS, default="digits")
    parser.add_argument("--kept", type=Path, default="_build/distributed")
    parser.add_argument("--digits", type=int, default=5000, help="so many of them")
    parser.add_argument("--passes", type=int, default=5, help="over all digits")
    parser.add_argument("--batch", type=int, default=40, help="of all workers together")
    parser.add_argument("--accumulate", type=int, default=1, help="parts of a share")
    parser.add_argument("--rate", type=float, default=0.003)
    parser.add_argument("--warmup", type=int, default=0, help="steps to the full rate")
    options = parser.parse_args()
    device = torch.accelerator.current_accelerator(check_available=True)
    if device:
        torch.accelerator.set_device_index(int(os.environ["LOCAL_RANK"]))
    device = device or torch.device("cpu")
    dist.init_process_group(dist.get_default_backend_for_device(device))  # gloo or nccl
    train(options, device)  # what it made is gone before the group is
    dist.destroy_process_group()


def train(options, device):
    workers = dist.get_world_size()
    say = partial(print, flush=True) if dist.get_rank() == 0 else lambda *_: None
    torch.manual_seed(0)
    x, labels = map(torch.from_numpy, mnist_digits()[:2])
    some = torch.randperm(len(x))[: options.digits]
    digits = TensorDataset(x[some].float(), labels[some])
    sampler = DistributedSampler(digits, drop_last=True)
    batches = DataLoader(digits, options.batch // workers, sampler=sampler)
    model = to_torch(NETWORKS[options.network], x.shape[1:]).to(device)
    training = Training(DistributedDataParallel(model), options.rate, options.warmup)
    if found := sorted(options.kept.glob("pass-*/.metadata")):  # written last
        checkpoint.load({"training": training}, checkpoint_id=found[-1].parent)
        say("goes on after", found[-1].parent)
    for number in range(len(training.losses), options.passes):
        sampler.set_epoch(number)
        pairs = ((x.to(device), labels.to(device)) for x, labels in batches)
        losses = torch.stack([training.step(*it, options.accumulate) for it in pairs])
        dist.all_reduce(losses)
        training.losses.append((losses / workers).tolist())
        kept = options.kept / f"pass-{number + 1:04}"
        checkpoint.save({"training": training}, checkpoint_id=kept)
        say(f"pass {number + 1}: loss {losses.mean() / workers:.6f}")


if __name__ == "__main__":
    main()
