"""Two sets of labels for one idea."""

import numpy as np
import pytest

from nullprobe import InputError, same_concept
from nullprobe.claims import Holds

FEW = {"draws": 39, "n_splits": 1, "independent": True}


def annotated(seed, n=2000, d=6, strict=0.0):
    """Return rows, and two annotators' noisy labels of the same feature, one stricter."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    first = X[:, 0] + rng.normal(size=n) > 0
    second = X[:, 0] + rng.normal(size=n) > strict
    return X, first, second


@pytest.mark.slow
def test_two_annotators_of_one_thing_are_not_told_apart_however_strict_one_is():
    for strict in (0.0, 0.3):
        X, first, second = annotated(0, strict=strict)
        found = same_concept(X, first, second, **FEW)
        assert found.holds is not Holds.NO
        assert found.differing == (first != second).sum()
        assert 0.2 < found.kappa < found.agreement


@pytest.mark.slow
def test_a_proxy_that_reads_something_else_is_told_apart():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(800, 6))
    thing = X[:, 0] + 0.5 * rng.normal(size=800) > 0
    proxy = X[:, 0] + X[:, 1] + 0.5 * rng.normal(size=800) > 0
    found = same_concept(X, thing, proxy, names=("thing", "proxy"), **FEW)
    assert found.holds is Holds.NO
    assert found.crossed["thing", "thing"].value > found.crossed["proxy", "thing"].value
    assert "fitted to proxy, scored on thing" in str(found)
    assert repr(found).startswith("SameConcept(no, agreement")
    assert set(found.audit.provenance["classes"]) == {"thing", "proxy"}


@pytest.mark.slow
def test_wrong_alarms_are_as_rare_as_alpha():
    wrong = sum(same_concept(*annotated(s, n=240), **FEW).holds is Holds.NO for s in range(40))
    assert wrong <= 7  # at .05, 1 in 1,000 samples has more


@pytest.mark.slow
def test_groups_stay_whole():
    X, first, second = annotated(2, n=600)
    groups = np.arange(600) // 4
    found = same_concept(X, first, second, groups=groups, **{**FEW, "independent": False})
    assert found.audit.provenance["groups"] > 0


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (["a", "b"] * 20, ["a", "b"] * 20, "must differ in some rows"),
        (["a", "b"] * 20, ["a", "c"] * 20, "the same two classes"),
        (["a", "b", "c", "a"] * 10, ["a", "b"] * 20, "two classes each"),
        (list(np.linspace(0, 1, 40)), ["a", "b"] * 20, "one has numbers"),
        (["a", "b"] * 20, ["b", "a"] + ["a", "b"] * 19, "needs at least"),
    ],
)
def test_what_cannot_be_asked_is_refused(first, second, said):
    X = np.random.default_rng(0).normal(size=(40, 3))
    with pytest.raises(InputError, match=said):
        same_concept(X, first, second, **FEW)


def test_labels_that_are_a_part_of_others_are_refused_in_words():
    rng = np.random.default_rng(0)
    X, thing = rng.normal(size=(200, 3)), np.arange(200) % 2 == 0
    with pytest.raises(InputError, match="rows that differ, only 'first' says so"):
        same_concept(X, thing, thing & (rng.random(200) < 0.5))
