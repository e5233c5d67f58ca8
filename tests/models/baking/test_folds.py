"""An edit that weights take in is the edit of the eraser."""

import numpy as np
import pytest
from support.baking import oblique
from support.tiny_models import torch

from nullprobe import AffineEraser
from nullprobe.models.baking import folds
from nullprobe.models.baking.folds import Fold, in_float64

D = 7


def rows(n=5, seed=3):
    return np.random.default_rng(seed).normal(size=(n, D))


def with_level(level=2.5):
    given = oblique(D)
    return AffineEraser(
        given.mean,
        given.reading,
        given.writing,
        np.array([0.3, -0.2]),
        np.where(np.arange(D) == 4, level, np.nan),
    )


def without_rank_but_a_level():
    nothing = np.zeros((D, 0))
    return AffineEraser(np.ones(D), nothing, nothing.T, level=np.full(D, 3.0))


@pytest.mark.parametrize(
    "eraser", [oblique(D), oblique(D, rank=0), with_level(), without_rank_but_a_level()]
)
def test_a_fold_is_the_map_of_its_eraser_level_and_offset_included(eraser):
    x = rows()
    found = Fold.of(eraser).rows(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(found, eraser.apply(x), atol=1e-12)


def test_what_reads_after_a_fold_reads_what_was_edited():
    eraser, x, K = with_level(), rows(), rows(3, seed=4)
    fold = Fold.of(eraser)
    new = fold.readers(torch.from_numpy(K)).numpy()
    np.testing.assert_allclose(x @ new.T + K @ fold.bias.numpy(), eraser.apply(x) @ K.T, atol=1e-12)


def test_two_folds_one_after_the_other_are_one():
    first, second, x = Fold.of(with_level()), Fold.of(oblique(D, seed=5)), torch.from_numpy(rows())
    both = first.then(second)
    np.testing.assert_allclose(both.rows(x), second.rows(first.rows(x)), atol=1e-12)


def test_many_rows_are_taken_in_pieces(monkeypatch):
    monkeypatch.setattr(folds, "ROWS", 2)
    fold, x = Fold.of(oblique(D)), torch.from_numpy(rows())
    torch.testing.assert_close(in_float64(fold.rows, x), fold.rows(x))


def test_only_the_identity_changes_nothing():
    assert Fold.identity(D).changes_nothing
    assert Fold.of(oblique(D, rank=0)).changes_nothing
    assert not Fold.of(oblique(D)).changes_nothing
    assert not Fold.identity(D).plus(torch.ones(D, dtype=torch.float64)).changes_nothing


def test_an_idempotent_map_leaves_alone_what_it_lets_through_and_no_other_does():
    one, other = Fold.of(oblique(D)), Fold.of(oblique(D, seed=5))
    assert one.leaves_alone(one)
    assert not one.shift(one).any()
    assert not one.leaves_alone(other)
    assert not one.leaves_alone(Fold.identity(D))
    half = oblique(D)
    half = Fold.of(AffineEraser(half.mean, half.reading / 2, half.writing))
    assert not half.leaves_alone(half)


def test_a_smaller_map_moves_what_a_larger_one_lets_through_by_a_constant():
    large = oblique(D, rank=2)
    small = AffineEraser(large.mean + 1.0, large.reading[:, :1], large.writing[:1])
    x = Fold.of(large).rows(torch.from_numpy(rows()))
    assert Fold.of(small).leaves_alone(Fold.of(large))
    moved = Fold.of(small).rows(x) - x
    shift = Fold.of(small).shift(Fold.of(large))
    np.testing.assert_allclose(moved, shift.expand_as(moved), atol=1e-12)
    assert shift.abs().max() > 0.01
