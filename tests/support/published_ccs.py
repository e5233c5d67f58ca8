"""The published search for contrast-consistent directions, written from the paper.

Burns et al. 2022, section 2.2 and appendix: 10 tries of a linear layer and a sigmoid, drawn as
torch draws them, each trained for 1,000 epochs on all pairs by AdamW with a learning rate of .01
and its weight decay of .01; the try of least loss is taken. Here the tries are columns of one
layer: AdamW looks at each number by itself, so that none knows of the others.
"""

import numpy as np
import torch


def published(negative, positive, seed, *, tries=10, epochs=1000):
    """Return the losses (tries,) on normalised sides (n, d)."""
    torch.manual_seed(seed)
    low, high = (torch.tensor(X, dtype=torch.float32) for X in (negative, positive))
    layer = torch.nn.Linear(low.shape[1], tries)
    optimiser = torch.optim.AdamW(layer.parameters(), lr=0.01, weight_decay=0.01)
    for _ in range(epochs):
        p0, p1 = torch.sigmoid(layer(low)), torch.sigmoid(layer(high))
        losses = ((p0 - (1 - p1)) ** 2).mean(dim=0) + (torch.min(p0, p1) ** 2).mean(dim=0)
        optimiser.zero_grad()
        losses.sum().backward()
        optimiser.step()
    with torch.no_grad():
        ends = [torch.sigmoid(layer(X)).double().numpy() for X in (low, high)]
    return loss_of(*ends)


def loss_of(low, high):
    """Return the loss of probabilities (n,) or (n, m) of either side."""
    consistency = np.mean((low + high - 1) ** 2, axis=0)
    return consistency + np.mean(np.minimum(low, high) ** 2, axis=0)
