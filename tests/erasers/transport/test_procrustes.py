"""Polar factors, and where covariances meet."""

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given
from hypothesis import strategies as st

from nullprobe.erasers.transport import procrustes
from nullprobe.erasers.transport.procrustes import at_barycentre, at_one, polar


def factors(seed, n_classes, d, *, spread=3.0):
    """Return Cholesky factors of covariances that differ, and shares."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(n_classes):
        turn = np.linalg.qr(rng.standard_normal((d, d)))[0]
        X = rng.standard_normal((4 * d + 2, d)) * np.geomspace(spread, 1.0, d) @ turn
        found.append(np.linalg.cholesky(np.cov(X.T, bias=True).reshape(d, d)))
    return found, rng.dirichlet(np.full(n_classes, 2.0))


def root(S):
    """Return the symmetric square root of a covariance."""
    values, vectors = np.linalg.eigh(S)
    return vectors * np.sqrt(values) @ vectors.T


def transport(S, T):
    """Return the symmetric M with M S M = T: S^(-1/2) (S^(1/2) T S^(1/2))^(1/2) S^(-1/2)."""
    half = root(S)
    inverse = np.linalg.inv(half)
    return inverse @ root(half @ T @ half) @ inverse


def naive_barycentre(covariances, shares):
    """Return S = Σ p (S^(1/2) S_c S^(1/2))^(1/2), iterated from the mean of the covariances."""
    S = sum(p * T for p, T in zip(shares, covariances, strict=True))
    for _ in range(500):
        half = root(S)
        inner = sum(p * root(half @ T @ half) for p, T in zip(shares, covariances, strict=True))
        inverse = np.linalg.inv(half)
        S = inverse @ inner @ inner @ inverse
    return S


SHAPES = {
    "seed": st.integers(0, 999),
    "n_classes": st.integers(2, 5),
    "d": st.sampled_from([1, 2, 7, 20]),
}


@pytest.mark.parametrize("spread", [1.0, 1e3, 1e6, 1e12])
def test_polar_factor_is_that_of_scipy_and_orthogonal(spread):
    rng = np.random.default_rng(0)
    W = rng.standard_normal((12, 12)) * np.geomspace(spread, 1.0, 12)
    U = polar(W)
    np.testing.assert_allclose(U.T @ U, np.eye(12), atol=2e-14)
    H = U.T @ W
    np.testing.assert_allclose(H, H.T, atol=1e-13 * spread)
    if spread < 1e6:
        np.testing.assert_allclose(U, scipy.linalg.polar(W)[0], atol=1e-10)


@given(**SHAPES)
def test_maps_to_one_are_the_optimal_transport(seed, n_classes, d):
    L, _ = factors(seed, n_classes, d)
    S = [F @ F.T for F in L]
    meeting = at_one(L, 1)
    np.testing.assert_allclose(meeting.factor @ meeting.factor.T, S[1], atol=1e-12)
    for T, M in zip(S, meeting.maps(L), strict=True):
        np.testing.assert_allclose(M, transport(T, S[1]), atol=1e-9)


@pytest.mark.slow
@given(**SHAPES)
def test_barycentre_is_that_of_symmetric_roots(seed, n_classes, d):
    L, shares = factors(seed, n_classes, d)
    S = [F @ F.T for F in L]
    meeting = at_barycentre(L, shares)
    expected = naive_barycentre(S, shares)
    size = np.abs(expected).max()
    np.testing.assert_allclose(meeting.factor @ meeting.factor.T / size, expected / size, atol=1e-9)
    for T, M in zip(S, meeting.maps(L), strict=True):
        np.testing.assert_allclose(M, transport(T, expected), atol=1e-8)
    mean = sum(p * T for p, T in zip(shares, S, strict=True))
    if d > 1:
        assert np.abs(mean - expected).max() / size > 1e-3


@given(**SHAPES)
def test_closed_form_of_two_is_the_fixed_point(seed, n_classes, d):
    L, shares = factors(seed, 2, d)
    closed, found = at_barycentre(L, shares), procrustes._fixed_point(L, shares, 1e-12)
    assert closed.steps == 0 < found.steps
    for one, other in zip(closed.maps(L), found.maps(L), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-9)


@given(**SHAPES)
def test_all_covariances_meet_to_rounding_wherever_they_meet(seed, n_classes, d):
    L, shares = factors(seed, n_classes, d)
    for enough in (1e-1, 1e-4, 1e-10):  # however early the search ends
        meeting = procrustes._fixed_point(L, shares, enough)
        S = meeting.factor @ meeting.factor.T
        sd = np.sqrt(S.diagonal())
        for F, M in zip(L, meeting.maps(L), strict=True):
            np.testing.assert_allclose(M.T @ F @ F.T @ M / np.outer(sd, sd), S / np.outer(sd, sd))


def test_features_in_units_of_their_own_meet_to_rounding():
    L, shares = factors(1, 4, 12)
    units = 10.0 ** np.random.default_rng(0).uniform(-6, 6, 12)
    L = [units[:, None] * F for F in L]
    meeting = at_barycentre(L, shares)
    S = meeting.factor @ meeting.factor.T
    sd = np.sqrt(S.diagonal())
    for F, M in zip(L, meeting.maps(L), strict=True):
        left = (M.T @ F @ F.T @ M - S) / np.outer(sd, sd)
        np.testing.assert_allclose(left, 0, atol=1e-9)


def test_covariances_that_commute_meet_at_the_mean_of_their_roots():
    rng = np.random.default_rng(0)
    deviations, shares = rng.uniform(0.1, 5.0, (4, 6)), rng.dirichlet(np.ones(4))
    turn = np.linalg.qr(rng.standard_normal((6, 6)))[0]
    L = [np.linalg.cholesky(turn * np.square(s) @ turn.T) for s in deviations]
    meeting = at_barycentre(L, shares)
    expected = turn * np.square(shares @ deviations) @ turn.T
    np.testing.assert_allclose(meeting.factor @ meeting.factor.T, expected, atol=1e-9)


def test_covariances_that_are_the_same_stay_as_they_are():
    L, shares = factors(2, 1, 8)[0] * 4, np.full(4, 0.25)
    meeting = at_barycentre(L, shares)
    assert meeting.steps <= 2
    for M in meeting.maps(L):
        np.testing.assert_allclose(M, np.eye(8), atol=1e-12)


@pytest.mark.parametrize("spread", [3.0, 100.0, 1e4])
def test_search_ends_sooner_than_without_looking_back(spread, monkeypatch):
    L, shares = factors(3, 4, 20, spread=spread)
    steps = at_barycentre(L, shares).steps
    monkeypatch.setattr(procrustes, "_overshoot", lambda past, unit: np.zeros_like(past[0][0]))
    plain = at_barycentre(L, shares)
    assert 2 < steps < 0.8 * plain.steps
    assert plain.steps <= procrustes.MOST_STEPS


def test_search_recovers_from_steps_that_lead_astray(monkeypatch):
    L, shares = factors(4, 4, 10)
    expected = at_barycentre(L, shares)
    honest, calls = procrustes._overshoot, []

    def wild(past, unit):
        calls.append(len(past))
        return -30.0 * past[-1][1] if len(calls) in (3, 5) else honest(past, unit)

    monkeypatch.setattr(procrustes, "_overshoot", wild)
    found = at_barycentre(L, shares)
    assert found.steps > expected.steps
    for one, other in zip(found.maps(L), expected.maps(L), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-8)


def test_search_ends_where_nothing_gets_better(monkeypatch):
    L, shares = factors(5, 3, 6)
    monkeypatch.setattr(procrustes, "CLOSE", 0.0)
    monkeypatch.setattr(procrustes, "MOST_STEPS", 1000)
    meeting = at_barycentre(L, shares)
    assert meeting.steps < 100
    for T in meeting.turned:
        U = np.linalg.solve(meeting.factor, T)
        np.testing.assert_allclose(U.T @ U, np.eye(6), atol=1e-14)
