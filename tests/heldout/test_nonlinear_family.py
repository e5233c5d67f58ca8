"""The family, against the pipeline spelt out: erase rows, choose and fit on P, score S."""

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.datasets import load_digits
from sklearn.metrics import roc_auc_score
from support.pipeline import asis, rows_of_roles, sample
from support.reference import one_hot

from nullprobe import worlds
from nullprobe.data.concept import concept
from nullprobe.data.splits import split
from nullprobe.erasers import LEACE
from nullprobe.heldout import nonlinear_family as module
from nullprobe.heldout.kernel_probes import PROBES, Products, fitted, strongest
from nullprobe.heldout.nonlinear_family import NOTHING_LEFT, Family
from nullprobe.heldout.three_way import ThreeWay

KINDS = ["two classes", "three classes", "number", "numbers"]


def family_of(X, y, groups=None):
    z = concept(y)
    parts = split(z, groups=groups, n_parts=3, rng=np.random.default_rng(0))
    return Family(ThreeWay(X, z, parts)), parts


def targets(y):
    """Return indicators of the classes, or of the quarters of each number."""
    if concept(y).is_classes:
        Z = one_hot(y)
        return Z[:, 1:] if Z.shape[1] == 2 else Z
    columns = y.reshape(len(y), -1).T
    edges = np.quantile(columns, [0.25, 0.5, 0.75], axis=1).T
    above = columns[:, :, None] > edges[:, None, :]
    return np.hstack([one_hot(own) for own in above.sum(axis=2)])


def curved(kind, n=150, d=6):
    """Return a sample whose concept also bends, so that something is left after erasure."""
    X, y = sample(kind, n, d)
    if kind in ("number", "numbers"):
        y = y + ((X - 3.0) ** 2)[:, : y.ndim].reshape(y.shape)
    return X, y


def units(*parts):
    scale = np.sqrt(np.mean([rows.var(axis=0) for rows in parts], axis=0))
    return np.divide(1.0, scale, out=np.zeros_like(scale), where=scale > 1e-9)


def spelt_out(X, y, family):
    """Return scores (n, k) and readers by way of erased rows, each role by itself."""
    Z = targets(y)
    scores, names = np.empty(Z.shape), []
    for role in family.roles:
        F, P, S = (part.rows for part in (role.F, role.P, role.S))
        kept = P[role.fitting]
        eraser = LEACE(shrinkage="oas").fit(X[F], y[F])
        shown = eraser.transform(X[P]).mean(axis=0)
        A, B = ((eraser.transform(X[i]) - shown) * units(X[F], X[P]) for i in (kept, S))
        length = np.sqrt((A**2).sum(axis=1).mean())
        A, B = A / length, B / length
        inside, outside = (Products(C @ A.T, (C**2).sum(1), (A**2).sum(1)) for C in (A, B))
        names.append(strongest(inside, Z[kept], role.folds))
        scores[S] = fitted(names[-1], inside, Z[kept])(outside)
    return scores, tuple(names)


@pytest.mark.parametrize(("n", "d"), [(150, 6), (60, 80)], ids=["n > d", "n < d"])
@pytest.mark.parametrize("kind", KINDS)
def test_scores_and_choices_are_those_of_erased_rows(kind, n, d):
    X, y = curved(kind, n, d)
    family, _ = family_of(X, y)
    scores, names = family.scores()
    expected, chosen = spelt_out(X, y, family)
    assert names == chosen
    np.testing.assert_allclose(scores, expected, atol=1e-6 * np.abs(expected).max())


@pytest.mark.parametrize("kind", KINDS)
def test_reading_is_the_mean_over_parts_and_outputs(kind):
    X, y = curved(kind)
    family, parts = family_of(X, y)
    scores, Z = family.scores()[0], targets(y)
    rows = [parts.rows(j) for j in range(3)]
    each = [roc_auc_score(Z[S, c], scores[S, c]) for S in rows for c in range(Z.shape[1])]
    assert family.read(asis(y))[0] == pytest.approx(np.mean(each), abs=1e-12)


@pytest.mark.parametrize("n_numbers", [1, 2])
def test_spread_that_follows_numbers_is_read(n_numbers):
    rng = np.random.default_rng(0)
    y = rng.standard_normal((300, n_numbers))
    X = rng.standard_normal((300, 6)) * (0.5 + np.abs(y[:, :1]))
    assert family_of(X, y)[0].read(asis(y))[0] > (0.65 if n_numbers == 1 else 0.58)
    assert family_of(X, y[rng.permutation(300)])[0].read(asis(y))[0] < 0.56


@pytest.mark.parametrize("kind", KINDS)
def test_labelling_in_another_order_is_that_of_the_reordered_concept(kind):
    X, y = curved(kind, n=90)
    family, parts = family_of(X, y)
    rng = np.random.default_rng(1)
    order = np.column_stack([rng.permutation(len(y)) for _ in range(3)])
    alone = [Family(ThreeWay(X, concept(y).take(o), parts)).read(asis(y))[0] for o in order.T]
    np.testing.assert_allclose(family.read(order), alone, atol=1e-12)
    assert np.ptp(alone) > 0.01


@pytest.mark.parametrize("kind", KINDS)
def test_labels_of_scored_rows_reach_no_fit_and_no_choice(kind):
    X, y = curved(kind)
    family, parts = family_of(X, y)
    S = parts.rows(2)  # scored in the first role
    other = y.copy()
    other[S] = other[np.random.default_rng(0).permutation(S)]
    moved = Family(ThreeWay(X, concept(other), parts))
    (before, first), (after, second) = family.scores(), moved.scores()
    np.testing.assert_array_equal(before[S], after[S])
    assert first[0] == second[0]
    assert not np.allclose(np.delete(before, S, axis=0), np.delete(after, S, axis=0))


@pytest.mark.parametrize("kind", KINDS)
def test_scored_rows_reach_no_fit_and_no_choice(kind):
    X, y = curved(kind)
    family, parts = family_of(X, y)
    one, *rest = parts.rows(2)
    other = X.copy()
    other[rest] = 50 * np.random.default_rng(0).normal(size=other[rest].shape)
    (before, first), (after, second) = family.scores(), family_of(other, y)[0].scores()
    np.testing.assert_allclose(before[one], after[one], atol=1e-9 * np.abs(before).max())
    assert first[0] == second[0]
    assert not np.allclose(before[parts.rows(0)], after[parts.rows(0)])


@pytest.mark.parametrize("kind", ["two classes", "three classes"])
def test_what_was_erased_is_not_read(kind):
    X, y = curved(kind, n=300)
    family, parts = family_of(X, y)
    before = family.scores()[0]
    F, _, S = rows_of_roles(parts)[0]
    means = np.array([X[F][y[F] == c].mean(axis=0) for c in np.unique(y)])
    moved = X.copy()
    moved[S] += 3.0 * (means[1] - means[0])
    after = family_of(moved, y)[0].scores()[0]
    np.testing.assert_allclose(after[S], before[S], atol=1e-8)
    assert not np.allclose(after, before, atol=1e-3)


@pytest.mark.parametrize("world", [worlds.heteroscedastic, worlds.xor])
def test_what_equal_means_hide_is_read_after_erasure(world):
    w = world(n=900, d=8, random_state=1)
    family, _ = family_of(w.X, w.y)
    assert family.read(asis(w.y))[0] > 0.75
    assert abs(family.data.read(asis(w.y))[1][0] - 0.5) < 0.1


def test_gaussian_classes_are_hardly_read_where_means_are_well_known():
    w = worlds.gaussian(n=3000, d=4, gap=2.0, random_state=1)
    family, _ = family_of(w.X, w.y)
    assert family.data.read(asis(w.y))[0][0] > 0.9
    assert abs(family.read(asis(w.y))[0] - 0.5) < 0.04


def test_parity_of_digits_is_read_in_more_than_95_of_100_after_erasure():
    X, digit = load_digits(return_X_y=True)
    family, _ = family_of(X, digit % 2)
    scores, names = family.scores()
    assert ((scores[:, 0] > 0.5) == (digit % 2 == 1)).mean() > 0.95
    assert all("RBF" in name for name in names)


@pytest.mark.slow
def test_permuted_labels_do_as_much_where_there_is_nothing_to_read():
    worst, best, n_worlds, n_draws = 0, 0, 50, 9
    for seed in range(n_worlds):
        w = worlds.null(n=36, d=3, random_state=seed)
        family, parts = family_of(w.X, w.y)
        del family.roles[1:]  # each is a test of its own
        rng = np.random.default_rng(seed)
        order = np.repeat(asis(w.y), n_draws + 1, axis=1)
        for j in range(3):
            S = parts.rows(j)
            order[S, 1:] = np.column_stack([rng.permutation(S) for _ in range(n_draws)])
        value, *draws = family.read(order)
        # ties are left to chance, so that the place of the observation is exactly uniform
        place = (np.array(draws) < value).sum() + rng.integers((np.array(draws) == value).sum() + 1)
        worst, best = worst + (place == 0), best + (place == n_draws)
    for count in (worst, best):
        assert binomtest(count, n_worlds, 1 / (n_draws + 1)).pvalue > 0.001


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("d", "n_classes"), [(1, 2), (1, 3), (2, 3)])
def test_nothing_is_read_where_erasure_leaves_no_direction(d, n_classes, dtype):
    rng = np.random.default_rng(0)
    y = np.arange(120) % n_classes
    X = rng.standard_normal((120, d)) + 3.0 * rng.standard_normal((n_classes, d))[y]
    family, _ = family_of((X + 5.0).astype(dtype), y)
    assert family.read(asis(y))[0] == 0.5
    assert family.scores()[1] == (NOTHING_LEFT,) * 3


def test_constant_features_change_nothing():
    X, y = curved("two classes")
    wider = np.column_stack([X, np.full((len(X), 2), 0.1)])
    (a, first), (b, second) = family_of(X, y)[0].scores(), family_of(wider, y)[0].scores()
    np.testing.assert_allclose(a, b, atol=1e-8)
    assert first == second
    assert family_of(np.full((60, 3), 1.5), np.arange(60) % 2)[0].read(asis(range(60)))[0] == 0.5


def test_class_of_two_rows_a_part_is_read():
    rng = np.random.default_rng(0)
    y = (np.arange(300) < 6).astype(int)
    X = rng.standard_normal((300, 10)) * np.where(y == 1, 6.0, 1.0)[:, None]
    family, _ = family_of(X, y)
    assert 0.8 < family.read(asis(y))[0] <= 1.0


@pytest.mark.parametrize("kind", ["two classes", "number"])
def test_units_and_means_of_features_change_nothing(kind):
    X, y = curved(kind)
    other = 1e5 * np.array([1, 10, 1e-3, 1e3, 1e-6, 1]) * (X + 30.0)
    np.testing.assert_allclose(
        family_of(other, y)[0].scores()[0], family_of(X, y)[0].scores()[0], atol=1e-6
    )


def test_float32_is_read_as_float64():
    X, y = curved("two classes")
    X = X.astype(np.float32)
    narrow, wide = family_of(X, y)[0].scores()[0], family_of(X.astype(float), y)[0].scores()[0]
    np.testing.assert_allclose(narrow, wide, atol=1e-4)


def test_rows_that_coincide_have_one_score():
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 2, size=(450, 6)) * rng.random(6), np.arange(450) // 225
    family, parts = family_of(X, y)
    scores = family.scores()[0]
    for j in range(3):
        S = parts.rows(j)
        rows, which = np.unique(X[S], axis=0, return_inverse=True)
        found = [np.ptp(scores[S][which.ravel() == i]) for i in range(len(rows))]
        assert max(found) == 0.0


def test_blocks_formed_again_give_the_same_scores(monkeypatch):
    X, y = curved("three classes")
    whole = family_of(X, y)[0].scores()[0]
    monkeypatch.setattr(module, "BLOCK", 17)
    kept = family_of(X, y)[0].scores()[0]
    monkeypatch.setattr(module, "MOST_STORED_PRODUCTS", 0)
    family, _ = family_of(X, y)
    assert all(known is None for role in family.roles for _, known in role.blocks)
    np.testing.assert_allclose(kept, whole, atol=1e-8)
    np.testing.assert_allclose(family.scores()[0], whole, atol=1e-8)


def test_rows_above_the_most_are_not_fitted_to(monkeypatch):
    monkeypatch.setattr(module, "MOST_ROWS", 30)
    X, y = curved("two classes")
    family, parts = family_of(X, y)
    role = family.roles[0]
    left_out = np.delete(role.P.rows, role.fitting)
    assert (len(role.fitting), len(left_out)) == (30, len(role.P.rows) - 30)
    other = y.copy()
    other[left_out] = 1 - other[left_out]
    before, after = family.scores()[0], Family(ThreeWay(X, concept(other), parts)).scores()[0]
    np.testing.assert_array_equal(before[role.S.rows], after[role.S.rows])


def test_folds_keep_groups_whole():
    groups = np.repeat(np.arange(30), 5)
    X, y = curved("two classes")
    family, _ = family_of(X, y, groups)
    for role in family.roles:
        of = [set(groups[role.P.rows[role.fitting]][fold]) for fold in role.folds]
        assert len(of) == 3
        assert sum(map(len, of)) == len(set.union(*of))
        assert sorted(role.fitting) == list(range(len(role.P.rows)))


def test_one_group_a_part_leaves_the_first_reader():
    X, y = curved("two classes")
    family, _ = family_of(X, y, np.arange(150) % 3)
    assert family.scores()[1] == (PROBES[0],) * 3


def test_choice_differs_with_the_world():
    names = set()
    for w in (worlds.heteroscedastic(n=300), worlds.xor(n=300, d=6), worlds.null(n=300, d=6)):
        names |= set(family_of(w.X, w.y)[0].scores()[1])
    assert len(names) > 2


def test_same_seed_gives_the_same_bytes():
    X, y = curved("two classes")
    assert family_of(X, y)[0].scores()[0].tobytes() == family_of(X, y)[0].scores()[0].tobytes()
