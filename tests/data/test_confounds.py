import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from nullprobe import InputError
from nullprobe.data.confounds import Confounds


def test_categories_become_indicators_and_numbers_are_standardised():
    W = {"source": np.array(["a", "b", "b", "c"] * 30), "length": np.linspace(1, 9, 120)}
    found = Confounds.of(W, 120)
    assert found.names == ("source", "length")
    assert found.design.shape == (120, 4)
    assert found.design[:4, :3].tolist() == [[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1]]
    assert found.design[:, 3].mean() == pytest.approx(0.0)
    assert found.design[:, 3].std() == pytest.approx(1.0)
    assert found.strata is None  # lengths are numbers


def test_categories_with_rows_enough_are_strata_of_their_combinations():
    rng = np.random.default_rng(0)
    W = pd.DataFrame({"source": rng.choice(["a", "b"], 200), "long": rng.random(200) < 0.5})
    found = Confounds.of(W, 200)
    assert len(found.names) == 2
    assert len(np.unique(found.strata)) == 4
    again = found.take(np.arange(10))
    assert np.array_equal(again.strata, found.strata[:10])
    assert again.design.shape == (10, 4)
    assert Confounds.of(rng.integers(0, 15, 200), 200).strata is None  # 13 rows each


def test_frames_keep_their_names_and_nothing_is_no_confound():
    frame = pd.DataFrame({"a": [0.5, 1.5, 2.5] * 10, "b": list("xyz") * 10})
    assert Confounds.of(frame, 30).names == ("a", "b")
    assert Confounds.of(None, 30) is None


@pytest.mark.parametrize(
    ("W", "said"),
    [
        ({}, "at least one confound is needed"),
        ({"source": ["a"] * 6}, "source must differ between rows to be a confound, but it is"),
        ({"source": ["a", "b"]}, "same number of rows"),
        ({"length": [1.0, np.nan, 2.0, 3.0, 4.0, 5.0]}, "length must be finite"),
    ],
)
def test_bad_confounds_are_refused(W, said):
    with pytest.raises(InputError, match=said):
        Confounds.of(W, 6)


def test_a_sparse_matrix_is_the_same_as_its_array():
    words = np.random.default_rng(0).integers(0, 2, (40, 5))
    given, dense = (Confounds.of(W, 40) for W in (sparse.csr_matrix(words), words))
    assert np.array_equal(given.design, dense.design)
    assert given.names == dense.names


def test_columns_of_a_matrix_are_named_by_their_numbers_and_those_of_a_frame_by_their_names():
    W = np.column_stack([np.arange(60) % 2, np.arange(60) % 3, np.linspace(0, 1, 60)])
    named = ("confound 1", "confound 2", "confound 3")
    assert Confounds.of(W, 60).names == named
    assert Confounds.of(W.tolist(), 60).names == named
    assert Confounds.of(pd.DataFrame(W, columns=["a", "b", "c"]), 60).names == ("a", "b", "c")
    assert Confounds.of(W[:, 0], 60).names == ("confounds",)
    np.testing.assert_array_equal(Confounds.of(W, 60).design, Confounds.of({"a": W}, 60).design)
