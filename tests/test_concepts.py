"""What y means: labels or numbers, read once."""

import numpy as np
import pandas as pd
import pytest
import torch

from nullprobe import InputError
from nullprobe.concepts import Concept, concept, rows


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        ([2, 1, 2], (1, 2)),
        (["b", "a", "b"], ("a", "b")),
        ([True, False, True], (False, True)),
        ([1.0, 0.0, 1.0], (0.0, 1.0)),
        (np.array([2, 1, 2], dtype=np.uint8), (1, 2)),
        (np.array(["b", "a", "b"], dtype=object), ("a", "b")),
        (torch.tensor([2, 1, 2]), (1, 2)),
        (torch.tensor([1.0, 0.0, 1.0], dtype=torch.bfloat16), (0.0, 1.0)),
        (pd.Series(["b", "a", "b"]), ("a", "b")),
        (pd.Series(["b", "a", "b"], dtype="category"), ("a", "b")),
        (pd.Series([2, 1, 2], dtype="Int64"), (1, 2)),
    ],
)
def test_labels_of_any_type_are_classes(y, classes):
    z = concept(y)
    assert z.is_classes
    assert z.classes == classes
    assert all(type(label) in (int, str, bool, float) for label in z.classes)
    assert z.codes.tolist() == [1, 0, 1]
    assert z.matrix.tolist() == [[0, 1], [1, 0], [0, 1]]
    assert len(z) == 3
    assert z.n_columns == 2


@pytest.mark.parametrize(
    "y", [[0.5, 1.5, 2.5], np.array([0.5, 1.5, 2.5], np.float32), torch.tensor([0.5, 1.5, 2.5])]
)
def test_a_float_vector_of_many_values_is_a_continuous_concept(y):
    z = concept(y)
    assert not z.is_classes
    assert z.values.tolist() == [[0.5], [1.5], [2.5]]
    assert z.matrix is z.values
    assert len(z) == 3


@pytest.mark.parametrize("y", [[[1, 2], [3, 4]], torch.tensor([[1, 2], [3, 4]])])
def test_a_matrix_is_a_numeric_concept(y):
    z = concept(y)
    assert z.values.tolist() == [[1, 2], [3, 4]]
    assert z.n_columns == 2


def test_announced_classes_keep_their_order_and_may_be_absent():
    z = concept(["b", "b"], classes=["c", "b", "a"])
    assert z.classes == ("c", "b", "a")
    assert z.codes.tolist() == [1, 1]
    assert z.matrix.shape == (2, 3)
    with pytest.raises(InputError, match="'d' arrived"):
        concept(["d"], classes=["a"])


def test_taken_rows_keep_all_classes():
    z = concept(["a", "b", "c"])
    assert z.take(slice(0, 2)).classes == ("a", "b", "c")
    assert z.take(np.array([2, 0, 1])).codes.tolist() == [2, 0, 1]
    numeric = concept([[1.0], [2.0]])
    assert numeric.take(np.array([1])).values.tolist() == [[2.0]]


def test_a_concept_is_read_once():
    z = concept(["a", "b"])
    assert concept(z) is z
    assert concept(z, n=2) is z


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "y is None"),
        (np.ones((2, 2, 2)), r"shape \(2, 2, 2\)"),
        (3, r"shape \(\)"),
        ([1 + 2j], "complex"),
        ([[1.0, np.nan], [1, 1]], "first of them row 0"),
        ([0.5, np.inf, 1.5, 2.5], "first of them row 1"),
        (np.array([1.0, np.nan]), "first of them row 1"),
        (np.array([["a", "b"]]), "must hold numbers"),
        (np.array(["a", None, "b"], dtype=object), "first in row 1"),
        (np.array(["a", np.nan], dtype=object), "first in row 1"),
        (np.array(["a", 1], dtype=object), "int, str"),
        (pd.Series(["a", None]), "first in row 1"),
    ],
)
def test_what_cannot_be_a_concept_is_refused(y, message):
    with pytest.raises(InputError, match=message):
        concept(y)


@pytest.mark.parametrize("y", [[0, 1], [0.5, 1.5], Concept(np.array([0, 1]), ("a", "b"), None)])
def test_lengths_that_differ_are_refused(y):
    with pytest.raises(InputError, match="X has 3 and y has 2"):
        concept(y, n=3)


def test_rows_reads_all_three_together():
    X, z, w = rows([[1, 2], [3, 4]], ["a", "b"], [1, 2])
    assert X.shape == (2, 2)
    assert z.classes == ("a", "b")
    assert w.tolist() == [1, 2]
    with pytest.raises(InputError, match="X has 2 and y has 1"):
        rows([[1, 2], [3, 4]], ["a"], None)
