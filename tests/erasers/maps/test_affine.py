"""The fitted map: applying, composing, saving."""

import copy
import pickle
from dataclasses import FrozenInstanceError

import dask.array as da
import numpy as np
import pandas as pd
import pytest
import safetensors
import torch
from methods import AFFINE, STREAMED, new
from safetensors.numpy import save_file
from support.reference import assert_same_bytes
from support.samples import draw

from nullprobe import AffineEraser, InputError

TENSORS = ["mean", "reading", "writing", "offset", "level"]


def some_eraser(seed=0, d=5, rank=2, **other):
    """Return an eraser that no method would fit: nothing in it is zero."""
    rng = np.random.default_rng(seed)
    shapes = [(d,), (d, rank), (rank, d), (rank,)]
    return AffineEraser(*(rng.standard_normal(shape) for shape in shapes), **other)


def formula(e, X):
    """Return x - ((x - μ) R - c) W in float64."""
    X = np.asarray(X, dtype=np.float64)
    return X - ((X - e.mean) @ e.reading - e.offset) @ e.writing


SAMPLE = draw(0, 60, 5, 3)
X, Y = SAMPLE.X, SAMPLE.y


# The map


@pytest.mark.parametrize("rank", [0, 1, 2, 5])
def test_apply_is_the_formula(rank):
    e = some_eraser(rank=rank)
    np.testing.assert_allclose(e.apply(X), formula(e, X), atol=1e-12)
    np.testing.assert_allclose(e(X), e.apply(X), rtol=0)
    assert (e.d, e.rank) == (5, rank)


@pytest.mark.parametrize("rank", [0, 1, 2])
def test_matrix_and_bias_agree_with_apply(rank):
    e = some_eraser(rank=rank)
    np.testing.assert_allclose(X @ e.matrix.T + e.bias, e.apply(X), atol=1e-12)


def test_a_feature_with_a_level_is_set_to_it():
    level = np.array([np.nan, 7.0, np.nan, -0.1, np.nan])
    e = some_eraser(level=level)
    X_ = e.apply(X.astype(np.float32))
    assert (X_[:, 1] == 7).all()
    assert (X_[:, 3] == np.float32(-0.1)).all()
    np.testing.assert_allclose(X_[:, ::2], formula(e, X)[:, ::2], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("n", [1, 7, 5000])
def test_rows_are_erased_alone_as_together(n):
    e, many = some_eraser(), np.random.default_rng(0).standard_normal((n, 5))
    together = e.apply(many)
    np.testing.assert_allclose(e.apply(many[n // 2 : n // 2 + 1])[0], together[n // 2], atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize("order", ["C", "F"])
def test_out_receives_the_result_and_may_be_the_data(order, dtype):
    e, A = some_eraser(), np.array(X, dtype=dtype, order=order)
    expected = e.apply(A)
    out = np.empty_like(A)
    assert e.apply(A, out=out) is out
    np.testing.assert_array_equal(out, expected)
    assert e.apply(A, out=A) is A
    np.testing.assert_array_equal(A, expected)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_out_may_be_a_tensor_and_the_data(dtype):
    e, A = some_eraser(), torch.from_numpy(X).to(dtype)
    expected = e.apply(A)
    out = torch.empty_like(A)
    assert e.apply(A, out=out) is out
    assert torch.equal(out, expected)
    assert e.apply(A, out=A) is A
    assert torch.equal(A, expected)


def test_apply_leaves_the_data_alone_otherwise():
    for e in (some_eraser(), some_eraser(rank=0)):
        for A in (X.copy(), torch.from_numpy(X.copy())):
            X_ = e.apply(A)
            assert X_ is not A
            X_[:] = 0
            np.testing.assert_array_equal(A, X)


def test_an_eraser_is_shown_in_one_line():
    e = some_eraser(method="LEACE", classes=("a", "b"))
    assert repr(e) == "AffineEraser('LEACE', d=5, rank=2, classes=('a', 'b'))"
    many = some_eraser(method="LEACE", classes=tuple(range(1000)))
    assert repr(many) == "AffineEraser('LEACE', d=5, rank=2, classes=<1000>)"
    assert repr(some_eraser(rank=0)) == "AffineEraser('', d=5, rank=0)"


def test_an_out_of_another_form_is_refused():
    for out in (np.empty((60, 4)), np.empty((60, 5), int), torch.empty(60, 5)):
        with pytest.raises(InputError, match="out must be"):
            some_eraser().apply(X, out=out)
    with pytest.raises(InputError, match="out must be"):
        some_eraser().apply(X.astype(int), out=X.astype(int))


def test_another_width_is_refused():
    with pytest.raises(InputError, match="X has 4 features, but is expecting 5 features"):
        some_eraser().apply(X[:, :4])


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_floats_keep_their_dtype(dtype):
    assert some_eraser().apply(X.astype(dtype)).dtype == dtype


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_tensors_keep_dtype_and_device(dtype):
    A = torch.from_numpy(X).to(dtype)
    X_ = some_eraser().apply(A)
    assert isinstance(X_, torch.Tensor)
    assert (X_.dtype, X_.device) == (A.dtype, A.device)
    tolerance = {torch.float64: 1e-12, torch.float32: 1e-4}.get(dtype, 0.5)
    np.testing.assert_allclose(X_.double(), formula(some_eraser(), A.double()), atol=tolerance)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_tensors_stay_on_the_gpu():
    A = torch.from_numpy(X).float().cuda()
    for method in AFFINE:
        X_ = new(method).fit(A, Y).transform(A)
        assert (X_.dtype, X_.device) == (A.dtype, A.device)
        np.testing.assert_allclose(X_.cpu(), new(method).fit_transform(X, Y), atol=1e-4)


def test_whole_numbers_become_float64():
    whole = (10 * X).astype(int)
    for A in (whole, torch.from_numpy(whole)):
        X_ = some_eraser().apply(A)
        assert str(X_.dtype).endswith("float64")
        np.testing.assert_allclose(X_, formula(some_eraser(), whole), atol=1e-12)


def test_frames_become_arrays():
    X_ = some_eraser().apply(pd.DataFrame(X))
    assert isinstance(X_, np.ndarray)


def test_dask_stays_lazy():
    lazy = da.from_array(X, chunks=(20, 2))
    X_ = some_eraser().apply(lazy)
    assert isinstance(X_, da.Array)
    np.testing.assert_allclose(X_.compute(), some_eraser().apply(X), atol=1e-12)


def test_gradients_flow_through():
    e, A = some_eraser(), torch.from_numpy(X.copy()).requires_grad_()
    e.apply(A).sum().backward()
    np.testing.assert_allclose(A.grad, np.tile(e.matrix.sum(axis=0), (60, 1)), atol=1e-12)


# Composition


def assert_composes(second, first, A=X):
    both = second.compose(first)
    np.testing.assert_allclose(both.apply(A), second.apply(first.apply(A)), atol=1e-9)
    np.testing.assert_allclose(both.matrix, second.matrix @ first.matrix, atol=1e-9)
    return both


def test_composing_is_applying_in_turn():
    first, second, third = (some_eraser(seed) for seed in range(3))
    assert_composes(second, first)
    assert_composes(third, assert_composes(second, first))
    assert_composes(assert_composes(third, second), first)


def test_composing_holds_for_the_same_directions_about_different_means():
    one = some_eraser(3)
    other = AffineEraser(one.mean + 5, one.reading, one.writing, one.offset)
    assert_composes(one, other)
    assert_composes(other, one)


def test_composing_with_rank_zero_changes_nothing():
    e, nothing = some_eraser(), some_eraser(rank=0)
    for both in (assert_composes(e, nothing), assert_composes(nothing, e)):
        np.testing.assert_allclose(both.apply(X), e.apply(X), atol=1e-12)


@pytest.mark.parametrize("method", AFFINE)
def test_fitted_erasers_compose(method):
    first = new(method).fit(X, Y).eraser_
    second = new(method).fit(first.apply(X), np.arange(60) % 2).eraser_
    both = assert_composes(second, first)
    assert "then" in both.method
    assert_composes(first, first)


def test_composing_other_widths_is_refused():
    with pytest.raises(InputError, match="4 features"):
        some_eraser(d=5).compose(some_eraser(d=4))


# Frozen


def test_an_eraser_cannot_be_changed():
    e = some_eraser(details={"a": "b"})
    with pytest.raises(FrozenInstanceError):
        e.mean = np.zeros(5)
    for name in TENSORS:
        with pytest.raises(ValueError, match="read-only"):
            getattr(e, name)[...] = 0
    with pytest.raises(TypeError):
        e.details["a"] = "c"


def test_an_eraser_does_not_share_memory_with_what_made_it():
    mean = np.zeros(5)
    e = AffineEraser(mean, np.ones((5, 1)), np.ones((1, 5)))
    mean[0] = 9
    assert e.mean[0] == 0


@pytest.mark.parametrize(
    "copied", [lambda e: pickle.loads(pickle.dumps(e)), copy.deepcopy, copy.copy]
)
def test_copies_are_equal_and_frozen(copied):
    e = some_eraser(
        method="m", classes=("a", "b"), feature_names=tuple("abcde"), details={"n": "1"}
    )
    other = copied(e)
    assert_same_bytes(other, e)
    with pytest.raises(ValueError, match="read-only"):
        other.mean[0] = 1


# Files


@pytest.mark.parametrize(
    ("classes", "names"),
    [
        (("no", "yes"), ("größe", "a b", "", "x\n", "日本")),
        ((0, 1, 2), None),
        ((False, True), None),
        ((0.0, 0.5), tuple("abcde")),
        (None, None),
    ],
)
@pytest.mark.parametrize("rank", [0, 1, 3])
def test_saving_and_loading_changes_no_byte(tmp_path, rank, classes, names):
    level = np.array([np.nan, 1.0, np.nan, -0.0, 1e-320])
    e = some_eraser(
        rank=rank,
        level=level,
        method="m",
        classes=classes,
        feature_names=names,
        details={"n": "7", "data_hash": "ff"},
    )
    path = tmp_path / "e.safetensors"
    e.save(path)
    assert_same_bytes(AffineEraser.load(path), e)
    assert_same_bytes(AffineEraser.load(str(path)), e)
    AffineEraser.load(path).save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("method", AFFINE)
def test_fitted_erasers_are_saved_with_their_origin(tmp_path, method):
    frame = pd.DataFrame(X, columns=list("abcde"))
    labels = np.array(["low", "mid", "high"])[Y]
    fitted = new(method).fit(frame, labels)
    fitted.eraser_.save(tmp_path / "e.safetensors")
    loaded = AffineEraser.load(tmp_path / "e.safetensors")
    assert_same_bytes(loaded, fitted.eraser_)
    np.testing.assert_array_equal(loaded.apply(X), fitted.transform(frame))
    assert loaded.classes == ("high", "low", "mid")
    assert loaded.feature_names == tuple("abcde")
    assert loaded.method
    assert loaded.details["n"] == "60"
    if method in STREAMED:
        assert loaded.details["data_hash"] == fitted.moments_.data_hash
    assert len(loaded.details["data_hash"]) == 32
    assert {"nullprobe", "numpy", "scipy"} <= set(loaded.details)


def test_saving_replaces_a_file(tmp_path):
    path = tmp_path / "e.safetensors"
    some_eraser(1).save(path)
    some_eraser(2).save(path)
    assert_same_bytes(AffineEraser.load(path), some_eraser(2))
    assert [p.name for p in tmp_path.iterdir()] == ["e.safetensors"]


@pytest.mark.parametrize("kept", [0, 4, 100, -1])
def test_a_truncated_file_is_refused(tmp_path, kept):
    path = tmp_path / "e.safetensors"
    some_eraser().save(path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(InputError, match="e.safetensors' cannot be read"):
        AffineEraser.load(path)


def test_a_file_of_something_else_is_refused(tmp_path):
    path = tmp_path / "weights.safetensors"
    save_file({"weight": np.ones(3)}, path)
    with pytest.raises(InputError, match="format mark 'none'.*nullprobe fit"):
        AffineEraser.load(path)
    path.write_text("not even safetensors")
    with pytest.raises(InputError, match="cannot be read"):
        AffineEraser.load(path)


def test_a_file_whose_parts_do_not_fit_is_refused(tmp_path):
    path = tmp_path / "e.safetensors"
    some_eraser().save(path)
    with safetensors.safe_open(path, framework="numpy") as f:
        metadata = f.metadata()
    e = some_eraser()
    tensors = {name: np.array(getattr(e, name)) for name in TENSORS}
    save_file({**tensors, "mean": np.zeros(4)}, path, metadata)
    with pytest.raises(InputError, match=r"reading must have shape \(4, 2\)"):
        AffineEraser.load(path)
    del tensors["reading"]
    save_file(tensors, path, metadata)
    with pytest.raises(InputError, match="reading"):
        AffineEraser.load(path)


@pytest.mark.parametrize(
    ("name", "what"), [("none.safetensors", "File not found: "), (".", "is a folder")]
)
def test_a_missing_file_is_named(name, what, tmp_path):
    with pytest.raises(InputError, match=what):
        AffineEraser.load(tmp_path / name)


def test_a_save_that_fails_leaves_nothing_behind(tmp_path):
    path = tmp_path / "e.safetensors"
    some_eraser().save(path)
    before = path.read_bytes()
    with pytest.raises(UnicodeEncodeError):
        some_eraser(1, method="\ud800").save(path)  # not a character: the writer gives up
    with pytest.raises(InputError, match="saved labels must be"):
        some_eraser(1, classes=(b"a", b"b")).save(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["e.safetensors"]


def test_saving_into_no_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match="there is no folder"):
        some_eraser().save(tmp_path / "none" / "e.safetensors")
    assert not list(tmp_path.iterdir())


def test_a_shift_adds_a_multiple_of_its_direction_and_composes():
    rng = np.random.default_rng(0)
    X, v = rng.normal(size=(5, 3)), rng.normal(size=3)
    shift = AffineEraser.shift(v, by=-2.5)
    np.testing.assert_allclose(shift.apply(X), X - 2.5 * v, atol=1e-14)
    back = AffineEraser.shift(v, by=2.5)
    np.testing.assert_allclose(back.compose(shift).apply(X), X, atol=1e-14)
    np.testing.assert_allclose(shift.matrix @ X[0] + shift.bias, X[0] - 2.5 * v, atol=1e-14)


@pytest.mark.parametrize(
    ("direction", "by"),
    [(np.ones((2, 2)), 1.0), (np.array([]), 1.0), (np.array([np.nan]), 1.0), (np.ones(2), np.inf)],
)
def test_a_shift_needs_one_finite_direction_and_a_finite_multiple(direction, by):
    with pytest.raises(InputError):
        AffineEraser.shift(direction, by=by)


def test_a_saved_shift_is_loaded_as_it_was(tmp_path):
    path = tmp_path / "shift.safetensors"
    AffineEraser.shift(np.array([1.0, 2.0]), by=3).save(path)
    assert AffineEraser.load(path).apply(np.zeros((1, 2))).tolist() == [[3.0, 6.0]]
