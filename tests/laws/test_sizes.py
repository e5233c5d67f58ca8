"""Numbers of any size are erased and read as they are in any other unit, or refused in words."""

import numpy as np
import pytest
from methods import CLASSES_ONLY, transformed

from nullprobe import (
    CCS,
    CRC,
    ClassMoments,
    ContrastPairs,
    InputError,
    Moments,
    RandomProbe,
    TaskMoments,
    audit,
    probes,
)
from nullprobe.erasers import ERASERS, INLP

RNG = np.random.default_rng(0)
Y = np.arange(120) % 2
X = RNG.normal(size=(120, 4))
X[:, 0] += 3 * Y
Z = X[:, 0] + 0.1 * RNG.normal(size=120)

# How large, and in which dtype. Those that are not refused must come out as in units of 1.
SIZES = {
    "float32 times 1e20": (X * 1e20).astype(np.float32),
    "float32 times 3e37": (X * 3e37).astype(np.float32),
    "float32 times 1e-30": (X * 1e-30).astype(np.float32),
    "one row of 1e160": np.vstack([X[:-1], np.full(4, 1e160)]),
    "classes that are 1e160 apart": X + 1e160 * Y[:, None],
    "all times 1e307": X * 1e307,
    "all times 1e160": X * 1e160,
    "all times 1e150": X * 1e150,
    "all times 1e-150": X * 1e-150,
    "all times 1e-160": X * 1e-160,
    "all times 1e-200": X * 1e-200,
}
EXACT = [
    "float32 times 1e20",
    "float32 times 3e37",
    "float32 times 1e-30",
    "all times 1e150",
    "all times 1e-150",
]


def network():
    return probes.MLPProbe((8,), 1.0)


def strongest():
    return probes.StrongestProbe({"linear": probes.LDAProbe(), "rbf": probes.RBFProbe(1.0)})


PROBES = [
    *probes.PROBES.values(),
    probes.QuadraticProbe,
    probes.RBFProbe,
    probes.KNeighborsProbe,
    network,
    strongest,
]


def gap(A):
    return np.abs(A[Y == 1].mean(axis=0, dtype=float) - A[Y == 0].mean(axis=0, dtype=float)).max()


def of(work, size):
    """Return the result; None where it was refused, which is for sizes that cannot be squared."""
    try:
        return work()
    except InputError:
        assert size not in EXACT
        return None


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("method", ERASERS.values())
def test_rows_are_erased_or_refused(method, size):
    A = SIZES[size]
    A_ = of(lambda: transformed(method().fit(A, Y), A, Y), size)
    # INLP ends on held-out rows.
    assert A_ is None or gap(A_) < (0.02 if method is INLP else 0.001) * gap(A)


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("probe", PROBES)
def test_rows_are_read_or_refused(probe, size):
    A = SIZES[size]
    fitted = of(lambda: probe().fit(A, Y), size)
    assert fitted is None or np.mean(fitted.predict(A) == Y) > 0.85


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "probe", [probes.MeanDifferenceProbe, probes.LDAProbe, probes.LogisticProbe]
)
def test_many_concepts_are_read_or_refused(probe, size):
    A = SIZES[size]
    found = of(lambda: probe().fit_many(A, np.column_stack([Y, 1 - Y]) == 1), size)
    assert found is None or np.mean(found.predict(A)[:, 0] == Y) > 0.85


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", [Moments, ClassMoments, TaskMoments])
def test_moments_are_those_of_another_unit_or_refused(kind, size):
    A = SIZES[size]
    m = of(lambda: kind.of(A, Y, *([Y] if kind is TaskMoments else [])), size)
    if m is not None:
        unit = np.abs(A).max().astype(float)
        found = m.within if kind is ClassMoments else getattr(m, "concept", m).covariance
        wide = A.astype(float) / unit
        if kind is ClassMoments:
            wide = wide - np.array([wide[Y == c].mean(axis=0) for c in (0, 1)])[Y]
        np.testing.assert_allclose(found / unit / unit, np.cov(wide.T, bias=True), rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("probe", [CCS, CRC, RandomProbe])
def test_pairs_are_read_or_refused(probe, size):
    pairs = ContrastPairs(SIZES[size][:60], SIZES[size][60:])
    fitted = of(lambda: probe().fit(pairs), size)
    if fitted is not None and probe is not RandomProbe:
        assert np.isfinite(fitted.probe_.weights).all()


# Numeric concepts

NUMERIC = [m for m in ERASERS.values() if m not in CLASSES_ONLY and m is not INLP]
FINE, ODD = [1e140, 1e-140], [1e307, 1e160, 1e-160, 1e-310]


def judged(work):
    """Return the array that a piece of work gives for the numbers Z in a unit."""
    return {unit: work(Z * unit) for unit in [1.0, *FINE]}


@pytest.mark.parametrize("method", NUMERIC)
def test_numbers_of_any_unit_are_erased_alike_or_refused(method):
    found = judged(lambda z: transformed(method().fit(X, z), X, z))
    for unit in FINE:
        np.testing.assert_allclose(found[unit], found[1.0], atol=1e-9)
    for unit in ODD:
        with pytest.raises(InputError):
            method().fit(X, Z * unit)


@pytest.mark.parametrize("probe", [probes.LDAProbe, probes.MeanDifferenceProbe])
def test_numbers_of_any_unit_are_read_alike_or_refused(probe):
    for unit in FINE:
        found = probe().fit(X, Z * unit).predict(X) / unit
        np.testing.assert_allclose(found, probe().fit(X, Z).predict(X), atol=1e-9)
    for unit in ODD:
        with pytest.raises(InputError):
            probe().fit(X, Z * unit)


@pytest.mark.slow
def test_numbers_of_any_unit_are_audited_alike_or_refused():
    fast = {"claims": ["readable"], "draws": 39}
    expected = audit(X, Z, **fast)["readable"].observed
    for unit in FINE:
        assert audit(X, Z * unit, **fast)["readable"].observed == pytest.approx(expected, abs=1e-6)
    for unit in ODD:
        with pytest.raises(InputError):
            audit(X, Z * unit, **fast)
