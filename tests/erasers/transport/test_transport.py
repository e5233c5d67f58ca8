"""QuadraticLEACE and MiMiC: targets, short classes, directions that no class varies in."""

import numpy as np
import pytest
from support.class_shapes import class_moments, differences, shaped
from support.samples import draw

from nullprobe import (
    ClassMoments,
    ClassTransport,
    ConceptShift,
    InputError,
    MiMiC,
    Moments,
    OracleLEACE,
    QuadraticLEACE,
    mimic,
    quadratic_leace,
)

X, Y = shaped(0, 300, 6, 3)


def test_functions_and_classes_are_the_same_map():
    moments, sums = ClassMoments.of(X, Y), Moments.of(X, Y)
    for e, fitted in (
        (quadratic_leace(moments), QuadraticLEACE()),
        (quadratic_leace(moments, shrinkage=0.3), QuadraticLEACE(shrinkage=0.3)),
        (mimic(moments, target=1), MiMiC(target=1)),
        (mimic(sums, target=1, match="mean"), MiMiC(target=1, match="mean")),
        (mimic(sums, match="mean"), MiMiC(match="mean")),
    ):
        np.testing.assert_array_equal(e.apply(X, Y), fitted.fit_transform(X, Y))
        assert e.method == type(fitted).__name__
        assert e.classes == (0, 1, 2)
        assert type(e) is (ConceptShift if "mean" in str(fitted) else ClassTransport)


def test_towards_the_barycentre_both_are_the_same():
    here, there = (m().fit_transform(X, Y) for m in (QuadraticLEACE, MiMiC))
    np.testing.assert_array_equal(here, there)
    here, there = (m.fit_transform(X, Y) for m in (OracleLEACE(), MiMiC(match="mean")))
    np.testing.assert_array_equal(here, there)


@pytest.mark.parametrize("shares", [[0.5, 0.5], [0.9, 0.05, 0.05]])
def test_mean_matching_moves_each_class_by_the_difference_of_means(shares):
    A, y = shaped(1, 400, 5, len(shares), shares=shares)
    means, _ = class_moments(A, y)
    for target in range(len(shares)):
        X_ = MiMiC(target=target, match="mean").fit_transform(A, y)
        np.testing.assert_allclose(X_, A - means[y] + means[target], atol=1e-12)


def test_mean_matching_sets_features_that_are_the_concept_to_the_target():
    A = np.column_stack([X, 0.1 * Y, np.full(300, 3.3)])
    for match in ("mean", "covariance"):
        X_ = MiMiC(target=2, match=match).fit_transform(A, Y)
        assert np.ptp(X_[:, 6]) == 0
        assert X_[0, 6] == pytest.approx(0.2)
        assert (X_[:, 7] == 3.3).all()


@pytest.mark.parametrize("match", ["mean", "covariance"])
def test_rows_of_the_target_stay_to_the_last_bit(match):
    for A in (X, X.astype(np.float32), X + 1e6):
        fitted = MiMiC(target=1, match=match).fit(A, Y)
        np.testing.assert_array_equal(fitted.transform(A, Y)[Y == 1], A[Y == 1])
        new = A[:20] + np.ones(6, A.dtype)
        np.testing.assert_array_equal(fitted.transform(new, np.ones(20, int)), new)


def test_weights_are_repetitions():
    times = np.random.default_rng(0).integers(1, 4, 300)
    for method in (QuadraticLEACE(), MiMiC(target=0), MiMiC(target=0, match="mean")):
        weighted = method.fit(X, Y, sample_weight=times).transform(X, Y)
        repeated = method.fit(np.repeat(X, times, axis=0), np.repeat(Y, times)).transform(X, Y)
        np.testing.assert_allclose(weighted, repeated, atol=1e-9)


def test_details_tell_classes_shrunk_and_steps():
    e = QuadraticLEACE().fit(X, Y).eraser_
    assert e.details["shrunk"] == "0 of 3 classes"
    assert 2 < int(e.details["steps"]) < 20
    assert e.details["n"] == "300"
    assert QuadraticLEACE().fit(X, Y > 0).eraser_.details["steps"] == "0"
    assert MiMiC(target=1).fit(X, Y).eraser_.details["steps"] == "0"


# Short classes


def few(n_of_the_last, d=6):
    """Return rows of three classes, the last of which has so many."""
    A, y = shaped(2, 400, d, 3)
    keep = (y < 2) | (np.cumsum(y == 2) <= n_of_the_last)
    return A[keep], y[keep]


def test_a_class_of_one_row_more_than_directions_is_matched_exactly():
    A, y = few(7)
    fitted = QuadraticLEACE().fit(A, y)
    assert fitted.eraser_.details["shrunk"] == "0 of 3 classes"
    assert differences(fitted.transform(A, y), y)[1] < 1e-9


@pytest.mark.parametrize("n", [1, 2, 6])
def test_a_class_of_fewer_rows_is_shrunk_and_the_others_are_matched(n):
    A, y = few(n)
    fitted = QuadraticLEACE().fit(A, y)
    X_ = fitted.transform(A, y)
    assert fitted.eraser_.details["shrunk"] == "1 of 3 classes"
    means, covariances = differences(X_, y)
    assert means < 1e-12
    assert covariances > 0.1
    assert differences(X_[y < 2], y[y < 2])[1] < 1e-9


def test_a_class_of_one_row_counts_as_the_pooled_covariance():
    A, y = few(1)
    e = QuadraticLEACE().fit(A, y).eraser_
    m = ClassMoments.of(A, y)
    # the map of a class that has the pooled covariance carries this to the barycentre
    S = e.maps[2].T @ m.within @ e.maps[2]
    np.testing.assert_allclose(S, e.maps[0].T @ m.covariances[0] @ e.maps[0], atol=1e-9)


def test_fewer_rows_are_shrunk_more():
    shares = []
    for n in (2, 4, 6):
        A, y = few(n)
        A[y == 2] *= [50.0, 1.0, 1.0, 1.0, 1.0, 1.0]  # a shape of its own
        m, maps = ClassMoments.of(A, y), QuadraticLEACE().fit(A, y).eraser_.maps
        S = maps[0].T @ m.covariances[0] @ maps[0]
        # S = M ((1 − λ) S_c + λ W) M, from which λ follows
        own, pooled = (maps[2].T @ T @ maps[2] for T in (m.covariances[2], m.within))
        shares.append(np.vdot(S - own, pooled - own) / np.vdot(pooled - own, pooled - own))
        np.testing.assert_allclose(S, (1 - shares[-1]) * own + shares[-1] * pooled, atol=1e-9)
    assert shares[0] == pytest.approx(1.0)
    assert 0.9 > shares[1] > shares[2] + 0.1 > 0.2


def test_rows_of_a_class_that_varies_in_nothing_stay_together():
    A = X.copy()
    A[Y == 2] = A[Y == 2][0]
    fitted = QuadraticLEACE().fit(A, Y)
    X_ = fitted.transform(A, Y)
    assert fitted.eraser_.details["shrunk"] == "1 of 3 classes"
    assert differences(X_, Y)[0] < 1e-12


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_feature_that_is_constant_in_one_class_makes_it_short(dtype):
    A = X.astype(dtype)
    A[Y == 0, 3] = 3.7
    fitted = QuadraticLEACE().fit(A, Y)
    assert fitted.eraser_.details["shrunk"] == "1 of 3 classes"
    assert differences(fitted.transform(A, Y).astype(float), Y)[0] < 1e-6


def test_without_shrinkage_a_short_class_is_refused():
    A, y = few(4)
    names = np.array(["a", "b", "rare"])[y]
    for method in (QuadraticLEACE(shrinkage=0.0), MiMiC(target="a", shrinkage=0)):
        with pytest.raises(InputError, match="all 6 directions.*the 4 rows of class 'rare'"):
            method.fit(A, names)
    exact = QuadraticLEACE(shrinkage=0.0).fit_transform(X, Y)
    np.testing.assert_array_equal(exact, QuadraticLEACE().fit_transform(X, Y))


def test_full_shrinkage_moves_means_alone():
    expected = OracleLEACE().fit_transform(X, Y)
    fitted = QuadraticLEACE(shrinkage=1.0).fit(X, Y)
    np.testing.assert_allclose(fitted.transform(X, Y), expected, atol=1e-12)
    assert fitted.eraser_.details["shrunk"] == "3 of 3 classes"


def test_shrinkage_lies_between():
    moved = []
    for shrinkage in (0.0, 0.2, 0.9, 1.0):
        X_ = QuadraticLEACE(shrinkage=shrinkage).fit_transform(X, Y)
        moved.append(differences(X_, Y)[1])
    assert moved == sorted(moved)
    assert moved[0] < 1e-12


# Directions


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_directions_that_no_class_varies_in_are_shifted_alone(dtype):
    rng = np.random.default_rng(0)
    rows = np.linalg.qr(rng.standard_normal((10, 6)))[0].T
    A = (X @ rows + 3.0 * rng.standard_normal((3, 10))[Y]).astype(dtype)
    fitted = QuadraticLEACE().fit(A, Y)
    means, covariances = differences(fitted.transform(A, Y).astype(float), Y, rows.T)
    assert means < 1e-5
    assert covariances < (1e-9 if dtype == np.float64 else 1e-4)
    assert fitted.eraser_.rank == 8  # 6 within classes, 2 more between them
    assert fitted.eraser_.details["shrunk"] == "0 of 3 classes"
    beside = np.linalg.svd(rows)[2][6:]
    for M in fitted.eraser_.maps:
        np.testing.assert_allclose(beside @ M, beside, atol=1e-5)
    # rotated into these directions it is the same map
    within = QuadraticLEACE().fit(X, Y).eraser_.maps
    np.testing.assert_allclose(rows @ fitted.eraser_.maps @ rows.T, within, atol=1e-3)


def test_constant_and_repeated_features_change_nothing_else():
    alone = QuadraticLEACE().fit_transform(X, Y)
    A = np.hstack([X, np.full((300, 2), 3.7)])
    np.testing.assert_allclose(QuadraticLEACE().fit_transform(A, Y)[:, :6], alone, atol=1e-9)
    assert (QuadraticLEACE().fit_transform(A, Y)[:, 6:] == 3.7).all()
    A = np.hstack([X, X]) / np.sqrt(2)  # as far apart as before
    X_ = QuadraticLEACE().fit_transform(A, Y)
    np.testing.assert_allclose(X_[:, :6], X_[:, 6:], atol=1e-9)
    np.testing.assert_allclose(X_[:, :6] * np.sqrt(2), alone, atol=1e-9)


def test_classes_that_differ_in_the_mean_alone_are_shifted():
    """One row a class, and classes of the same rows about other means."""
    A = np.arange(12.0).reshape(4, 3) ** 2
    X_ = QuadraticLEACE().fit_transform(A, np.arange(4))
    np.testing.assert_allclose(X_, np.tile(A.mean(axis=0), (4, 1)), atol=1e-12)
    assert QuadraticLEACE().fit(A, np.arange(4)).eraser_.rank == 2
    same = draw(3, 50, 4, 1).X
    A, y = np.vstack([same, same + 2.0]), np.repeat([0, 1], 50)
    np.testing.assert_allclose(
        QuadraticLEACE().fit_transform(A, y), np.tile(same + 1.0, (2, 1)), atol=1e-12
    )


def test_classes_that_differ_in_the_covariance_alone_are_reshaped():
    means, _ = class_moments(X, Y)
    A = X - means[Y]
    fitted = QuadraticLEACE().fit(A, Y)
    assert OracleLEACE().fit(A, Y).eraser_.rank == 0
    assert fitted.eraser_.rank == 6
    assert differences(A, Y)[1] > 0.5
    assert differences(fitted.transform(A, Y), Y)[1] < 1e-12


# What is refused


def test_numbers_are_refused():
    for method in (QuadraticLEACE(), MiMiC(), MiMiC(match="mean")):
        with pytest.raises(InputError, match="need.* class labels, but the concept is numeric"):
            method.fit(X, X[:, 0])
    with pytest.raises(InputError, match="MiMiC needs class labels"):
        mimic(Moments.of(X, X[:, 0]), match="mean")


@pytest.mark.parametrize("match", ["mean", "covariance"])
def test_an_unknown_target_is_refused(match):
    with pytest.raises(InputError, match=r"label with weight \(0, 1, 2\), but 'b' arrived"):
        MiMiC(target="b", match=match).fit(X, Y)
    with pytest.raises(InputError, match=r"\(0, 1\), but 2 arrived"):
        MiMiC(target=2, match=match).fit(X, Y, sample_weight=(Y < 2).astype(float))


def test_other_moments_and_words_are_refused():
    with pytest.raises(InputError, match="must be one of 'mean', 'covariance'.*'both' arrived"):
        MiMiC(match="both").fit(X, Y)
    with pytest.raises(InputError, match="match='covariance' needs ClassMoments, but Moments"):
        mimic(Moments.of(X, Y))
    with pytest.raises(InputError, match="match='mean' needs Moments, but ClassMoments"):
        MiMiC.from_moments(ClassMoments.of(X, Y), match="mean")
    for wrong in (-0.1, 1.1, "some", True):
        with pytest.raises(InputError, match="shrinkage must be a number from 0 to 1"):
            QuadraticLEACE(shrinkage=wrong).fit(X, Y)
