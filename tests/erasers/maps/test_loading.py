"""Files of all three kinds of map, and maps that cannot be changed."""

import copy
import pickle
from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest
from methods import LABELLED, new
from safetensors import safe_open
from safetensors.numpy import save_file
from support.labelled_maps import KINDS, some, transport
from support.reference import assert_same_bytes
from support.samples import draw

from nullprobe import AffineEraser, ClassTransport, ConceptShift, InputError, load_eraser

SAMPLE = draw(0, 60, 5, 3)
X, Y = SAMPLE.X, SAMPLE.y
AFFINE = AffineEraser(np.zeros(5), np.ones((5, 1)), np.ones((1, 5)), method="m")
ARRAYS = {
    "labels": ["centre", "reading", "writing", "level"],
    "transport": ["means", "maps", "target", "level"],
}
ARRAYS["numbers"] = ARRAYS["labels"]


# Frozen


@pytest.mark.parametrize("kind", KINDS)
def test_an_eraser_cannot_be_changed(kind):
    e = some(kind, details={"a": "b"})
    with pytest.raises(FrozenInstanceError):
        e.level = np.zeros(5)
    for name in ARRAYS[kind]:
        with pytest.raises(ValueError, match="read-only"):
            getattr(e, name)[...] = 0
    with pytest.raises(TypeError):
        e.details["a"] = "c"


def test_an_eraser_does_not_share_memory_with_what_made_it():
    means = np.zeros((3, 5))
    e = transport(means=means)
    means[0] = 9
    assert (e.means == 0).all()


@pytest.mark.parametrize(
    "copied", [lambda e: pickle.loads(pickle.dumps(e)), copy.deepcopy, copy.copy]
)
@pytest.mark.parametrize("kind", KINDS)
def test_copies_are_equal_and_frozen(kind, copied):
    e = some(kind, method="m", feature_names=tuple("abcde"), details={"n": "1"})
    other = copied(e)
    assert_same_bytes(other, e)
    for name in ARRAYS[kind]:
        with pytest.raises(ValueError, match="read-only"):
            getattr(other, name)[...] = 0


@pytest.mark.parametrize("kind", KINDS)
def test_names_are_added_to_a_copy(kind):
    e = some(kind)
    named = e.named(list("abcde"))
    assert e.feature_names is None
    assert named.feature_names == tuple("abcde")
    assert type(named) is type(e)


@pytest.mark.parametrize("wrong", [{"target": np.zeros(4)}, {"maps": np.zeros((3, 5, 4))}])
def test_arrays_of_a_transport_must_belong_together(wrong):
    with pytest.raises(InputError, match="must have shape .* to fit the other arrays"):
        transport(**wrong)
    with pytest.raises(InputError, match=r"means must have shape \(2, 5\)"):
        transport(classes=("a", "b"))


def test_arrays_of_a_shift_must_belong_together():
    nan = np.full(5, np.nan)
    for centre, reading, classes in (
        (np.zeros(2), np.zeros((3, 1)), None),
        (np.zeros(3), np.zeros((3, 2)), None),
        (np.zeros(3), np.zeros((3, 1)), ("a", "b")),
    ):
        with pytest.raises(InputError, match="must have shape"):
            ConceptShift(centre, reading, np.zeros((1, 5)), nan, classes=classes)


# Files


@pytest.mark.parametrize("rank", [0, None])
@pytest.mark.parametrize("kind", KINDS)
def test_saving_and_loading_changes_no_byte(tmp_path, kind, rank):
    level = np.array([np.nan, 1.0, np.nan, -0.0, 1e-320])
    e = some(
        kind,
        rank=rank,
        level=level,
        method="m",
        feature_names=("größe", "a b", "", "x\n", "日本"),
        details={"n": "7", "data_hash": "ff"},
    )
    path = tmp_path / "e.safetensors"
    e.save(path)
    for load in (type(e).load, load_eraser):
        assert_same_bytes(load(path), e)
        assert_same_bytes(load(str(path)), e)
    load_eraser(path).save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("method", LABELLED)
def test_fitted_erasers_are_saved_with_their_origin(tmp_path, method):
    frame = pd.DataFrame(X, columns=list("abcde"))
    labels = np.array(["low", "mid", "high"])[Y]
    fitted = new(method).fit(frame, labels)
    fitted.eraser_.save(tmp_path / "e.safetensors")
    loaded = load_eraser(tmp_path / "e.safetensors")
    assert_same_bytes(loaded, fitted.eraser_)
    np.testing.assert_array_equal(loaded.apply(X, labels), fitted.transform(frame, labels))
    assert loaded.classes == ("high", "low", "mid")
    assert loaded.feature_names == tuple("abcde")
    assert loaded.method == method.__name__
    assert loaded.details["n"] == "60"
    assert loaded.details["data_hash"] == fitted.moments_.data_hash
    assert {"nullprobe", "numpy", "scipy"} <= set(loaded.details)


def test_each_kind_is_loaded_as_what_it_is(tmp_path):
    kinds = {"labels": ConceptShift, "numbers": ConceptShift, "transport": ClassTransport}
    erasers = {AffineEraser: AFFINE} | {kinds[kind]: some(kind) for kind in KINDS}
    for own, e in erasers.items():
        e.save(tmp_path / "e.safetensors")
        assert type(load_eraser(tmp_path / "e.safetensors")) is own
        for other in erasers:
            if other is not own:
                with pytest.raises(InputError, match=f"format mark 'nullprobe.{own.__name__}/1'"):
                    other.load(tmp_path / "e.safetensors")


def test_a_file_of_something_else_is_refused(tmp_path):
    path = tmp_path / "weights.safetensors"
    with pytest.raises(InputError, match="File not found: "):
        load_eraser(path)
    save_file({"weight": np.ones(3)}, path)
    with pytest.raises(InputError, match="format mark 'none', none of.*ConceptShift/1.*save"):
        load_eraser(path)
    path.write_text("not even safetensors")
    with pytest.raises(InputError, match="cannot be read"):
        load_eraser(path)


@pytest.mark.parametrize("kind", KINDS)
def test_a_truncated_file_is_refused(tmp_path, kind):
    path = tmp_path / "e.safetensors"
    some(kind).save(path)
    whole = path.read_bytes()
    for kept in (0, 4, 100, -1):
        path.write_bytes(whole[:kept])
        with pytest.raises(InputError, match="e.safetensors' cannot be read"):
            load_eraser(path)


@pytest.mark.parametrize("key", ["classes", "feature_names", "details"])
@pytest.mark.parametrize(
    "value", ["7", "true", "[1, [2]]", '{"a": {"b": []}}', "9" * 5000, "[" * 3000 + "]" * 3000, ""]
)
def test_odd_metadata_are_refused(tmp_path, key, value):
    AFFINE.save(tmp_path / "e.safetensors")
    with safe_open(tmp_path / "e.safetensors", "numpy") as file:
        about, arrays = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    save_file(arrays, tmp_path / "odd.safetensors", {**about, key: value})
    with pytest.raises(InputError):
        load_eraser(tmp_path / "odd.safetensors")


@pytest.mark.parametrize("bad", [np.nan, np.inf, None])
@pytest.mark.parametrize("name", AffineEraser.TENSORS)
def test_arrays_that_are_not_finite_floats_are_refused(tmp_path, name, bad):
    AFFINE.save(tmp_path / "e.safetensors")
    with safe_open(tmp_path / "e.safetensors", "numpy") as file:
        about, arrays = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    a = arrays[name]
    arrays[name] = a.view(np.int64) if bad is None else np.full_like(a, bad)
    save_file(arrays, tmp_path / "bad.safetensors", about)
    if name == "level" and bad is np.nan:  # no feature becomes constant
        assert load_eraser(tmp_path / "bad.safetensors").d == 5
        return
    with pytest.raises(InputError):
        load_eraser(tmp_path / "bad.safetensors")
