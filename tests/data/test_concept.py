"""What y means: labels or numbers, read once."""

import numpy as np
import pandas as pd
import pytest
import torch

from nullprobe import (
    LEACE,
    ContrastPairs,
    HalfspaceProbe,
    InputError,
    LDAProbe,
    LogisticProbe,
    OracleLEACE,
    QuadraticProbe,
    StrongestProbe,
    audit,
    compare,
    permutation_null,
    pipeline_null,
    successive,
    usable_information,
)
from nullprobe.data.concept import Concept, concept, single
from nullprobe.data.metric import AUC, MACRO_AUC, R_SQUARED
from nullprobe.data.rows import rows, weights


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        ([2, 1, 2], (1, 2)),
        (["b", "a", "b"], ("a", "b")),
        ([True, False, True], (False, True)),
        (np.array([2, 1, 2], dtype=np.uint8), (1, 2)),
        (np.array(["b", "a", "b"], dtype=object), ("a", "b")),
        (torch.tensor([2, 1, 2]), (1, 2)),
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
def test_a_matrix_may_be_a_numeric_concept(y):
    z = concept(y, kind="numeric")
    assert z.values.tolist() == [[1, 2], [3, 4]]
    assert z.n_columns == 2


def test_labels_may_be_counted_as_other_classes_are():
    z = concept(["b", "b"]).among(("c", "b", "a"))
    assert z.classes == ("c", "b", "a")
    assert z.codes.tolist() == [1, 1]
    assert z.matrix.shape == (2, 3)
    with pytest.raises(InputError, match="row 1 .* has 'd'"):
        concept(["a", "d"]).among(("a",))


def test_taken_rows_keep_all_classes():
    z = concept(["a", "b", "c"])
    assert z.take(slice(0, 2)).classes == ("a", "b", "c")
    assert z.take(np.array([2, 0, 1])).codes.tolist() == [2, 0, 1]
    numeric = concept([[1.0], [2.0]], kind="numeric")
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
        ([[1.0, np.nan], [1, 1]], "first row 0"),
        ([0.5, np.inf, 1.5, 2.5], "first row 1"),
        (np.array([1.0, np.nan]), "first row 1"),
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


COLUMNS = np.column_stack([np.arange(60) % 2, np.arange(60) // 2 % 2])
ROWS = np.random.default_rng(0).standard_normal((60, 3))
ONE_CONCEPT = {
    "successive": lambda y: successive(LDAProbe(), 2, ROWS, y).readings,
    "pipeline_null": lambda y: pipeline_null(ROWS, y, LDAProbe(), n_permutations=2)[1].values,
    "permutation_null": lambda y: permutation_null(ROWS, y, n_permutations=9)[1].values,
    "usable_information": lambda y: usable_information(LogisticProbe(), ROWS, y).each,
    "HalfspaceProbe": lambda y: HalfspaceProbe(0).fit(ROWS, y).decision_function(ROWS),
    "QuadraticProbe": lambda y: QuadraticProbe(0.5).fit(ROWS, y).decision_function(ROWS),
    "StrongestProbe": lambda y: (
        StrongestProbe({"linear": LDAProbe()}).fit(ROWS, y).decision_function(ROWS)
    ),
}


@pytest.mark.parametrize("use", ONE_CONCEPT.values(), ids=ONE_CONCEPT)
@pytest.mark.parametrize(
    "y",
    [
        COLUMNS,
        COLUMNS > 0,
        COLUMNS.astype(str),
        COLUMNS.astype(object),
        COLUMNS.tolist(),
        torch.tensor(COLUMNS),
        pd.DataFrame(COLUMNS),
        pd.DataFrame({"label": COLUMNS[:, 0], "number": ROWS[:, 0]}),
        pd.DataFrame({"label": COLUMNS[:, 0].astype(str), "number": ROWS[:, 0]}),
    ],
    ids=["int", "bool", "str", "object", "list", "torch", "frame", "mixed", "mixed text"],
)
def test_columns_of_labels_are_refused_where_one_concept_is_read(use, y):
    with pytest.raises(InputError, match="y has 2 columns of .*; pass one column at a time"):
        use(y)


@pytest.mark.slow
@pytest.mark.parametrize("use", ONE_CONCEPT.values(), ids=ONE_CONCEPT)
def test_one_column_of_labels_is_these_labels(use):
    y = COLUMNS[:, 0]
    for column in (y[:, None], pd.DataFrame({"label": y}), pd.DataFrame({"label": y.astype(str)})):
        np.testing.assert_array_equal(use(column), use(y))


def test_floats_of_several_columns_stay_numbers_where_one_concept_is_read():
    numbers = ROWS[:, :2] + np.random.default_rng(1).standard_normal((60, 2))
    for y in (numbers, torch.tensor(numbers), pd.DataFrame(numbers)):
        np.testing.assert_array_equal(single(y).values, numbers)
        assert successive(LDAProbe(), 2, ROWS, y).basis.shape == (3, 2)


def test_only_numbers_are_told_that_they_may_come_as_floats():
    for y, told in ((COLUMNS, True), (COLUMNS > 0, True), (COLUMNS.astype(str), False)):
        with pytest.raises(InputError) as caught:
            single(y)
        assert ("floats if these are numbers" in str(caught.value)) is told


def test_to_an_eraser_indicator_columns_are_one_concept_whatever_their_type():
    indicators = (COLUMNS[:, :1] == np.arange(2)).astype(int)
    by_type = [
        LEACE().fit(ROWS, y).transform(ROWS)
        for y in (indicators, indicators > 0, indicators.astype(str))
    ]
    np.testing.assert_array_equal(by_type[0], by_type[1])
    np.testing.assert_array_equal(by_type[0], by_type[2])
    np.testing.assert_allclose(by_type[0], LEACE().fit(ROWS, COLUMNS[:, 0]).transform(ROWS))


RAGGED = [[0]] * 30 + [[0, 1]] * 30


@pytest.mark.parametrize(
    "use",
    [
        *ONE_CONCEPT.values(),
        lambda y: LDAProbe().fit(ROWS, y),
        lambda y: LDAProbe().fit(ROWS, COLUMNS[:, 0]).score(ROWS, y),
        lambda y: LEACE().fit(ROWS, y),
        lambda y: OracleLEACE().fit(ROWS, COLUMNS[:, 0]).transform(ROWS, y),
        lambda y: audit(ROWS, y),
        lambda y: compare(ROWS, y),
        lambda y: compare(ROWS, COLUMNS[:, 0], others={"other": y}),
        lambda y: ContrastPairs(ROWS, -ROWS, y),
        lambda y: ContrastPairs(ROWS, -ROWS, groups=y),
        lambda y: successive(LDAProbe(), 1, ROWS, COLUMNS[:, 0], groups=y),
    ],
)
def test_rows_of_several_lengths_are_refused_in_words(use):
    with pytest.raises(
        InputError, match="with rows of equal length, but its rows have lengths 1, 2"
    ):
        use(RAGGED)


@pytest.mark.parametrize(
    ("y", "said"),
    [
        (["a", None, "b"], "1 label is missing .* in row 1"),
        (["a", None, None], "2 labels are missing .* in row 1"),
        ([[1.0], [np.nan]], "1 row is not finite, first row 1"),
    ],
)
def test_what_is_missing_is_counted_in_words_that_fit(y, said):
    with pytest.raises(InputError, match=said):
        concept(y)


@pytest.mark.parametrize(("n", "said"), [(1, "the 1 label is 'a'"), (2, "all 2 labels are 'a'")])
def test_labels_of_one_class_are_counted_in_words_that_fit(n, said):
    with pytest.raises(InputError, match=said):
        concept(["a"] * n).need_two_classes()


def test_weights_are_float64_and_one_may_stand_for_all():
    assert weights(None, 3) is None
    assert weights([1, 2, 3], 3).dtype == np.float64
    assert weights(torch.tensor([1.0, 2.0]), 2).tolist() == [1, 2]
    assert weights(2, 3).tolist() == [2, 2, 2]


@pytest.mark.parametrize(
    ("given", "n", "said"),
    [
        ([1, 2], 3, r"\(2,\)"),
        ([1, -1], 2, "smallest is -1"),
        ([1, np.nan], 2, "1 is not finite"),
        ([0, 0], 2, "all are zero"),
        (["a", "b"], 2, "weights must be numbers, but they are not .*'a'"),
        ([[1], [1, 2]], 2, "sample weights must be numbers"),
    ],
)
def test_weights_that_cannot_be_used_are_refused(given, n, said):
    with pytest.raises(InputError, match=said):
        weights(given, n)


@pytest.mark.parametrize(
    ("y", "n_scores", "metric"),
    [
        (["b", "a", "b"], 1, AUC),
        ([True, False, True], 1, AUC),
        ([0, 1, 2, 1], 3, MACRO_AUC),
        ([0.25, 1.5, 3.5], 1, R_SQUARED),
        ([[0.25, 1.5], [1.0, 2.0], [3.5, 4.0]], 2, R_SQUARED),
    ],
)
def test_a_concept_says_how_it_is_scored_and_gives_its_labels_back(y, n_scores, metric):
    z = concept(y)
    assert (z.n_scores, z.metric) == (n_scores, metric)
    assert z.labels.tolist() == y
    assert z.take(slice(1)).metric == metric
