"""Weight, mean and scatter; the rest of it is tested by way of Moments."""

import numpy as np

from nullprobe.moments.scatter import Block, Spread, blocks


def test_blocks_are_centred_near_their_own_mean():
    rng = np.random.default_rng(0)
    X = (rng.standard_normal((5000, 3)) + 1e4).astype(np.float32)
    block = Block.of(X, None, 0)
    assert np.abs(block.deviation.mean(axis=0)).max() < 0.25
    # what was subtracted is known exactly: nothing of X is lost
    np.testing.assert_array_equal(block.deviation + block.centre.astype(np.float32), X)


def test_blocks_without_weight_are_passed_over(monkeypatch):
    monkeypatch.setattr("nullprobe._core.arrays.LEAST_BLOCK_ROWS", 10)
    monkeypatch.setattr("nullprobe._core.arrays.BLOCK_ELEMENTS", 1)
    w = np.repeat([1.0, 0.0, 2.0], 10)
    seen = list(blocks(np.ones((30, 2)), w))
    assert [(rows.start, rows.stop) for rows, _ in seen] == [(0, 10), (20, 30)]
    assert [block.weight for _, block in seen] == [10, 20]
    assert [block.first_row for _, block in seen] == [0, 20]


def test_merging_nothing_changes_nothing():
    X = np.random.default_rng(0).standard_normal((20, 2))
    spread = Spread.zeros(X)
    Block.of(X, None, 0).add_to(spread, (X - Block.of(X, None, 0).centre).sum(axis=0))
    before = spread.copy()
    spread.merge(Spread.zeros(X))
    np.testing.assert_array_equal(spread.scatter, before.scatter)
    empty = Spread.zeros(X)
    empty.merge(before)
    np.testing.assert_allclose(empty.scatter / 20, np.cov(X.T, bias=True))
    np.testing.assert_allclose(empty.mean, X.mean(axis=0))
