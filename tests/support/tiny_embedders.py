"""Tiny embedding models that sentence-transformers itself makes and saves."""

import pytest
import transformers
from support import tiny_models as tiny

library = pytest.importorskip("sentence_transformers")
modules = pytest.importorskip("sentence_transformers.models")

WIDTH = 16
MODES = ("cls", "mean", "max", "lasttoken", "weightedmean", "mean_sqrt_len_tokens")


def save(folder, *, mode="mean", dense=False, normalize=False, **settings):
    """Save an embedding model with random weights, and return its folder."""
    inside = folder.with_name(f"{folder.name}-transformer")
    model = transformers.BertModel(tiny.model_of("bert").config)
    tiny.loud(model.eval()).save_pretrained(inside)
    tiny.word_tokenizer(special=True).save_pretrained(inside)
    parts = [modules.Transformer(str(inside), max_seq_length=12)]
    parts.append(modules.Pooling(WIDTH, pooling_mode=mode))
    if dense:
        parts.append(modules.Dense(WIDTH, 6))
    if normalize:
        parts.append(modules.Normalize())
    library.SentenceTransformer(modules=parts, device="cpu", **settings).save_pretrained(
        str(folder)
    )
    return folder
