"""Comparing pair readers: what each follows, on held-out pairs, with exact nulls."""

import json

import numpy as np
import pytest
from scipy.stats import binom
from sklearn.model_selection import KFold

from nullprobe import CCS, CRC, ContrastPairs, InputError, LDAProbe, compare_pairs, worlds
from nullprobe.compare_pairs import _permuted, _right


def pairs_of(world, y=None):
    y = world.y if y is None else y
    return ContrastPairs(world.negative, world.positive, y, world.groups)


DISTRACTED = worlds.distractor(n=300, d=12, n_prompts=2, random_state=3)
OTHERS = {"sentiment": DISTRACTED.distractor}


@pytest.fixture(scope="module")
def distracted():
    return compare_pairs(pairs_of(DISTRACTED), others=OTHERS, n_random=200, n_permutations=99)


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
    assert could.startswith("With labels, a probe reads 'truth' in ")
    assert distracted["with labels"].agreements["truth"].share > 0.97


def test_truth_is_found_where_nothing_else_flips_and_crc_finds_it_too():
    found = compare_pairs(pairs_of(worlds.contrast(n=300, d=12)), n_random=200, n_permutations=99)
    assert found["CCS"].agreements["truth"].share > 0.9
    assert "CCS agrees with 'truth'" in found.findings[0]
    assert "CRC, which does not look for consistency, does as well." in found.findings[0]
    assert found["CCS"].agreements["truth"].p_value == 0.01


def test_where_one_feature_is_all_random_directions_are_said_to_do_as_well():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 200)
    flips = np.outer(2 * y - 1, np.ones(3))
    pairs = ContrastPairs(*(s * flips + 0.3 * rng.standard_normal((200, 3)) for s in (-1, 1)), y)
    found = compare_pairs(pairs, n_random=200, n_permutations=39)
    assert "% of random directions, as often or more" in found.findings[0]
    assert found.as_good(found["CCS"], "truth") > 0.2


def test_agreements_are_those_of_probes_fitted_to_the_other_pairs():
    world = worlds.contrast(n=90, d=5, signal=0.7)
    found = compare_pairs(pairs_of(world), n_random=10, n_permutations=9, random_state=4)
    right = 0
    for train, test in KFold(3, shuffle=True, random_state=4).split(world.y):
        probe = CRC().fit(pairs_of(world).take(train))
        right += np.sum(probe.predict(pairs_of(world).take(test)) == world.y[test])
    agreement = found["CRC"].agreements["truth"]
    assert agreement.share == pytest.approx(right / 90)
    assert agreement.interval[0] < agreement.share < agreement.interval[1]


def test_labels_of_held_out_pairs_reach_no_fit():
    """Whatever the labels are, what is read of the pairs is the same, but for a sign."""
    world = worlds.contrast(n=60, d=4, signal=1.0)
    first, second = (
        compare_pairs(pairs_of(world, y), n_random=5, n_permutations=0)
        for y in (world.y, 1 - world.y)
    )
    for one, other in zip(first.rows, second.rows, strict=True):
        np.testing.assert_array_equal(
            one.agreements["truth"].right, other.agreements["truth"].right
        )
        assert one.agreements["truth"].p_value is None
    chance = compare_pairs(
        pairs_of(worlds.contrast(n=60, d=4, signal=0.0)), n_random=5, n_permutations=0
    )
    assert all("may be chance." in said for said in chance.findings[:3])
    np.testing.assert_array_equal(first.random["truth"], second.random["truth"])


def test_opposite_labels_turn_a_reader_round_where_half_are_right():
    read, turns = np.array([1.0, 1.0, 1.0, 1.0])[:, None], [(np.arange(2), np.arange(2, 4))]
    labels = np.array([1.0, -1.0, 1.0, -1.0])[:, None]
    for sign in (1.0, -1.0):
        assert _right([read], turns, sign * labels)[2:, 0].tolist() == [True, False]


def test_p_values_are_uniform_where_labels_mean_nothing():
    """400 labels that were drawn by a coin: P(p ≤ α) is α, settled signs and all."""
    rng = np.random.default_rng(0)
    n, turns = 60, [(np.arange(20, 60), np.arange(20)), (np.arange(40), np.arange(40, 60))]
    turns.append((np.r_[:20, 40:60], np.arange(20, 40)))
    read = np.where(rng.standard_normal((3, n, 1)) > 0, 1.0, -1.0)
    p = []
    for seed in range(400):
        labels = rng.permutation(np.repeat([-1.0, 1.0], n // 2))
        null = _right(read, turns, np.hstack(list(_permuted(labels, 199, seed)))).mean(axis=0)
        own = _right(read, turns, labels[:, None]).mean()
        p.append((1 + np.sum(null >= own - 1e-12)) / 200)
    for level in (0.05, 0.1, 0.25, 0.5):
        assert np.sum(np.array(p) <= level) <= binom.ppf(0.999, 400, level)
    assert np.mean(np.array(p) <= 0.6) > 0.4


def test_the_same_seed_gives_the_same_document(distracted):
    again = compare_pairs(pairs_of(DISTRACTED), others=OTHERS, n_random=200, n_permutations=99)
    assert again.document() == distracted.document()


def test_probes_of_ones_own_are_compared():
    probes = {"one try": CCS(n_restarts=1), "CRC": CRC()}
    found = compare_pairs(
        pairs_of(worlds.contrast(n=60, d=4)), probes=probes, n_random=5, n_permutations=9
    )
    assert [row.name for row in found.rows] == ["one try", "CRC", "with labels"]
    assert "n_restarts=1" in found["one try"].settings


def test_document_is_plain_and_holds_all_that_is_shown(distracted, tmp_path):
    distracted.to_json(tmp_path / "pairs.json")
    document = json.loads((tmp_path / "pairs.json").read_text("utf-8"))
    assert document["schema"] == "nullprobe.pairs/1"
    assert document["findings"] == list(distracted.findings)
    assert len(document["random"]["truth"]) == 200
    assert document["provenance"]["pairs"] == 300
    lines = str(distracted).splitlines()
    assert lines[0].split() == ["reader", "truth", "sentiment"]
    assert lines[-1] == distracted.findings[-1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"others": {"truth": DISTRACTED.y}}, "name of its own.*'truth'"),
        ({"others": {"a": DISTRACTED.y[:5]}}, "300"),
        ({"others": {"a": np.ones(300, dtype=int)}}, "'a' must be of two classes"),
        ({"probes": {"CCS": CCS}}, r"pass CCS\(\)"),
        ({"probes": {"a": LDAProbe()}}, "'a' must be one of pairs.*LDAProbe arrived"),
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
