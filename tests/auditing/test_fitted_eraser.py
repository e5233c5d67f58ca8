"""Audits of an eraser that was fitted to other rows."""

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.preprocessing import StandardScaler

from nullprobe import LEACE, Audit, InputError, OracleLEACE, audit, load_eraser, worlds
from nullprobe.auditing.fitted_eraser import CLAIMS, FittedEraser
from nullprobe.data.concept import concept
from nullprobe.data.partitions import partitions
from nullprobe.heldout.factored_rows import Part
from nullprobe.moments import Moments
from nullprobe.stats import metrics

W = worlds.gaussian(n=900, d=8, gap=2.0, random_state=0)
OLD, NEW = slice(0, 450), slice(450, 900)
ERASER = LEACE().fit(W.X[OLD], W.y[OLD])
FEW = {"draws": 39, "n_splits": 1, "independent": True}
ONE = {"claims": ["erasure_holds"], "depth": "quick", **FEW}


class Leaves:
    """A transformer that erases nothing, as others than ours may be given."""

    def transform(self, X):
        return X


@pytest.mark.slow
def test_what_a_good_eraser_leaves_is_said_beside_what_was_read_before():
    found = audit(W.X[NEW], W.y[NEW], eraser=ERASER, **FEW)
    assert [claim.name for claim in found.claims] == list(CLAIMS)
    before, after = found["readable"], found["erasure_holds"]
    assert (str(before.holds), before.observed > 0.85) == ("yes", True)
    assert abs(after.observed - 0.5) < 0.1
    assert after.details["before_erasure"] == before.observed
    expected = {"method": "LEACE", "fitted_rows": 450, "rank": 1, "rows_seen": 0}
    assert found.provenance["eraser"] == expected
    assert found.provenance["splits"]["rows"] == [225, 225]
    assert "the eraser was given" in found.provenance["splits"]["rule"]
    assert Audit.from_json(found.to_json()) == found


@pytest.mark.slow
def test_rows_with_a_name_are_audited_under_it():
    layers = audit({"layer.1": W.X[NEW]}, W.y[NEW], eraser=ERASER, claims=["readable"], **FEW)
    one = audit(W.X[NEW], W.y[NEW], eraser=ERASER, claims=["readable"], **FEW)
    assert list(layers) == ["layer.1"]
    assert layers["layer.1"].representation == "layer.1"
    assert layers["layer.1"]["readable"].observed == one["readable"].observed
    assert one.representation is None


def test_rows_may_not_share_the_name_of_the_erased_rows():
    with pytest.raises(InputError) as caught:
        audit({"erased": W.X[NEW]}, W.y[NEW], eraser=ERASER, claims=["readable"], **FEW)
    assert "'erased'" in caught.value.received


@pytest.mark.slow
def test_an_eraser_that_leaves_everything_does_not_hold():
    found = audit(W.X[NEW], W.y[NEW], eraser=Leaves(), **FEW)
    after = found["erasure_holds"]
    assert str(after.holds) == "no"
    assert after.observed == found["readable"].observed
    outcomes = {one.name: str(one.outcome) for one in after.explanations}
    assert outcomes["noise"] == "not_tried"  # its draws are matched to be as readable
    assert str(found["gone"].holds) == "no"
    assert found.provenance["eraser"] == {"method": "Leaves", "rows_seen": "unknown"}


@pytest.mark.slow
def test_the_reading_is_that_of_a_probe_on_erased_rows():
    """Fitted to one half of erased rows by the parts of the audit, and scored on the other."""
    X, y = W.X[NEW], W.y[NEW]
    found = audit(X, y, eraser=Leaves(), claims=["erasure_holds"], **FEW)["erasure_holds"]
    z, rng = concept(y), np.random.default_rng([0, 0])
    (parts,) = partitions(z, groups=None, n_splits=1, rng=rng, n_parts=2)
    read = []
    for p in (0, 1):
        P, S = Part.of(X, z, parts.rows(p)), parts.rows(1 - p)
        w = P.solve(P.cross(y[:, None].astype(float)))
        read.append(metrics.auc((X[S] @ w).T, y[S][None] > 0)[0])
    assert found.observed == pytest.approx(np.mean(read), abs=1e-9)


def test_expected_is_what_theory_says_of_the_fitted_rows():
    """Over many erasers, the mean of what is read is what is expected of them."""
    rng, read, said = np.random.default_rng(0), [], []
    for _ in range(60):
        n, d, gap = 120, 12, 1.5
        y = np.arange(2 * n) % 2
        X = rng.normal(size=(2 * n, d))
        X[:, 0] += gap * y
        own = FittedEraser.of(LEACE().fit(X[:n], y[:n]))
        weights = own.map.apply(np.vstack([np.zeros(d), gap * np.eye(d)[0]]))
        left = float(np.square(weights[1] - weights[0]).sum())
        said.append(own.expected(Moments.of(X[n:], y[n:]), concept(y[n:]), 2))
        noise = (d - 1) * (1 / 30 + 1 / 30)
        read.append(norm.cdf(left / np.sqrt(left + noise) / np.sqrt(2)))
    assert np.mean(read) == pytest.approx(np.mean(said), abs=0.02)


def test_an_eraser_that_was_told_the_labels_is_told_them_again():
    told = OracleLEACE().fit(W.X[OLD], W.y[OLD])
    found = audit(W.X[NEW], W.y[NEW], eraser=told, claims=["erasure_holds"], **FEW)
    assert abs(found["erasure_holds"].observed - 0.5) < 0.1


@pytest.mark.slow
def test_a_transformer_of_another_width_is_audited_too():
    class Half:
        def transform(self, X):
            return X[:, 4:]

    found = audit(W.X[NEW], W.y[NEW], eraser=Half(), claims=["erasure_holds"], **FEW)
    assert 0.6 < found["erasure_holds"].observed < found["erasure_holds"].details["before_erasure"]


@pytest.mark.slow
def test_numbers_and_groups_go_with_it():
    rng = np.random.default_rng(1)
    number = W.X[:, 0] + 0.2 * rng.normal(size=900)
    eraser = LEACE().fit(W.X[OLD], number[OLD])
    found = audit(W.X[NEW], number[NEW], eraser=eraser, **FEW)
    assert "no_halfspace" not in [claim.name for claim in found.claims]
    assert found["readable"].observed > 0.8 > 0.2 > found["erasure_holds"].observed
    groups = np.arange(450) // 3
    options = {"draws": 39, "n_splits": 4, "claims": ["erasure_holds"]}
    grouped = audit(W.X[NEW], W.y[NEW], groups=groups, eraser=ERASER, **options)
    assert grouped.provenance["groups"] == 150


@pytest.mark.parametrize(
    ("X", "y", "changed", "said"),
    [
        (W.X[OLD], W.y[OLD], {}, "fitted to 100% of these rows"),
        (W.X[NEW], W.y[NEW], {"claims": ["one_feature"]}, "about erasers that the audit fits"),
        ({"a": W.X, "b": W.X}, W.y, {}, "one representation, .* but several"),
        (W.X[NEW], W.y[NEW], {"eraser": "LEACE"}, "eraser must be a fitted eraser"),
        (W.X[NEW, :3], W.y[NEW], {}, "8"),
    ],
)
def test_what_cannot_be_audited_is_refused(X, y, changed, said):
    with pytest.raises(InputError, match=said):
        audit(X, y, **{"eraser": ERASER, **FEW, **changed})


SEEN = {
    "one row fewer": lambda X, y: (X[1:], y[1:]),
    "in another order": lambda X, y: (X[::-1], y[::-1]),
    "half of them": lambda X, y: (X[::2], y[::2]),
    "as float32": lambda X, y: (X.astype(np.float32), y),
    "among new ones": lambda X, y: (np.vstack([X[:45], W.X[NEW]]), np.append(y[:45], W.y[NEW])),
}


@pytest.mark.slow
@pytest.mark.parametrize("fit", ["at once", "in pieces", "saved"])
@pytest.mark.parametrize("how", SEEN)
def test_rows_that_it_was_fitted_to_are_recognised(how, fit, tmp_path):
    X, y = W.X[OLD], W.y[OLD]
    eraser = LEACE().fit(X, y)
    if fit == "in pieces":
        eraser = LEACE().partial_fit(X[200:], y[200:]).partial_fit(X[:200], y[:200])
    elif fit == "saved":
        eraser.eraser_.save(tmp_path / "own.safetensors")
        eraser = load_eraser(tmp_path / "own.safetensors")
    with pytest.raises(InputError, match=r"fitted to \d+% of these rows"):
        audit(*SEEN[how](X, y), eraser=eraser, **ONE)
    assert audit(W.X[NEW], W.y[NEW], eraser=eraser, **ONE).provenance["eraser"]["rows_seen"] == 0


@pytest.mark.slow
def test_where_nobody_knows_which_rows_were_seen_it_says_so():
    moments = Moments.of(W.X[OLD], W.y[OLD])
    unknown = {
        "moments": LEACE.from_moments(moments),
        "moments and rows": LEACE.from_moments(moments).partial_fit(W.X[NEW], W.y[NEW]),
        "a transformer": StandardScaler().fit(W.X[OLD]),
    }
    for name, eraser in unknown.items():
        found = audit(W.X[::2], W.y[::2], eraser=eraser, **ONE)
        assert found.provenance["eraser"]["rows_seen"] == "unknown", name


@pytest.mark.slow
def test_new_rows_of_few_values_are_not_taken_for_old_ones():
    rng = np.random.default_rng(0)
    X, y = np.eye(12)[rng.integers(0, 12, 400)], np.arange(400) % 2
    found = audit(X[200:], y[200:], eraser=LEACE().fit(X[:200], y[:200]), **ONE)
    assert found.provenance["eraser"]["rows_seen"] == "unknown"


def test_rows_that_a_transformer_drops_are_missed():
    class Drops:
        def transform(self, X):
            return X[1:]

    with pytest.raises(InputError, match="as it receives, 450, but it returned 449"):
        audit(W.X[NEW], W.y[NEW], eraser=Drops(), **FEW)


def test_labels_that_cannot_move_are_no_test_of_an_eraser():
    """Pairs of a labelled row and an unlabelled one, alike for a while: blocks exchange nothing."""
    rng = np.random.default_rng(0)
    X = np.repeat(rng.normal(size=(100, 5)), 2, axis=0) + 0.5 * rng.normal(size=(200, 5))
    y = np.arange(200) % 2
    X[:, 0] += 2 * y
    eraser = LEACE().fit(W.X[OLD, :5], W.y[OLD])
    options = {"draws": 39, "n_splits": 1, "order": np.arange(200), "duplicates": "keep"}
    claim = audit(X, y, eraser=eraser, claims=["erasure_holds"], **options)["erasure_holds"]
    assert str(claim.holds) == "unclear"
    assert "leaves all labels as they are" in claim.reason


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["file", "fitted"])
def test_features_are_matched_by_name_or_refused(kind, tmp_path):
    names = [f"x{j}" for j in range(8)]
    eraser = LEACE().fit(W.X[OLD], W.y[OLD]).eraser_.named(names)
    if kind == "file":
        eraser.save(tmp_path / "own.safetensors")
        eraser = load_eraser(tmp_path / "own.safetensors")
    plain = audit(W.X[NEW], W.y[NEW], eraser=eraser, feature_names=names, **ONE)
    order = [3, 0, 1, 2, 7, 6, 5, 4]
    moved = [names[j] for j in order]
    found = audit(W.X[NEW][:, order], W.y[NEW], eraser=eraser, feature_names=moved, **ONE)
    holds = plain["erasure_holds"]
    assert found["erasure_holds"].observed == pytest.approx(holds.observed, abs=1e-3)
    with pytest.raises(InputError, match="only one of the eraser and X has '(other|x0)'"):
        audit(W.X[NEW], W.y[NEW], eraser=eraser, feature_names=["other", *names[1:]], **FEW)
    with pytest.raises(InputError, match="the class LEACE arrived"):
        audit(W.X[NEW], W.y[NEW], eraser=LEACE, **FEW)
