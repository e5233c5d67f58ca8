"""What is followed: the same held-out pairs for all readers, and verdicts that keep to their α."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom
from support.evidence import evidence, nulls

from nullprobe import CCS, CRC, ContrastPairs, compare_pairs, worlds
from nullprobe.auditing import consistency
from nullprobe.claims import Holds, Thresholds
from nullprobe.claims.consistent import consistent
from nullprobe.heldout.pair_agreement import HeldOut

FEW = {"n_permutations": 99, "n_random": 99}


@pytest.fixture(scope="module")
def both():
    """Return what is followed in a world of two labels, and the comparison of readers there."""
    w = worlds.distractor(n=60, d=4, signal=1.0, salience=1.0, random_state=0)
    others = {"sentiment": w.distractor}
    found = consistency.followed(HeldOut(w.pairs, 0), w.y, others, **FEW)
    return *found, compare_pairs(w.pairs, others=others, n_random=99, n_permutations=99)


@pytest.mark.slow
def test_the_claim_and_the_comparison_of_readers_say_the_same(both):
    found, chance, compared = both
    ccs, crc, told = (compared[name].agreements for name in ("CCS", "CRC", "with labels"))
    for seen, agreement in [
        (found.agreement, ccs["truth"]),
        (found.others["sentiment"][0], ccs["sentiment"]),
        (found.first, crc["truth"]),
        (found.supervised, told["truth"]),
    ]:
        assert seen.value == pytest.approx(agreement.share)
        assert seen.interval == pytest.approx(agreement.interval)
    assert chance.p_value(found.agreement.value) == ccs["truth"].p_value
    np.testing.assert_allclose(np.sort(found.random.values), compared.random["truth"])
    assert chance.upper
    assert found.random.upper


@pytest.mark.slow
def test_resamples_are_those_of_pairs_in_common(both):
    """Bootstrap replicates vary as a share of 60 pairs does, and are the same pairs for all."""
    found, _, compared = both
    share = found.agreement.value
    spread = (share * (1 - share) / 60) ** 0.5
    assert found.agreement.resampled.std() == pytest.approx(spread, rel=0.1)
    right = [compared[name].agreements["truth"].right for name in ("CCS", "CRC")]
    differ = (right[0].astype(float) - right[1]).std() / 60**0.5
    gain = found.agreement.over(found.first).resampled
    assert gain.std() == pytest.approx(differ, rel=0.1)
    assert gain.mean() == pytest.approx(
        share - found.first.value, abs=4 * differ / len(gain) ** 0.5
    )


@pytest.mark.parametrize("n_others", [1, 2, 3, 7, 20])
def test_each_of_many_other_labels_can_reach_alpha_over_their_number(n_others, monkeypatch):
    monkeypatch.setattr(consistency, "CCS", lambda random_state: CRC())
    w = worlds.contrast(n=30, d=3, random_state=0)
    others = {str(i): w.y for i in range(n_others)}
    for alpha in (0.05, 0.01):
        least = Thresholds(alpha).least_draws
        found, chance = consistency.followed(
            HeldOut(w.pairs, 0), w.y, others, n_permutations=least, n_random=99
        )
        assert len(chance.values) == least
        for _, null in found.others.values():
            assert null.p_value(2.0) <= alpha / n_others


def verdict_by_chance(seed, n_others):
    """Return a verdict on labels that say nothing about the pairs."""
    rng = np.random.default_rng([seed, 3])
    w = worlds.contrast(n=48, d=4, signal=rng.choice([0.0, 2.0]), random_state=seed)
    y = rng.permutation(w.y)
    others = {str(i): rng.permutation(w.y) for i in range(n_others)}
    pairs = ContrastPairs(w.negative, w.positive, y)
    options = {"n_permutations": 59, "n_random": 99}
    found, chance = consistency.followed(HeldOut(pairs, seed), y, others, **options)
    given = evidence(nulls=nulls(chance={"consistent": chance}))
    return consistent(replace(given, followed=found))


@pytest.mark.slow
@pytest.mark.parametrize(("n_others", "alarms"), [(0, 0.05), (2, 0.1)])
def test_labels_that_mean_nothing_are_hardly_ever_found_or_denied(n_others, alarms, monkeypatch):
    """At α for the concept, and at α once more for all other labels together.

    CRC in place of CCS: a reader without labels, as CCS is, and far faster.
    """
    monkeypatch.setattr(consistency, "CCS", lambda random_state: CRC())
    claims = [verdict_by_chance(seed, n_others) for seed in range(50)]
    # So few pairs leave room for more than chance, whatever is seen: nothing else is right.
    said = sum(claim.holds is not Holds.UNCLEAR for claim in claims)
    assert said <= binom.ppf(0.999, 50, alarms)


@pytest.mark.slow
def test_ccs_is_what_is_followed():
    w = worlds.contrast(n=60, d=4, random_state=0)
    found, _ = consistency.followed(HeldOut(w.pairs, 0), w.y, {}, **FEW)
    probe = CCS(random_state=0)
    turns = HeldOut(w.pairs, 0).splits
    right = [
        probe.fit(w.pairs.take(train)).predict(w.pairs.take(test)) == w.y[test]
        for train, test in turns
    ]
    assert found.agreement.value == pytest.approx(np.concatenate(right).mean())
    assert found.others == {}
