"""An unshared layer whose rows are shared out: no kernel ever leaves its worker.

    torchrun --standalone --nproc-per-node 2 examples/rows.py

A worker holds some rows of the images, and computes some rows of the outputs. For these
it needs a few rows of its neighbours, and on the way back sends them their gradients.
All is compared with the whole layer.
"""

import numpy as np
import torch
import torch.distributed as dist

from conv_notes import LocalConv2d
from conv_notes.torch import local_conv2d, to_torch

LAYER, SHAPE, IMAGES = LocalConv2d(4, 9), (4, 63, 63), 2


def shared_out(n, workers):
    """The rows of each worker, of n."""
    return [range(part[0], part[-1] + 1) for part in np.array_split(range(n), workers)]


def common(a, b):
    """The rows in both of two ranges."""
    return range(max(a.start, b.start), max(a.start, b.start, min(a.stop, b.stop)))


def exchange(give, take):
    """Send tensors to other workers, receive theirs; say how many bytes were sent."""
    works = [dist.isend(tensor, worker) for worker, tensor in give.items()]
    works += [dist.irecv(tensor, worker) for worker, tensor in take.items()]
    for work in works:
        work.wait()
    return sum(tensor.nbytes for tensor in give.values())


def compare():
    me, workers = dist.get_rank(), dist.get_world_size()
    torch.manual_seed(0)  # all know the whole, to compare with
    whole, x = to_torch(LAYER, SHAPE), torch.randn(IMAGES, *SHAPE, requires_grad=True)
    y = whole(x)
    dy = torch.randn_like(y)
    y.backward(dy)

    ours, outputs = shared_out(x.shape[2], workers), shared_out(y.shape[2], workers)
    needed = [range(rows.start, rows.stop + LAYER.kernel_size - 1) for rows in outputs]
    part, computed = slice(ours[me].start, ours[me].stop), outputs[me]
    weight, bias = (
        param.detach()[computed.start : computed.stop].requires_grad_()
        for param in (whole.weight, whole.bias)
    )
    own = x.detach()[:, :, part]
    to = {q: common(ours[me], needed[q]) for q in range(workers)}  # rows that q needs
    of = {q: common(ours[q], needed[me]) for q in range(workers)}  # rows needed of q

    def rows(tensor, which):
        first = which.start - ours[me].start
        return tensor[:, :, first : first + len(which)]

    def room(which):
        return {
            q: own.new_empty(*own.shape[:2], len(r), own.shape[3]) for q, r in which
        }

    give = {q: rows(own, r).contiguous() for q, r in to.items() if r and q != me}
    take = room((q, r) for q, r in of.items() if r and q != me)
    forward = exchange(give, take)
    seen = torch.cat([{me: rows(own, of[me]), **take}[q] for q in of if of[q]], 2)
    mine = local_conv2d(seen.requires_grad_(), weight, bias)
    mine.backward(dy[:, :, computed.start : computed.stop])

    grads = seen.grad.split([len(r) for r in of.values()], 2)
    give = {q: grads[q].contiguous() for q, r in of.items() if r and q != me}
    take = room((q, r) for q, r in to.items() if r and q != me)
    back = exchange(give, take)
    dx = torch.zeros_like(own)
    for q, grad in {me: grads[me], **take}.items():
        rows(dx, to[q]).add_(grad)

    torch.testing.assert_close(mine, y[:, :, computed.start : computed.stop])
    torch.testing.assert_close(dx, x.grad[:, :, part])
    for param, name in ((weight, "weight"), (bias, "bias")):
        grad = getattr(whole, name).grad[computed.start : computed.stop]
        torch.testing.assert_close(param.grad, grad)
    return f"{len(computed)} rows, {weight.numel():,} weights, sent {forward} + {back}"


def main():
    dist.init_process_group("gloo")
    said = [None] * dist.get_world_size()
    dist.all_gather_object(said, compare())
    if dist.get_rank() == 0:
        for worker, words in enumerate(said):
            print(f"worker {worker}: {words} bytes")
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
