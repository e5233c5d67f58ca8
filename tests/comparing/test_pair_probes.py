"""Comparing pair readers: what each follows, on held-out pairs, with exact nulls."""

import json
import re

import numpy as np
import pytest
from scipy.stats import binom
from sklearn.model_selection import KFold

from nullprobe import (
    CCS,
    CRC,
    VINC,
    ContrastPairs,
    InputError,
    LDAProbe,
    LogisticProbe,
    compare_pairs,
    worlds,
)
from nullprobe.comparing.pair_probes import _agreement
from nullprobe.comparing.pair_result import Agreement, PairComparison, Reader
from nullprobe.heldout.pair_agreement import HeldOut, _permutations
from nullprobe.probes.pairs.random_directions import random_directions


def pairs_of(world, y=None):
    y = world.y if y is None else y
    return ContrastPairs(world.negative, world.positive, y, world.groups)


def held_out(turns, seed=0):
    """Return pairs of which these parts are held out; what they hold does not matter."""
    n = sum(len(test) for _, test in turns)
    negative, positive = np.random.default_rng(0).standard_normal((2, n, 1))
    found = HeldOut(ContrastPairs(negative, positive), seed)
    found.splits = turns
    return found


DISTRACTED = worlds.distractor(n=300, d=12, n_prompts=2, random_state=3)
OTHERS = {"sentiment": DISTRACTED.distractor}


@pytest.fixture(scope="module")
def distracted():
    return compare_pairs(pairs_of(DISTRACTED), others=OTHERS, n_random=200, n_permutations=99)


@pytest.mark.slow
def test_the_page_is_told_that_ccs_follows_the_distractor_and_so_does_crc(distracted):
    assert distracted.labels == ("truth", "sentiment")
    for name in ("CCS", "CRC", "VINC"):
        own, other = (distracted[name].agreements[x] for x in distracted.labels)
        assert own.interval[0] < 0.55
        assert other.share > 0.97
        assert other.p_value == 0.01
    *found, could = distracted.findings
    assert [said.split(" (")[0] for said in found] == [
        f"{name} follows 'sentiment'" for name in ("CCS", "CRC", "VINC")
    ]
    assert could.startswith("A probe fitted to labels agrees with 'truth' in ")
    assert distracted["with labels"].agreements["truth"].share > 0.97


@pytest.mark.slow
def test_truth_is_found_where_nothing_else_flips_and_crc_finds_it_too():
    found = compare_pairs(pairs_of(worlds.contrast(n=150, d=6)), n_random=99, n_permutations=99)
    assert found["CCS"].agreements["truth"].share > 0.9
    assert "CCS agrees with 'truth'" in found.findings[0]
    assert "CRC" in found.findings[0]
    assert found["CCS"].agreements["truth"].p_value == 0.01


def test_where_one_feature_is_all_random_directions_are_said_to_do_as_well():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 200)
    flips = np.outer(2 * y - 1, np.ones(3))
    pairs = ContrastPairs(*(s * flips + 0.3 * rng.standard_normal((200, 3)) for s in (-1, 1)), y)
    found = compare_pairs(pairs, n_random=200, n_permutations=39)
    assert re.search(r"\d % of random directions", found.findings[0])
    assert found.as_good(found["CCS"], "truth") > 0.2


@pytest.mark.slow
def test_agreements_are_those_of_probes_fitted_to_the_other_pairs():
    world = worlds.contrast(n=90, d=5, signal=0.7)
    found = compare_pairs(
        pairs_of(world), probes={"CRC": CRC()}, n_random=10, n_permutations=9, random_state=4
    )
    right = 0
    for train, test in KFold(3, shuffle=True, random_state=4).split(world.y):
        probe = CRC().fit(pairs_of(world).take(train))
        right += np.sum(probe.predict(pairs_of(world).take(test)) == world.y[test])
    agreement = found["CRC"].agreements["truth"]
    assert agreement.share == pytest.approx(right / 90)
    assert agreement.interval[0] < agreement.share < agreement.interval[1]


def test_ceiling_and_random_directions_read_held_out_pairs_in_units_of_the_others():
    world = worlds.contrast(n=30, d=12, signal=0.5)
    found = compare_pairs(pairs_of(world), probes={}, n_random=40, n_permutations=0, random_state=4)
    W = random_directions(12, 40, np.random.default_rng([4, 2]))
    told, random = 0, np.zeros(40)
    for train, test in KFold(3, shuffle=True, random_state=4).split(world.y):
        low, high = (
            (side - side[train].mean(axis=0)) / side[train].std(axis=0)
            for side in (world.negative, world.positive)
        )
        D, y = high - low, world.y
        told += np.sum(LogisticProbe(C=1.0).fit(D[train], y[train]).predict(D[test]) == y[test])
        same = ((D @ W > 0) == (y[:, None] == 1)) * 2 - 1
        sign = same[train].sum(axis=0) + 0.5 * same[train[0]]
        random += np.sum(same[test] * sign > 0, axis=0)
    assert found["with labels"].agreements["truth"].share == pytest.approx(told / 30)
    np.testing.assert_allclose(found.random["truth"], np.sort(random / 30))


def test_a_ceiling_that_could_learn_every_pair_by_heart_reads_no_labels_that_mean_nothing():
    world = worlds.contrast(n=120, d=90, signal=0.0)
    found = compare_pairs(pairs_of(world), probes={}, n_random=1, n_permutations=0)
    share = found["with labels"].agreements["truth"].share
    assert abs(share - 0.5) < 4 * 0.5 / 120**0.5


@pytest.mark.slow
def test_labels_of_held_out_pairs_reach_no_fit():
    """Whatever the labels are, what is read of the pairs is the same, but for a sign."""
    world = worlds.contrast(n=60, d=4, signal=1.0)
    probes = {"CCS": CCS(n_init=2), "CRC": CRC(), "VINC": VINC()}
    first, second = (
        compare_pairs(pairs_of(world, y), probes=probes, n_random=5, n_permutations=0)
        for y in (world.y, 1 - world.y)
    )
    for one, other in zip(first.rows, second.rows, strict=True):
        np.testing.assert_array_equal(
            one.agreements["truth"].right, other.agreements["truth"].right
        )
        assert one.agreements["truth"].p_value is None
    chance = compare_pairs(
        pairs_of(worlds.contrast(n=60, d=4, signal=0.0)),
        probes=probes,
        n_random=5,
        n_permutations=0,
    )
    assert all("not detectably better than chance" in finding for finding in chance.findings[:3])
    np.testing.assert_array_equal(first.random["truth"], second.random["truth"])


def test_opposite_labels_turn_a_reader_round_where_half_are_right():
    read, labels = np.ones((12, 1)), np.tile([1.0, -1.0], 6)[:, None]
    parts = held_out([(np.arange(6), np.arange(6, 12)), (np.arange(6, 12), np.arange(6))])
    for sign in (1.0, -1.0):
        assert parts.right([read, read], sign * labels)[:, 0].tolist() == [True, False] * 6


@pytest.mark.slow
def test_p_values_are_uniform_where_labels_mean_nothing():
    """150 labels that were drawn by a coin: P(p ≤ α) is α, settled signs and all."""
    rng = np.random.default_rng(0)
    n, turns = 60, [(np.arange(20, 60), np.arange(20)), (np.arange(40), np.arange(40, 60))]
    turns.append((np.r_[:20, 40:60], np.arange(20, 40)))
    read = np.where(rng.standard_normal((3, n, 1)) > 0, 1.0, -1.0)
    p = []
    for seed in range(150):
        labels = rng.permutation(np.repeat([-1.0, 1.0], n // 2))
        p.append(_agreement(held_out(turns, seed), read, labels, 99).p_value)
    for level in (0.05, 0.1, 0.25, 0.5):
        assert np.sum(np.array(p) <= level) <= binom.ppf(0.999, 150, level)
    assert np.mean(np.array(p) <= 0.6) > 0.4


@pytest.mark.parametrize("seed", range(5))
def test_p_value_counts_permuted_labels_that_agree_as_often_each_with_a_sign_of_its_own(seed):
    """Of twelve pairs, so that many agree exactly as often."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat([-1.0, 1.0], 6))
    turns = list(KFold(3).split(labels))
    read = [np.where(rng.random((12, 1)) < 0.7, labels[:, None], -labels[:, None]) for _ in turns]
    drawn, hits = _permutations(labels, 99, np.random.default_rng([seed, 1])), []
    for one in np.hstack([labels[:, None], *drawn]).T:
        same = [side[:, 0] * one for side in read]
        signs = [s[train].sum() or s[train[0]] for s, (train, _) in zip(same, turns, strict=True)]
        each = zip(same, signs, turns, strict=True)
        hits.append(sum(np.sum(s[test] * sign > 0) for s, sign, (_, test) in each))
    p = _agreement(held_out(turns, seed), read, labels, 99).p_value
    assert p == np.mean(np.array(hits) >= hits[0])


def made(*readers, draws=(0.4, 0.5, 0.5, 0.6)):
    """Return a comparison of readers that are right in so many of 100 pairs: (name, p, counts)."""
    labels = ("truth", "sentiment")
    rows = [
        Reader(name, name, p is None, {x: Agreement.of(np.arange(100) < k, p)
                                       for x, k in zip(labels, counts, strict=False)})
        for name, p, *counts in (*readers, ("with labels", None, 97, 98))
    ]  # fmt: skip
    return PairComparison("made", labels[: len(readers[0]) - 2], tuple(rows),
                          dict.fromkeys(labels, np.array(draws)), {})  # fmt: skip


def test_interval_is_that_of_wilson():
    centre, spread = (0.8 + 1.96**2 / 20) / 1.384146, 1.96 * (0.016 + 1.96**2 / 400) ** 0.5 / 1.384
    expected = [centre - spread, centre + spread]
    np.testing.assert_allclose(Agreement.of(np.arange(10) < 8, None).interval, expected, atol=1e-3)


@pytest.mark.parametrize(
    ("reader", "sentence"),
    [
        (("VINC", 0.01, 50, 90), "VINC follows 'sentiment' (0.900 of held-out pairs), not 'truth'"),
        (("VINC", 0.01, 70, 75), "VINC agrees with 'truth' in 0.700 of held-out pairs."),
        (
            ("VINC", 0.06, 70),
            "VINC is not detectably better than chance: it agrees with 'truth' in",
        ),
        (("VINC", 0.05, 70), "VINC agrees with 'truth' in 0.700 of held-out pairs."),
    ],
)
def test_another_label_is_followed_and_chance_ruled_out_beyond_what_errors_allow(reader, sentence):
    assert made(reader).findings[0].startswith(sentence)


def test_random_directions_as_good_are_told_from_one_in_twenty_on():
    draws = np.r_[np.full(94, 0.5), 0.7, np.full(5, 0.8)]
    found = made(("VINC", 0.01, 70), draws=draws)
    assert found.as_good(found["VINC"], "truth") == pytest.approx(0.06)  # as often counts, too
    assert "6 % of random directions" in found.findings[0]
    assert "random" not in made(("VINC", 0.01, 75), draws=draws).findings[0]
    assert found.findings[-1].endswith("median of 100 random directions in 0.500.")


@pytest.mark.parametrize(("right", "as_well"), [(58, False), (83, False), (85, True), (99, True)])
def test_crc_does_as_well_unless_ccs_is_right_more_often_beyond_the_error(right, as_well):
    """Of 100 pairs two readers differ in 5, or in 3: errors of .022 and .017."""
    found = made(("CCS", 0.01, 88), ("CRC", 0.01, right)).findings
    assert ("CRC, which ignores consistency" in found[0]) == as_well
    assert "ignores consistency" not in found[1]


@pytest.mark.slow
def test_the_same_seed_gives_the_same_document():
    pairs = pairs_of(worlds.contrast(n=40, d=3))
    found, again = (compare_pairs(pairs, n_random=20, n_permutations=39) for _ in range(2))
    assert again.document().plain() == found.document().plain()


@pytest.mark.slow
def test_probes_of_ones_own_are_compared():
    probes = {"one try": CCS(n_init=1), "CRC": CRC()}
    found = compare_pairs(
        pairs_of(worlds.contrast(n=60, d=4)), probes=probes, n_random=5, n_permutations=9
    )
    assert [row.name for row in found.rows] == ["one try", "CRC", "with labels"]
    assert "n_init=1" in found["one try"].settings


@pytest.mark.slow
def test_document_is_plain_and_holds_all_that_is_shown(distracted, tmp_path):
    distracted.to_json(tmp_path / "pairs.json")
    document = json.loads((tmp_path / "pairs.json").read_text("utf-8"))
    assert document["schema"] == "nullprobe.pair_comparison/3"
    assert document["findings"] == list(distracted.findings)
    assert len(document["random"]["truth"]) == 200
    assert document["provenance"]["pairs"] == 300
    lines = str(distracted).splitlines()
    assert lines[0].split() == ["reader", "truth", "sentiment"]
    for row in distracted.rows:
        at = next(i for i, line in enumerate(lines) if line.startswith(f"{row.name} "))
        assert lines[at].split()[-2:] == [f"{a.share:.3f}" for a in row.agreements.values()]
    assert lines[-1] == distracted.findings[-1]


@pytest.mark.slow
def test_a_frame_has_a_row_for_each_reader_and_label(distracted):
    frame = distracted.to_frame()
    assert len(frame) == len(distracted.rows) * len(distracted.labels)
    first = distracted.rows[0].agreements["sentiment"]
    row = frame[(frame["reader"] == "CCS") & (frame["label"] == "sentiment")].iloc[0]
    assert (row["share"], row["low"], row["high"]) == (first.share, *first.interval)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"others": {"truth": DISTRACTED.y}}, "needs a different name.*'truth'"),
        ({"others": {"a": DISTRACTED.y[:5]}}, "300"),
        ({"others": {"a": np.ones(300, dtype=int)}}, "'a' must be of two classes"),
        ({"probes": {"CCS": CCS}}, r"pass CCS\(\)"),
        ({"probes": {"a": LDAProbe()}}, "'a' must be a probe of pairs.*LDAProbe arrived"),
        ({"others": [DISTRACTED.y]}, "must have names.*list arrived"),
        ({"n_random": 0}, "n_random"),
        ({"n_permutations": -1}, "n_permutations"),
        ({"random_state": "a"}, "random_state"),
    ],
)
def test_what_cannot_be_compared_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        compare_pairs(pairs_of(DISTRACTED), **change)


def test_pairs_without_labels_and_few_pairs_are_refused():
    with pytest.raises(InputError, match="y to be passed"):
        compare_pairs(ContrastPairs(DISTRACTED.negative, DISTRACTED.positive))
    with pytest.raises(InputError, match="must be ContrastPairs.*ndarray arrived"):
        compare_pairs(DISTRACTED.positive)
    with pytest.raises(InputError, match="12 pairs are needed"):
        compare_pairs(pairs_of(DISTRACTED).take(slice(8)))
