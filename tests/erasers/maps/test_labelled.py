"""The maps that are told the concept: applying them, and what they refuse."""

import tracemalloc

import dask.array as da
import numpy as np
import pandas as pd
import pytest
import torch
from support.labelled_maps import KINDS, LABELS, shift, some, transport
from support.samples import draw

from nullprobe import InputError
from nullprobe.data.concept import concept
from nullprobe.erasers.maps import class_transport

X = draw(0, 60, 5, 3).X
CODES = np.arange(60) % 3
NAMES = np.array(LABELS)[CODES]
NUMBERS = np.random.default_rng(1).standard_normal((60, 2))


def told(kind):
    """Return an eraser of a kind and the concept of the 60 rows."""
    return some(kind), NUMBERS if kind == "numbers" else NAMES


def formula(e, A, y):
    """Return what an eraser makes of A (n, d) in float64, row by row."""
    A = np.asarray(A, dtype=np.float64)
    if hasattr(e, "maps"):
        place = [e.classes.index(label) for label in y]
        return np.array(
            [e.target + (x - e.means[c]) @ e.maps[c] for x, c in zip(A, place, strict=True)]
        )
    Z = y if e.classes is None else np.array([[c == label for c in e.classes] for label in y])
    return A - (np.asarray(Z, dtype=float) - e.centre) @ e.reading @ e.writing


# The map


@pytest.mark.parametrize("kind", KINDS)
def test_apply_is_the_formula(kind):
    e, y = told(kind)
    np.testing.assert_allclose(e.apply(X, y), formula(e, X, y), atol=1e-12)
    np.testing.assert_array_equal(e(X, y), e.apply(X, y))
    assert (e.d, e.rank) == (5, {"labels": 2, "numbers": 2, "transport": 5}[kind])


@pytest.mark.parametrize("kind", ["labels", "numbers"])
def test_a_shift_is_shown_in_one_line(kind):
    said = {"labels": ", classes=('no', 'so', 'yes')", "numbers": ""}[kind]
    method = some(kind).method
    assert repr(some(kind)) == f"ConceptShift({method!r}, d=5, rank=2{said})"


@pytest.mark.parametrize("kind", KINDS)
def test_rank_zero_changes_nothing(kind):
    e, y = some(kind, rank=0), told(kind)[1]
    for A in (X, torch.from_numpy(X), X.astype(np.float16)):
        X_ = e.apply(A, y)
        assert X_ is not A
        np.testing.assert_array_equal(X_, A)


@pytest.mark.parametrize("kind", KINDS)
def test_rows_are_erased_alone_as_together(kind, monkeypatch):
    monkeypatch.setattr(class_transport, "PIECE_ELEMENTS", 35)  # 7 rows of a class at a time
    e, y = told(kind)
    together = e.apply(X, y)
    np.testing.assert_allclose(together, formula(e, X, y), atol=1e-12)
    for i in (0, 31, 59):
        np.testing.assert_allclose(e.apply(X[i : i + 1], y[i : i + 1])[0], together[i], atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_a_feature_with_a_level_is_set_to_it(kind):
    level = np.array([np.nan, 7.0, np.nan, -0.1, np.nan])
    e, y = some(kind, level=level), told(kind)[1]
    X_ = e.apply(X.astype(np.float32), y)
    assert (X_[:, 1] == 7).all()
    assert (X_[:, 3] == np.float32(-0.1)).all()
    np.testing.assert_allclose(X_[:, ::2], formula(e, X, y)[:, ::2], rtol=1e-3, atol=1e-4)


def test_means_a_million_deviations_away_keep_their_digits():
    """In float32 a transport rounds the move, and the rounding of μ moves no class."""
    rng = np.random.default_rng(2)
    A = (1e4 + rng.standard_normal((60, 5))).astype(np.float32)
    means = np.array([A[CODES == c].astype(float).mean(axis=0) for c in range(3)])
    e = transport(means=means, target=means.mean(axis=0))
    X_ = e.apply(A, NAMES).astype(float)
    for c in range(3):
        np.testing.assert_allclose(X_[CODES == c].mean(axis=0), e.target, atol=2e-3)
    np.testing.assert_allclose(X_, formula(e, A, NAMES), atol=4e-3)


def test_memory_does_not_grow_with_the_number_of_classes():
    n, n_classes = 20_000, 4000
    codes = np.arange(n) % n_classes
    A = np.zeros((n, 4))
    rng = np.random.default_rng(0)
    reading, writing = rng.standard_normal((n_classes, 1)), rng.standard_normal((1, 4))
    e = shift(np.zeros(n_classes), reading, writing, classes=tuple(range(n_classes)))
    tracemalloc.start()
    X_ = e.apply(A, codes)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_array_equal(X_, -(reading @ writing)[codes])
    assert peak < 10 * A.nbytes  # a one-hot matrix would take 1000 times as much


# Kinds of arrays


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("kind", KINDS)
def test_out_receives_the_result_and_may_be_the_data(kind, order, dtype):
    (e, y), A = told(kind), np.array(X, dtype=dtype, order=order)
    expected = e.apply(A, y)
    assert expected.dtype == dtype
    out = np.empty_like(A)
    assert e.apply(A, y, out=out) is out
    np.testing.assert_array_equal(out, expected)
    assert e.apply(A, y, out=A) is A
    np.testing.assert_array_equal(A, expected)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("kind", KINDS)
def test_tensors_keep_dtype_and_device(kind, dtype):
    (e, y), A = told(kind), torch.from_numpy(X).to(dtype)
    X_ = e.apply(A, y)
    assert (type(X_), X_.dtype, X_.device) == (torch.Tensor, dtype, A.device)
    tolerance = {torch.float64: 1e-12, torch.float32: 1e-4}.get(dtype, 0.5)
    half_a_step = max(1e-7, torch.finfo(dtype).eps / 2)  # 275 lies between 274 and 276 in bfloat16
    np.testing.assert_allclose(
        X_.double(), formula(e, A.double(), y), rtol=half_a_step, atol=tolerance
    )
    assert e.apply(A, y, out=A) is A
    assert torch.equal(A, X_)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("kind", KINDS)
def test_tensors_stay_on_the_gpu(kind):
    (e, y), A = told(kind), torch.from_numpy(X).cuda()
    X_ = e.apply(A, y)
    assert X_.device == A.device
    np.testing.assert_allclose(X_.cpu(), e.apply(X, y), atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_apply_leaves_the_data_alone_otherwise(kind):
    e, y = told(kind)
    for A in (X.copy(), torch.from_numpy(X.copy())):
        e.apply(A, y)[:] = 0
        np.testing.assert_array_equal(A, X)


@pytest.mark.parametrize("kind", KINDS)
def test_whole_numbers_become_float64(kind):
    e, y = told(kind)
    whole = (10 * X).astype(int)
    for A in (whole, torch.from_numpy(whole)):
        X_ = e.apply(A, y)
        assert str(X_.dtype).endswith("float64")
        np.testing.assert_allclose(X_, formula(e, whole, y), atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_frames_and_dask_arrays_become_arrays(kind):
    e, y = told(kind)
    for A in (pd.DataFrame(X), da.from_array(X, chunks=(25, 2))):
        X_ = e.apply(A, y)
        assert isinstance(X_, np.ndarray)
        np.testing.assert_allclose(X_, e.apply(X, y), atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_flow_through(kind):
    (e, y), A = told(kind), torch.from_numpy(X.copy()).requires_grad_()
    e.apply(A, y).sum().backward()
    maps = e.maps if kind == "transport" else np.tile(np.eye(5), (3, 1, 1))
    np.testing.assert_allclose(A.grad, maps.sum(axis=2)[CODES], atol=1e-12)


# The concept


@pytest.mark.parametrize("kind", ["labels", "transport"])
def test_labels_may_come_in_many_forms(kind):
    expected = some(kind).apply(X, NAMES)
    as_words = [NAMES.tolist(), NAMES.astype(object), pd.Series(NAMES), concept(NAMES)]
    numbered = some(kind, classes=(0, 1, 2))
    as_numbers = [CODES, CODES.astype(np.int8), torch.from_numpy(CODES), CODES.astype(float)]
    for e, forms in ((some(kind), as_words), (numbered, as_numbers)):
        for y in forms:
            np.testing.assert_array_equal(e.apply(X, y), expected)
    halves = some(kind, classes=(0.5, 1.5, 2.5))
    np.testing.assert_array_equal(halves.apply(X, CODES + 0.5), expected)


@pytest.mark.parametrize("kind", ["labels", "transport"])
def test_some_classes_may_be_missing(kind):
    e = some(kind)
    whole = e.apply(X, NAMES)
    for keep in (CODES > 0, CODES == 2, CODES != 1):
        np.testing.assert_allclose(e.apply(X[keep], NAMES[keep]), whole[keep], atol=1e-12)
    # a concept that was read elsewhere counts its own classes
    np.testing.assert_allclose(
        e.apply(X[CODES > 0], concept(NAMES[CODES > 0])), whole[CODES > 0], atol=1e-12
    )


def test_numbers_may_come_in_many_forms():
    e = shift([0.3], [[1.0]], np.ones((1, 5)), classes=None)
    z = np.arange(60.0) % 2  # two values: labels anywhere else
    expected = X - (z[:, None] - 0.3)
    for y in (z, z[:, None], z.astype(int), torch.from_numpy(z), concept(z, kind="numeric"), z > 0):
        np.testing.assert_allclose(e.apply(X, y), expected, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_no_concept_is_refused(kind):
    e, _ = told(kind)
    with pytest.raises(InputError) as info:
        e.apply(X, None)
    assert "concept y" in info.value.required
    assert "LEACE" in info.value.hint


@pytest.mark.parametrize("kind", ["labels", "transport"])
def test_an_unknown_label_is_named(kind):
    y = NAMES.copy()
    y[7] = "new"
    with pytest.raises(InputError, match=r"\('no', 'so', 'yes'\), but row 7 .* has 'new'; fit"):
        some(kind).apply(X, y)
    with pytest.raises(InputError, match="but row 0 .* has 0"):
        some(kind).apply(X, CODES)


@pytest.mark.parametrize("kind", ["labels", "transport"])
def test_numbers_for_labels_are_refused(kind):
    with pytest.raises(InputError, match=r"labels \(n,\).*it has"):
        some(kind).apply(X, NUMBERS)
    with pytest.raises(InputError, match=r"labels \(n,\).*it has 3"):
        some(kind).apply(X, concept(np.eye(3)[CODES], kind="numeric"))


def test_labels_or_other_columns_for_numbers_are_refused():
    e = some("numbers")
    with pytest.raises(InputError, match="must be 2 columns.*it has 3"):
        e.apply(X, np.ones((60, 3)))
    with pytest.raises(InputError, match="must be 2 columns.*it has 1"):
        e.apply(X, NUMBERS[:, 0])
    with pytest.raises(InputError, match="must hold numbers"):
        e.apply(X, NAMES)


@pytest.mark.parametrize("kind", KINDS)
def test_what_does_not_fit_is_refused(kind):
    e, y = told(kind)
    with pytest.raises(InputError, match="X has 4 features, but is expecting 5 features"):
        e.apply(X[:, :4], y)
    with pytest.raises(InputError, match="X has 60 and y has 59"):
        e.apply(X, y[:59])
    for out in (np.empty((60, 4)), np.empty((60, 5), int), torch.empty(60, 5)):
        with pytest.raises(InputError, match="out must be"):
            e.apply(X, y, out=out)
