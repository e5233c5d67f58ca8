"""AUCs by permuted labels are compared in standard errors of their own, wherever they are drawn."""

import numpy as np
import pytest

from nullprobe import audit, permutation_null

FEW = {"draws": 39, "n_splits": 2, "independent": True, "depth": "quick"}


def wide(seed=0, n=300, scale=4.0):
    """Return equal means, where a tenth of the rows are so much wider."""
    rng = np.random.default_rng(seed)
    y = (np.arange(n) < n // 10).astype(int)
    return rng.standard_normal((n, 8)) * np.where(y, scale, 1.0)[:, None], y


@pytest.mark.parametrize("name", ["readable", "erasure_holds"])
def test_draws_of_an_audit_vary_less_than_what_a_wide_rare_class_reads(name):
    X, y = wide()
    null = audit(X, y, claims=["readable", "erasure_holds"], **FEW)[name].nulls[0]
    assert null.errors.shape == (39,)
    assert 0.5 < null.errors.mean() < 0.8
    X, y = wide(scale=1.0)
    null = audit(X, y, claims=["readable", "erasure_holds"], **FEW)[name].nulls[0]
    assert null.errors.mean() == pytest.approx(1.0, abs=0.15)


@pytest.mark.slow
def test_so_are_labels_drawn_given_confounds():
    rng = np.random.default_rng(0)
    X, y = wide()
    X[:, 0] += 6 * y
    W = {"length": rng.standard_normal(300)}
    chance, *_, given = audit(X, y, confounds=W, claims=["readable"], **FEW)["readable"].nulls
    assert given.rung == "inputs"
    assert given.errors.mean() == pytest.approx(chance.errors.mean(), rel=0.2)


@pytest.mark.slow
def test_numbers_and_other_nulls_have_no_errors():
    X, y = wide()
    numbers = audit(X, y + X[:, 0], claims=["readable"], **FEW)["readable"]
    assert numbers.nulls[0].errors is None
    X[:, 0] += 4 * y
    full = audit(X, y, claims=["erasure_holds"], **(FEW | {"depth": "full"}))["erasure_holds"]
    assert all(null.errors is None for null in full.nulls if null.rung != "chance")


@pytest.mark.slow
def test_a_rare_and_wide_class_is_seldom_read_by_cross_validation_where_means_are_equal():
    p = []
    for seed in range(60):
        observed, null = permutation_null(*wide(seed), n_permutations=99, random_state=seed)
        p.append(null.p_value(observed))
    # At .05, 9 or more of 60 come in 3 of 1,000 samples; compared as they are, 12 would be usual.
    assert np.sum(np.array(p) <= 0.05) <= 8
