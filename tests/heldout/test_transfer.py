"""What carries over, against the same pipeline spelt out group by group."""

import numpy as np
import pytest
from sklearn.metrics import r2_score, roc_auc_score
from support.pipeline import asis, sample
from support.reference import centred, leace_matrix, one_hot

from nullprobe import worlds
from nullprobe.data.concept import concept
from nullprobe.data.splits import Parts, split_within
from nullprobe.heldout import targets as labellings
from nullprobe.heldout import three_way, transfer
from nullprobe.heldout.factored_rows import Part
from nullprobe.heldout.transfer import Carry, diagonal, in_units, off_diagonal
from nullprobe.nulls.permutation import permutations

G = 3
KINDS = ["two classes", "three classes", "number", "numbers"]


def grouped(kind, n=270):
    """Return X, y and the groups of a sample; each group has a mean and a scale of its own."""
    X, y = sample(kind, n=n)
    groups = np.random.default_rng(6).permutation(np.arange(n) % G)
    shift = 5.0 * np.random.default_rng(7).normal(size=(G, X.shape[1]))
    return X * np.array([1.0, 0.7, 1.5])[groups][:, None] + shift[groups], y, groups


def parted(y, groups, seed=0):
    z, names = concept(y), [str(g) for g in np.unique(groups)]
    rng = np.random.default_rng(seed)
    return z, split_within(z, groups=groups, names=names, n_parts=3, rng=rng)


def ready(X, y, groups):
    z, parts = parted(y, groups)
    return z, parts, Carry(X, z, parts)


def rows_of(parts, g, j):
    return np.flatnonzero((parts.groups == g) & (parts.part == j))


def targets(y):
    Z = one_hot(y)
    return Z[:, 1:] if Z.shape[1] == 2 and np.asarray(y).ndim == 1 else Z


def slopes(X, Z):
    return np.linalg.lstsq(centred(X), centred(Z), rcond=1e-10)[0]


def spelt_out(X, y, parts):
    """Return the matrices of least-squares probes, erasing with LEACE, entry by entry."""
    Z, classes = targets(y), concept(y).is_classes
    measure = roc_auc_score if classes else r2_score
    read, left = np.zeros((G, G)), np.zeros((G, G))
    for f, p, s in parts.roles():
        for a in range(G):
            for b in range(G):
                F, own, P, S = (rows_of(parts, g, j) for g, j in ((a, f), (a, p), (b, p), (b, s)))
                erase = leace_matrix(X[F], y[F]).T
                W, V = slopes(X[own], Z[own]), slopes(X[P] @ erase, Z[P])
                level = 0.0 if classes else Z[P].mean(axis=0)
                away = X[S] - X[P].mean(axis=0)
                for matrix, scores in ((read, away @ W), (left, away @ erase @ V)):
                    said = scores + level
                    each = [measure(Z[S][:, c], said[:, c]) for c in range(Z.shape[1])]
                    matrix[a, b] += np.mean(each) / 3
    return read, left


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_matrices_are_those_of_eraser_and_probe_spelt_out(monkeypatch, kind):
    monkeypatch.setattr(transfer, "SHRINKAGE", 0.0)
    X, y, groups = grouped(kind)
    _, parts, carry = ready(X, y, groups)
    found = carry.read(asis(y))
    for matrix, expected in zip(found, spelt_out(X, y, parts), strict=True):
        np.testing.assert_allclose(matrix[0], expected, atol=1e-8)
        assert np.ptp(matrix[0]) > 0.01


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_many_labellings_are_read_as_each_one_rerun_from_the_start(monkeypatch, kind):
    X, y, groups = grouped(kind)
    z, parts, carry = ready(X, y, groups)
    order = permutations(z, carry.strata, 5, np.random.default_rng(0))
    together = carry.read(order)
    assert together[0].shape == together[1].shape == (5, G, G)
    alone = [Carry(X, z.take(o), parts).read(asis(y)) for o in order.T]
    monkeypatch.setattr(labellings, "BATCH_ELEMENTS", 2 * len(y) * carry.z.n_scores)
    pieces = carry.read(order)
    for i in (0, 1):
        np.testing.assert_allclose(together[i], [one[i][0] for one in alone], atol=1e-10)
        np.testing.assert_allclose(together[i], pieces[i], atol=1e-10)
        assert np.ptp(together[i], axis=0).min() > 0.01
    np.testing.assert_allclose(carry.probed(order), together[0], atol=1e-12)


def test_within_a_group_that_is_all_there_is_reading_is_three_way(monkeypatch):
    monkeypatch.setattr(transfer, "_part", Part.of)
    X, y, groups = grouped("three classes")
    z, parts, carry = ready(X, y, groups)
    found = carry.read(asis(y))
    for g in range(G):
        own = groups == g
        alone = three_way.ThreeWay(X[own], z.take(own), Parts(parts.part[own], 3, None))
        for matrix, expected in zip(found, alone.read(asis(y[own])), strict=True):
            assert matrix[0, g, g] == pytest.approx(expected[0], abs=1e-12)


def test_shrinkage_does_not_turn_a_probe_away_from_other_groups(monkeypatch):
    """The loss is that of the unshrunk probe where rows outnumber features."""
    rng = np.random.default_rng(0)
    n, turn = 12_000, np.deg2rad([-17.6, 17.6])
    g, y = np.arange(n) % 2, np.arange(n) // 2 % 2
    X = rng.standard_normal((n, 8))
    X[:, :2] += 2.0 * y[:, None] * np.column_stack([np.cos(turn[g]), np.sin(turn[g])])

    def loss():
        read = ready(X, y, g)[2].probed(asis(y))[0]
        return np.diag(read).mean() - (read.sum() - np.trace(read)) / 2

    found = loss()
    assert found == pytest.approx(0.0454, abs=0.004)
    monkeypatch.setattr(transfer, "SHRINKAGE", 0.0)
    assert found == pytest.approx(loss(), abs=5e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_labels_move_within_each_part_of_each_group(kind):
    _, y, groups = grouped(kind)
    z, parts = parted(y, groups)
    strata = Carry(np.zeros((len(y), 1)) + np.arange(len(y))[:, None], z, parts).strata
    assert strata.groups is None
    order = permutations(z, strata, 20, np.random.default_rng(0))
    for moved in order.T:
        np.testing.assert_array_equal(groups[moved], groups)
        np.testing.assert_array_equal(parts.part[moved], parts.part)
        np.testing.assert_array_equal(np.sort(moved), np.arange(len(y)))
    first = rows_of(parts, 0, 0)
    assert len(np.unique(order[first[0]])) > 5


@pytest.mark.parametrize("what", ["rows", "labels"])
@pytest.mark.parametrize("kind", KINDS)
def test_scored_rows_and_labels_reach_no_fit(kind, what):
    """Scores of one row of S stay as they are, whatever the other rows of S are like."""
    X, y, groups = grouped(kind)
    _z, parts, carry = ready(X, y, groups)
    rng = np.random.default_rng(0)
    S = np.flatnonzero(parts.part == 2)
    one, rest = S[0], S[1:]
    other, labels = X.copy(), y.copy()
    if what == "rows":
        other[rest] = 50 * rng.normal(size=other[rest].shape)
    else:
        for g in range(G):
            own = rows_of(parts, g, 2)
            labels[own] = labels[rng.permutation(own)]
    changed = Carry(other, concept(labels), parts)
    b = groups[one]
    seen = 0
    for before, after in zip(scores(carry), scores(changed), strict=True):
        if before[1:3] != (b, 2):
            continue
        at = int(np.flatnonzero(rows_of(parts, b, 2) == one)[0])
        for old, new in zip(before[3], after[3], strict=True):
            np.testing.assert_allclose(old[..., at], new[..., at], atol=1e-9)
            seen += 1
    assert seen == 2 * G
    assert not np.allclose(carry.read(asis(y))[0], changed.read(asis(y))[0])


def scores(carry):
    return list(carry._scored(carry.columns(np.arange(len(carry.z))[:, None])))


def test_group_means_and_units_of_features_do_not_matter():
    X, y, groups = grouped("two classes")
    _, _, carry = ready(X, y, groups)
    far = X * np.array([1e5, 1, 1e-4, 1, 10, 3]) + 1e3 * np.arange(G)[groups][:, None]
    for i in (0, 1):
        np.testing.assert_allclose(
            carry.read(asis(y))[i], ready(far, y, groups)[2].read(asis(y))[i], atol=1e-9
        )


def test_number_is_read_about_the_level_of_the_group_that_is_scored():
    X, y, groups = grouped("number")
    shifted = y + 100.0 * groups
    for one, other in zip(
        ready(X, y, groups)[2].read(asis(y)),
        ready(X, shifted, groups)[2].read(asis(y)),
        strict=True,
    ):
        np.testing.assert_allclose(one, other, atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_replicates_are_readings_of_resampled_rows(kind):
    X, y, groups = grouped(kind)
    _, _parts, carry = ready(X, y, groups)
    read, left = carry.resampled(300, np.random.default_rng(0))
    assert read.shape == left.shape == (300, G, G)
    for resampled, matrix in zip((read, left), carry.read(asis(y)), strict=True):
        middle, spread = resampled.mean(axis=0), resampled.std(axis=0)
        assert (spread > 1e-3).all()
        # a bootstrap of R² is biased: its total is that of fewer distinct rows
        assert (np.abs(middle - matrix[0]) < spread).all()


def test_replicates_of_one_draw_weigh_the_same_rows_for_every_fit():
    X, y, groups = grouped("two classes")
    _, _, carry = ready(X, y, groups)
    read, _ = carry.resampled(200, np.random.default_rng(0))
    chance = 4 / np.sqrt(200)  # four standard errors of a correlation that is 0
    assert np.corrcoef(read[:, :, 0].T)[0, 1:].min() > chance
    assert np.abs(np.corrcoef(read[:, 0, :].T)[0, 1:]).max() < chance


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_block_fits_and_scored_rows_are_those_of_the_others(kind):
    X, y, groups = grouped(kind)
    _, parts, carry = ready(X, y, groups)
    blocks = np.random.default_rng(0).integers(0, 4, len(y))
    read, left = carry.without(X, blocks)
    assert read.shape == left.shape == (4, 4, G, G)
    for j in (0, 3):
        rest = blocks != j
        z = concept(y).take(np.flatnonzero(rest))
        alone = Carry(X[rest], z, Parts(parts.part[rest], 3, groups[rest]))
        for matrices, expected in zip((read, left), alone.read(asis(y[rest])), strict=True):
            np.testing.assert_allclose(matrices[j, j], expected[0], atol=1e-10)
    far = X * np.where(blocks == 0, 10.0, 1.0)[:, None]
    for before, after in zip((read, left), carry.without(far, blocks), strict=True):
        np.testing.assert_allclose(before[0], after[0], atol=1e-10)  # scored rows are the first X
        assert np.abs(before[1] - after[1]).min() > 1e-4


def test_integers_are_read_without_a_block_as_floats():
    X, y, groups = grouped("two classes")
    _, _, carry = ready(X, y, groups)
    whole = np.round(5 * X).astype(np.int32)
    blocks = np.arange(len(y)) % 3
    for one, other in zip(
        carry.without(whole, blocks), carry.without(whole.astype(float), blocks), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_own_directions_in_the_place_of_erased_ones_leave_what_erasing_leaves():
    for kind in KINDS:
        X, y, groups = grouped(kind)
        _, _, carry = ready(X, y, groups)

        def own(g, j, carry=carry):
            part, basis = carry.removed(g, j)
            return in_units(part, np.stack([basis, basis @ np.diag([-2.0] * basis.shape[1])]))

        left = carry.left(own, 2)
        expected = carry.read(asis(y))[1][0]
        np.testing.assert_allclose(left, [expected, expected], atol=1e-9)


def test_basis_of_what_is_removed_is_orthonormal_and_of_the_rank_of_the_concept():
    ranks = {"two classes": 1, "three classes": 2, "number": 1, "numbers": 2}
    for kind, rank in ranks.items():
        X, y, groups = grouped(kind)
        part, basis = ready(X, y, groups)[2].removed(1, 2)
        assert basis.shape == (X.shape[1], rank)
        np.testing.assert_allclose(basis.T @ basis, np.eye(rank), atol=1e-12)
        inside = part.cross(one_hot(y)).T * part.inverse
        np.testing.assert_allclose(inside @ basis @ basis.T, inside, atol=1e-10)


def test_means_on_and_off_the_diagonal():
    matrices = np.arange(18.0).reshape(2, 3, 3)
    assert diagonal(matrices).tolist() == [4.0, 13.0]
    off = ~np.eye(3, dtype=bool)
    np.testing.assert_allclose(off_diagonal(matrices), [m[off].mean() for m in matrices])


@pytest.mark.parametrize("name", ["shared", "rotating"])
def test_worlds_are_read_as_they_were_drawn(name):
    world = getattr(worlds, name)(n=4800, d=8, random_state=2)
    z, parts = parted(world.y, world.groups)
    read, left = (m[0] for m in Carry(world.X, z, parts).read(asis(world.y)))
    same = np.eye(4, dtype=bool) | (name == "shared")
    assert np.abs(read[same] - world.truth["auc_within"]).max() < 0.05
    assert left[same].max() < 0.7
    if name == "rotating":
        assert np.abs(read[~same] - 0.5).max() < 0.25
        assert abs(off_diagonal(read[None])[0] - 0.5) < 0.03
        assert left[~same].min() > 0.85
