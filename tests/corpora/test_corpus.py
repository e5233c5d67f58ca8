"""The interface of corpora: what is drawn, what is expected, and what is refused."""

import numpy as np
import pytest

from nullprobe import InputError
from nullprobe.corpora.corpus import Drawn, Predictive, checked_texts, refuse_impossible

WORDS = ("a", "b", "c")


def test_the_surprise_of_a_word_is_its_own_and_not_its_neighbour_s():
    p = np.array([[[0.5, 0.25, 0.25], [0.1, 0.2, 0.7]], [[0.3, 0.3, 0.4], [0.6, 0.2, 0.2]]])
    ids = np.array([[0, 2], [2, 1]])
    surprise = Predictive(np.log(p), {}).surprise(ids)
    np.testing.assert_allclose(np.exp(-surprise), [[0.5, 0.7], [0.4, 0.2]])


def test_drawn_texts_say_how_many_they_are():
    drawn = Drawn(np.zeros((3, 2), dtype=np.int64), {"author": np.zeros(3, dtype=int)})
    assert len(drawn) == 3
    assert repr(drawn) == "Drawn(n=3, length=2, latents=['author'])"


@pytest.mark.parametrize(
    "texts",
    [[0, 1], [[0.0, 1.0]], [[]], [[0, 1, 2, 0, 1]], [[True, False]], [["a", "b"]], [[[0]]]],
)
def test_texts_of_another_shape_or_kind_are_refused(texts):
    with pytest.raises(InputError) as error:
        checked_texts(texts, WORDS, 4)
    assert "(n, t)" in error.value.required


@pytest.mark.parametrize("number", [-1, 3])
def test_a_number_that_is_no_word_is_refused_with_its_place(number):
    with pytest.raises(InputError) as error:
        checked_texts([[0, 1], [2, number]], WORDS, 4)
    assert error.value.received == f"text 1 has {number} at position 1"


def test_the_first_impossible_word_is_named_even_if_nothing_is_defined_after_it():
    log_p = np.array([[-1.0, -1.0, -1.0], [-1.0, -np.inf, np.nan]])
    ids = np.array([[0, 1, 2], [0, 2, 1]])
    with pytest.raises(InputError) as error:
        refuse_impossible(log_p, ids, WORDS, "full")
    assert error.value.received.startswith("text 1 has 'c' at position 1")
    refuse_impossible(log_p[:1], ids[:1], WORDS, "full")
