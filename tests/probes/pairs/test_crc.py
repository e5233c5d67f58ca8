"""Closed forms next to CCS: the eigenproblems, and where they agree."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from nullprobe import CRC, VINC, ContrastPairs, InputError, worlds
from nullprobe.probes.base.pairs import Normaliser
from nullprobe.probes.pairs.crc import leading

WORLD = worlds.contrast(n=200, d=6, signal=1.0)


def normal(world):
    normaliser = Normaliser.of(ContrastPairs(world.negative, world.positive))
    return [normaliser.apply(X, i, None) for i, X in enumerate((world.negative, world.positive))]


def cosine(a, b):
    return abs(a @ b) / np.linalg.norm(a) / np.linalg.norm(b)


@pytest.mark.parametrize("world", [WORLD, worlds.contrast(n=20, d=50)], ids=["tall", "wide"])
def test_crc_is_the_first_principal_component_of_the_differences(world):
    negative, positive = normal(world)
    expected = PCA(1).fit(positive - negative).components_[0]
    assert cosine(leading(negative, positive), expected) == pytest.approx(1, abs=1e-9)
    fitted = CRC().fit(world.negative, world.positive)
    assert cosine(fitted.probe_.weights, expected) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("world", [WORLD, worlds.contrast(n=20, d=50)], ids=["tall", "wide"])
@pytest.mark.parametrize("eta", [0.3, 1.0, 10.0])
def test_vinc_is_the_leading_eigenvector(world, eta):
    negative, positive = normal(world)
    D, S = positive - negative, positive + negative
    _values, vectors = np.linalg.eigh(D.T @ D / len(D) - eta * S.T @ S / len(S))
    w = leading(negative, positive, eta=eta)
    assert cosine(w, vectors[:, -1]) == pytest.approx(1, abs=1e-8)
    assert np.mean((D @ w) ** 2) == pytest.approx(1)


def test_vinc_without_a_price_on_the_sum_is_crc():
    np.testing.assert_allclose(
        VINC(eta=0.0).fit(WORLD.negative, WORLD.positive).probe_.weights,
        CRC().fit(WORLD.negative, WORLD.positive).probe_.weights,
        atol=1e-12,
    )


def test_a_price_on_the_sum_keeps_clear_of_what_both_sides_share():
    """One feature varies most, but alike on both sides with noise; another flips."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 500)
    shared = rng.standard_normal(500)
    flips = 2 * y - 1
    noise = rng.standard_normal((4, 500))
    negative = np.column_stack([shared + 0.8 * noise[0], -flips + 2.0 * noise[1]])
    positive = np.column_stack([shared + 0.8 * noise[2], flips + 2.0 * noise[3]])
    weights = abs(VINC(eta=5.0).fit(negative, positive).probe_.weights)
    assert weights[1] > 5 * weights[0]


def test_a_price_below_zero_is_refused():
    with pytest.raises(InputError, match="eta"):
        VINC(eta=-1.0).fit(WORLD.negative, WORLD.positive)
