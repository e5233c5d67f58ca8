"""Audits of sparse rows: the numbers are those of dense rows, and nothing becomes dense."""

import numpy as np
import pytest
from scipy import sparse

from nullprobe import Audit, InputError, Layers, audit
from nullprobe._core import sparse_rows
from nullprobe.data.concept import concept
from nullprobe.heldout import sparse_three_way
from nullprobe.stats.neighbours import resemblance

N, D = 150, 20
RNG = np.random.default_rng(0)
Y = np.arange(N) % 2
X = RNG.exponential(size=(N, D)) * (RNG.random((N, D)) < 0.4)
X[:, 3] += Y
CLAIMS = ["readable", "few_features"]
FAST = {"draws": 39, "depth": "quick", "n_features": 2}
LABELS = {"two": Y, "three": np.arange(N) % 3, "numbers": X[:, 3] + RNG.normal(size=N)}


@pytest.mark.slow
@pytest.mark.parametrize("small", [0, sparse_three_way.SMALL])
@pytest.mark.parametrize("labels", LABELS)
def test_numbers_are_those_of_the_same_dense_rows(labels, small, monkeypatch):
    monkeypatch.setattr(sparse_three_way, "SMALL", small)
    dense, found = (
        audit(A, LABELS[labels], claims=CLAIMS, **FAST) for A in (X, sparse.csc_matrix(X))
    )
    for name in CLAIMS:
        one, two = dense[name], found[name]
        assert two.observed == pytest.approx(one.observed, abs=1e-6)
        assert two.p_value == one.p_value
        assert two.holds is one.holds
        assert two.interval == pytest.approx(one.interval, abs=1e-6)


@pytest.fixture(scope="module")
def found():
    return audit(sparse.csr_array(X), Y, draws=39, n_features=2, feature_names=names())


def names():
    return [f"feature {j}" for j in range(D)]


@pytest.mark.slow
def test_by_default_the_claims_that_need_no_dense_rows_are_judged(found):
    assert [claim.name for claim in found] == CLAIMS
    assert {"one_direction", "erasure_holds", "gone"} <= set(found.left_out)
    assert "sparse" in found.left_out["erasure_holds"]
    explained = {one.name: one for one in found["readable"].explanations}
    assert "dense" in explained["moments"].reason


@pytest.mark.slow
def test_the_features_that_carry_most_are_named(found):
    details = found["few_features"].details
    assert details["n_features"] == 2
    assert next(iter(details["probes_with"].items())) == ("feature 3", 1.0)
    assert 0 < min(details["probes_with"].values())
    assert {"logistic_accuracy", "information"} <= {*found["readable"].details}
    assert found["readable"].shown["learning_curve"]


@pytest.mark.slow
def test_a_result_is_written_and_read_back(found, tmp_path):
    assert Audit.from_json(found.to_json()) == found
    found.to_html(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "feature 3" in page
    assert found.provenance["method"]["eraser"].startswith("none")
    assert found.provenance["share_of_values_stored"] == pytest.approx(np.mean(X != 0))


def test_dense_rows_are_judged_on_few_features_only_if_it_is_named():
    result = audit(X, Y, draws=39, claims=None, depth="quick")
    assert "few_features" not in [claim.name for claim in result]


@pytest.mark.slow
def test_moments_draw_few_features_of_dense_rows_anew():
    result = audit(X, Y, claims=["few_features"], draws=39, n_features=1)
    assert [null.rung for null in result["few_features"].nulls] == ["chance", "moments"]


@pytest.mark.slow
def test_features_that_are_set_aside_keep_the_numbers_of_the_others():
    constant = np.hstack([np.ones((N, 2)), X])
    result = audit(constant, Y, claims=["few_features"], **FAST)
    assert next(iter(result["few_features"].details["probes_with"])) == "5"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"claims": ["gone"]}, "'gone'"),
        ({"claims": ["readable", "erasure_holds"]}, "'erasure_holds'"),
        ({"n_features": 0}, "n_features"),
    ],
)
def test_what_sparse_rows_cannot_be_judged_on_is_refused(given, words):
    with pytest.raises(InputError, match=words):
        audit(sparse.csr_array(X), Y, **given)


@pytest.mark.slow
def test_representations_may_be_sparse_and_dense():
    result = audit({"words": sparse.csr_array(X), "states": X}, Y, claims=["readable"], **FAST)
    assert isinstance(result, Layers)
    one, two = result.audits.values()
    assert one["readable"].observed == pytest.approx(two["readable"].observed, abs=1e-6)


@pytest.mark.slow
def test_a_sparse_baseline_explains_what_the_same_dense_baseline_explains():
    B = RNG.normal(size=(N, D)) * (RNG.random((N, D)) < 0.3)
    each = [
        audit(X, Y, claims=["readable"], draws=39, baselines={"words": A})["readable"].beside[0]
        for A in (B, sparse.csr_array(B))
    ]
    assert each[0].value == pytest.approx(each[1].value, abs=1e-6)
    assert each[0].adds == pytest.approx(each[1].adds, abs=1e-6)


def test_copies_of_sparse_rows_stay_together():
    rng = np.random.default_rng(4)
    S = sparse.random_array((N, 400), density=0.05, format="csr", rng=rng)
    S = sparse.vstack([S, S[:20]]).tocsr()
    with pytest.warns(UserWarning, match="40 rows are copies"):
        result = audit(S, np.arange(N + 20) % 2, claims=["readable"], **FAST)
    assert result.provenance["copies"]["exact"] == 40


def test_neighbours_that_resemble_each_other_are_detected_in_sparse_rows():
    rng = np.random.default_rng(5)
    rows = np.repeat(rng.random((50, 300)) * (rng.random((50, 300)) < 0.1), 5, axis=0)
    rows *= 1.0 + 0.1 * rng.random(rows.shape)
    z = concept(np.tile([0, 1], 125))
    dense, found = (resemblance(A, z, 0) for A in (rows, sparse_rows.csr(sparse.csr_array(rows))))
    assert dense.length == found.length > 1
    assert found.p_value == dense.p_value
    assert found.correlation == pytest.approx(dense.correlation, abs=1e-9)
