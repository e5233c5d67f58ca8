"""Embeddings of a pretrained encoder go through the comparison; the concept is the package."""

import numpy as np
import pytest
from support.pretrained_encoder import PACKAGES, embeddings

from nullprobe import compare


@pytest.mark.slow
def test_erasers_are_compared_on_the_embeddings_of_a_pretrained_encoder():
    X, y = embeddings()
    assert X.shape[1] == 384
    # Docstrings of one template are nearly the same sentence.
    with pytest.warns(UserWarning, match="copies|resemble") as told:
        result = compare(X, y, erasers=["leace", "mean_projection"], probes=["linear"])
    assert ["copies" in str(one.message) for one in told] == [True, False]  # and neighbours
    raw, *erased = (row.read_back["linear"] for row in result.rows)
    # Docstrings tell their package, and with few rows a wide eraser leaves part of that.
    assert raw.interval[0] > 0.7
    for cell in erased:
        assert 0.4 < cell.value < raw.value - 0.05
    assert [max(row.ranks) for row in result.rows[1:]] == [2, 2]


@pytest.mark.slow
def test_sentences_do_not_name_their_package():
    X, y = embeddings()
    assert set(y) == set(PACKAGES)
    assert np.unique(y, return_counts=True)[1].min() >= 200
    assert np.isfinite(X).all()
