"""Every error states what is required and what was received; some give a hint."""

import inspect
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch

from nullprobe import InputError
from nullprobe._core import parameters, validation
from nullprobe._core.validation import InputTypeError
from nullprobe.data import files


def complaint(function, *arguments, **keywords):
    """Return the message of the InputError that the call must raise."""
    with pytest.raises(InputError) as caught:
        function(*arguments, **keywords)
    error = caught.value
    assert error.required, error
    assert error.received, error
    assert str(error).endswith((".", "?")), error
    return str(error)


def test_a_complaint_is_a_value_error():
    with pytest.raises(ValueError, match="^a is required, but b arrived; do c.$") as caught:
        validation.complain("a is required", "b arrived", "do c")
    error = caught.value
    assert (error.required, error.received, error.hint) == ("a is required", "b arrived", "do c")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (("a is required",), "a is required."),
        (("a is required", "b arrived"), "a is required, but b arrived."),
        (("a is required", "b arrived", "which?"), "a is required, but b arrived; which?"),
    ],
)
@pytest.mark.parametrize("kind", [InputError, InputTypeError])
def test_errors_survive_a_trip_to_another_process(kind, fields, message):
    error = pickle.loads(pickle.dumps(kind(*fields)))
    assert type(error) is kind
    assert str(error) == message
    assert (error.required, error.received, error.hint) == (*fields, "", "")[:3]


def test_one_dimension_is_refused_with_the_way_to_reshape():
    assert "shape (3,)" in complaint(validation.representation, np.ones(3))
    assert "reshape(-1, 1)" in complaint(validation.representation, torch.ones(3))
    assert "shape (1, 2, 3)" in complaint(validation.representation, np.ones((1, 2, 3)))


@pytest.mark.parametrize("path", ["data.npz", b"data.npz", Path("data.npz")])
def test_a_path_is_refused_with_the_way_to_read_it(path):
    message = complaint(validation.representation, path)
    assert "must be an array of numbers, rows by features (n, d)" in message
    assert f"{path!r} arrived" in message
    name = message.split("nullprobe.data.files.")[1].split("(")[0]
    assert "concept" in inspect.signature(getattr(files, name)).parameters


def test_nothing_is_refused_in_place_of_an_array():
    assert "layer must be an array" in complaint(validation.representation, None, name="layer")
    assert "None arrived; pass an array" in complaint(validation.representation, None)


@pytest.mark.parametrize("shape", [(0, 3), (3, 0)])
def test_emptiness_is_refused(shape):
    assert f"{shape}" in complaint(validation.representation, np.ones(shape))
    assert f"{shape}" in complaint(validation.representation, torch.ones(shape))


def test_complex_numbers_are_refused():
    assert "complex128" in complaint(validation.representation, np.ones((2, 2), complex))
    assert "complex64" in complaint(
        validation.representation, torch.ones(2, 2, dtype=torch.complex64)
    )


@pytest.mark.parametrize(
    ("ragged", "received"),
    [
        ([[1.0, 2.0], [3.0]], "its rows have lengths 1, 2"),
        ([[1.0] * i for i in range(1, 9)], "its rows have lengths 1, 2, 3, 4, 5, ..."),
        ([[[1.0], [2.0, 3.0]], [[1.0], [2.0]]], "its rows have different shapes"),
    ],
)
def test_ragged_lists_are_refused(ragged, received):
    message = complaint(validation.representation, ragged)
    assert "X must be 2-D, rows by features (n, d), with rows of equal length" in message
    assert received in message


def test_a_class_in_place_of_an_estimator_is_refused():
    assert "'mine' is the class dict; pass dict()" in complaint(
        parameters.instance, "eraser", "mine", dict
    )
    parameters.instance("eraser", "mine", {})


def test_text_is_refused():
    assert "<U1" in complaint(validation.representation, np.array([["a", "b"]]))


def test_sparse_matrices_are_a_type_error():
    with pytest.raises(TypeError, match="toarray"):
        validation.representation(scipy.sparse.eye_array(3).tocsr())


def test_objects_that_are_no_numbers_are_a_type_error():
    with pytest.raises(TypeError, match="must hold numbers"):
        validation.representation(np.array([[1.0, {}]], dtype=object))
    assert validation.representation(np.array([[1, 2.5]], dtype=object)).dtype == np.float64


def test_text_columns_of_a_frame_are_named():
    frame = pd.DataFrame({"size": [1.0, 2.0], "colour": ["red", "blue"]})
    message = complaint(validation.representation, frame)
    assert "'colour' holds " in message
    assert "'size'" not in message
    frame["shape"] = ["round", "square"]
    assert "'colour', 'shape' hold " in complaint(validation.representation, frame)


def test_numeric_frames_become_arrays():
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [3, 4], "c": [True, False]})
    X = validation.representation(frame[["a", "b"]])
    assert X.tolist() == [[1, 3], [2, 4]]
    assert X.dtype == np.float64
    assert validation.representation(frame.convert_dtypes()).shape == (2, 3)


@pytest.mark.parametrize("kind", [np.float32, np.int8, np.bool_])
def test_arrays_pass_as_they_are(kind):
    X = np.ones((2, 2), kind)
    assert validation.representation(X) is X
    tensor = torch.from_numpy(X)
    assert validation.representation(tensor) is tensor


def test_lists_pass():
    assert validation.representation([[1, 2], [3, 4]]).shape == (2, 2)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_the_first_value_that_is_not_finite_is_found(bad, monkeypatch):
    monkeypatch.setattr("nullprobe._core.arrays.LEAST_BLOCK_ROWS", 2)
    monkeypatch.setattr("nullprobe._core.arrays.BLOCK_ELEMENTS", 1)
    X = np.ones((7, 3), np.float32)
    X[4, 1] = X[5, 0] = bad
    X[6] = -bad  # the sum is neither finite nor infinite
    for A in (X, torch.from_numpy(X), torch.from_numpy(X).bfloat16()):
        assert "row 4, column 1 (counted from 0)" in complaint(validation.finite, A)


def test_large_values_are_finite_even_if_their_sum_is_not():
    X = np.full((4, 2), 3e38, np.float32)
    for A in (X, torch.from_numpy(X)):
        assert validation.finite(A) is A


def test_width_that_differs_is_refused():
    validation.width(3, 3)
    message = complaint(validation.width, 4, 3)
    assert "3 features" in message
    assert "4 features" in message
    assert "but Mine is expecting 3 features" in complaint(validation.width, 4, 3, by="Mine")


@pytest.mark.parametrize(
    "out",
    [
        np.ones((2, 3)),
        np.ones((2, 2), int),
        torch.ones(2, 2),
        [[1.0, 1.0], [1.0, 1.0]],
    ],
)
def test_an_out_that_cannot_hold_the_result_is_refused(out):
    assert "shape (2, 2)" in complaint(validation.same_form, out, np.ones((2, 2)))


def test_words_and_numbers_are_checked():
    parameters.choice("mode", "a", ["a", "b"])
    assert "'a', 'b'" in complaint(parameters.choice, "mode", "c", ["a", "b"])
    assert parameters.whole_number("n", np.int64(3), least=1) == 3
    for value in (0, 1.5, True, "2"):
        assert repr(value) in complaint(parameters.whole_number, "n", value, least=1)


def test_names_that_are_the_same_as_text_are_refused():
    assert parameters.by_name("label", {1: "a", "b": "c"}) == {"1": "a", "b": "c"}
    message = complaint(parameters.by_name, "label", {1: "a", "1": "c"})
    assert "every label needs a different name, but '1' occurs twice" in message


def test_names_that_resemble_are_suggested():
    parameters.known("column", "age", ["age"])
    assert "did you mean 'age'" in complaint(parameters.known, "column", "aeg", ["age", "size"])
    assert "did you mean" not in complaint(parameters.known, "column", "zzz", ["age"])
