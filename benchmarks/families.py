"""Twenty tiny families, in every form that people load: captured, erased, generated, or refused.

Each model has random weights. "Captured" compares states with those of plain hooks, one text at a
time; "erased" reads zeros at a site behind a whole eraser; "generated" compares text that is
generated under the eraser with a greedy loop of plain forward passes under the same hook. A cell
is ok, or says why not.

    python benchmarks/families.py          write results/families.json and the table in the docs
    python benchmarks/families.py --check  exit 1 if the table is out of date
"""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import tokenizers
import torch
import transformers
from record import RESULTS, record

from nullprobe import AffineEraser, InputError, models

PAGE = Path(__file__).parents[1] / "docs" / "models.md"
START, END = "<!-- families -->\n", "<!-- /families -->"
WORDS = [f"w{i}" for i in range(60)]
WIDTH, SITE = 64, "layers.1.output"
PLAIN = {
    "hidden_size": WIDTH,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 64,
}
FEW = {**PLAIN, "num_key_value_heads": 2}
GPT = {"n_embd": WIDTH, "n_layer": 2, "n_head": 4, "n_positions": 64}
FAMILIES: dict[str, dict[str, Any]] = {
    "gpt2": GPT,
    "gpt_neox": PLAIN,
    "gptj": {**GPT, "rotary_dim": 8},
    "opt": {**PLAIN, "ffn_dim": 128, "word_embed_proj_dim": WIDTH},
    "bloom": {"hidden_size": WIDTH, "n_layer": 2, "n_head": 4},
    "falcon": {"hidden_size": WIDTH, "num_hidden_layers": 2, "num_attention_heads": 4},
    "phi": PLAIN,
    "llama": FEW,
    "mistral": FEW,
    "mixtral": {**FEW, "num_local_experts": 2},
    "qwen2": FEW,
    "qwen3": {**FEW, "head_dim": 16},
    "gemma2": {**FEW, "head_dim": 16},
    "gemma4_text": {**FEW, "head_dim": 16, "hidden_size_per_layer_input": 32}
    | {"vocab_size_per_layer_input": 64, "num_kv_shared_layers": 0},
    "olmo2": FEW,
    "cohere": FEW,
    "lfm2": {**FEW, "layer_types": ["conv", "full_attention"]},
    "mamba": {"hidden_size": WIDTH, "num_hidden_layers": 2, "state_size": 8},
    "jamba": {**FEW, "attn_layer_period": 2, "attn_layer_offset": 1, "num_experts": 2},
    "bert": PLAIN,
}
FORMS = ("float32", "compiled", "bfloat16", "float16", "4-bit")
ACTS = ("captured", "erased", "generated")
# Relative; a state of half precision is off by rounding alone, in another order of sums.
NEAR = {"float32": 1e-4, "compiled": 1e-4, "bfloat16": 5e-2, "float16": 1e-2, "4-bit": 5e-2}


def tokenizer() -> Any:
    """Return a tokenizer of words at blanks."""
    kind = tokenizers.models.WordLevel({w: i for i, w in enumerate(["?", *WORDS])}, unk_token="?")
    made = tokenizers.Tokenizer(kind)
    made.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    return transformers.PreTrainedTokenizerFast(tokenizer_object=made, pad_token="?")


def texts() -> list[str]:
    """Return texts of different lengths."""
    rng = np.random.default_rng(0)
    return [" ".join(rng.choice(WORDS, size=n)) for n in (9, 4, 7, 4, 12, 6)]


def build(family: str, form: str) -> Any:
    """Return a model of a family in one form."""
    special = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
    config = transformers.AutoConfig.for_model(
        family, **{"vocab_size": 64, **special, **FAMILIES[family]}
    )
    kind = transformers.AutoModelForMaskedLM if family == "bert" else None
    torch.manual_seed(0)
    made: Any = (
        (kind or transformers.AutoModelForCausalLM)
        .from_config(config, trust_remote_code=False)
        .eval()
    )
    with torch.no_grad():
        for weight in made.parameters():
            weight.mul_(4.0 if weight.ndim > 1 else 1.0)  # so that every part matters
    if form == "compiled":
        made.compile(backend="eager")
    if form in ("bfloat16", "float16"):
        made = made.to(getattr(torch, form))
    if form == "4-bit":
        made = _in_4_bits(made)
    return made


def _in_4_bits(made: Any) -> Any:
    """Return a model as transformers loads it in 4 bits, from a folder."""
    how = transformers.BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.float32
    )
    with tempfile.TemporaryDirectory() as folder:
        made.save_pretrained(folder)
        small = type(made).from_pretrained(
            folder, quantization_config=how, device_map="cpu", trust_remote_code=False
        )
    if not any("4bit" in type(module).__name__ for module in small.modules()):
        raise NotApplicable("transformers leaves all of its maps as they are")
    return small.eval()


class Wrong(Exception):
    """What was done is not what was asked."""


class NotApplicable(Exception):
    """A form that a family does not have."""


def captured(made: Any, form: str) -> None:
    """Complain unless captured states are those of plain hooks, one text at a time."""
    found = models.capture(made, tokenizer(), texts(), SITE, batch_size=3)[SITE]
    path, seen = models.sites(made)[SITE].path, []

    def keep(_: Any, __: Any, output: Any) -> None:
        states = output[0] if isinstance(output, tuple) else output
        seen.append(states[0, -1].float().numpy())

    with torch.no_grad(), torch.compiler.set_stance("force_eager"):
        handle = made.get_submodule(path).register_forward_hook(keep)
        for text in texts():
            made(input_ids=torch.tensor([tokenizer()(text)["input_ids"]]))
        handle.remove()
    right = np.array(seen)
    off = np.linalg.norm(found - right) / np.linalg.norm(right)
    if not off < NEAR[form]:
        raise Wrong(f"off by {off:.1%}")


def eraser() -> AffineEraser:
    """Return an eraser of eight axes."""
    axes = np.eye(WIDTH)[:, :8]
    return AffineEraser(np.zeros(WIDTH), axes, axes.T)


def erased(made: Any, form: str) -> None:
    """Complain unless a site holds zeros along what was erased, and logits have changed."""
    ids = torch.tensor([tokenizer()(texts()[0])["input_ids"]])
    with torch.no_grad():
        before = made(input_ids=ids).logits.float()
        with models.erase(made, {SITE: eraser()}):
            after = made(input_ids=ids).logits.float()
            states = models.capture(made, tokenizer(), texts(), SITE)[SITE]
        again = made(input_ids=ids).logits.float()
    if np.abs(states[:, :8]).max() > 0.0 or not np.abs(states).max() > 0.0:
        raise Wrong("the site still holds what was erased")
    if torch.allclose(before, after, rtol=1e-3) or not torch.equal(before, again):
        raise Wrong("the logits are not those of an edit, or the edit stayed")


def generated(made: Any, form: str) -> None:
    """Complain unless generation under an eraser is what a greedy loop without a cache gives."""
    if not made.can_generate() or made.config.model_type == "bert":
        raise NotApplicable("an encoder does not generate")
    ids = torch.tensor([tokenizer()(texts()[0])["input_ids"]])
    how = {"max_new_tokens": 5, "do_sample": False, "eos_token_id": None}
    with torch.no_grad(), models.erase(made, {SITE: eraser()}):
        found = made.generate(input_ids=ids, attention_mask=torch.ones_like(ids), **how)
        right = ids
        for _ in range(5):
            logits = made(input_ids=right, use_cache=False).logits[:, -1]
            right = torch.cat([right, logits.argmax(dim=-1, keepdim=True)], dim=1)
    if form in ("float32", "compiled") and not torch.equal(found, right):
        raise Wrong("another text than without a cache")
    if found.shape != right.shape:
        raise Wrong("another length than without a cache")


def cell(family: str, form: str, act: str) -> str:
    """Return "ok", or why not."""
    try:
        made = build(family, form)
        with torch.no_grad():
            made(input_ids=torch.tensor([[3, 4, 5]]))
    except NotApplicable as error:
        return str(error)
    except Exception as error:
        return f"transformers itself does not run it: {error}".split("\n")[0][:160]
    try:
        {"captured": captured, "erased": erased, "generated": generated}[act](made, form)
    except NotApplicable as error:
        return str(error)
    except InputError as error:
        return f"refused: {error}"
    except Wrong as error:
        return f"WRONG: {error}"
    except Exception as error:
        return f"fails in {type(error).__name__}: {error}".split("\n")[0][:160]
    return "ok"


def table(rows: list[dict[str, Any]]) -> str:
    """Return the rows of one form and family as a line; what is not ok has a note below."""
    lines = ["| family | " + " | ".join(FORMS) + " |", "|---" * (1 + len(FORMS)) + "|"]
    notes: list[str] = []
    for family in FAMILIES:
        cells = []
        for form in FORMS:
            said = next(r for r in rows if (r["family"], r["form"]) == (family, form))
            bad = {act: said[act] for act in ACTS if said[act] != "ok"}
            if not bad:
                cells.append("ok")
                continue
            marks = []
            for act, why in bad.items():
                if why not in notes:
                    notes.append(why)
                marks.append(f"{act} ({notes.index(why) + 1})")
            cells.append("not " + ", ".join(marks))
        lines.append(f"| {family} | " + " | ".join(cells) + " |")
    lines += ["", *(f"({i + 1}) {why.rstrip('.')}.  " for i, why in enumerate(notes))]
    return "\n".join(lines) + "\n"


def page() -> str:
    """Return the page of the docs as it should be."""
    rows = json.loads((RESULTS / "families.json").read_text())["rows"]
    before, rest = PAGE.read_text().split(START)
    return before + START + table(rows) + END + rest.split(END, 1)[1]


def main() -> None:
    if "--check" in sys.argv:
        sys.exit("docs/models.md: the table is out of date" if PAGE.read_text() != page() else 0)
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    torch.set_num_threads(1)
    rows = []
    for family in FAMILIES:
        for form in FORMS:
            row = {"family": family, "form": form}
            rows.append({**row, **{act: cell(family, form, act) for act in ACTS}})
            print(rows[-1], flush=True)
    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    record("families", {"width": WIDTH}, rows, **versions)
    PAGE.write_text(page())


if __name__ == "__main__":
    main()
