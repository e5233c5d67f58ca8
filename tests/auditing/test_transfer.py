"""What carries over, assembled: intervals, nulls, and verdicts on worlds of known answer."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from support.evidence import evidence, nulls, outcomes
from support.pipeline import asis, sample

from nullprobe import worlds
from nullprobe.auditing import transfer
from nullprobe.auditing.transfer import carried, chance
from nullprobe.claims import Holds, Outcome, Takes
from nullprobe.claims.transfers import transfers
from nullprobe.data.concept import concept
from nullprobe.data.splits import split_within
from nullprobe.heldout.transfer import Carry
from nullprobe.nulls.permutation import permutations

KINDS = ["two classes", "three classes", "number", "numbers"]


def ready(X, y, groups, seed=0):
    z, rng = concept(y), np.random.default_rng(seed)
    names = [str(g) for g in np.unique(groups)]
    parts = split_within(z, groups=groups, names=names, n_parts=3, rng=rng)
    return Carry(X, z, parts), names


def measured(X, y, groups, seed=0):
    carry, names = ready(X, y, groups, seed)
    rng = np.random.default_rng(seed)
    order = permutations(carry.z, carry.strata, 99, rng)
    nulls = chance(carry.probed(order))
    return carried(X, carry, names, n_resamples=200, rng=rng, n_draws=99), nulls


def grouped(kind, n=270):
    X, y = sample(kind, n=n)
    return X, y, np.random.default_rng(6).permutation(np.arange(n) % 3)


def judged(world):
    found, drawn = measured(world.X, world.y, world.groups)
    return transfers(replace(evidence(nulls=nulls(chance=drawn)), carried=found))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_observations_are_means_of_the_matrices(kind):
    X, y, groups = grouped(kind)
    found, _ = measured(X, y, groups)
    off = ~np.eye(3, dtype=bool)
    assert found.groups == ("0", "1", "2")
    for name, matrix, where in (
        ("within", found.read, ~off),
        ("across", found.read, off),
        ("left_within", found.erased, ~off),
        ("left_across", found.erased, off),
    ):
        seen = getattr(found, name)
        assert seen.value == pytest.approx(matrix[where].mean(), abs=1e-12)
        assert seen.resampled.shape == (200,)
        assert abs(seen.resampled.mean() - seen.value) < 2 * seen.resampled.std()
    unit = {"two classes": ("AUC", 0.5), "three classes": ("macro AUC", 0.5)}
    assert (found.across.unit, found.across.chance) == unit.get(kind, ("R²", 0.0))


@pytest.mark.parametrize("kind", KINDS)
def test_random_subspaces_are_matched_to_what_each_part_loses(monkeypatch, kind):
    X, y, groups = grouped(kind)
    asked = []

    def recorded(X, *, rank, removed, n_draws, rng):
        asked.append((X, rank, removed))
        return random_subspaces(X, rank=rank, removed=removed, n_draws=n_draws, rng=rng)

    random_subspaces = transfer.random_subspaces
    monkeypatch.setattr(transfer, "random_subspaces", recorded)
    carry, names = ready(X, y, groups)
    found = carried(X, carry, names, n_resamples=50, rng=np.random.default_rng(0), n_draws=40)
    assert len(asked) == 9
    assert found.random.values.shape == (40,)
    assert np.ptp(found.random.values) > 0
    parts = itertools.chain.from_iterable(carry.parts)
    for (rows, rank, removed), part in zip(asked, parts, strict=True):
        np.testing.assert_allclose(rows.std(axis=0), 1.0)
        basis = carry.removed(groups[part.rows[0]], carry.partition.part[part.rows[0]])[1]
        assert rank == basis.shape[1]
        moved = rows @ basis @ basis.T
        assert removed == pytest.approx(np.square(moved).sum() / len(rows))


def test_chance_is_of_means_and_of_their_difference():
    read = np.random.default_rng(0).random((50, 3, 3))
    nulls = chance(read)
    off = ~np.eye(3, dtype=bool)
    np.testing.assert_allclose(nulls["within"].values, [m[~off].mean() for m in read])
    np.testing.assert_allclose(nulls["across"].values, [m[off].mean() for m in read])
    expected = nulls["within"].values - nulls["across"].values
    np.testing.assert_allclose(nulls["gap"].values, expected)
    assert all(null.rung == "chance" for null in nulls.values())


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["two classes", pytest.param("number", marks=pytest.mark.long)])
def test_interval_of_the_loss_is_as_wide_as_losses_of_other_data_vary(kind):
    """Groups whose directions lie at 35°; a bootstrap of scored rows is about half as wide."""
    losses, widths = [], []
    for seed in range(30):
        rng = np.random.default_rng([seed, 3])
        g, turn = np.arange(480) % 2, np.deg2rad([-17.6, 17.6])
        y = np.arange(480) // 2 % 2 if kind == "two classes" else rng.standard_normal(480)
        X = rng.standard_normal((480, 8))
        X[:, :2] += 2.0 * y[:, None] * np.column_stack([np.cos(turn[g]), np.sin(turn[g])])
        carry, names = ready(X, y, g, seed)
        found = carried(X, carry, names, n_resamples=400, rng=rng, n_draws=1)
        loss = found.within.over(found.across)
        losses.append(loss.value)
        widths.append(loss.resampled.std())
    expected = np.std(losses, ddof=1)
    assert 0.8 < np.sqrt(np.mean(np.square(widths))) / expected < 1.5


@pytest.mark.parametrize("kind", KINDS)
def test_blocks_take_their_share_of_each_class_in_each_part_of_each_group(monkeypatch, kind):
    X, y, groups = grouped(kind)
    carry, names = ready(X, y, groups)
    given, without = [], carry.without

    def recorded(X, blocks):
        given.append(blocks)
        return without(X, blocks)

    monkeypatch.setattr(carry, "without", recorded)
    carried(X, carry, names, n_resamples=50, rng=np.random.default_rng(0), n_draws=1)
    (blocks,) = given
    classes = np.zeros(len(y), dtype=int) if carry.z.codes is None else carry.z.codes
    for g, j, c in itertools.product(range(3), range(3), np.unique(classes)):
        rows = (groups == g) & (carry.partition.part == j) & (classes == c)
        assert np.ptp(np.bincount(blocks[rows], minlength=20)) <= 1


def test_same_seed_gives_the_same_evidence():
    X, y, groups = grouped("two classes")
    (one, nulls), (other, again) = (measured(X, y, groups) for _ in range(2))
    np.testing.assert_array_equal(one.across.resampled, other.across.resampled)
    np.testing.assert_array_equal(one.random.values, other.random.values)
    np.testing.assert_array_equal(nulls["gap"].values, again["gap"].values)


def test_labellings_in_pieces_are_those_all_at_once():
    """Pieces differ in rounding at most, whoever cuts them."""
    X, y, groups = grouped("two classes")
    carry, _ = ready(X, y, groups)
    order = permutations(carry.z, carry.strata, 60, np.random.default_rng(0))
    pieces = [carry.read(o)[0] for o in np.array_split(order, 4, axis=1)]
    np.testing.assert_allclose(np.concatenate(pieces), carry.read(order)[0], atol=1e-12)
    assert carry.read(asis(y))[0].shape == (1, 3, 3)


def test_shared_direction_transfers():
    claim = judged(worlds.shared(n=480, d=10))
    assert (claim.holds, claim.takes) == (Holds.YES, Takes.UNDECIDED)
    found = outcomes(claim.explanations)
    assert found["chance"] is found["random_subspaces"] is Outcome.REJECTED
    assert found["moments"] is found["noise"] is Outcome.NOT_TRIED


def test_rotating_direction_does_not():
    claim = judged(worlds.rotating(n=1440, d=10))  # the directions are not quite orthogonal
    assert (claim.holds, claim.takes) == (Holds.NO, Takes.CHANCE)


@pytest.mark.slow
def test_nothing_that_is_read_is_nothing_that_transfers():
    """Five seeds of labels without meaning; each of two tests errs in one of forty."""
    said = [judged(worlds.shared(n=240, d=10, gap=0.0, random_state=s)) for s in range(5)]
    assert [claim.holds for claim in said].count(Holds.UNCLEAR) >= 4
    assert Holds.YES not in [claim.holds for claim in said]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_p_values_of_labels_without_meaning_are_spread_evenly(kind):
    """The mean of 24 uniform p-values lies within four standard errors of one half."""
    p = {"within": [], "across": [], "gap": []}
    for seed in range(24):
        _X, y, groups = grouped(kind, n=90)
        rng = np.random.default_rng(seed)
        shifted = rng.normal(size=(90, 6)) + 3 * groups[:, None]
        carry, _ = ready(shifted, y, groups, seed)
        order = np.hstack([asis(y), permutations(carry.z, carry.strata, 39, rng)])
        nulls = chance(carry.probed(order))
        for name, null in nulls.items():
            rank = (null.values[1:] >= null.values[0]).sum() + 1
            p[name].append(rank / 40)
    for values in p.values():
        assert abs(np.mean(values) - 0.5125) < 4 * np.sqrt(1 / 12 / 24)


def test_where_there_is_but_one_direction_random_ones_leave_what_erasing_leaves():
    world = worlds.shared(n=240, d=1)
    found, _ = measured(world.X, world.y, world.groups)
    assert found.left_across.value == 0.5
    assert (found.random.values == 0.5).all()


@pytest.mark.slow
def test_features_that_are_still_in_some_groups_and_narrow_numbers_are_borne():
    world = worlds.shared(n=480, d=6)
    X = np.hstack([world.X, np.ones((480, 1))])
    X[world.groups == 1, 3] = 0.0
    wide, narrow = (measured(x, world.y, world.groups)[0] for x in (X, X.astype(np.float32)))
    for name in ("within", "across", "left_within", "left_across"):
        one, other = getattr(wide, name).value, getattr(narrow, name).value
        assert one == pytest.approx(other, abs=5e-3)
        assert 0.5 < one < 0.95
    assert abs(wide.random.mean - narrow.random.mean) < 4 * wide.random.sd
