"""Sparse X at every public entry point: it works without densifying, or the refusal says why."""

import numpy as np
import pytest
import torch
from scipy import sparse

import nullprobe
from nullprobe import InputError
from nullprobe._core.validation import InputTypeError
from nullprobe.heldout import sparse_three_way

N, D = 90, 12
RNG = np.random.default_rng(0)
X = RNG.exponential(size=(N, D)) * (RNG.random((N, D)) < 0.3)
y = np.arange(N) % 2
X[:, 0] += y
MOMENTS = nullprobe.Moments.of(X, y)
QUICK = {"draws": 39, "depth": "quick"}
FORMS = {
    "SciPy array": sparse.csr_array,
    "SciPy matrix": sparse.csc_matrix,
    "torch": lambda A: torch.tensor(A).to_sparse(),
}


def fitted(name):
    return getattr(nullprobe, name)().fit(X, y)


def probe(name):
    def use(S):
        one = getattr(nullprobe, name)().fit(S, y)
        return one.predict(S), one.decision_function(S), one.score(S, y)

    return use


def transform(name):
    eraser = fitted(name)
    labelled = name in ("OracleLEACE", "QuadraticLEACE", "MiMiC")
    return lambda S: eraser.transform(S, y) if labelled else eraser.transform(S)


def weights():
    return nullprobe.LinearProbe(np.ones((D, 1)), np.zeros(1), ("no", "yes"))


WORKS = {
    "LDAProbe": probe("LDAProbe"),
    "LogisticProbe": lambda S: nullprobe.LogisticProbe(C=1.0).fit(S, y).predict_proba(S),
    "MeanDifferenceProbe": probe("MeanDifferenceProbe"),
    "LDAProbe.fit_many": lambda S: nullprobe.LDAProbe().fit_many(S, np.c_[y, y]).predict(S),
    "HalfspaceProbe.predict": lambda S: nullprobe.HalfspaceProbe(0).fit(X, y).predict(S),
    "LinearProbe": lambda S: (weights().predict(S), weights().scores(S)),
    "LinearProbes": lambda S: nullprobe.LinearProbes(
        np.eye(D), np.zeros(D), (("no", "yes"),) * D
    ).predict(S),
    "audit": lambda S: nullprobe.audit(S, y, **QUICK),
    "audit, few features": lambda S: nullprobe.audit(
        S, y, claims=["few_features"], n_features=2, draws=39
    ),
    "audit, baseline": lambda S: nullprobe.audit(X, y, baselines={"words": S}, **QUICK),
    "audit, layers": lambda S: nullprobe.audit({"words": S, "states": X}, y, **QUICK),
}
ERASERS = ("LEACE", "MeanProjection", "SPLINCE", "INLP", "RLACE", "OracleLEACE",
           "QuadraticLEACE", "MiMiC")  # fmt: skip
NONLINEAR = ("MLPProbe", "RBFProbe", "KNeighborsProbe", "QuadraticProbe", "StrongestProbe")


def _task(name):
    return {"task": y} if name == "SPLINCE" else {}


WORDS = nullprobe.control_labels([f"a {i % 9}" for i in range(len(y))], 3)
REFUSES = {
    **{f"{n}.fit": lambda S, n=n: getattr(nullprobe, n)().fit(S, y, **_task(n)) for n in ERASERS},
    **{
        f"{n}.transform": lambda S, n=n: transform(n)(S)
        for n in ERASERS
        if n not in ("SPLINCE", "RLACE")
    },
    "LEACE.partial_fit": lambda S: nullprobe.LEACE().partial_fit(S, y),
    "AffineEraser": lambda S: fitted("LEACE").eraser_.apply(S),
    "ConceptShift": lambda S: fitted("OracleLEACE").eraser_.apply(S, y),
    "ClassTransport": lambda S: fitted("QuadraticLEACE").eraser_.apply(S, y),
    **{f"{n}.fit": lambda S, n=n: getattr(nullprobe, n)().fit(S, y) for n in NONLINEAR},
    "KNeighborsProbe.predict": lambda S: fitted("KNeighborsProbe").predict(S),
    "HalfspaceProbe.fit": lambda S: nullprobe.HalfspaceProbe(0).fit(S, y),
    "Moments": lambda S: nullprobe.Moments.of(S, y),
    "Moments.update": lambda S: nullprobe.Moments.of(X, y).update(S, y),
    "ClassMoments": lambda S: nullprobe.ClassMoments.of(S, y),
    "TaskMoments": lambda S: nullprobe.TaskMoments.of(S, y, y),
    "ContrastPairs": lambda S: nullprobe.ContrastPairs(S, S, y),
    "audit, erasing claim": lambda S: nullprobe.audit(S, y, claims=["erasure_holds"]),
    "audit, claim that needs draws": lambda S: nullprobe.audit(S, y, claims=["one_feature"]),
    "audit, eraser": lambda S: nullprobe.audit(S, y, eraser=fitted("LEACE")),
    "audit_attributes": lambda S: nullprobe.audit_attributes(S, {"a": y, "b": X[:, 1] > 0}),
    "census": lambda S: nullprobe.census({"X": S}, y, WORDS, WORDS),
    "same_concept": lambda S: nullprobe.same_concept(S, y, y),
    "calibrate": lambda S: nullprobe.calibrate(S, y),
    "compare": lambda S: nullprobe.compare(S, y),
    "damage": lambda S: nullprobe.damage(S, X, y),
    "largest_correlation": lambda S: nullprobe.largest_correlation(S, y),
    "permutation_null": lambda S: nullprobe.permutation_null(S, y, n_permutations=9),
    "pipeline_null": lambda S: nullprobe.pipeline_null(
        S, y, nullprobe.HalfspaceProbe(0), n_permutations=9
    ),
    "successive": lambda S: nullprobe.successive(nullprobe.LDAProbe(), 2, S, y),
    "usable_information": lambda S: nullprobe.usable_information(nullprobe.LDAProbe(), S, y),
}
# Public names that take no rows, or only what other entry points have checked.
WITHOUT_ROWS = {
    "Attributes", "Audit", "Calibration", "CapturedFolder", "Claim", "ComesFrom", "Comparison",
    "Damage", "Explanation", "FactAbout", "Game", "Holds", "InputError", "Layers", "Outcome",
    "ModelAudit", "Plan", "SameConcept", "Takes", "audit_model", "audit_use",
    "canonical_correlations", "corpora", "load_eraser", "studies",
    "load_probe", "load_result", "leace", "mean_projection", "mimic", "models", "oracle_leace",
    "pairs_for_effect", "plan", "plot", "quadratic_leace", "read_pairs", "reliability", "rlace",
    "rows_for_absence",
    "rows_for_verdict", "splince", "stratified_rows", "Census", "Statements", "check_statements",
    "control_labels", "lexical_concepts", "text_cards", "text_baselines", "worlds", "__version__",
    # Confounds are few columns, and become dense.
    "matched_rows",
    # These take ContrastPairs.
    "CCS", "CRC", "VINC", "RandomProbe", "compare_pairs",
}  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_becomes_dense(monkeypatch):
    """Refuse to densify a matrix of the shape of X."""

    def guarded(kind):
        original = kind.toarray

        def toarray(self, *args, **options):
            assert self.shape != (N, D), "sparse X was made dense"
            return original(self, *args, **options)

        return toarray

    monkeypatch.setattr(sparse_three_way, "SMALL", 0)
    for form in ("csr", "csc", "coo"):
        for kind in (getattr(sparse, f"{form}_array"), getattr(sparse, f"{form}_matrix")):
            monkeypatch.setattr(kind, "toarray", guarded(kind))


def test_every_public_name_is_in_the_table():
    tried = {name.split(".")[0].split(",")[0] for name in (*WORKS, *REFUSES)}
    assert tried | WITHOUT_ROWS == set(nullprobe.__all__)
    assert not tried & WITHOUT_ROWS


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", WORKS)
def test_what_takes_sparse_rows_does_not_make_them_dense(name, form):
    assert WORKS[name](FORMS[form](X)) is not None


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", REFUSES)
def test_what_needs_dense_rows_says_why_and_what_is_possible(name, form):
    with pytest.raises(InputError) as caught:
        REFUSES[name](FORMS[form](X))
    assert "every zero non-zero" in caught.value.required
    assert "few_features" in caught.value.hint
    assert isinstance(caught.value, InputTypeError) or name.startswith("audit")
