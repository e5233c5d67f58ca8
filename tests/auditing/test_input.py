"""What an audit accepts, what it refuses, and that the form of the data makes no difference."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from support.pipeline import LINEAR, RAW, verdicts

from nullprobe import InputError, audit, worlds


def numbers(result):
    """Return what must not depend on how the data came: observations and nulls."""
    values = [value for c in result.claims for value in (c.observed, *(n.mean for n in c.nulls))]
    return np.array(values)


@pytest.mark.slow
def test_labels_and_libraries_make_no_difference():
    w = worlds.gaussian(n=150, d=4, gap=1.0, random_state=0)
    expected = audit(w.X, w.y, **RAW)
    words = np.array(["no", "yes"])[w.y]
    for X, y in [
        (torch.from_numpy(w.X), torch.from_numpy(w.y)),
        (pd.DataFrame(w.X, columns=list("abcd")), pd.Series(words)),
        (w.X.tolist(), words.tolist()),
        (w.X, w.y == 1),
        (w.X, w.y[:, None]),
    ]:
        np.testing.assert_array_equal(numbers(audit(X, y, **RAW)), numbers(expected))
    named = audit(w.X, words, **RAW)
    assert named.provenance["classes"] == {"no": 75, "yes": 75}
    np.testing.assert_array_equal(named.labels, words)


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint8, np.int16, np.int64, np.uint64])
def test_whole_numbers_are_what_they_are_as_floats(dtype):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 100, (60, 4)).astype(dtype)
    y = np.arange(60) % 2
    few = {"claims": ["dependent", "readable"], "draws": 39}
    assert audit(X, y, **few).to_json() == audit(X.astype(np.float64), y, **few).to_json()


@pytest.mark.slow
@pytest.mark.parametrize("convert", [np.float32, np.float16, "bfloat16"])
def test_narrow_numbers_get_the_same_verdicts(convert):
    w = worlds.gaussian(n=300, d=40, gap=2.0, random_state=0)
    expected = audit(w.X, w.y, **LINEAR)
    X = torch.from_numpy(w.X).bfloat16() if convert == "bfloat16" else w.X.astype(convert)
    found = audit(X, w.y, **LINEAR)
    assert found.provenance["dtype"] == "float32"
    for claim in found.claims:
        assert verdicts(found)[claim.name] == verdicts(expected)[claim.name]
        assert claim.observed == pytest.approx(expected[claim.name].observed, abs=5e-3)


def test_whole_numbers_are_audited_as_numbers():
    w = worlds.gaussian(n=150, d=4, gap=1.0, random_state=0)
    whole = np.round(100 * w.X).astype(int)
    found, expected = (audit(X, w.y, **RAW) for X in (whole, whole.astype(float)))
    np.testing.assert_array_equal(numbers(found), numbers(expected))


@pytest.mark.slow
def test_group_names_of_any_kind_will_do():
    w = worlds.gaussian(n=120, d=4, gap=1.0, random_state=0)
    codes = np.arange(120) // 3
    expected = numbers(audit(w.X, w.y, groups=codes, **RAW))
    for groups in (np.array([f"g{c:03}" for c in codes]), torch.from_numpy(codes)):
        found = audit(w.X, w.y, groups=groups, **RAW)
        np.testing.assert_array_equal(numbers(found), expected)
        assert found.provenance["groups"] == 40


def refusals():
    X, y = np.random.default_rng(0).normal(size=(60, 3)), np.arange(60) % 2
    bad = X.copy()
    bad[7, 1] = np.nan
    return {
        "NaN in X": (bad, y, {}, "row 7, column 1"),
        "one class": (X, np.ones(60, dtype=int), {}, "at least two classes"),
        "lengths": (X, y[:50], {}, "X has 60 and y has 50"),
        "rare class": (X, (np.arange(60) < 5) * 1, {}, "at least 6 rows.* 1 has 5"),
        "few numbers": (X[:5], X[:5, 0], {}, "at least 6 rows"),
        "number that never varies": (X, np.full((60, 1), 0.5), {}, "must vary"),
        "claim": (
            X,
            y,
            {"claims": ["redable"]},
            "one of 'dependent', .*'transfers', 'consistent', but 'redable' arrived",
        ),
        "claim of classes": (
            X,
            X[:, 0],
            {"claims": ["no_halfspace"]},
            "'no_halfspace' needs a concept of classes, but the concept is numeric; cut the",
        ),
        "claims as a number": (X, y, {"claims": 3}, "must be a list of names, but 3 arrived; pass"),
        "claims as text": (
            X,
            y,
            {"claims": "readable"},
            r"""a list of names, but 'readable' arrived; pass a list, such as \["readable"\]""",
        ),
        "no claims": (
            X,
            y,
            {"claims": []},
            "at least one name, but the list is empty; name some of dependent, .* or leave claims",
        ),
        "a claim twice": (
            X,
            y,
            {"claims": ["readable", "gone", "readable"]},
            "each claim must be named once, but 'readable' is named twice",
        ),
        "draws": (X, y, {"draws": 38}, "at least 39"),
        "no draws": (X, y, {"draws": 0}, "draws"),
        "splits": (X, y, {"n_splits": 0}, "n_splits"),
        "depth": (X, y, {"depth": "deep"}, "depth"),
        "duplicates": (X, y, {"duplicates": "warn"}, "duplicates"),
        "order": (X, y, {"order": np.arange(50)}, "60 rows, .*, but its shape is"),
        "hole in the order": (X, y, {"order": [np.nan, *range(59)]}, "missing values"),
        "no end of the order": (X, y, {"order": [np.inf, *range(59)]}, "infinite values"),
        "no time in the order": (
            X,
            y,
            {"order": np.array(["NaT", *["2026-01-01"] * 59], "M8[D]")},
            "missing",
        ),
        "an effect of all": (X, y, {"min_effect": 0.5}, "below 0.5: AUC .*, but it is 0.5"),
        "an effect of all R²": (X, X[:, 0], {"min_effect": 1.0}, "below 1: R² .*, but it is 1"),
        "words as order": (X, y, {"order": ["a"] * 60}, "numbers or times"),
        "alpha": (
            X,
            y,
            {"alpha": 0.001},
            "alpha=0.001 needs at least 1999 draws .*, but draws is 499; "
            "pass draws=1999, or a larger alpha",
        ),
        "no alpha": (X, y, {"alpha": 1.5}, "alpha"),
        "seed": (X, y, {"random_state": -1}, "random_state"),
        "groups": (X, y, {"groups": np.arange(50)}, "X has 60 and groups has 50"),
        "group": (X, y, {"groups": [None] + ["a", "b", "c"] * 19 + ["a", "b"]}, "missing"),
        "baseline": (X, y, {"baselines": {"b": X[:9]}}, "baseline 'b' must have the 60 rows"),
        "NaN in a baseline": (
            X,
            y,
            {"baselines": {"b": bad}},
            "baseline 'b' must be finite .*row 7, column 1 .*; drop such rows from all arguments",
        ),
        "NaN in a layer": ({"a": X, "b": bad}, y, {}, "'b' must be finite .*row 7, column 1"),
        "names of baselines": (
            X,
            y,
            {"baselines": {1: X, "1": X}},
            "every baseline needs a different name, but '1' occurs twice",
        ),
        "no matrix": (X[:, 0], y, {}, "X must be 2-D"),
        "a path as text": (
            "data.npz",
            y,
            {},
            r"must be an .*\(n, d\), but 'data.npz' arrived; .*nullprobe.data.files.read\(path",
        ),
        "a path and no concept": (Path("data.npz"), None, {}, r"Path\('data.npz'\) arrived; if it"),
        "no X": (None, y, {}, r"X must be an array .*\(n, d\), but None arrived; pass an array"),
        "no layer": ({"a": X, "b": None}, y, {}, "'b' must be an array .* but None arrived"),
        "squares that vanish": (X * 1e-200, y, {}, "squares.* underflow; multiply X by"),
        "squares without digits": (X * 1e-160, y, {}, "squares.* underflow; multiply X by"),
        "squares that are too large": (X * 1e200, y, {}, "squares of feature 0 .* divide X by"),
    }


REFUSALS = refusals()


@pytest.mark.parametrize("case", REFUSALS)
def test_input_that_cannot_be_audited_is_refused_with_its_place(case):
    X, y, options, message = REFUSALS[case]
    with pytest.raises(InputError, match=message):
        audit(X, y, **options)


OLD = {
    "permutations": {"n_permutations": 99},
    "both": {"n_permutations": 99, "n_surrogates": 39},
    "surrogates alone": {"n_surrogates": 99},
}


@pytest.mark.slow
@pytest.mark.parametrize("names", OLD)
def test_old_names_of_draws_give_a_warning_and_the_same_result(names):
    w = worlds.gaussian(n=90, d=3, gap=1.0, random_state=0)
    options = {"claims": ["readable", "erasure_holds"], "n_splits": 1}
    expected = audit(w.X, w.y, draws=99, **options)
    with pytest.warns(FutureWarning, match="draws="):
        found = audit(w.X, w.y, **OLD[names], **options)
    assert found == expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_permutations": 38}, "at least 39"),
        ({"n_permutations": -1}, "n_permutations"),
        ({"n_permutations": 39, "n_surrogates": 0, "claims": ["one_feature"]}, "'one_feature'"),
    ],
)
def test_old_names_of_draws_are_validated(options, message):
    w = worlds.null(n=60, d=3, random_state=0)
    with pytest.warns(FutureWarning), pytest.raises(InputError, match=message):
        audit(w.X, w.y, **options)


@pytest.mark.parametrize("size", [2.0**-83, 2.0**83])
def test_float32_rows_whose_squares_it_cannot_hold_are_audited_as_any(size):
    few = RAW
    X = np.random.default_rng(0).normal(size=(90, 4)).astype(np.float32)
    y = np.arange(90) % 2
    claims = [audit(rows, y, **few)["readable"] for rows in (X, X * np.float32(size))]
    assert claims[0].observed == pytest.approx(claims[1].observed, abs=1e-6)


@pytest.mark.parametrize("n_splits", [0, 14, 2.5])
def test_partitions_are_those_that_there_are(n_splits):
    with pytest.raises(InputError, match="n_splits") as complaint:
        audit(np.eye(40), np.arange(40) % 2, n_splits=n_splits)
    assert str(n_splits) in str(complaint.value)
