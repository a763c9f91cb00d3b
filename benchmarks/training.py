"""An epoch of the network that the chapter `whole-cnn` trains, here and in PyTorch."""

from collections.abc import Callable

import numpy as np

from conv_notes import Adam, Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential, fit
from conv_notes.data import mnist_digits

try:
    import torch
    from torch import nn
except ModuleNotFoundError:
    torch = None

BODY = [Conv2d(6, 5), ReLU(), MaxPool2d(2), Conv2d(12, 5), ReLU(), MaxPool2d(2)]
NETWORK = Sequential(*BODY, Flatten(), Linear(10))
RATE, TRAINED = 0.01, 2500


def epochs(batch_size: int) -> dict[str, Callable[[], float]]:
    """Ways to train for one epoch from the same start; each returns the mean loss."""
    images, labels, _ = mnist_digits()
    order = np.random.default_rng(0).permutation(len(images))[:TRAINED]
    x, labels = images[order].astype(np.float32), labels[order]
    drawn = NETWORK.init((1, 28, 28), np.random.default_rng(0))
    params = {name: p.astype(np.float32) for name, p in drawn.items()}

    def ours() -> float:
        rng, how = np.random.default_rng(1), {"epochs": 1, "batch_size": batch_size}
        optimizer = Adam(RATE)
        return fit(
            NETWORK, params, x, labels, rng=rng, optimizer=optimizer, **how
        ).losses[0]

    if torch is None:
        return {"ours": ours}
    network = nn.Sequential(
        *(nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(6, 12, 5), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(192, 10)),
    )
    start = {name: torch.tensor(p) for name, p in params.items()}
    tensors, classes = torch.tensor(x), torch.tensor(labels)

    def pytorch() -> float:
        network.load_state_dict(start)
        optimizer, total = torch.optim.Adam(network.parameters(), lr=RATE), 0.0
        shuffled = torch.tensor(np.random.default_rng(1).permutation(len(x)))
        for batch in shuffled.split(batch_size):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(network(tensors[batch]), classes[batch])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        return total / len(x)

    return {"ours": ours, "PyTorch": pytorch}
