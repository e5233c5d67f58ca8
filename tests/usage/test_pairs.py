"""Pairs of texts: those that are passed, and those that are matched."""

import numpy as np
import pytest

from nullprobe import InputError
from nullprobe.data.concept import concept
from nullprobe.usage.pairs import LEAST_PAIRS, directed_pairs, joined_groups, pair_names

N = 60
RNG = np.random.default_rng(0)
Y = np.arange(N) % 2
GROUPS = np.arange(N) // 6
WORDS = [f"w{i}" for i in range(9)]
TEXTS = [" ".join(RNG.choice(WORDS, size=5)) for _ in range(N)]
ANSWERS = [f" {one}" for one in RNG.integers(0, 2, N)]
EVERY = np.arange(N)


def matched(**changes):
    options = {"names": None, "groups": GROUPS, "rows": EVERY, "answers": ANSWERS, **changes}
    return directed_pairs(TEXTS, concept(Y), **options)


def test_matched_pairs_differ_in_label_and_answer_and_share_their_group():
    pairs = matched()
    a, b = pairs.first, pairs.second
    assert (Y[a] != Y[b]).all()
    assert (np.array(ANSWERS)[a] != np.array(ANSWERS)[b]).all()
    assert (GROUPS[a] == GROUPS[b]).all()
    assert pairs.is_matched


def test_each_pair_runs_in_both_directions_and_no_text_is_in_two_pairs():
    pairs = matched()
    m = len(pairs) // 2
    np.testing.assert_array_equal(pairs.first[:m], pairs.second[m:])
    np.testing.assert_array_equal(pairs.pair[:m], pairs.pair[m:])
    assert len(np.unique(pairs.first)) == 2 * m


def test_the_nearest_texts_are_matched_first():
    """By hand: the closest allowed pair of all is a pair of the match."""
    pairs = matched(groups=None)
    bags = [{word: text.split().count(word) for word in WORDS} for text in TEXTS]

    def apart(i, j):
        return sum(abs(bags[i][word] - bags[j][word]) for word in WORDS)

    allowed = [
        (i, j) for i in range(N) for j in range(i) if Y[i] != Y[j] and ANSWERS[i] != ANSWERS[j]
    ]
    least = min(apart(i, j) for i, j in allowed)
    assert pairs.distance.min() == least
    each = zip(pairs.first, pairs.second, pairs.distance, strict=True)
    assert all(apart(i, j) == distance for i, j, distance in each)


def test_the_placebo_has_the_label_of_the_first_text_and_the_answer_of_the_second():
    pairs = matched(groups=None)
    c = pairs.same_label
    assert (c >= 0).all()
    assert (c != pairs.first).all()
    np.testing.assert_array_equal(Y[c], Y[pairs.first])
    spoken = np.array(ANSWERS)
    np.testing.assert_array_equal(spoken[c], spoken[pairs.second])


def test_where_labels_determine_answers_the_placebo_has_the_label_alone():
    answers = [f" {one}" for one in Y]
    pairs = matched(groups=None, answers=answers)
    np.testing.assert_array_equal(Y[pairs.same_label], Y[pairs.first])


def test_only_texts_that_are_scored_are_paired():
    rows = np.sort(np.concatenate([np.arange(30), np.arange(45, 60)]))
    pairs = matched(rows=rows, groups=None)
    used = np.concatenate([pairs.first, pairs.second, pairs.same_label])
    assert set(used) <= set(rows)


@pytest.mark.parametrize(
    "pairs",
    [[[2 * i, 2 * i + 1] for i in range(N // 2)], [f"pair {i // 2}" for i in range(N)]],
    ids=["numbers", "names"],
)
def test_pairs_that_are_passed_are_used_if_they_differ_in_label_and_answer(pairs):
    names = pair_names(pairs, N)
    answers = np.array([" x", " y"] * (N // 2))
    answers[:2] = " x"  # this pair has one answer
    found = directed_pairs(TEXTS, concept(Y), list(answers), EVERY, names, None)
    assert sorted(zip(found.first.tolist(), found.second.tolist(), strict=True)) == sorted(
        [(i, i + 1) for i in range(2, N, 2)] + [(i + 1, i) for i in range(2, N, 2)]
    )
    assert not found.is_matched


def test_pairs_and_groups_stay_together():
    names = pair_names([[0, 30], [31, 59]], N)
    codes = joined_groups(GROUPS, names)
    for i, j in ((0, 30), (31, 59), (0, 5), (30, 31)):
        assert codes[i] == codes[j]
    assert codes[0] != codes[10]
    np.testing.assert_array_equal(joined_groups(GROUPS, None), GROUPS)
    alone = joined_groups(None, names)
    assert len(np.unique(alone)) == N - 2


def test_the_match_can_be_shown():
    frame = matched().to_frame(kind="pandas")
    one = frame.iloc[0]
    assert (one.first_text, one.second_text) == (TEXTS[one["first"]], TEXTS[one["second"]])
    assert "matched" in repr(matched())


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ("nearest", "'match' or arrays"),
        ([[0, N]], f"from 0 to {N - 1}"),
        ([[0, -1]], "from 0"),
        ([[0, 1], [1, 2]], "one pair only"),
        (["a"] * N, "two texts"),
        (["a"] * (N - 1), rf"shape \({N - 1},\)"),
    ],
)
def test_pairs_that_make_no_sense_are_refused(pairs, message):
    with pytest.raises(InputError, match=message):
        pair_names(pairs, N)


def test_too_few_pairs_with_different_answers_are_refused():
    with pytest.raises(InputError, match=f"at least {LEAST_PAIRS} pairs"):
        matched(answers=[" x"] * N)
