"""Moments of X beside a concept and a task: one scatter, two cross-covariances."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.reference import assert_same
from support.samples import draw

from nullprobe import InputError, Moments
from nullprobe.moments.task_moments import TaskMoments

SAMPLE = draw(0, 200, 6, 3)
X, Y = SAMPLE.X, SAMPLE.y
TASK = np.random.default_rng(1).standard_normal((200, 2)) + X[:, :2]
WEIGHTS = np.random.default_rng(2).uniform(0.0, 3.0, 200)


def test_both_are_the_moments_that_each_would_have_alone():
    m = TaskMoments.of(X, Y, TASK, sample_weight=WEIGHTS)
    assert_same(m.concept, Moments.of(X, Y, sample_weight=WEIGHTS))
    assert_same(m.task, Moments.of(X, TASK, sample_weight=WEIGHTS))
    assert m.concept.spread is m.task.spread
    assert (m.d, m.classes) == (6, (0, 1, 2))


@given(cuts=st.lists(st.integers(0, 200), max_size=4), tensors=st.booleans())
def test_pieces_in_a_stream_or_added_are_the_whole(cuts, tensors):
    ends = [0, *sorted(set(cuts) - {0, 200}), 200]
    order = np.argsort(Y)  # so that labels turn up one after the other
    labels = np.array(["low", "mid", "high"])[(Y + 1) % 3]
    pieces = [order[a:b] for a, b in itertools.pairwise(ends)]
    read = [
        (torch.from_numpy(X[rows]) if tensors else X[rows], Y[rows], labels[rows])
        for rows in pieces
    ]
    whole = TaskMoments.of(X, Y, labels)
    streamed = TaskMoments.of(*read[0])
    for piece in read[1:]:
        streamed.update(*piece)
    added = sum(TaskMoments.of(*piece) for piece in read[::-1])
    for found in (streamed, added):
        assert_same(found.concept, whole.concept)
        assert_same(found.task, whole.task)
        assert found.concept.spread is found.task.spread


def test_adding_leaves_the_pieces_as_they_were():
    one, other = (
        TaskMoments.of(X[:90], Y[:90], TASK[:90]),
        TaskMoments.of(X[90:], Y[90:], TASK[90:]),
    )
    _ = one + other
    assert_same(one.concept, Moments.of(X[:90], Y[:90]))
    assert_same(other.task, Moments.of(X[90:], TASK[90:]))


def test_a_task_of_another_length_is_refused_by_name():
    with pytest.raises(InputError, match="X and task must have the same number of rows"):
        TaskMoments.of(X, Y, TASK[:5])


def test_squares_that_vanish_are_refused_beside_a_task():
    with pytest.raises(InputError, match="squares.* vanish"):
        TaskMoments.of(X * 1e-200, Y, TASK)


def test_no_task_has_no_columns():
    m = TaskMoments.without_task(Moments.of(X, Y))
    assert m.task.cross_covariance.shape == (6, 0)
    assert m.task.concept_basis().rank == 0
