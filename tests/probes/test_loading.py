"""Files of fitted linear probes: the same predictions to the last bit, and checked content."""

import json

import numpy as np
import pandas as pd
import pytest
import safetensors
from safetensors.numpy import load_file, save_file
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from support.samples import draw

from nullprobe import (
    LEACE,
    HalfspaceProbe,
    InputError,
    KNeighborsProbe,
    LDAProbe,
    LogisticProbe,
    MeanDifferenceProbe,
    QuadraticProbe,
    load_probe,
)
from nullprobe._core.checked_files import fingerprint
from nullprobe.probes import PROBES, LinearProbe
from nullprobe.probes.loading import KINDS

X = draw(0, 400, 7, 3).X
Y = draw(0, 400, 7, 3).y
WORDS = np.array(["high", "low", "mid"])[Y]
NUMBERS = X[:, :2] @ [[1.0, 0.5], [0.3, 2.0]] + 0.25
FRAME = pd.DataFrame(X, columns=["größe", "a b", "", "x\n", "日本", "f", "g"])
NEW = np.random.default_rng(5).standard_normal((3001, 7))
CONCEPTS = {"two": Y == 1, "three": WORDS, "integers": Y * 7, "numbers": NUMBERS}


def same(a, b):
    for of in (lambda p, new: p.decision_function(new), lambda p, new: p.predict(new)):
        for new in (NEW, NEW.astype(np.float32), np.asfortranarray(NEW), NEW[:1], X):
            one, other = of(a, new), of(b, new)
            assert one.dtype == other.dtype
            assert one.shape == other.shape
            if one.dtype == object:
                assert one.tolist() == other.tolist()
            else:
                assert one.tobytes() == other.tobytes()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "p.safetensors"


@pytest.mark.filterwarnings("ignore:.*integers are taken as labels")
@pytest.mark.parametrize("concept", CONCEPTS)
@pytest.mark.parametrize("name", PROBES)
def test_a_loaded_probe_predicts_the_same_to_the_last_bit(name, concept, path, tmp_path):
    probe = PROBES[name]()
    if concept == "numbers" and name in ("logistic", "halfspace"):
        with pytest.raises(InputError, match="class labels"):
            probe.fit(X, CONCEPTS[concept])
        return
    probe.fit(X, CONCEPTS[concept])
    probe.save(path)
    for loaded in (load_probe(path), load_probe(str(path))):
        assert type(loaded) is type(probe)
        assert loaded.get_params() == probe.get_params()
        assert loaded.probe_.classes == probe.probe_.classes
        same(loaded, probe)
        assert loaded.score(X, CONCEPTS[concept]) == probe.score(X, CONCEPTS[concept])
        assert hasattr(loaded, "classes_") == hasattr(probe, "classes_")
        if name == "logistic":
            assert loaded.predict_proba(NEW).tobytes() == probe.predict_proba(NEW).tobytes()
    loaded.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("kind", [LDAProbe, MeanDifferenceProbe, LogisticProbe])
def test_probes_of_many_concepts_are_loaded(kind, path):
    table = pd.DataFrame({"a": WORDS, "b": Y == 1, "c": np.where(Y > 0, "yes", "no")})
    if kind is not LogisticProbe:
        table["d"] = NUMBERS[:, 0]
    probe = kind().fit_many(X, table)
    probe.save(path)
    loaded = load_probe(path)
    same(loaded, probe)
    assert loaded.probe_.classes == probe.probe_.classes
    for j in range(table.shape[1]):
        assert loaded.probe_[j].scores(NEW).tobytes() == probe.probe_[j].scores(NEW).tobytes()
    assert [None if c is None else c.tolist() for c in loaded.classes_] == [
        None if c is None else c.tolist() for c in probe.classes_
    ]


@pytest.mark.parametrize("order", ["C", "F"])
def test_the_memory_layout_of_weights_is_kept(order, path):
    W = np.asarray(np.random.default_rng(0).standard_normal((7, 3)), order=order)
    probe = LDAProbe()._adopt(LinearProbe(W, np.arange(3.0), ("a", "b", "c")))
    probe.save(path)
    assert load_probe(path).probe_.weights.flags.f_contiguous == (order == "F")
    same(load_probe(path), probe)


def test_names_of_features_are_loaded_and_checked(path):
    probe = LDAProbe(shrinkage=0.3).fit(FRAME, WORDS)
    probe.save(path)
    loaded = load_probe(path)
    assert loaded.feature_names_in_.tolist() == list(FRAME.columns)
    assert loaded.n_features_in_ == 7
    np.testing.assert_array_equal(loaded.predict(FRAME), probe.predict(FRAME))
    with pytest.raises(ValueError, match="feature names"):
        loaded.predict(FRAME[FRAME.columns[::-1]])
    assert (
        clone(loaded).fit(FRAME, WORDS).probe_.weights.tobytes() == probe.probe_.weights.tobytes()
    )


def test_all_linear_probes_can_be_loaded():
    assert {*KINDS.values()} == {*PROBES.values()}


# What is refused


@pytest.mark.parametrize("kind", [QuadraticProbe, KNeighborsProbe])
def test_a_nonlinear_probe_is_not_saved(kind, path):
    with pytest.raises(InputError, match=kind.__name__) as caught:
        kind().fit(X, WORDS).save(path)
    assert "linear" in caught.value.required
    assert not path.exists()


def test_a_probe_without_a_fit_is_not_saved(path):
    with pytest.raises(NotFittedError):
        LDAProbe().save(path)


def test_a_parameter_without_json_is_not_saved(path):
    HalfspaceProbe(n_init=np.int64(1)).fit(X, Y == 1).save(path)
    assert load_probe(path).n_init == 1
    path.unlink()
    with pytest.raises(InputError, match="random_state is a Generator"):
        HalfspaceProbe(n_init=1, random_state=np.random.default_rng(0)).fit(X, Y == 1).save(path)
    assert not path.exists()


def test_a_file_of_something_else_is_refused(path):
    with pytest.raises(InputError, match="File not found"):
        load_probe(path)
    LEACE().fit(X, Y).eraser_.save(path)
    with pytest.raises(InputError, match="a probe must be .*AffineEraser/1"):
        load_probe(path)


def test_a_damaged_file_is_refused(path):
    LDAProbe().fit(X, WORDS).save(path)
    whole = path.read_bytes()
    for kept in (0, 4, 100, len(whole) // 2, -1):
        path.write_bytes(whole[:kept])
        with pytest.raises(InputError, match=r"p\.safetensors' cannot be read"):
            load_probe(path)
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(InputError, match="changed after they were written"):
        load_probe(path)


@pytest.mark.parametrize(
    ("arrays", "metadata"),
    [
        ({"weights": np.ones((7, 2))}, {}),
        ({"weights": np.ones(7)}, {}),
        ({"weights": np.ones((7, 3), dtype=np.float32)}, {}),
        ({"bias": np.full(3, np.nan)}, {}),
        ({"bias": None}, {}),
        ({}, {"concepts": [["a", "b"]]}),
        ({}, {"concepts": [["a", "b", "c"], None]}),
        ({}, {"concepts": []}),
        ({}, {"concepts": None}),
        ({}, {"concepts": "abc"}),
        ({}, {"many": True, "estimator": "HalfspaceProbe", "parameters": {}}),
        ({}, {"estimator": 3}),
        ({}, {"parameters": {"rank": 1}}),
        ({}, {"parameters": []}),
        ({}, {"feature_names": ["a"]}),
    ],
)
def test_every_array_and_every_name_is_checked(arrays, metadata, path):
    LDAProbe().fit(X, WORDS).save(path)
    tensors = load_file(path)
    with safetensors.safe_open(path, framework="numpy") as f:
        described = f.metadata()
    for name, a in arrays.items():
        tensors.pop(name)
        tensors |= {} if a is None else {name: a}
    described |= {key: json.dumps(value) for key, value in metadata.items()}
    described["fingerprint"] = fingerprint(tensors)
    save_file(tensors, path, described)
    with pytest.raises(InputError, match=r"p\.safetensors' cannot be read"):
        load_probe(path)


def test_a_probe_of_another_class_is_refused(path):
    class OwnProbe(LDAProbe):
        pass

    OwnProbe().fit(X, WORDS).save(path)
    with pytest.raises(InputError, match="'OwnProbe'") as caught:
        load_probe(path)
    assert "LDAProbe" in caught.value.required
