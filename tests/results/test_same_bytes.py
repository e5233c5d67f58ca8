"""Same bytes: two runs with one seed write the same file, whatever the result is."""

import numpy as np
import pytest
from support import tiny_models as tiny
from support.results import MADE

from nullprobe import (
    Attributes,
    Audit,
    Calibration,
    Comparison,
    Layers,
    ModelAudit,
    SameConcept,
    audit,
    audit_attributes,
    audit_model,
    calibrate,
    compare,
    compare_pairs,
    same_concept,
    worlds,
)
from nullprobe.comparing.pair_result import PairComparison
from nullprobe.corpora import Mess3
from nullprobe.studies import StudyResult, run, study, train

ROWS = worlds.gaussian(n=120, d=3, gap=2.0, random_state=0)
X, Y, OTHER = ROWS.X, ROWS.y == 1, ROWS.X[:, 1] > 0
PAIRS = worlds.distractor(n=60, d=6, random_state=0)
TEXTS = tiny.texts(60, longest=6)
FEW = {"claims": ["readable", "erasure_holds"], "draws": 39}


@study(question="How near to the floor?", unit="nats", factors={"length": (3, 4)})
def floor(cell, seed, budget):
    model = train(Mess3(length=cell.length), seed=seed, budget=budget, steps=2)
    ids = model.corpus.sample(9, np.random.default_rng(seed)).ids
    return {"model": float(model.log_p(ids)[:, 1:].max(axis=-1).mean())}


RUNS = {
    Audit: lambda seed: audit(X, Y, random_state=seed, **FEW),
    Layers: lambda seed: audit({"a": X, "b": X[:, :2]}, Y, random_state=seed, **FEW),
    Attributes: lambda seed: audit_attributes(
        X, {"a": Y, "b": OTHER}, random_state=seed, claims=["readable"], draws=79, depth="quick"
    ),
    SameConcept: lambda seed: same_concept(
        X, Y, np.where(np.arange(120) % 9, Y, ~Y), random_state=seed, draws=39, independent=True
    ),
    Comparison: lambda seed: compare(
        X, Y, erasers=["leace", "rlace"], probes=["linear"], others={"b": OTHER}, random_state=seed
    ),
    PairComparison: lambda seed: compare_pairs(
        PAIRS.pairs, others={"s": PAIRS.distractor}, n_random=20, n_permutations=19,
        random_state=seed,
    ),
    ModelAudit: lambda seed: audit_model(
        tiny.model_of("gpt2"), tiny.word_tokenizer(), {"text": TEXTS, "y": np.arange(60) % 2},
        concept="y", sites="layers.0.output", tokens="mean:every", untrained=0, deep=0, draws=39,
        random_state=seed,
    ),
    Calibration: lambda seed: calibrate(
        X, Y, claims=["readable"], n_audits=2, draws=39, n_splits=1, random_state=seed
    ),
    StudyResult: lambda seed: run(floor, seeds=(seed, seed + 5), cache=False),
}  # fmt: skip


def test_every_result_that_writes_json_is_run_here():
    assert set(RUNS) == set(MADE)


@pytest.mark.slow
@pytest.mark.parametrize("kind", RUNS, ids=lambda kind: kind.__name__)
def test_the_same_seed_gives_the_same_bytes(kind, tmp_path):
    written = []
    for i, seed in enumerate((0, 0, 1)):
        result = RUNS[kind](seed)
        assert type(result) is kind
        path = tmp_path / f"{i}.json"
        result.to_json(path)
        written.append(path.read_bytes())
    assert written[0] == written[1]
    assert written[0] != written[2]
