"""What tests of baking share: models, erasers, texts that are padded on either side, logits."""

import numpy as np
import pytest
from support.tiny_models import CONTEXT, VOCABULARY, make, torch

from nullprobe import AffineEraser, InputError
from nullprobe.models import bake, erase

D = 16
# Name → (family, what differs from it, whether attention, mlp and head can take a constant).
CASES = {
    "gpt2": ("gpt2", {}, "amh"),
    "gpt2 untied": ("gpt2", {"tie_word_embeddings": False}, "amh"),
    "gpt_neox": ("gpt_neox", {}, "amh"),
    "gpt_neox in sequence": (
        "gpt_neox",
        {"use_parallel_residual": False, "attention_bias": False, "tie_word_embeddings": True},
        "amh",
    ),
    "llama": ("llama", {}, "am"),
    "llama tied": ("llama", {"tie_word_embeddings": True, "mlp_bias": True}, "am"),
    "qwen2": ("qwen2", {}, "am"),
    "qwen3": ("qwen3", {}, "a"),
    "mistral": ("mistral", {"sliding_window": None}, "am"),
}


def model_in(case, dtype=torch.float64):
    family, changes, _ = CASES[case]
    return make(family, **changes).to(dtype)


def oblique(d=D, *, rank=2, seed=0, mean=1.0):
    """Return an idempotent eraser that is no orthogonal projection, about a mean that is not 0."""
    rng = np.random.default_rng(seed)
    Q, _ = np.linalg.qr(rng.normal(size=(d, rank))) if rank else (np.zeros((d, 0)), None)
    aside = rng.normal(size=(d, rank)) / 4
    return AffineEraser(mean * rng.normal(size=d), Q + aside - Q @ (Q.T @ aside), Q.T)


def without_mean(seed=0, rank=2):
    return oblique(seed=seed, rank=rank, mean=0.0)


def stream(case, last=1, seed=0):
    """Return one eraser at the embeddings, after each block up to the last, and within."""
    names = ["embeddings", *(f"layers.{i}.output" for i in range(last + 1))]
    if case != "gpt_neox":
        names += [f"layers.{i}.attention_output" for i in range(last + 1)]
    return {name: oblique(seed=seed) for name in names}


def padded(rows=3, *, seed=1):
    """Return ids and a mask (rows, t): the first is padded left, the second right."""
    ids = torch.randint(VOCABULARY, (rows, CONTEXT), generator=torch.Generator().manual_seed(seed))
    mask = torch.ones_like(ids)
    mask[0, :7], mask[1, 15:] = 0, 0
    return {"input_ids": ids, "attention_mask": mask}


def logits(model, erasers=None):
    """Return the logits of all tokens that are not padding, (n, vocabulary)."""
    text = padded()
    with torch.no_grad(), erase(model, erasers or {}):
        return model(**text).logits[text["attention_mask"].bool()]


def apart(baked, model, erasers):
    """Return the largest difference between the logits of a baked model and the hooked one."""
    return float((logits(baked) - logits(model, erasers)).abs().max())


def refused(model, erasers, **facts):
    """Check that ``bake`` refuses erasers, with these texts in the fields of the error."""
    with pytest.raises(InputError) as caught:
        bake(model, erasers)
    for field, texts in facts.items():
        for text in [texts] if isinstance(texts, str) else texts:
            assert text in getattr(caught.value, field)
