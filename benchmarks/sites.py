"""The site finder against every configuration with text that transformers ships.

Each model type is built once, with the head that it is made for: tiny, its configuration shrunk by
the names of its fields, or at full size on the meta device where that fails. A model that was
built is "found" (sites, and a run in which each layer was called once and in order), "structure"
(sites, but the model did not run), "choice" (two stacks of layers, each found when it is named) or
"refused" (with the reason, an InputError). Anything else that it raises is "broken".

    python benchmarks/sites.py                 all of them, in ten minutes, and the docs
    python benchmarks/sites.py llama t5        these, in words
    python benchmarks/sites.py --check         exit 1 if the table in the docs is out of date
"""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import re
import signal
import sys
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
import transformers
from record import RESULTS, record
from transformers.models.auto import configuration_auto, modeling_auto

from nullprobe import InputError, models
from nullprobe.models.trial_run import trial_run

HEADS = ("CAUSAL_LM", "MASKED_LM", "SEQ_TO_SEQ_CAUSAL_LM", "MULTIMODAL_LM", "IMAGE_TEXT_TO_TEXT")
SECONDS = 60
PAGE = Path(__file__).parents[1] / "docs" / "models.md"
START, END = "<!-- sites -->\n", "<!-- /sites -->"
# Columns of the table in the docs, and the outcomes that they count.
MEANT = {
    "sites identified, and run": "found",
    "two stacks: identified if `layers=` names one": "choice",
    "parts identified by names alone": "structure",
    "refused with the reason": "refused",
    "not built": "not built",
    "another error": "broken",
}
OUTCOMES = ("found", "choice", "structure", "refused", "not built", "broken")
MOST_WEIGHTS = 40_000_000
KV_HEADS = r"num_.*key_value_heads|n_head_kv|num_kv_heads|multi_query_group_num|num_.*query_groups"
# Fields of configurations by what they are called, and a small value; the first that fits counts.
# Widths are multiples of the heads: 4 heads of 16.
SMALL: tuple[tuple[str, int], ...] = (
    (r"mamba_(d_head|head_dim|headdim)|mamba_d_ssm", 32),
    (KV_HEADS, 2),
    (r"num_.*heads|n_heads?|.*attention_heads|mamba_n_heads|mamba_num_heads|num_v_heads", 4),
    (r"(qk_)?(v_|q_|k_)?head_dim|kv_channels|d_kv|.*head_dim|attention_head_size|v_dim", 16),
    (r"qk_(nope|rope)_head_dim", 16),
    (r"num_(hidden_|decoder_|encoder_)?layers|n_layers?|(encoder|decoder)_layers|depth", 4),
    (r"num_(local_|routed_)?experts|n_routed_experts|moe_num_experts", 4),
    (r"num_experts_per_tok(en)?|moe_topk|top_?k|moe_k|num_selected_experts", 2),
    (r"rotary_dim", 16),
    (r"(n|num)_shared_experts?", 1),
    (r"(n|num_expert)_groups?|topk_groups?", 1),
    (r"hidden_size|d_model|n_embd|dim|embed_dim|embedding_size|emb_dim|d_embed|width", 64),
    (r".*(hidden_size|embed_dim|d_model|embedding_size|hidden_dim|_width)", 64),
    (r".*intermediate_size|ffn_dim|.*ffn_dim|d_ff|d_inner|n_inner|inner_dim|ffn_hidden_size", 64),
    (r".*(lora|low)_rank|.*rank", 16),
    (r"word_embed_proj_dim", 64),
    (r"vocab_size.*|.*vocab_size", 512),
    (r"image_size", 32),
    (r"patch_size", 16),
)


def kinds() -> dict[str, tuple[str, str]]:
    """Return model type → (class, head) of every configuration with a model that reads text."""
    found: dict[str, tuple[str, str]] = {}
    for head in (*(f"MODEL_FOR_{head}" for head in HEADS), "MODEL"):
        names = getattr(modeling_auto, f"{head}_MAPPING_NAMES")
        for kind, name in names.items():
            name = name if isinstance(name, str) else name[0]
            if kind in configuration_auto.CONFIG_MAPPING_NAMES:
                found.setdefault(kind, (name, head.removeprefix("MODEL").removeprefix("_FOR_")))
    return found


# Ways to shrink, the first with which a model can be built and run counts: what is shrunk, and to
# how many heads of keys.
ALL = r".*"
FEW = (
    r"num_(hidden_|decoder_|encoder_)?layers|n_layers?|(encoder|decoder)_layers|depth|.*vocab.*|"
    r".*experts?"
)
WAYS = {"tiny": (ALL, 2), "tiny, as many heads of keys": (ALL, 4), "few layers": (FEW, 2)}


def shrink(config: Any, way: str) -> Any:
    """Make a configuration small in place, with all configurations inside it, and return it."""
    fields, kv_heads = WAYS[way]
    depth = next(
        (getattr(config, name) for name in ("num_hidden_layers",) if hasattr(config, name)), None
    )
    for name, value in list(vars(config).items()):
        if isinstance(value, transformers.PreTrainedConfig):
            shrink(value, way)
        elif isinstance(value, bool):
            continue
        elif isinstance(value, int):
            if re.search(r"token_(id|index)$|_id$", name):
                setattr(config, name, value if value < 8 else 7)
                continue
            small = next((small for like, small in SMALL if re.fullmatch(like, name)), None)
            if small is not None and re.fullmatch(KV_HEADS, name):
                small = kv_heads
            if not re.fullmatch(fields, name):
                continue
            if small is not None and value > small:
                setattr(config, name, small)
        elif isinstance(value, list) and len(value) == depth and depth > 4:
            setattr(config, name, value[:4])
    return config


def build(kind: str, name: str) -> tuple[Any, str]:
    """Return a model, and how it was built: the first way in which it runs, if there is one."""
    made, class_ = configuration_auto.CONFIG_MAPPING[kind], getattr(transformers, name)
    built: list[tuple[Any, str]] = []
    why = ""
    for way in (*WAYS, "meta"):
        try:
            config = made() if way == "meta" else shrink(made(), way)
            with torch.device("meta"):
                model = class_._from_config(config).eval()
            if way != "meta":
                if sum(weight.numel() for weight in model.parameters()) > MOST_WEIGHTS:
                    continue
                torch.manual_seed(0)
                model = class_._from_config(config).eval()
        except TimeoutError:
            raise
        except Exception as error:
            why = f"{type(error).__name__}: {error}".split("\n")[0]
            continue
        if not trial_run(model).error:
            return model, way
        built.append((model, way))
    if not built:
        raise RuntimeError(why)
    return built[0]


def tried(kind: str, name: str, head: str) -> dict[str, Any]:
    """Return what the site finder makes of a model type."""
    row = {"type": kind, "class": name, "head": head, "built": "", "outcome": "", "why": ""}
    try:
        model, row["built"] = build(kind, name)
    except Exception as error:
        return {**row, "outcome": "not built", "why": str(error)[:200]}
    row["text"] = getattr(model, "main_input_name", "input_ids") == "input_ids"
    try:
        found, stacks = _found(model)
    except InputError as error:
        return {**row, "outcome": "refused", "why": f"{error} {trial_run(model).error}"[:300]}
    except Exception as error:
        return {**row, "outcome": "broken", "why": f"{type(error).__name__}: {error}"[:300]}
    trial = trial_run(model)
    layers = [one for name, one in found.items() if re.fullmatch(r"layers\.\d+\.output", name)]
    row["layers"] = len(layers)
    passed = [trial.of(model.get_submodule(one.path)) for one in layers]
    order = [one.order for one in passed]
    ran = all(one.calls == 1 for one in passed) and order == sorted(order)
    row["outcome"] = ("choice" if stacks > 1 else "found") if ran else "structure"
    row["why"] = trial.error[:200]
    norm = found.get("final_norm")
    row |= {"sites": len(found), "final_norm": norm.path if norm else ""}
    row["kinds"] = sorted({name.rpartition(".")[2] for name in found if name.count(".") == 2})
    return row


def _found(model: Any) -> tuple[dict[str, models.Site], int]:
    """Return the sites of a model; if it has several stacks of layers, those of each."""
    try:
        return models.sites(model), 1
    except InputError as error:
        stacks = (
            re.findall(r"([\w.]+) \(\d+", error.received) if "lists have" in error.received else []
        )
        if len(stacks) < 2:
            raise
    found: dict[str, models.Site] = {}
    for stack in stacks:
        found = models.sites(model, stack)
    return found, len(stacks)


def worked(given: tuple[str, str, str]) -> dict[str, Any]:
    """Return what :func:`tried` does, in a minute at most."""
    kind, name, head = given

    def stop(*_: Any) -> None:
        raise TimeoutError(f"more than {SECONDS} seconds")

    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    torch.set_num_threads(1)
    signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    try:
        return tried(kind, name, head)
    except BaseException as error:
        return {
            "type": kind,
            "class": name,
            "head": head,
            "outcome": "not built",
            "why": str(error),
        }
    finally:
        signal.alarm(0)


def table(rows: list[dict[str, Any]]) -> str:
    """Return how many models gave what, in the order of the docs."""
    kinds = {
        "with a head that predicts tokens": [row for row in rows if row["head"]],
        "without, but reading tokens": [r for r in rows if not r["head"] and r.get("text")],
        "all others": [r for r in rows if not r["head"] and not r.get("text")],
    }
    lines = ["| models | " + " | ".join(MEANT) + " |", "|---" * (1 + len(MEANT)) + "|"]
    for name, some in kinds.items():
        counts = Counter(row["outcome"] for row in some)
        lines.append(f"| {name} | " + " | ".join(str(counts[one]) for one in MEANT.values()) + " |")
    return "\n".join(lines) + "\n"


def page() -> str:
    """Return the page of the docs as it should be."""
    rows = json.loads((RESULTS / "sites.json").read_text())["rows"]
    before, rest = PAGE.read_text().split(START)
    return before + START + table(rows) + END + rest.split(END, 1)[1]


def main() -> None:
    chosen = sys.argv[1:]
    if "--check" in chosen:
        sys.exit("docs/models.md: the counts are out of date" if PAGE.read_text() != page() else 0)
    work = [(k, *v) for k, v in kinds().items() if not chosen or k in chosen]
    with multiprocessing.Pool(1 if chosen else 2, maxtasksperchild=25) as pool:
        rows = []
        for row in pool.imap(worked, work):
            rows.append(row)
            print(
                row if chosen else f"{len(rows)}/{len(work)} {row['type']} {row['outcome']}",
                flush=True,
            )
    counts = Counter((row["outcome"], row.get("text", False)) for row in rows)
    print(counts)
    if not chosen:
        versions = {"torch": torch.__version__, "transformers": transformers.__version__}
        record("sites", {"seconds": SECONDS}, rows, **versions)
        PAGE.write_text(page())


if __name__ == "__main__":
    main()
