"""What cannot be audited as pairs is refused or left out, and says why."""

import numpy as np
import pytest
from support.pipeline import RAW

from nullprobe import ContrastPairs, InputError, audit, worlds

WORLD = worlds.contrast(n=60, d=3, random_state=0)
PAIRS = ContrastPairs(WORLD.negative, WORLD.positive, WORLD.y)
X, Y = PAIRS.positive, PAIRS.y
UNKNOWN = ContrastPairs(PAIRS.negative, PAIRS.positive)
OPPOSITE = ContrastPairs(PAIRS.negative, PAIRS.positive, 1 - Y)
TEMPLATES = ["a"] * 57 + ["b", "b", "c"]
CONSISTENT = {"claims": ["consistent"]}
# What arrived, and what the complaint must say: what is required, what came, what to do.
REFUSED = {
    "labels twice": (PAIRS, {"y": Y}, "must be in the pairs, but y arrived as well"),
    "no labels": (UNKNOWN, {}, "requires y.* y is missing; pass 1 where the positive side is true"),
    "no labels in one": ({"a": PAIRS, "b": UNKNOWN}, {}, "requires y.* y is missing; pass 1"),
    "pairs and none": (
        {"a": PAIRS, "b": X},
        {},
        "must be contrast pairs, or none of them, but 'b' is not ContrastPairs",
    ),
    "none and pairs": ({"b": X, "a": PAIRS}, {"y": Y}, "'b' is not ContrastPairs; audit them"),
    "other truths": (
        {"a": PAIRS, "b": OPPOSITE},
        {},
        "same labels, but the labels of 'b' and 'a' differ",
    ),
    "lengths": (
        {"a": PAIRS, "b": PAIRS.take(slice(50))},
        {},
        r"same rows, but they have 60 \('a'\), 50 \('b'\); compute them for the same inputs",
    ),
    "names": ({1: PAIRS, "1": PAIRS}, {}, "needs a different name, but '1' occurs twice"),
    "labels of no pairs": (
        X,
        {"y": Y, "others": {"z": Y}},
        "need contrast pairs, but X is not ContrastPairs; pass ContrastPairs",
    ),
    "an array of such": (X, {"y": Y, "others": Y}, "need contrast pairs, but"),
    "labels without names": (PAIRS, {"others": [Y]}, "must have names, but list arrived; pass a"),
    "truth twice": (PAIRS, {"others": {"truth": Y}}, "a different name, but 'truth' occurs twice"),
    "few labels": (PAIRS, {"others": {"z": Y[:9]}}, "X and label 'z' .* 60 and label 'z' has 9"),
    "no labels under a name": (
        PAIRS,
        {"others": {"z": None}},
        "label 'z' must be 0 and 1, .* but None arrived; pass one .* or leave the label out",
    ),
    "a hole in other labels": (
        PAIRS,
        {"others": {"z": [None, *map(str, Y[1:])]}},
        "needs a label in label 'z', but 1 label is missing .* in row 0; drop these rows from X",
    ),
    "names of other labels": (
        PAIRS,
        {"others": {1: Y, "1": 1 - Y}},
        "every label needs a different name, but '1' occurs twice",
    ),
    "one class": (PAIRS, {"others": {"z": 0 * Y}}, "'z' must be of two classes, but all 60 are 0"),
    "numbers": (
        PAIRS,
        {"others": {"z": Y + 0.5}},
        "label 'z' must be 0 and 1, or False and True, but 0.5, 1.5 arrived; pass 1",
    ),
    "no pairs": (
        X,
        {"y": Y, **CONSISTENT},
        r"'consistent' needs contrast pairs, but.* an array of rows; pass ContrastPairs\(negative",
    ),
    "no concept": (X, {}, "a concept is needed, but y is missing; pass one label for each row"),
    "eleven pairs": (
        ContrastPairs(X[:11], -X[:11], np.arange(11) % 2),
        CONSISTENT,
        "at least 12 pairs are needed, but there are 11; pass more pairs",
    ),
    "a small template": (
        ContrastPairs(PAIRS.negative, X, Y, TEMPLATES),
        CONSISTENT,
        "each group needs two training pairs .*, but group 'c' has 0 in one split, and 1 in",
    ),
    "groups to carry over to": (
        PAIRS,
        {"claims": ["transfers"]},
        "'transfers' needs groups, but there are none; pass the group of each row, or leave",
    ),
    "bare baselines": (PAIRS, {"baselines": X}, "must have names, but ndarray arrived; pass a"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_audited_as_pairs_is_refused_with_advice(case):
    given, options, message = REFUSED[case]
    with pytest.raises(InputError, match=message):
        audit(given, **RAW | options)


@pytest.mark.slow
def test_pairs_that_depend_on_each_other_leave_consistent_out_and_say_why():
    w = worlds.contrast(n=60, d=4, random_state=0)
    pairs, groups = ContrastPairs(w.negative, w.positive, w.y), np.arange(60) // 2
    few = {"draws": 39, "n_splits": 1}
    found = audit(pairs, groups=groups, **few)
    assert "consistent" not in [claim.name for claim in found.claims]
    assert "independent" in found.provenance["left_out"]["consistent"]
    with pytest.raises(InputError, match="independent of each other"):
        audit(pairs, groups=groups, claims=["consistent"], **few)


@pytest.mark.slow
def test_templates_too_small_to_normalise_leave_consistent_out():
    w = worlds.contrast(n=60, d=4, random_state=0)
    templates = np.where(np.arange(60) < 2, "rare", "common")
    pairs = ContrastPairs(w.negative, w.positive, w.y, templates)
    few = {"draws": 39, "n_splits": 1}
    found = audit(pairs, **few)
    assert "'rare' has 0 in one split, and 2 in all" in found.provenance["left_out"]["consistent"]
    with pytest.raises(InputError, match="'rare' has 0 in one split, and 2"):
        audit(pairs, claims=["consistent"], **few)
