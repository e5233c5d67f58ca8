import numpy as np
import pytest
from scipy.special import expit

from nullprobe.data.concept import concept
from nullprobe.data.confounds import Confounds
from nullprobe.heldout.confound_prediction import folds, predict_from_confounds, residuals


def learned(W, y, groups=None, **kind):
    z = concept(y, **kind)
    parts = folds(z, groups, np.random.default_rng(0))
    return predict_from_confounds(z, Confounds.of(W, len(y)), parts, 0), parts


@pytest.mark.slow
def test_chances_are_those_of_the_world():
    rng = np.random.default_rng(0)
    W = rng.normal(size=(3000, 2))
    chance = expit(W[:, 0] + 1.5 * (W[:, 1] ** 2 - 1))
    y = (rng.random(3000) < chance).astype(int)
    found, _ = learned(W, y)
    assert found.model != "logistic"  # which sees no squares
    assert np.abs(np.exp(found.log_probability[:, 1]) - chance).mean() < 0.04
    assert np.exp(found.log_probability).sum(axis=1) == pytest.approx(np.ones(3000))
    assert found.gain > 0.1
    assert found.informative == pytest.approx((4 * chance * (1 - chance)).sum(), rel=0.1)


@pytest.mark.slow
def test_confounds_that_say_nothing_leave_class_shares():
    rng = np.random.default_rng(1)
    y = np.repeat([0, 1, 2], [30, 30, 90])
    found, _ = learned(rng.normal(size=(150, 40)), y)
    assert found.model == "class shares"
    assert np.exp(found.log_probability[0]) == pytest.approx([0.2, 0.2, 0.6])
    assert found.informative == pytest.approx(150)


@pytest.mark.slow
def test_confounds_that_are_the_concept_leave_nothing_open():
    y = np.arange(200) % 2
    found, _ = learned(y.astype(str), y)
    assert found.informative < 10


@pytest.mark.slow
def test_numbers_are_predicted_with_their_spread():
    rng = np.random.default_rng(2)
    W = rng.normal(size=(600, 1))
    y = W[:, 0] ** 2 + 0.5 * rng.normal(size=600)
    found, parts = learned(W, y, kind="numeric")
    assert found.sd == pytest.approx([0.5], abs=0.05)
    assert found.gain == pytest.approx(1 - 0.25 / 2.25, abs=0.05)
    left = residuals(y[:, None], Confounds.of(W, 600), parts, 0)
    assert left.std() == pytest.approx(0.5, abs=0.05)


@pytest.mark.slow
def test_no_row_is_asked_of_a_model_that_saw_it():
    """Labels at random in as many columns of W as rows: a model that saw them would know."""
    rng = np.random.default_rng(3)
    y = rng.permutation(np.arange(120) % 2)
    found, _ = learned(rng.normal(size=(120, 120)), y)
    said = found.log_probability.argmax(axis=1)
    assert (said == y).mean() < 0.65


@pytest.mark.slow
def test_groups_stay_whole():
    rng = np.random.default_rng(4)
    groups = np.repeat(np.arange(20), 10)
    y = rng.permutation(np.arange(20) % 2)[groups]
    found, parts = learned(rng.normal(size=20)[groups] + 0.0, y, groups)
    assert all(len(np.unique(parts.part[groups == g])) == 1 for g in range(20))
    assert found.log_probability.shape == (200, 2)
