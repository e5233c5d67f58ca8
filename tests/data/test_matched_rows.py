"""Pairs of rows of two classes whose confounds are equal."""

import numpy as np
import pandas as pd
import pytest

from nullprobe import InputError, matched_rows


def test_pairs_have_both_classes_and_equal_categories():
    rng = np.random.default_rng(0)
    source, topic = rng.choice(["a", "b", "c"], size=300), rng.choice(["x", "y"], size=300)
    y = rng.choice(["no", "yes"], size=300, p=[0.7, 0.3])
    pairs = matched_rows(y, {"source": source, "topic": topic})
    assert (y[pairs] == ["no", "yes"]).all()
    for column in (source, topic):
        assert (column[pairs[:, 0]] == column[pairs[:, 1]]).all()
    assert len(np.unique(pairs)) == pairs.size
    cells = pd.DataFrame({"s": source, "t": topic, "y": y}).value_counts().unstack(fill_value=0)
    assert len(pairs) == cells.min(axis=1).sum()


def test_numbers_are_within_a_fifth_of_a_standard_deviation():
    rng = np.random.default_rng(1)
    length, y = 100 * rng.normal(size=200), np.arange(200) % 2
    pairs = matched_rows(y, length)
    assert len(pairs) > 50
    assert np.abs(np.diff(length[pairs])).max() <= 0.2 * length.std() + 1e-9


def test_confounds_that_are_the_concept_leave_no_pair():
    y = np.arange(60) % 2
    assert matched_rows(y, y.astype(str)).shape == (0, 2)


@pytest.mark.parametrize(
    ("y", "W", "received"),
    [
        (np.arange(60) % 3, np.arange(60) % 2, "3 classes"),
        (np.linspace(0, 1, 60), np.arange(60) % 2, "numbers"),
        (np.arange(60) % 2, None, "None"),
    ],
)
def test_what_cannot_be_matched_is_refused(y, W, received):
    with pytest.raises(InputError) as error:
        matched_rows(y, W)
    assert received in error.value.received
