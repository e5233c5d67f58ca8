"""What tests of baking share: erasers, texts that are padded on either side, logits."""

import numpy as np
from tiny_models import CONTEXT, VOCABULARY, torch

from nullprobe import AffineEraser
from nullprobe.models import erase

D = 16


def oblique(d=D, *, rank=2, seed=0, mean=1.0):
    """Return an idempotent eraser that is no orthogonal projection, about a mean that is not 0."""
    rng = np.random.default_rng(seed)
    Q, _ = np.linalg.qr(rng.normal(size=(d, rank))) if rank else (np.zeros((d, 0)), None)
    aside = rng.normal(size=(d, rank)) / 4
    return AffineEraser(mean * rng.normal(size=d), Q + aside - Q @ (Q.T @ aside), Q.T)


def padded(rows=3, *, seed=1):
    """Return ids and a mask (rows, t): the first is padded left, the second right."""
    ids = torch.randint(VOCABULARY, (rows, CONTEXT), generator=torch.Generator().manual_seed(seed))
    mask = torch.ones_like(ids)
    mask[0, :7], mask[1, 15:] = 0, 0
    return {"input_ids": ids, "attention_mask": mask}


def logits(model, erasers=None):
    """Return the logits of all tokens that are no padding, (n, vocabulary)."""
    text = padded()
    with torch.no_grad(), erase(model, erasers or {}):
        return model(**text).logits[text["attention_mask"].bool()]


def apart(baked, model, erasers):
    """Return the largest difference between the logits of a baked model and the hooked one."""
    return float((logits(baked) - logits(model, erasers)).abs().max())
