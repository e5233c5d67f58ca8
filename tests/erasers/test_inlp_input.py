"""What INLP may be fitted to: numbers, words, weights, few rows; and what it refuses."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from support.reference import assert_same_bytes
from support.samples import draw

from nullprobe import INLP, HalfspaceProbe, InputError, LDAProbe, LogisticProbe


@pytest.mark.parametrize("probe", [LDAProbe(), Ridge()])
@pytest.mark.parametrize("k", [1, 3])
def test_numbers_are_erased(probe, k):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((2000, 8))
    Y = X[:, :k] + rng.standard_normal((2000, k))
    inlp = INLP(probe).fit(X, Y if k > 1 else Y[:, 0])
    assert inlp.classes_ is None
    assert inlp.scores_[0] == pytest.approx(np.sqrt(0.5), abs=0.1)
    X_ = inlp.transform(X)
    left = np.corrcoef(X_.T, Y.T)[:8, 8:]
    assert np.abs(left).max() < 0.1
    assert inlp.eraser_.rank < 8


def test_numbers_that_never_vary_are_left_out():
    rng = np.random.default_rng(1)
    X = rng.standard_normal((300, 4))
    y = X[:, :1] + rng.standard_normal((300, 1))
    rare = np.full((300, 1), 0.5)
    rare[7] = 1.5  # in one row, which may be held out or not
    one, other = (INLP().fit(X, Y) for Y in (y, np.hstack([y, np.full((300, 1), 0.5)])))
    np.testing.assert_allclose(one.eraser_.reading, other.eraser_.reading)
    for seed in range(5):
        assert INLP(random_state=seed).fit(X, np.hstack([y, rare])).eraser_.rank > 0
        assert INLP(random_state=seed).fit(X, rare).eraser_.rank == 0


def test_labels_may_be_words():
    s = draw(9, 300, 6, 3)
    words = np.array(["amber", "blue", "cyan"])[s.y]
    one, other = INLP().fit(s.X, s.y), INLP().fit(s.X, words)
    assert other.classes_ == other.eraser_.classes == ("amber", "blue", "cyan")
    np.testing.assert_array_equal(one.eraser_.reading, other.eraser_.reading)
    assert INLP(LogisticRegression()).fit(s.X, words).eraser_.rank > 0


def test_the_same_seed_gives_the_same_eraser_and_another_one_other_rows():
    s = draw(10, 300, 6, 2, gap=0.4)
    one, again, other = (INLP(random_state=seed).fit(s.X, s.y) for seed in (0, 0, 1))
    assert_same_bytes(one.eraser_, again.eraser_)
    assert one.scores_ == again.scores_
    assert one.scores_ != other.scores_
    rng = np.random.default_rng(3)
    assert (
        INLP(random_state=rng).fit(s.X, s.y).scores_ != INLP(random_state=rng).fit(s.X, s.y).scores_
    )


@pytest.mark.parametrize("probe", [LDAProbe(), LogisticRegression()])
def test_weights_count(probe):
    s = draw(11, 400, 6, 2, gap=0.4)
    w = np.random.default_rng(0).uniform(0.1, 3, 400)
    one, scaled, plain = (INLP(probe).fit(s.X, s.y, sample_weight=v) for v in (w, 8 * w, None))
    if isinstance(probe, LDAProbe):  # a weight in logistic regression is also less of a penalty
        np.testing.assert_allclose(one.eraser_.reading, scaled.eraser_.reading, atol=1e-9)
        assert one.scores_ == pytest.approx(scaled.scores_)
    assert one.scores_ != plain.scores_
    np.testing.assert_allclose(one.eraser_.mean, np.average(s.X, axis=0, weights=w))


@pytest.mark.parametrize("probe", [LDAProbe(), LogisticRegression()])
def test_weight_zero_is_a_row_that_is_not_there(probe):
    s = draw(12, 400, 6, 3, gap=0.4)
    kept = s.y != 1
    one = INLP(probe).fit(s.X, s.y, sample_weight=kept * 1.0)
    other = INLP(probe).fit(s.X[kept], s.y[kept], sample_weight=np.ones(kept.sum()))
    assert_same_bytes(one.eraser_, other.eraser_)
    assert one.classes_ == (0, 2)


@pytest.mark.slow
def test_eraser_remembers_how_it_came_about():
    s = draw(13, 300, 6, 2)
    e = INLP(LogisticProbe()).fit(s.X, s.y).eraser_
    assert e.method == "INLP"
    assert e.details["probe"] == "LogisticProbe"
    assert e.details["stopped"] == "nothing more is read"
    assert e.details["n"] == "300"


# Few rows


@pytest.mark.parametrize(
    ("y", "why"),
    [
        ([0] * 9, "the concept does not vary in the rows to fit to"),
        ([0] * 8 + [1], "too few rows to hold some out"),
        (np.arange(9), "too few rows to hold some out"),
        (np.array([0.5, 1.5, 2.5] * 3), None),
    ],
)
@pytest.mark.parametrize("probe", [LDAProbe(), LogisticRegression()])
def test_few_rows_are_left_as_they_are(y, why, probe):
    if why is None:
        probe = LDAProbe()
    X = np.random.default_rng(0).standard_normal((9, 3))
    inlp = INLP(probe).fit(X, y)
    assert inlp.eraser_.rank == 0
    assert inlp.stopped_ == (why or "too few rows to hold some out")
    assert inlp.scores_ == ()
    np.testing.assert_array_equal(inlp.transform(X), X)


def test_a_class_of_one_row_has_no_say_and_that_is_said():
    s = draw(14, 200, 5, 2)
    y = s.y.copy()
    y[3], y[4] = 7, 8
    inlp = INLP().fit(s.X, y)
    assert inlp.classes_ == (0, 1, 7, 8)
    assert inlp.stopped_.endswith("but classes of one row were not held out (2)")
    assert inlp.eraser_.rank > 0


@pytest.mark.parametrize(("count", "held_out"), [(2, 0.1), (2, 0.9), (3, 0.2), (3, 0.9)])
def test_of_a_rare_class_one_row_at_least_is_held_out_and_one_is_not(count, held_out):
    rng = np.random.default_rng(0)
    y = (np.arange(3000) < count).astype(int)
    X = rng.standard_normal((3000, 5)) + 30.0 * y[:, None]
    inlp = INLP(validation_fraction=held_out).fit(X, y)
    assert inlp.scores_[0] > 0.95
    assert inlp.eraser_.rank > 0


# What is refused


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"probe": LDAProbe}, "must be an estimator with a method fit"),
        ({"probe": "lda"}, "must be an estimator with a method fit"),
        ({"probe": KNeighborsClassifier()}, "KNeighborsClassifier offers neither"),
        ({"probe": LDAProbe(shrinkage=2)}, "shrinkage must be a number from 0 to 1"),
        ({"max_rank": 0}, "max_rank must be a whole number of at least 1"),
        ({"random_state": "a"}, "random_state must be a whole number of at least 0"),
        ({"validation_fraction": 0}, "validation_fraction must lie between 0 and 1"),
        ({"validation_fraction": 1.0}, "validation_fraction must lie between 0 and 1"),
        ({"validation_fraction": "some"}, "validation_fraction must be a number"),
        ({"alpha": 1.5}, "alpha must be a number from 0 to 1"),
    ],
)
def test_bad_parameters_are_refused(parameters, message):
    s = draw(15, 60, 4, 2)
    with pytest.raises(InputError, match=message):
        INLP(**parameters).fit(s.X, s.y)


def test_weights_need_a_probe_that_takes_them():
    s = draw(15, 60, 4, 2)
    INLP(HalfspaceProbe()).fit(s.X, s.y)
    with pytest.raises(InputError, match="HalfspaceProbe.fit takes X, y"):
        INLP(HalfspaceProbe()).fit(s.X, s.y, sample_weight=np.ones(60))


def test_numbers_need_a_probe_that_predicts_them():
    X = np.random.default_rng(0).standard_normal((60, 3))
    with pytest.raises(InputError, match="LogisticRegression is a classifier; pass a linear reg"):
        INLP(LogisticRegression()).fit(X, X[:, 0])
    assert INLP(Ridge()).fit(X, X[:, 0]).eraser_.rank == 1


def test_labels_need_a_probe_that_takes_them():
    X = np.random.default_rng(0).standard_normal((60, 3))
    with pytest.raises(InputError, match="logistic regression needs class labels"):
        INLP(LogisticProbe()).fit(X, X[:, 0])
