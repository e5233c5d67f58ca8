"""Moments of a stream equal the moments of all rows, however the rows are divided."""

import numpy as np
import pytest

from nullprobe import InputError, Moments
from nullprobe.data.concept import concept
from nullprobe.moments import scatter
from nullprobe.moments.class_moments import ClassMoments
from nullprobe.moments.streams import gathered
from nullprobe.moments.task_moments import TaskMoments

RNG = np.random.default_rng(0)
N = 6_000
LABELS = {
    "two classes": np.arange(N) % 2,
    "few rows of a class": (np.arange(N) > N - 4).astype(int),
    "sixty classes": np.arange(N) % 60,
    "numbers": RNG.standard_normal((N, 2)),
}
# lengths of pieces: equal, growing and falling, one row at a time, all at once
DIVIDED = {
    "equal": [1500] * 4,
    "uneven": [1, 700, 2999, 50, 2250],
    "many": [400] * 15,
    "one": [N],
}


def pieces(X, concepts, lengths):
    stops = np.cumsum(lengths)
    for start, stop in zip(stops - lengths, stops, strict=True):
        rows = slice(start, stop)
        yield X[rows], concepts[0].take(rows), *[z.take(rows) for z in concepts[1:]]


@pytest.mark.parametrize("divided", DIVIDED)
@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize(("dtype", "rtol"), [("f4", 2e-5), ("f8", 1e-11)])
def test_the_division_does_not_matter(divided, labels, dtype, rtol, monkeypatch):
    monkeypatch.setattr("nullprobe._core.arrays.MANY_ELEMENTS", 1 << 13)
    X = (RNG.standard_normal((N, 30)) * np.linspace(0.1, 9, 30) + 40).astype(dtype)
    z = concept(LABELS[labels], kind="numeric" if labels == "numbers" else "labels")
    t = concept(np.arange(N) // 100, kind="labels")
    whole, lengths = Moments.of(X.astype("f8"), z), DIVIDED[divided]
    one = gathered(Moments, ((*piece, None) for piece in pieces(X, [z], lengths)))
    two = gathered(TaskMoments, pieces(X, [z, t], lengths))
    for got in (one, two.concept):
        assert (got.n, got.classes) == (whole.n, whole.classes)
        sd = np.sqrt(whole.variance)
        assert (np.abs(got.mean - whole.mean) <= rtol * sd).all()
        assert (np.abs(got.covariance - whole.covariance) <= rtol * np.outer(sd, sd)).all()
        cross, width = whole.cross_covariance, np.sqrt(np.diag(whole.concept_covariance))
        assert (np.abs(got.cross_covariance - cross) <= rtol * np.outer(sd, width)).all()
    task = Moments.of(X.astype("f8"), t)
    np.testing.assert_allclose(two.task.class_means, task.class_means, rtol=rtol)
    if z.is_classes:
        each = gathered(ClassMoments, ((*piece, None) for piece in pieces(X, [z], lengths)))
        np.testing.assert_allclose(each.means, ClassMoments.of(X, z).means, rtol=rtol)


@pytest.mark.parametrize("size", [1e-30, 1.0, 3e37])
@pytest.mark.parametrize("labels", ["two classes", "sixty classes"])
def test_float32_rows_of_any_size_have_finite_moments(size, labels, monkeypatch):
    monkeypatch.setattr("nullprobe._core.arrays.MANY_ELEMENTS", 1)
    z = concept(LABELS[labels], kind="labels")
    # in order, so that deviations of successive rows add up to the largest sums
    X = np.ones((N, 3)) + np.sort(RNG.uniform(-0.5, 0.5, (N, 3)), axis=0)
    whole = Moments.of(X * size, z)
    single = (X * size).astype("f4")
    got = gathered(Moments, ((*piece, None) for piece in pieces(single, [z], [1500] * 4)))
    np.testing.assert_allclose(got.class_means, whole.class_means, rtol=1e-5)
    np.testing.assert_allclose(got.covariance, whole.covariance, atol=1e-4 * whole.variance.max())


@pytest.mark.parametrize("row", [0, 1, 3001, 4500, 5999])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_values_that_are_not_finite_are_refused(row, value, dtype):
    X, z = RNG.standard_normal((N, 3)).astype(dtype), concept(LABELS["two classes"])
    X[row, 1] = value
    with pytest.raises(InputError) as caught:
        gathered(Moments, ((*piece, None) for piece in pieces(X, [z], [1500] * 4)))
    assert f"row {row}, column 1 " in caught.value.received


@pytest.mark.parametrize("kind", [Moments, ClassMoments])
@pytest.mark.parametrize("first", [1, 400])
def test_pieces_of_another_width_or_kind_are_refused(kind, first):
    X, z, numbers = np.ones((400, 3)), concept(np.arange(400) % 2), concept(RNG.normal(size=400))
    start = X[:first], z.take(slice(first)), None
    for other in ((X[:, :2], z, None), *([(X, numbers, None)] if kind is Moments else [])):
        with pytest.raises(InputError):
            gathered(kind, [start, other])
    with pytest.raises(InputError):
        gathered(kind, [])


def test_labels_may_be_new_in_a_later_piece():
    X = RNG.standard_normal((6, 2))
    parts = [(X[:2], concept(["b", "c"]), None), (X[2:], concept(["a", "b", "a", "c"]), None)]
    got, whole = gathered(Moments, parts), Moments.of(X, list("bcabac"))
    assert got.classes == ("a", "b", "c")
    np.testing.assert_allclose(got.class_means, whole.class_means)


def test_large_and_small_pieces_may_follow_each_other(monkeypatch):
    monkeypatch.setattr("nullprobe.moments.streams.GATHERED_ELEMENTS", 500)
    X, z = RNG.standard_normal((N, 3)), concept(LABELS["two classes"])
    got = gathered(Moments, ((*p, None) for p in pieces(X, [z], [100, 3000, 90, 10, 2500, 300])))
    np.testing.assert_allclose(got.covariance, Moments.of(X, z).covariance, atol=1e-13)


def test_narrow_rows_are_not_gathered_beyond_the_rows_of_a_block():
    gathering = scatter.Gathering()
    X = np.zeros((60_000, 1), np.float32)
    gathering.add(X)
    assert not gathering.has_room(X)
    assert gathering.has_room(X[:5000])
