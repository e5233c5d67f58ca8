"""The estimator shell round an eraser: validate, call, store."""

import inspect
from dataclasses import replace

import dask.array as da
import numpy as np
import pandas as pd
import pytest
import torch
from methods import (
    CLASSES_ONLY,
    LABELLED,
    OWED,
    STREAMED,
    from_moments,
    moments_of,
    new,
    owing,
    transformed,
)
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from support.reference import assert_same_bytes
from support.samples import draw

from nullprobe import LEACE, InputError
from nullprobe.erasers.estimator import ROW_SKETCH

SAMPLE = draw(0, 60, 5, 3)
X, Y = SAMPLE.X, SAMPLE.y


# scikit-learn calls transform(X) alone, without the concept that these erasers need.
WITHOUT_THE_CONCEPT = "this eraser needs the concept y of the rows it transforms"

CALLED_WITHOUT_Y = [
    "check_dict_unchanged",
    "check_dtype_object",
    "check_estimators_dtypes",
    "check_estimators_pickle",
    "check_f_contiguous_array_estimator",
    "check_fit_idempotent",
    "check_methods_sample_order_invariance",
    "check_methods_subset_invariance",
    "check_sample_weight_equivalence_on_dense_data",
    "check_transformer_data_not_an_array",
    "check_transformer_general",
    "check_transformer_preserve_dtypes",
]


def expected_to_fail(estimator):
    """Return the checks that cannot pass, with the reason."""
    if type(estimator) not in LABELLED:
        return {}
    return dict.fromkeys(CALLED_WITHOUT_Y, WITHOUT_THE_CONCEPT)


@pytest.mark.parametrize("method", OWED)
def test_help_shows_what_a_method_takes(method):
    takes = [method, method.__init__, method.fit, method.transform, method.fit_transform]
    kinds = {kind.kind for one in takes for kind in inspect.signature(one).parameters.values()}
    assert not kinds & {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}
    fit, both = (inspect.signature(one).parameters for one in (method.fit, method.fit_transform))
    assert list(fit) == list(both)


@pytest.mark.parametrize("method", CLASSES_ONLY)
def test_a_method_of_labels_that_is_given_numbers_says_which_it_is(method):
    with pytest.raises(InputError, match=f"{method.__name__} needs class labels, but the concept"):
        new(method).fit(X, X[:, 0])


@pytest.mark.parametrize("method", OWED)
def test_rows_of_several_lengths_are_refused(method):
    with pytest.raises(
        InputError, match="with rows of equal length, but its rows have lengths 1, 2"
    ):
        new(method).fit([[1.0, 2.0], [3.0]], [0, 1])


@pytest.mark.slow
@pytest.mark.filterwarnings("default:y. whole floats")  # scikit-learn's own labels, as floats
@parametrize_with_checks([new(method) for method in OWED], expected_failed_checks=expected_to_fail)
def test_scikit_learn_finds_nothing_to_complain_about(estimator, check):
    check(estimator)


@pytest.mark.parametrize("method", [method for method in OWED if method not in LABELLED])
def test_estimators_work_in_pipelines_and_searches(method):
    pipeline = make_pipeline(StandardScaler(), new(method), LogisticRegression())
    # Before erasure .93; at chance after it if that is what the eraser promises of the sample.
    assert 0.2 < pipeline.fit(X, Y).score(X, Y) < (0.5 if method in owing("guarded") else 0.6)
    assert cross_val_score(pipeline, X, Y, cv=3).shape == (3,)
    search = GridSearchCV(pipeline, {"logisticregression__C": [0.1, 1]}, cv=2).fit(X, Y)
    assert search.best_estimator_[1].eraser_.rank > 0
    assert isinstance(clone(pipeline)[1], method)


@pytest.mark.parametrize("method", LABELLED)
def test_pipelines_are_fitted_but_tell_no_concept_of_new_rows(method):
    pipeline = make_pipeline(StandardScaler(), new(method), LogisticRegression()).fit(X, Y)
    X_ = transformed(pipeline[1], pipeline[0].transform(X), Y)
    assert 0.2 < pipeline[2].score(X_, Y) < 0.5
    for call in (pipeline.predict, pipeline[:-1].transform):
        with pytest.raises(InputError, match=WITHOUT_THE_CONCEPT):
            call(X)
    assert isinstance(clone(pipeline)[1], method)


@pytest.mark.parametrize("method", OWED)
def test_names_of_features_are_kept_and_checked(method):
    frame = pd.DataFrame(X, columns=list("abcde"), index=np.arange(60) + 100)
    fitted = new(method).set_output(transform="pandas").fit(frame, Y)
    X_ = transformed(fitted, frame, Y)
    assert X_.columns.tolist() == fitted.get_feature_names_out().tolist() == list("abcde")
    assert X_.index.equals(frame.index)
    assert fitted.eraser_.feature_names == tuple("abcde")
    with pytest.raises(ValueError, match="should match those that were passed during fit"):
        transformed(fitted, frame[list("edcba")], Y)
    if method in STREAMED:
        with pytest.raises(ValueError, match="should match those that were passed during fit"):
            fitted.partial_fit(frame.rename(columns={"a": "z"}), Y)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        transformed(fitted, X, Y)
    assert fitted.fit(X, Y).eraser_.feature_names is None
    assert fitted.get_feature_names_out().tolist() == ["x0", "x1", "x2", "x3", "x4"]


def test_columns_in_another_order_or_of_other_names_are_refused_in_words():
    X = np.random.default_rng(0).normal(size=(20, 3))
    y = np.arange(20) % 2
    frame = pd.DataFrame(X, columns=list("abc"))
    fitted = LEACE().fit(frame, y)
    for names in ("cba", "abd"):
        other = pd.DataFrame(X, columns=list(names))
        with pytest.raises(InputError) as caught:
            fitted.transform(other)
        assert caught.value.required.startswith("LEACE needs the columns of its fit")
        assert str(tuple(names)) in caught.value.received
        with pytest.raises(InputError):
            LEACE().partial_fit(frame, y).partial_fit(other, y)


@pytest.mark.parametrize("method", OWED)
def test_a_fit_forgets_the_fit_before_it(method):
    again = new(method).fit(X[:30, :4], Y[:30]).fit(X, Y)
    assert_same_bytes(again.eraser_, new(method).fit(X, Y).eraser_)


@pytest.mark.parametrize("method", STREAMED)
def test_a_stream_may_follow_a_fit(method):
    one = new(method).fit(X[:30], Y[:30]).partial_fit(X[30:], Y[30:])
    whole = new(method).fit(X, Y)
    np.testing.assert_allclose(transformed(one, X, Y), transformed(whole, X, Y), atol=1e-10)


@pytest.mark.parametrize("method", STREAMED)
def test_from_moments_gives_a_fitted_estimator(method):
    fitted = from_moments(method, moments_of(method, X, Y))
    seen = new(method).fit(X, Y).eraser_
    details = {key: value for key, value in seen.details.items() if key != ROW_SKETCH}
    assert details.keys() < seen.details.keys()
    assert_same_bytes(fitted.eraser_, replace(seen, details=details))
    assert fitted.classes_ == (0, 1, 2)
    assert fitted.n_features_in_ == 5


@pytest.mark.parametrize("method", OWED)
def test_an_unfitted_estimator_says_so(method):
    with pytest.raises(NotFittedError):
        transformed(new(method), X, Y)


@pytest.mark.parametrize("method", OWED)
def test_values_that_are_not_finite_are_refused_at_any_time(method):
    broken = X.copy()
    broken[3, 2] = np.nan
    fitted = new(method).fit(X, Y)
    calls = [lambda: new(method).fit(broken, Y), lambda: transformed(fitted, broken, Y)]
    if method in STREAMED:
        calls.append(lambda: fitted.partial_fit(broken, Y))
    for call in calls:
        with pytest.raises(InputError, match="row 3, column 2"):
            call()
    assert_same_bytes(fitted.eraser_, new(method).fit(X, Y).eraser_)


@pytest.mark.parametrize("method", OWED)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_tensors_go_in_and_come_out(method, dtype):
    A = torch.from_numpy(X).to(dtype)
    X_ = transformed(new(method).fit(A, torch.from_numpy(Y)), A, torch.from_numpy(Y))
    assert isinstance(X_, torch.Tensor)
    assert (X_.dtype, X_.device) == (A.dtype, A.device)


@pytest.mark.parametrize("method", OWED)
def test_dask_is_fitted_and_erased(method):
    lazy = da.from_array(X, chunks=(25, 5))
    fitted = new(method).fit(lazy, Y)
    expected = new(method).fit_transform(X, Y)
    np.testing.assert_allclose(np.asarray(transformed(fitted, lazy, Y)), expected)


@pytest.mark.parametrize("method", OWED)
def test_one_class_one_row_or_no_variation_removes_nothing(method):
    cases = [(X, np.zeros(60, int)), (X[:1], [1]), (np.ones((60, 5)), Y)]
    if method not in CLASSES_ONLY:
        cases.append((X, np.full((60, 2), 0.5)))
    for A, y in cases:
        fitted = new(method).fit(A, y)
        assert fitted.eraser_.rank == 0
        np.testing.assert_array_equal(transformed(fitted, A, y), A)


@pytest.mark.parametrize("method", OWED)
def test_the_same_data_give_the_same_bytes(method, tmp_path):
    files = [tmp_path / "a.safetensors", tmp_path / "b.safetensors"]
    for path in files:
        new(method).fit(X, Y).eraser_.save(path)
    assert files[0].read_bytes() == files[1].read_bytes()
