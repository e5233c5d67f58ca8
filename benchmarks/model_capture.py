"""Capturing, folding and erasing inside a model against the bare forward pass, in one run.

A decoder (GPT-2) and an encoder (BERT) made from configs, 6 layers, 384 wide, texts of 64 tokens.
The bare pass is the base model's in inference mode, on the same batches of ids and masks, made
beforehand; capturing includes the tokenizer. "All layers" is the output of each, "every layer"
has an eraser of rank 1 at each. Each piece of work is timed beside a bare pass of its own, and the
median of the ratios counts: a shared machine changes its speed from one second to the next. Peak
memory is the least of five processes of their own: many hold a sixth to a fifth more for a while,
seldom those of 128 texts, mostly those of 512, and those of 2,048 no more than these.

    python benchmarks/model_capture.py
    python benchmarks/model_capture.py --device cuda --width 1024 --layers 24 --n 4096
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import tokenizers
import torch
import transformers
from record import record, timed

from nullprobe import AffineEraser
from nullprobe.models import capture, capture_moments, erase
from nullprobe.models.text_batches import Options, Work
from nullprobe.models.tokens import Batch, batches

SITES = "layers.*.output"
FAMILIES = ("decoder", "encoder")
WORDS = [f"w{i}" for i in range(1000)]
# Measured, and at most how many times the bare pass it may cost.
TARGETS = {
    "capture of all layers, last token": 1.10,
    "capture of all layers, mean of tokens": 1.10,
    "capture of all layers, all tokens": 1.10,
    "capture_moments of all layers, last token": 1.5,
    "capture_moments of all layers, all tokens": 1.5,
    "erase at every layer": 1.15,
}


def tokenizer() -> Any:
    """Return a tokenizer of words at blanks."""
    words = tokenizers.models.WordLevel({w: i for i, w in enumerate(["?", *WORDS])}, unk_token="?")
    made = tokenizers.Tokenizer(words)
    made.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    return transformers.PreTrainedTokenizerFast(tokenizer_object=made, unk_token="?")


def model(family: str, a: argparse.Namespace) -> Any:
    """Return a model with random weights."""
    torch.manual_seed(0)
    vocabulary, heads = len(WORDS) + 1, max(1, a.width // 64)
    if family == "decoder":
        config = transformers.GPT2Config(
            vocab_size=vocabulary, n_embd=a.width, n_layer=a.layers, n_head=heads
        )
        made = transformers.GPT2LMHeadModel(config)
    else:
        config = transformers.BertConfig(
            vocab_size=vocabulary,
            hidden_size=a.width,
            num_hidden_layers=a.layers,
            num_attention_heads=heads,
            intermediate_size=4 * a.width,
        )
        made = transformers.BertForMaskedLM(config)
    return made.eval().to(a.device, getattr(torch, a.dtype))


def data(n: int, length: int) -> tuple[list[str], np.ndarray]:
    """Return texts of this many words, and labels."""
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(WORDS, size=length)) for _ in range(n)]
    return texts, rng.integers(0, 2, n)


def ready(made: Any, texts: list[str], a: argparse.Namespace) -> list[Batch]:
    """Return the batches that capture would run, on the device."""
    work = Work.of(made, tokenizer(), texts, SITES, Options(batch_size=a.batch))
    found = batches(work.encode(0, len(texts)), a.batch, 0)
    return [replace(b, ids=b.ids.to(a.device), mask=b.mask.to(a.device)) for b in found]


def bare(made: Any, some: list[Batch], device: str) -> None:
    """Run the base model on all batches."""
    with torch.inference_mode():
        for batch in some:
            made.base_model(input_ids=batch.ids, attention_mask=batch.mask, **_no_cache(made))
    if device != "cpu":
        torch.cuda.synchronize()


def _no_cache(made: Any) -> dict[str, bool]:
    return {"use_cache": False} if hasattr(made, "transformer") else {}


def erasers(a: argparse.Namespace) -> dict[str, AffineEraser]:
    """Return an eraser of rank 1 for each layer."""
    rng = np.random.default_rng(0)
    found = {}
    for i in range(a.layers):
        axis = np.linalg.qr(rng.standard_normal((a.width, 1)))[0]
        found[f"layers.{i}.output"] = AffineEraser(rng.standard_normal(a.width), axis, axis.T)
    return found


def measure(family: str, a: argparse.Namespace) -> dict[str, float]:
    """Return the medians of how many times its bare pass each piece of work took."""
    made, (texts, y) = model(family, a), data(a.n, a.length)
    some, words, maps = ready(made, texts, a), tokenizer(), erasers(a)
    every = made, words, texts

    def erased() -> None:
        with erase(made, maps):
            bare(made, some, a.device)

    work: dict[str, Callable[[], Any]] = {}
    for rule, named in {
        "last": "last token",
        "mean": "mean of tokens",
        "all": "all tokens",
    }.items():
        given = {"tokens": rule, "batch_size": a.batch}
        work[f"capture of all layers, {named}"] = lambda given=given: capture(
            *every, SITES, **given
        )
        if rule != "mean":
            work[f"capture_moments of all layers, {named}"] = lambda given=given: capture_moments(
                *every, y, SITES, **given
            )
    work["erase at every layer"] = erased
    ratios: dict[str, list[float]] = {name: [] for name in work}
    for repeat in range(a.repeats + 1):
        for name, one in work.items():
            before = timed(lambda: bare(made, some, a.device))[1]
            spent = timed(one)[1]
            after = timed(lambda: bare(made, some, a.device))[1]
            if repeat:  # the first one is for caches and threads to be there
                ratios[name].append(2 * spent / (before + after))
    return {name: float(np.median(found)) for name, found in ratios.items()}


def memory(n: int, a: argparse.Namespace) -> float:
    """Return the peak memory of capture_moments of n texts, all tokens, in bytes."""
    made, (texts, y) = model("decoder", a), data(n, a.length)
    capture_moments(made, tokenizer(), texts, y, SITES, tokens="all", batch_size=a.batch)
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024.0 * int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=512)
    parser.add_argument("--length", type=int, default=64)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--width", type=int, default=384)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--memory", type=int, help="print the peak memory of so many texts, stop")
    a = parser.parse_args()
    if a.memory:
        print(memory(a.memory, a))
        return
    where = "" if a.device == "cpu" else f" on {torch.cuda.get_device_name()}, {a.dtype}"
    rows = []
    for family in FAMILIES:
        ratios = measure(family, a)
        for what, most in TARGETS.items():
            row = {"what": f"{what}, {family}{where}: times the bare forward pass"}
            rows.append({**row, "ratio": ratios[what], "target": f"≤ {most:.2f}"})
            print(rows[-1], flush=True)
    settings = {k: v for k, v in vars(a).items() if k != "memory"}
    if a.device == "cpu":
        peaks = [min(_peak_of(k * a.n, a) for _ in range(5)) for k in (1, 4)]
        what = "capture_moments, all tokens: peak memory of four times the texts"
        rows.append({"what": what, "ratio": peaks[1] / peaks[0], "target": "≤ 1.05"})
        settings["peak bytes"] = peaks
        print(rows[-1], peaks, flush=True)
    name = "model_capture" if a.device == "cpu" else "model_capture_gpu"
    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    record(name, settings, rows, **versions)


def _peak_of(n: int, a: argparse.Namespace) -> float:
    given = {"memory": n, "length": a.length, "batch": a.batch, "layers": a.layers}
    given["width"] = a.width
    options = [part for name, value in given.items() for part in (f"--{name}", str(value))]
    command = [sys.executable, __file__, *options]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


if __name__ == "__main__":
    main()
