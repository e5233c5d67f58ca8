"""What an audit accepts, what it refuses, and that the form of the data makes no difference."""

import numpy as np
import pandas as pd
import pytest
import torch
from pipeline import LINEAR, RAW, verdicts

from nullprobe import InputError, audit, worlds


def numbers(result):
    """Return what must not depend on how the data came: observations and nulls."""
    values = [value for c in result.claims for value in (c.observed, *(n.mean for n in c.nulls))]
    return np.array(values)


def test_labels_and_libraries_make_no_difference():
    w = worlds.gaussian(n=150, d=4, gap=1.0, random_state=0)
    expected = audit(w.X, w.y, **RAW)
    words = np.array(["no", "yes"])[w.y]
    for X, y in [
        (torch.from_numpy(w.X), torch.from_numpy(w.y)),
        (pd.DataFrame(w.X, columns=list("abcd")), pd.Series(words)),
        (w.X.tolist(), words.tolist()),
        (w.X, w.y == 1),
        (w.X, w.y.astype(float)),
    ]:
        np.testing.assert_array_equal(numbers(audit(X, y, **RAW)), numbers(expected))
    named = audit(w.X, words, **RAW)
    assert named.provenance["classes"] == {"no": 75, "yes": 75}
    np.testing.assert_array_equal(named.labels, words)


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
        "number that never varies": (X, np.ones((60, 1)), {}, "must vary"),
        "claim": (X, y, {"claims": ["redable"]}, "'redable' arrived"),
        "claim of classes": (X, X[:, 0], {"claims": ["no_halfspace"]}, "'no_halfspace' arrived"),
        "permutations": (X, y, {"n_permutations": 38}, "at least 39"),
        "surrogates": (X, y, {"n_surrogates": 38}, "at least 39"),
        "seed": (X, y, {"random_state": -1}, "random_state"),
        "groups": (X, y, {"groups": np.arange(50)}, "groups must have shape"),
        "group": (X, y, {"groups": [None] + ["a", "b", "c"] * 19 + ["a", "b"]}, "missing"),
        "baseline": (X, y, {"baselines": {"b": X[:9]}}, "baseline 'b' must have the 60 rows"),
        "NaN in a baseline": (X, y, {"baselines": {"b": bad}}, "row 7, column 1"),
        "no matrix": (X[:, 0], y, {}, "X must be 2-D"),
    }


REFUSALS = refusals()


@pytest.mark.parametrize("case", REFUSALS)
def test_input_that_cannot_be_audited_is_refused_with_its_place(case):
    X, y, options, message = REFUSALS[case]
    with pytest.raises(InputError, match=message):
        audit(X, y, **options)
