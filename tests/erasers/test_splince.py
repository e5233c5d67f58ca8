"""SPLINCE: erases the concept, keeps Cov(X, task), and moves X no further than that needs."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from support.reference import (
    EPS,
    LEFT,
    centred,
    largest_canonical_correlation,
    mean_square_move,
    one_hot,
)
from support.samples import BACKENDS, DTYPES, backed, draw, feature_units, plain

from nullprobe import LEACE, SPLINCE, InputError
from nullprobe.moments.task_moments import TaskMoments

KEPT = {"float64": 1e-8, "float32": 1e-3}


def world(seed, *, n=400, d=8, n_classes=3, n_tasks=2, tie=1.0, kind="numbers"):
    """Return X, a concept, and a task that is correlated with the concept and with X."""
    sample = draw(seed, n, d, n_classes)
    rng = np.random.default_rng(seed)
    T = rng.standard_normal((n, n_tasks)) + tie * sample.y[:, None]
    X = sample.X + T @ rng.standard_normal((n_tasks, d))
    if kind == "labels":
        return X, sample.y, np.array(["no", "yes"])[(T[:, 0] > T[:, 0].mean()).astype(int)]
    return X, sample.y, T


def correlation(X, T, scale):
    """Return Cov(X, T) (d, t) in units of the features before erasure and of the task."""
    Z = centred(one_hot(T))
    return (centred(plain(X)) / scale).T @ (Z / Z.std(axis=0)) / len(Z)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("backend", BACKENDS)
@given(
    seed=st.integers(0, 9999),
    n_classes=st.integers(2, 4),
    kind=st.sampled_from(["numbers", "labels"]),
    units=st.booleans(),
)
def test_the_concept_goes_and_the_task_stays(backend, dtype, seed, n_classes, kind, units):
    X, y, task = world(seed, n_classes=n_classes, kind=kind)
    X = (X * feature_units(8, seed) if units else X).astype(dtype)
    X_ = SPLINCE().fit(backed(X, backend), y, task=task).transform(backed(X, backend))
    eps = EPS[dtype]
    assert largest_canonical_correlation(plain(X_), y, eps=eps, before=X) <= LEFT[dtype]
    scale = plain(X).std(axis=0)
    np.testing.assert_allclose(
        correlation(X_, task, scale), correlation(X, task, scale), atol=KEPT[dtype]
    )


def test_leace_takes_the_task_along():
    X, y, task = world(0)
    X_ = LEACE().fit_transform(X, y)
    scale = X.std(axis=0)
    assert np.abs(correlation(X_, task, scale) - correlation(X, task, scale)).max() > 0.05


def some_map_that_keeps_the_task(X, y, task, seed):
    """Return x - B (Nᵀ B)⁻¹ Nᵀ x for a random N with Nᵀ B_T = 0: the same two guarantees."""
    scale = X.std(axis=0)
    S, rng = centred(X) / scale, np.random.default_rng(seed)
    B, T = (np.linalg.svd(S.T @ centred(one_hot(a)), full_matrices=False) for a in (y, task))
    B, T = (U[:, size > 1e-9 * size[0]] for U, size, _ in (B, T))
    N = B + 0.3 * rng.standard_normal(B.shape)
    N -= T @ (T.T @ N)
    assume(np.linalg.cond(N.T @ B) < 1e3)
    return X - S @ N @ np.linalg.solve(B.T @ N, B.T) * scale


@given(seed=st.integers(0, 9999), n_classes=st.integers(2, 3))
def test_no_other_such_map_moves_the_data_less(seed, n_classes):
    X, y, task = world(seed, n_classes=n_classes)
    least = SPLINCE().fit(X, y, task=task).transform(X)
    other = some_map_that_keeps_the_task(X, y, task, seed)
    assert largest_canonical_correlation(other, y, eps=EPS["float64"], before=X) <= 1e-8
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((8, 8))
    for M in (np.eye(8), A @ A.T):
        assert mean_square_move(X, least, M) <= (1 + 1e-9) * mean_square_move(X, other, M)


@given(seed=st.integers(0, 9999))
def test_keeping_the_task_costs_something_next_to_leace(seed):
    X, y, task = world(seed)
    leace = LEACE().fit_transform(X, y)
    splince = SPLINCE().fit(X, y, task=task).transform(X)
    assert mean_square_move(X, splince) > mean_square_move(X, leace)


def test_it_is_leace_without_a_task_or_with_one_that_x_does_not_know():
    X, y, _ = world(1)
    expected = LEACE().fit_transform(X, y)
    np.testing.assert_allclose(SPLINCE().fit_transform(X, y), expected, atol=1e-12)
    constant = SPLINCE().fit(X, y, task=np.full((400, 1), 0.5))
    np.testing.assert_allclose(constant.transform(X), expected, atol=1e-12)
    S = np.column_stack([np.ones(400), centred(X)])
    unknown = np.random.default_rng(0).standard_normal(400)
    unknown -= S @ np.linalg.lstsq(S, unknown, rcond=None)[0]
    np.testing.assert_allclose(SPLINCE().fit(X, y, task=unknown).transform(X), expected, atol=1e-8)


@pytest.mark.parametrize("kind", ["numbers", "labels"])
def test_pieces_give_what_one_fit_gives(kind):
    X, y, task = world(2, kind=kind)
    w = np.random.default_rng(0).uniform(0, 2, 400)
    whole = SPLINCE().fit(X, y, sample_weight=w, task=task)
    streamed, pieces = SPLINCE(), []
    for rows in (slice(0, 130), slice(130, 131), slice(131, 400)):
        streamed.partial_fit(X[rows], y[rows], w[rows], task=task[rows])
        pieces.append(TaskMoments.of(X[rows], y[rows], task[rows], sample_weight=w[rows]))
    expected = whole.transform(X)
    np.testing.assert_allclose(streamed.transform(X), expected, atol=1e-9)
    merged = SPLINCE.from_moments(sum(pieces))
    np.testing.assert_allclose(merged.transform(X), expected, atol=1e-9)
    assert merged.eraser_.details["task_rank"] == ("2" if kind == "numbers" else "1")


def test_a_weight_of_two_is_a_row_twice():
    X, y, task = world(3)
    w = np.random.default_rng(0).integers(0, 3, 400)
    twice = np.repeat(np.arange(400), w)
    weighted = SPLINCE().fit(X, y, sample_weight=w, task=task)
    repeated = SPLINCE().fit(X[twice], y[twice], task=task[twice])
    np.testing.assert_allclose(weighted.transform(X), repeated.transform(X), atol=1e-9)


def test_fewer_rows_than_features():
    X, y, task = world(4, n=40, d=100)
    fitted = SPLINCE().fit(X, y, task=task)
    X_ = fitted.transform(X)
    assert largest_canonical_correlation(X_, y, eps=EPS["float64"], before=X) <= 1e-9
    scale = X.std(axis=0)
    np.testing.assert_allclose(correlation(X_, task, scale), correlation(X, task, scale), atol=1e-8)


@pytest.mark.parametrize(
    ("task", "said"),
    [
        (
            "the concept",
            "X covaries with both in the same 2 directions",
        ),
        ("its opposite", "the task must differ from the concept"),
        ("finer than the concept", "all 2 directions of the concept lie among the 5 of the task"),
        ("everything", "X covaries with it in all 8 directions in which rows vary"),
    ],
)
def test_a_task_that_holds_the_concept_is_refused(task, said):
    X, y, _ = world(5)
    tasks = {
        "the concept": y,
        "its opposite": 1 - y,
        "finer than the concept": 2 * y + (X[:, 0] > 0),
        "everything": X,
    }
    with pytest.raises(InputError, match=said):
        SPLINCE().fit(X, y, task=tasks[task])


def test_a_task_that_holds_some_of_the_concept_is_refused():
    X, y, _ = world(5)
    with pytest.raises(InputError, match="1 of the 2 directions of the concept lies among the 1"):
        SPLINCE().fit(X, y, task=y == 0)
    two = y > 0
    with pytest.raises(InputError, match="the only direction of the concept lies among the 3"):
        SPLINCE().fit(X, two, task=2 * two + (X[:, 0] > 0))
    with pytest.raises(InputError, match="it in its only direction in which rows vary"):
        SPLINCE().fit(X[:, :1], y, task=X[:, 0])


def test_the_task_reaches_a_fit_that_transforms():
    X, y, task = world(1)
    expected = SPLINCE().fit(X, y, task=task).transform(X)
    np.testing.assert_array_equal(SPLINCE().fit_transform(X, y, task=task), expected)
    assert np.abs(SPLINCE().fit_transform(X, y) - expected).max() > 0.01


def test_pieces_with_and_without_a_task_do_not_mix():
    X, y, task = world(6)
    with pytest.raises(InputError, match="this piece has no task"):
        SPLINCE().partial_fit(X, y, task=task).partial_fit(X, y)
    with pytest.raises(InputError, match="this piece has a task"):
        SPLINCE().partial_fit(X, y).partial_fit(X, y, task=task)


@pytest.mark.parametrize(
    ("task", "said"),
    [
        (np.zeros(3), "X has 400 and task has 3"),
        (np.full((400, 1), np.nan), "task must be finite"),
        (np.zeros((2, 2, 2)), "task must be labels or numbers"),
    ],
)
def test_a_bad_task_is_refused(task, said):
    X, y, _ = world(7)
    with pytest.raises(InputError, match=said):
        SPLINCE().fit(X, y, task=task)


def test_a_pipeline_routes_the_task():
    X, y, task = world(8)
    with sklearn.config_context(enable_metadata_routing=True):
        step = SPLINCE().set_fit_request(task=True)
        pipeline = make_pipeline(StandardScaler(), step, LogisticRegression())
        pipeline.fit(X, y, task=task)
    standard = StandardScaler().fit_transform(X)
    expected = SPLINCE().fit(standard, y, task=task).transform(standard)
    np.testing.assert_allclose(pipeline[:2].transform(X), expected, atol=1e-12)
    assert np.abs(expected - LEACE().fit_transform(standard, y)).max() > 0.01


def test_data_frames_keep_their_names():
    X, y, task = world(9)
    frame = pd.DataFrame(X, columns=list("abcdefgh"))
    fitted = SPLINCE().set_output(transform="pandas").fit(frame, y, task=pd.DataFrame(task))
    assert fitted.transform(frame).columns.tolist() == list("abcdefgh")
    assert fitted.eraser_.feature_names == tuple("abcdefgh")
