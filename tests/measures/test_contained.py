import numpy as np
import pytest

from nullprobe.measures.contained import is_contained

RNG = np.random.default_rng(0)
WIDE = RNG.normal(size=(120, 300)) * np.linspace(3, 0.3, 300)
NARROW = RNG.normal(size=(120, 12)) + 5
AXES = np.linalg.svd(WIDE - WIDE.mean(0), full_matrices=False)


@pytest.mark.parametrize(
    "X",
    [
        NARROW[:, :3],
        NARROW @ RNG.normal(size=(12, 4)) * 1e6 - 3,
        (NARROW @ RNG.normal(size=(12, 4))).astype(np.float32),
    ],
)
def test_linear_functions_are_contained(X):
    assert is_contained(X, NARROW)


@pytest.mark.parametrize(
    "X", [WIDE[:, [3, 77, 200]], 7 * WIDE[:, :2] + 1, AXES[0][:, :10] * AXES[1][:10]]
)
def test_features_and_principal_components_of_a_wide_one_are_contained(X):
    assert is_contained(X, WIDE)


@pytest.mark.parametrize(
    ("X", "B"),
    [
        (NARROW[:, :3] + 0.01 * RNG.normal(size=(120, 3)), NARROW),
        (NARROW[:, :1] ** 2, NARROW),
        (RNG.normal(size=(120, 4)), NARROW),
        (RNG.normal(size=(120, 4)), WIDE),  # of more features than rows anything is a function
        (RNG.normal(size=(120, 40)), WIDE),
        (NARROW, np.ones((120, 2))),
    ],
)
def test_what_is_more_than_that_is_not(X, B):
    assert not is_contained(X, B)
