"""Peak memory of what runs language models, beyond a run over fewer texts, in batches.

Each figure is of processes of their own, the smallest of several: what a process held at most, less
what it held at most when it had done the same for a small piece of the work.

    python benchmarks/model_memory.py                    # random models
    python benchmarks/model_memory.py --model FOLDER     # and all layers of a real one
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
import transformers
from record import record
from tokenizers import Tokenizer, models, pre_tokenizers

from nullprobe import AffineEraser
from nullprobe.models import capture, load
from nullprobe.models.behaviour import Texts, divergences, log_probabilities, metrics

WORDS, VOCABULARY, WIDTH, LENGTH, BATCH = 90, 24_000, 16, 100, 8
LAYERS = "layers.*.output"
READINGS = {
    "KL on neutral texts": lambda texts, edits: divergences(texts, edits),
    "log-probability of answers": lambda texts, edits: log_probabilities(
        texts, [" ".join(["v1"] * LENGTH)] * len(texts), edits
    ),
    "a metric of logits": lambda texts, edits: metrics(
        texts, lambda logits, _: logits[:, 0], edits
    ),
}


def peak() -> float:
    """Return the most memory that this process has held, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024.0 * int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def tokenizer():
    words = {"<pad>": 0, **{f"v{i}": i + 1 for i in range(WORDS)}}
    backend = Tokenizer(models.WordLevel(words, unk_token="<pad>"))
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return transformers.PreTrainedTokenizerFast(tokenizer_object=backend, pad_token="<pad>")


def texts(n: int, length: int) -> list[str]:
    rng = np.random.default_rng(0)
    return [" ".join(f"v{i}" for i in rng.integers(0, WORDS, length)) for _ in range(n)]


def reading(name: str, dtype: str) -> float:
    """Return the memory that a reading takes, as a share of the float32 logits of one batch."""
    transformers.set_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=VOCABULARY, hidden_size=WIDTH, intermediate_size=WIDTH, num_hidden_layers=1,
        num_attention_heads=1, max_position_embeddings=2 * LENGTH,
    )  # fmt: skip
    model = transformers.LlamaForCausalLM(config).eval().to(getattr(torch, dtype))
    axis = np.eye(WIDTH)[:, :1]
    edits = [{"layers.0.output": AffineEraser(np.zeros(WIDTH), axis, axis.T)}] * 2
    few, all_of_them = (
        Texts(model, tokenizer(), texts(n, LENGTH), batch_size=BATCH) for n in (1, 2 * BATCH)
    )
    READINGS[name](few, edits)
    before = peak()
    READINGS[name](all_of_them, edits)
    return (peak() - before) / (BATCH * LENGTH * VOCABULARY * 4)


def layers(folder: str) -> tuple[float, float]:
    """Return the memory that capturing all layers takes, in hidden states (b, t, d) of one batch.

    Less what is returned; and the same of a bare forward pass over the same batches.
    """
    model, own = load(folder, dtype="float32")
    given = [" the" * 200] * 64
    ids = torch.tensor([own(given[0])["input_ids"]] * BATCH)
    states = ids.numel() * model.config.hidden_size * 4
    with torch.no_grad():
        model.base_model(ids[:1, :8])
        start = peak()
        model.base_model(ids)
    bare = peak() - start
    found = capture(model, own, given, LAYERS, tokens="last", batch_size=BATCH)
    returned = sum(X.nbytes for X in found.values())
    return (peak() - start - returned) / states, bare / states


def separate(*asked: str, times: int) -> list[float]:
    """Return the smallest figures of several processes of this file."""
    command = [sys.executable, __file__, "--one", *asked]
    runs = [
        subprocess.run(command, capture_output=True, text=True, check=True).stdout
        for _ in range(times)
    ]
    return np.min([[float(one) for one in run.split()] for run in runs], axis=0).tolist()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", help="a folder with a model")
    parser.add_argument("--times", type=int, default=3, help="processes for each figure")
    parser.add_argument("--one", nargs="+", help="print the figures of one piece of work, stop")
    a = parser.parse_args()
    if a.one:
        what, *more = a.one
        print(*(layers(*more) if what == "layers" else [reading(what, *more)]))
        return
    rows = []
    for name in READINGS:
        for dtype in ("float32", "bfloat16"):
            (ratio,) = separate(name, dtype, times=a.times)
            what = f"{name}, {dtype}: times the float32 logits of one batch"
            rows.append({"what": what, "ratio": ratio, "target": "≤ 1.50"})
            print(rows[-1], flush=True)
    if a.model:
        taken, bare = separate("layers", a.model, times=1)
        what = (
            "capture of 30 layers, 64 texts of 200 tokens, last: times the bare pass of one batch"
        )
        rows.append({"what": what, "ratio": taken / bare, "target": "≤ 1.10"})
        rows[-1] |= {"taken": taken, "bare": bare, "unit": "hidden states (b, t, d) of one batch"}
        print(rows[-1], flush=True)
    settings = {"vocabulary": VOCABULARY, "length": LENGTH, "batch": BATCH, "width": WIDTH}
    settings["times"] = a.times
    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    record("model_memory", settings, rows, **versions)


if __name__ == "__main__":
    main()
