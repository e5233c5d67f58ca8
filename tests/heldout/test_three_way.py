"""The three-way reading, against the same pipeline spelt out: erase on F, fit on P, score on S."""

import numpy as np
import pytest
from sklearn.metrics import r2_score, roc_auc_score
from support.pipeline import asis, ready, rows_of_roles, sample
from support.reference import centred, covariances, leace_matrix, one_hot
from support.samples import draw

from nullprobe.data.concept import concept
from nullprobe.erasers import LEACE, MeanProjection
from nullprobe.heldout import targets as labellings
from nullprobe.heldout.three_way import ThreeWay
from nullprobe.moments import Moments


def shrink(monkeypatch, value):
    factor = Moments.factor
    monkeypatch.setattr(
        Moments, "factor", lambda self, of=0.0: factor(self, value if of == "oas" else of)
    )


def targets(y):
    """Return the columns that are predicted: one for two classes."""
    Z = one_hot(y)
    return Z[:, 1:] if Z.shape[1] == 2 and np.asarray(y).ndim == 1 else Z


def spelt_out(X, y, parts, eraser):
    """Return scores (n, k) of a fresh least-squares probe, row by row as S; None erases nothing."""
    Z = targets(y)
    scores = np.empty(Z.shape)
    for F, P, S in rows_of_roles(parts):
        fitted = None if eraser is None else eraser().fit(X[F], y[F])
        XP, XS = (X[i] if fitted is None else fitted.transform(X[i]) for i in (P, S))
        level = 0.0 if concept(y).is_classes else Z[P].mean(axis=0)
        W = np.linalg.lstsq(centred(XP), centred(Z[P]), rcond=1e-10)[0]
        scores[S] = level + (XS - XP.mean(axis=0)) @ W
    return scores


KINDS = ["two classes", "three classes", "number", "numbers"]


@pytest.mark.parametrize("eraser", [None, LEACE, MeanProjection])
@pytest.mark.parametrize("kind", KINDS)
def test_unshrunk_scores_are_those_of_eraser_and_probe_spelt_out(monkeypatch, kind, eraser):
    shrink(monkeypatch, 0.0)
    X, y = sample(kind)
    _, parts, data = ready(X, y)
    found = data.scores()
    expected = spelt_out(X, y, parts, eraser)
    np.testing.assert_allclose(found.raw if eraser is None else found.erased, expected, atol=1e-8)
    assert np.abs(found.raw - found.erased).max() > 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_shrunk_weights_solve_the_ridge_problem_over_functions_of_erased_data(monkeypatch, kind):
    """The penalty is on the weights of raw features, the same for every eraser of this kernel."""
    lam = 0.3
    shrink(monkeypatch, lam)
    X, y = sample(kind)
    _, parts, data = ready(X, y)
    found, Z = data.scores(), targets(y)
    for F, P, S in rows_of_roles(parts):
        erase = leace_matrix(X[F], y[F])  # x' = μ + erase (x − μ), so w·x' reads x by eraseᵀ w
        covariance, _, _ = covariances(X[P], y[P])
        shrunk = (1 - lam) * covariance + lam * np.diag(np.diag(covariance))
        own = centred(X[P]).T @ centred(Z[P]) / len(P)
        w = np.linalg.pinv(erase @ shrunk @ erase.T, rcond=1e-10) @ erase @ own
        level = 0.0 if concept(y).is_classes else Z[P].mean(axis=0)
        expected = level + (X[S] - X[P].mean(axis=0)) @ erase.T @ w
        np.testing.assert_allclose(found.erased[S], expected, atol=1e-8)


@pytest.mark.parametrize("kind", KINDS)
def test_reading_is_the_mean_over_parts_and_outputs(kind):
    X, y = sample(kind)
    _, parts, data = ready(X, y)
    scores, Z = data.scores(), targets(y)
    measure = roc_auc_score if concept(y).is_classes else r2_score
    for found, of in zip(data.read(asis(y)), (scores.raw, scores.erased), strict=True):
        each = [
            measure(Z[parts.rows(j), c], of[parts.rows(j), c])
            for j in range(3)
            for c in range(Z.shape[1])
        ]
        assert found[0] == pytest.approx(np.mean(each), abs=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_many_labellings_are_read_as_one_by_one(monkeypatch, kind):
    X, y = sample(kind)
    _, _, data = ready(X, y)
    rng = np.random.default_rng(0)
    order = np.column_stack([rng.permutation(len(y)) for _ in range(7)])
    together = data.read(order)
    alone = [data.read(order[:, j : j + 1]) for j in range(7)]
    monkeypatch.setattr(labellings, "BATCH_ELEMENTS", 2 * len(y) * data.z.n_scores)
    pieces = data.read(order)
    for i in (0, 1):
        np.testing.assert_allclose(together[i], [a[i][0] for a in alone], atol=1e-12)
        np.testing.assert_allclose(together[i], pieces[i], atol=1e-12)
        assert np.ptp(together[i]) > 0.01


def test_labelling_in_another_order_is_that_of_the_reordered_concept():
    X, y = sample("three classes")
    _, parts, data = ready(X, y)
    order = np.random.default_rng(1).permutation(len(y))
    moved = ThreeWay(X, concept(y[order]), parts)
    np.testing.assert_allclose(
        np.ravel(data.read(order[:, None])), np.ravel(moved.read(asis(y))), atol=1e-12
    )


@pytest.mark.parametrize("kind", KINDS)
def test_labels_of_scored_rows_reach_no_fit(kind):
    X, y = sample(kind)
    _, parts, data = ready(X, y)
    S, rng = parts.rows(2), np.random.default_rng(0)
    other = y.copy()
    other[S] = other[rng.permutation(S)]
    before, after = data.scores(), ThreeWay(X, concept(other), parts).scores()
    for name in ("raw", "erased"):
        a, b = getattr(before, name), getattr(after, name)
        np.testing.assert_array_equal(a[S], b[S])
        assert not np.allclose(np.delete(a, S, axis=0), np.delete(b, S, axis=0))


@pytest.mark.parametrize("kind", KINDS)
def test_scored_rows_reach_no_fit(kind):
    X, y = sample(kind)
    _, parts, data = ready(X, y)
    one, *rest = parts.rows(0)
    other = X.copy()
    other[rest] = 50 * np.random.default_rng(0).normal(size=other[rest].shape)
    before, after = data.scores(), ThreeWay(other, concept(y), parts).scores()
    for name in ("raw", "erased"):
        a, b = getattr(before, name), getattr(after, name)
        np.testing.assert_allclose(a[one], b[one], atol=1e-9 * np.abs(a).max())
        assert not np.allclose(a[parts.rows(1)], b[parts.rows(1)])


def moved_along_what_is_erased(X, y, parts, sizes):
    """Shift the rows of each S by multiples of what F's eraser takes away."""
    moved = X.copy()
    for F, _, S in rows_of_roles(parts):
        C = centred(X[F]).T @ centred(one_hot(y[F]))
        moved[S] += sizes @ (C / np.linalg.norm(C, axis=0)).T
    return moved


@pytest.mark.parametrize("kind", ["two classes", "three classes"])
def test_what_was_erased_is_not_read(kind):
    """Rows moved along erased directions keep their erased scores and calls, not the raw ones."""
    X, y = sample(kind, n=300)
    _, parts, data = ready(X, y)
    moved = moved_along_what_is_erased(X, y, parts, np.array([3.0, -2.0, 1.0])[: y.max() + 1])
    for F, P, S in rows_of_roles(parts):
        seen = X.copy()
        seen[S] = moved[S]
        before, after = data.scores(), ThreeWay(seen, concept(y), parts).scores()
        np.testing.assert_allclose(after.erased[S], before.erased[S], atol=1e-9)
        assert np.abs(after.raw[S] - before.raw[S]).min() > 1e-3
        calls = data.halfspace_calls(1)[S]
        np.testing.assert_array_equal(
            ThreeWay(seen, concept(y), parts).halfspace_calls(1)[S], calls
        )
        assert 0.1 < calls.mean() < 0.9
        assert len(F) + len(P) + len(S) == len(y)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("d", "n_classes"), [(1, 2), (1, 3), (2, 3)], ids=["d=1", "d=1, K=3", "d=2, K=3"]
)
def test_nothing_is_read_where_erasure_leaves_no_direction(d, n_classes, dtype):
    """Rounding errors are proportional to X: their AUC would be that of X itself."""
    s = draw(0, 300, d, n_classes, gap=3.0, spread=1.0)
    _, _, data = ready(s.X.astype(dtype), s.y)
    raw, erased = data.read(asis(s.y))
    assert raw[0] > 0.7
    assert erased[0] == 0.5
    assert data.halfspace(asis(s.y), seed=0)[0] == pytest.approx(0.5)


def test_nothing_is_read_of_features_that_never_vary():
    _, _, data = ready(np.full((60, 3), 1.5), np.arange(60) % 2)
    order = asis(np.arange(60))
    assert [r[0] for r in data.read(order)] == [0.5, 0.5]
    assert data.halfspace(order, seed=0)[0] == 0.5


@pytest.mark.parametrize("kind", KINDS)
def test_float32_is_read_as_float64(kind):
    X, y = sample(kind)
    X = X.astype(np.float32)
    narrow, wide = ready(X, y)[2].read(asis(y)), ready(X.astype(float), y)[2].read(asis(y))
    np.testing.assert_allclose(np.ravel(narrow), np.ravel(wide), atol=2e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_mean_a_million_standard_deviations_away_changes_nothing(kind):
    X, y = sample(kind)
    far = X + 1e6 * X.std(axis=0) * np.array([1, -1, 1, -1, 1, -1])
    near, read = ready(X, y)[2].read(asis(y)), ready(far, y)[2].read(asis(y))
    np.testing.assert_allclose(np.ravel(near), np.ravel(read), atol=1e-6)


@pytest.mark.parametrize("kind", ["two classes", "number"])
def test_float32_far_from_zero_is_scored_as_the_same_values_in_float64(kind):
    X, y = sample(kind)
    far = (X + 1e6 * np.array([1, -1, 1, -1, 1, -1])).astype(np.float32)
    narrow, wide = ready(far, y)[2].scores(), ready(far.astype(float), y)[2].scores()
    np.testing.assert_allclose(narrow.raw, wide.raw, atol=1e-5)
    np.testing.assert_allclose(narrow.erased, wide.erased, atol=1e-5)


def test_integers_are_read_as_numbers():
    X, y = sample("two classes")
    whole = np.round(10 * X).astype(int)
    np.testing.assert_array_equal(
        np.ravel(ready(whole, y)[2].read(asis(y))),
        np.ravel(ready(whole.astype(float), y)[2].read(asis(y))),
    )


def test_fewer_rows_than_columns_are_read():
    s = draw(5, 60, 100, 2, gap=1.5, spread=1.0)
    _, _, data = ready(s.X, s.y)
    raw, erased = data.read(asis(s.y))
    assert 0.9 < raw[0] <= 1.0
    assert 0.6 < erased[0] < raw[0]


@pytest.mark.parametrize(
    ("kind", "n_loose"),
    [("two classes", 1), ("three classes", 1), ("three classes", 2)],
)
def test_features_that_do_not_vary_on_the_probes_part_are_read_as_spelt_out(
    monkeypatch, kind, n_loose
):
    # An eraser writes its scores into them, and a fresh probe reads these for nothing. With more
    # of them than directions they say the same, and how a probe shares its weight is a convention.
    shrink(monkeypatch, 0.0)
    X, y = sample(kind)
    parts = ready(X, y)[1]
    few = np.concatenate([parts.rows(0)[:12], parts.rows(2)[:12]])  # scored rows vary again
    dead = np.zeros((len(X), n_loose))
    dead[few] = np.random.default_rng(5).standard_normal((24, n_loose))
    X = np.hstack([X, dead])
    _, parts, reader = ready(X, y)
    spelt = spelt_out(X, y, parts, LEACE)
    np.testing.assert_allclose(reader.scores().erased, spelt, atol=1e-8)


@pytest.mark.parametrize("n_large", [1, 3])
@pytest.mark.parametrize("scale", [10, 100, 1000, 1e5])
def test_directions_of_large_variance_hide_nothing_when_rotated(n_large, scale):
    rng = np.random.default_rng(0)
    y = np.arange(600) % 2
    X = rng.standard_normal((600, 64))
    X[:, 5] += 3 * y
    Q = np.linalg.qr(rng.standard_normal((64, 64)))[0]
    parts = ready(X, y)[1]
    plain = ThreeWay(X, concept(y), parts).read(asis(y))[0]
    X[:, :n_large] *= scale
    assert ThreeWay(X @ Q, concept(y), parts).read(asis(y))[0] > plain - 0.03


@pytest.mark.parametrize("kind", ["two classes", "three classes"])
def test_reading_with_its_variance_is_the_reading(kind):
    X, y = sample(kind)
    _, _, data = ready(X, y)
    order = np.column_stack([np.arange(len(y)), np.random.default_rng(0).permutation(len(y))])
    for alone, both in zip(data.read(order), data.read_with_variance(order), strict=True):
        np.testing.assert_allclose(both[0], alone, atol=1e-12)
        assert (both[1] > 0).all()


def test_a_pixel_that_is_hardly_ever_lit_gives_the_concept_back():
    rng = np.random.default_rng(0)
    y = np.arange(600) % 2
    X = rng.standard_normal((600, 4)) + 2.0 * y[:, None]
    parts = ready(X, y)[1]
    pixel = np.zeros((600, 1))
    _, without = ThreeWay(X, concept(y), parts).read(asis(y))
    for j in range(3):
        pixel[parts.rows(j)[j]] = j == 0
    _, with_pixel = ThreeWay(np.hstack([X, pixel]), concept(y), parts).read(asis(y))
    assert without[0] < 0.65
    assert with_pixel[0] > without[0] + 0.1
