"""Rows that depend on each other although nobody said so, and rows and features that must not
decide: found, acted on, and recorded."""

import warnings

import numpy as np
import pytest
from scipy.stats import binom
from support.dependent_rows import dependent, independent
from support.pipeline import FEW, RAW

from nullprobe import Holds, InputError, audit, worlds

BOTH = {"claims": ["readable", "erasure_holds"], **FEW}


def quietly(*given, **options):
    """Audit where rows may be found to be copies."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return audit(*given, **options)


def copied(seed=0, n=80, each=3, noise=0.0):
    """Rows of noise that stand in the file several times, nearly, in any order, labelled alike."""
    rng = np.random.default_rng([51, seed])
    order = rng.permutation(np.repeat(np.arange(n), each))
    X = rng.normal(size=(n, 10))[order] + noise * rng.normal(size=(n * each, 10))
    return X, (np.arange(n) % 2)[order], order


def tokens(seed=0, texts=60, each=6, d=8):
    """Loose groups in the order of the file; labels belong to texts, and say nothing."""
    rng = np.random.default_rng([52, seed])
    X = np.repeat(rng.normal(size=(texts, d)), each, axis=0)
    X += 0.8 * rng.normal(size=X.shape)
    return X, np.repeat(rng.permutation(np.arange(texts) % 2), each)


# Copies


@pytest.mark.slow
@pytest.mark.parametrize(("noise", "kind"), [(0.0, "exact"), (0.01, "near")])
def test_copies_are_grouped_with_a_warning_and_are_no_evidence(noise, kind):
    X, y, order = copied(noise=noise)
    with pytest.warns(UserWarning, match="240 rows are copies"):
        found = audit(X, y, **RAW)
    assert found.provenance["copies"] == {
        "exact": 240 * (kind == "exact"),
        "near": 240 * (kind == "near"),
        "rule": "group",
    }
    assert found.provenance["groups"] == 80
    assert found["readable"].holds is Holds.UNCLEAR
    named = audit(X, y, groups=order, **RAW)["readable"]
    assert named.interval is not None
    assert np.ptp(named.interval) == pytest.approx(np.ptp(found["readable"].interval), rel=0.25)


@pytest.mark.slow
def test_copies_can_be_dropped_or_kept():
    X, y, order = copied()
    with pytest.warns(UserWarning, match="dropped"):
        dropped = audit(X, y, duplicates="drop", **RAW)
    assert dropped.provenance["copies"]["rule"] == "drop"
    assert sum(dropped.provenance["splits"]["rows"]) == 80
    first = np.sort(np.unique(order, return_index=True)[1])
    expected = audit(X[first], y[first], **RAW)["readable"]
    assert dropped["readable"].observed == expected.observed
    with pytest.warns(UserWarning, match="count as independent"):
        kept = audit(X, y, duplicates="keep", **RAW)
    assert kept.provenance["copies"]["rule"] == "keep"
    assert kept["readable"].holds is Holds.YES  # any label of a row that stands elsewhere is read


def test_named_groups_are_not_chained_by_copies_across_them():
    """A start token that all texts share would make one group of them."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(40), 6)
    X = rng.normal(size=(240, 8)) + rng.normal(size=(40, 8))[groups]
    X[:96:6] = X[0]
    y = groups % 2
    with pytest.warns(UserWarning, match="copies of rows in other groups"):
        found = audit(X, y, groups=groups, **RAW)
    assert found.provenance["groups"] == 40
    assert found.provenance["copies"] == {"across_groups": 16, "rule": "keep"}


def test_copies_within_named_groups_are_no_matter():
    X, y, order = copied()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = audit(X, y, groups=order, **RAW)
    assert "copies" not in found.provenance


# Neighbours in the file


@pytest.mark.slow
def test_noise_of_paraphrases_in_file_order_is_not_readable_unless_said_to_be_independent():
    said = {"looked at": [], "independent": []}
    for seed in range(4):
        X, y = dependent("5 paraphrases", seed)
        options = {"duplicates": "keep", "random_state": seed, **RAW}
        found = quietly(X, y, **options)
        assert found.provenance["dependence"]["length"] == 5
        said["looked at"].append(found["readable"].holds)
        trusted = quietly(X, y, independent=True, **options)
        assert trusted.provenance["dependence"] == {"independent": True}
        said["independent"].append(trusted["readable"].holds)
    assert said["looked at"].count(Holds.YES) <= binom.ppf(0.999, 4, 0.05)
    assert said["independent"].count(Holds.YES) >= 3


@pytest.mark.slow
def test_verdicts_that_blocks_change_are_withheld_and_recorded():
    found = [audit(*tokens(seed, texts=120, each=4), **RAW) for seed in range(3)]
    withheld = [one for one in found if one.provenance["dependence"].get("withheld")]
    assert withheld
    for one in found:
        record = one.provenance["dependence"]
        assert record["p_value"] <= 0.01
        assert record["length"] >= 3
        assert record["blocks"] >= 27
        assert one["readable"].holds is not Holds.YES
    for one in withheld:
        assert one.provenance["dependence"]["withheld"] == ["readable"]
        assert one["readable"].holds is Holds.UNCLEAR


@pytest.mark.slow
def test_a_verdict_that_blocks_leave_alone_is_kept():
    X, y = tokens(texts=80, each=3)
    found = audit(X + 3.0 * y[:, None] * (np.arange(8) == 0), y, **RAW)
    assert found["readable"].holds is Holds.YES
    assert "withheld" not in found.provenance["dependence"]


@pytest.mark.slow
def test_too_few_blocks_withhold_the_verdict_and_say_how_many_rows_are_needed():
    X, y = tokens(texts=20, each=12)
    found = audit(X, y, claims=["readable", "one_direction"], **FEW)
    claim, record = found["readable"], found.provenance["dependence"]
    assert claim.holds is Holds.UNCLEAR
    assert claim.rows_needed == 27 * 2 * record["length"]
    assert record["withheld"] == ["readable"]
    assert found["one_direction"].holds is Holds.YES  # algebra needs no independent rows


def entities(seed, signal):
    """Groups of four rows with a mean each, a series; how many rows are of class 1 follows it."""
    rng = np.random.default_rng([53, seed])
    means = np.zeros((100, 12))
    for i in range(1, 100):
        means[i] = 0.5 * means[i - 1] + rng.normal(size=12)
    y = np.concatenate([rng.permutation([0, 1, 1, int(i > 50)]) for i in range(100)])
    X = np.repeat(means, 4, axis=0) + rng.normal(size=(400, 12))
    X[:, 0] += signal * y
    return X, y, np.repeat(np.arange(100), 4)


@pytest.mark.slow
def test_labels_of_neighbouring_groups_are_permuted_inside_them():
    """Neighbouring groups are alike: so few blocks suffice only where labels vary in each group."""
    found = [
        audit(X, y, groups=groups, **RAW) for X, y, groups in map(entities, range(5), [0.0] * 5)
    ]
    dependence = [one.provenance.get("dependence", {}) for one in found]
    assert sum(6 <= one.get("blocks", 0) < 27 for one in dependence) >= 4
    assert all(one["readable"].holds is not Holds.YES for one in found)
    X, y, groups = entities(0, 1.5)
    told = audit(X, y, groups=groups, **RAW)
    assert told["readable"].holds is Holds.YES
    assert told.provenance["dependence"]["blocks"] < 27


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gaussian", "t3", "sorted"])
def test_independent_rows_are_audited_as_if_nobody_had_looked(name):
    X, y = independent(name, 1, n=240, d=6)
    found, trusted = (audit(X, y, independent=told, **RAW) for told in (False, True))
    assert "dependence" not in found.provenance
    assert "copies" not in found.provenance
    assert found["readable"].p_value == trusted["readable"].p_value
    assert found["readable"].holds is trusted["readable"].holds
    assert found["readable"].observed == trusted["readable"].observed


# Series


def series(n=400, run=20, rho=0.8, seed=0):
    rng = np.random.default_rng([53, seed])
    X = rng.normal(size=(n, 6))
    for t in range(1, n):
        X[t] = rho * X[t - 1] + np.sqrt(1 - rho**2) * X[t]
    return X, np.repeat(rng.permutation(np.arange(n // run) % 2), run)


@pytest.mark.slow
def test_one_series_is_cut_into_blocks_in_its_order():
    X, y = series(1200)
    rng = np.random.default_rng(0)
    order = rng.permutation(1200)
    straight = audit(X, y, order=np.arange(1200), **RAW)
    shuffled = audit(X[order], y[order], order=order, **RAW)
    for found in (straight, shuffled):
        record = found.provenance["dependence"]
        assert record["order"] == "one series"
        assert 4 <= record["length"] <= 22
        assert record["blocks"] >= 27
        assert found["readable"].holds is not Holds.YES
        assert "kept in order" in found["readable"].nulls[0].description or (
            "whole groups" in found["readable"].nulls[0].description
        )
    assert straight.provenance["dependence"]["length"] == pytest.approx(
        shuffled.provenance["dependence"]["length"], abs=3
    )


@pytest.mark.slow
def test_a_series_that_is_too_short_for_its_dependence_cannot_be_tested():
    X, y = series(240, rho=0.95)
    found = audit(X, y, order=np.arange(240), **RAW)
    assert found["readable"].holds is Holds.UNCLEAR
    assert "needed" in found["readable"].reason


def test_labels_are_shifted_round_where_every_group_is_a_series():
    rng = np.random.default_rng(0)
    parts = [series(30, run=10, seed=s)[0] for s in range(16)]
    X, groups = np.vstack(parts), np.repeat(np.arange(16), 30)
    y = np.concatenate([np.roll(np.repeat([0, 1, 0], 10), rng.integers(30)) for _ in range(16)])
    found = audit(X, y, groups=groups, order=np.arange(480), **RAW)
    assert found.provenance["dependence"] == {"order": "a series in each group"}
    assert "shifted" in found["readable"].nulls[0].description
    assert found["readable"].holds is not Holds.YES


# Features and rows that must not decide


@pytest.mark.slow
def test_features_that_must_not_decide_are_set_aside_and_named():
    rng = np.random.default_rng(0)
    w = worlds.gaussian(n=300, d=5, gap=2.0, random_state=0)
    rare = np.zeros(300)
    rare[rng.permutation(300)[:6]] = 1.0
    X = np.column_stack([w.X, rare, np.full(300, 2.5), 3.0 - 2.0 * w.X[:, 0]])
    names = ["a", "b", "c", "d", "e", "rare", "constant", "copy"]
    found, plain = audit(X, w.y, feature_names=names, **BOTH), audit(w.X, w.y, **BOTH)
    aside = found.provenance["set_aside"]
    assert list(aside["features"]) == names[5:]
    assert aside["how_many"] == 3
    assert {"raw_with_them", "erased_with_them"} <= set(aside)
    for one, other in zip(found, plain, strict=True):
        assert one.observed == other.observed
    assert found.provenance["feature_names"] == names[:5]
    assert "set_aside" not in plain.provenance


def test_symbols_of_which_every_feature_is_rare_are_read_as_they_are():
    rng = np.random.default_rng(0)
    X = np.eye(30)[rng.integers(0, 30, 300)]
    found = audit(X, np.arange(300) % 2, **RAW)
    assert "set_aside" not in found.provenance


@pytest.mark.slow
def test_one_wild_row_is_named_with_what_is_read_without_it():
    w = worlds.gaussian(n=300, d=6, gap=1.5, random_state=0)
    X = w.X.copy()
    X[17] *= 10_000
    with pytest.warns(UserWarning, match="1 row lies far out .17. and decides .* after erasure"):
        found = audit(X, w.y, **BOTH)
    plain = audit(w.X, w.y, **BOTH)
    far = found.provenance["outlying"]
    assert (far["rows"], far["how_many"]) == ([17], 1)
    assert far["raw_without_them"] == pytest.approx(plain["readable"].observed, abs=0.03)
    assert far["erased_without_them"] == pytest.approx(plain["erasure_holds"].observed, abs=0.06)
    assert "outlying" not in plain.provenance


# Quick


@pytest.mark.slow
def test_quick_depth_judges_two_claims_by_chance_alone():
    w = worlds.gaussian(n=200, d=5, gap=2.0, random_state=0)
    found = audit(w.X, w.y, depth="quick")
    assert [claim.name for claim in found] == ["readable", "one_direction"]
    assert [null.rung for null in found["readable"].nulls] == ["chance"]
    assert found["readable"].holds is Holds.YES
    full = audit(w.X, w.y, claims=["readable"])["readable"]
    assert found["readable"].observed == full.observed
    erased = audit(w.X, w.y, claims=["erasure_holds"], depth="quick", draws=39)
    assert [null.rung for null in erased["erasure_holds"].nulls] == ["chance"]


@pytest.mark.slow
def test_a_survey_gives_the_verdicts_of_a_full_audit_with_fewer_draws_and_no_pictures():
    w = worlds.gaussian(n=240, d=5, gap=2.0, random_state=0)
    rest = {"claims": ["readable", "one_direction", "erasure_holds"], "draws": 499}
    full, survey = (audit(w.X, w.y, depth=depth, **rest) for depth in ("full", "survey"))
    for one, other in zip(survey, full, strict=True):
        assert (one.observed, one.interval) == (other.observed, other.interval)
        assert (one.holds, one.takes) == (other.holds, other.takes)
    used = survey.provenance["draws_used"]
    assert used["moments"] <= 499 // 5
    assert survey.provenance["depth"] == "survey"
    assert "depth" not in full.provenance
    assert survey.portrait is None
    assert not survey["readable"].shown


@pytest.mark.slow
@pytest.mark.parametrize("depth", ["full", "quick"])
def test_noise_of_texts_in_file_order_is_no_reading_at_any_depth(depth):
    for seed in range(2):
        X, y = tokens(seed)
        found = audit(X, y, claims=["readable"], depth=depth, draws=39, random_state=seed)
        assert found["readable"].holds is not Holds.YES
        assert "length" in found.provenance["dependence"]


@pytest.mark.slow
@pytest.mark.parametrize("order", [None, np.arange(360)], ids=["found", "declared"])
def test_a_class_in_too_few_blocks_withholds_the_verdict(order):
    """One text of 360 rows has a class to itself: no three parts of whole blocks all hold it."""
    X, _ = tokens()
    y = (np.arange(360) < 12).astype(int)
    claim = audit(X, y, order=order, **RAW)["readable"]
    assert claim.holds is Holds.UNCLEAR
    assert "cannot test the claim" in claim.reason


# Nothing to compare with


@pytest.mark.slow
def test_labels_that_no_permutation_can_move_cannot_be_tested():
    """Pairs of a labelled row and an unlabelled one, alike for a while: blocks exchange nothing."""
    rng = np.random.default_rng(0)
    X = np.repeat(rng.normal(size=(100, 5)), 2, axis=0) + 0.5 * rng.normal(size=(200, 5))
    y = np.arange(200) % 2
    X[:, 0] += 2 * y
    for options in ({}, {"order": np.arange(200)}):
        claim = quietly(X, y, duplicates="keep", **RAW, **options)["readable"]
        assert claim.holds is Holds.UNCLEAR
        assert "leaves all labels as they are" in claim.reason


@pytest.mark.slow
def test_rows_of_a_series_without_dependence_move_one_by_one():
    rng = np.random.default_rng(1)
    y = np.arange(200) % 2
    X = rng.normal(size=(200, 5))
    X[:, 0] += 2 * y
    found = audit(X, y, order=np.arange(200), **RAW)
    assert found["readable"].holds is Holds.YES
    assert found.provenance["dependence"]["blocks"] == 200


@pytest.mark.slow
@pytest.mark.parametrize("runs", [2, 4, 7])
def test_labels_of_few_runs_cannot_be_told_from_drift(runs):
    rng = np.random.default_rng(2)
    y = (np.arange(280) * runs // 280) % 2
    X = np.cumsum(rng.normal(size=(280, 5)), axis=0) / 10 + rng.normal(size=(280, 5))
    claim = audit(X, y, order=np.arange(280), **RAW)["readable"]
    assert claim.holds is Holds.UNCLEAR
    assert f"{runs} runs along the series" in claim.reason


@pytest.mark.slow
@pytest.mark.parametrize("scale", [1e5, 1e6, 1e7])
def test_a_row_far_out_in_all_features_makes_none_repeat_another(scale):
    rng = np.random.default_rng(3)
    y = np.arange(201) % 2
    X = rng.normal(size=(201, 5))
    X[:, 2] += 2 * y
    X[200] = scale * (1 + rng.normal(size=5))
    with pytest.warns(UserWarning, match=r"1 row lies far out \(200\)"):
        found = audit(X, y, claims=["readable", "erasure_holds"], **FEW)
    assert "set_aside" not in found.provenance
    far = found.provenance["outlying"]
    assert far["raw_without_them"] == pytest.approx(found["readable"].observed, abs=0.05)
    assert found["erasure_holds"].observed > far["erased_without_them"] + 0.05


SERIES = {"order": np.arange(60)}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"independent": "no"}, "independent must be True or False, but 'no' arrived"),
        (SERIES | {"independent": True}, "rows of a series are not independent, but both"),
        ({"order": np.zeros(60)}, "order must be different .*, but it is 0.0 for rows 0 and 1"),
        ({"draws": 99, "n_permutations": 199}, "draws= replaces n_permutations, but both arrived"),
    ],
)
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_options_that_contradict_are_refused(options, message):
    X = np.random.default_rng(0).normal(size=(60, 3))
    with pytest.raises(InputError, match=message):
        audit(X, np.arange(60) % 2, **options)


def test_rows_of_several_series_may_share_their_times():
    rng = np.random.default_rng(0)
    groups, time = np.repeat(np.arange(12), 10), np.tile(np.arange(10), 12)
    y = (time // 5 + groups) % 2
    found = audit(rng.normal(size=(120, 3)), y, groups=groups, order=time, **RAW)
    assert found.provenance["dependence"]["order"] == "a series in each group"


@pytest.mark.parametrize("depth", ["quick", "full"])
def test_features_that_are_not_read_are_named_at_any_depth(depth):
    w = worlds.two_features(n_per_class=60, d=3, random_state=0)
    X = np.column_stack([w.X, w.X[:, 0], np.ones(len(w.X))])
    record = audit(X, w.y, claims=["readable"], depth=depth, draws=39).provenance["set_aside"]
    assert record["how_many"] == 2
    assert list(record["features"]) == ["3", "4"]
    assert ("raw_with_them" in record) == (depth == "full")
