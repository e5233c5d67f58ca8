"""Files of moments: exact, checked, and added up after they were read."""

import json

import numpy as np
import pytest
import safetensors
import torch
from safetensors.numpy import load_file, save_file
from support.reference import assert_same
from support.samples import draw

from nullprobe import (
    LEACE,
    SPLINCE,
    ClassMoments,
    InputError,
    MiMiC,
    Moments,
    QuadraticLEACE,
    TaskMoments,
)
from nullprobe._core.checked_files import fingerprint
from nullprobe.data.concept import concept
from nullprobe.moments.loading import load_moments

SAMPLE = draw(0, 60, 5, 3)
X, Y = SAMPLE.X, SAMPLE.y
WORDS = np.array(["high", "low", "mid"])[Y]
NUMBERS = np.column_stack([X[:, 0] + Y, Y]) + 0.25
WEIGHTS = np.random.default_rng(1).uniform(size=60)
MIXED = np.column_stack([WORDS, np.array(["yes", "no"])[Y % 2]])
MADE = {
    "words": lambda: Moments.of(X, WORDS, sample_weight=WEIGHTS),
    "integers": lambda: Moments.of(X.astype(np.float32), Y),
    "numbers": lambda: Moments.of(X, NUMBERS, kind="numeric"),
    "columns of labels": lambda: Moments.of(X, MIXED),
    "torch": lambda: Moments.of(torch.from_numpy(X), WORDS),
    "many classes": lambda: Moments.of(X, np.arange(60)),
    "classes": lambda: ClassMoments.of(X, WORDS, sample_weight=WEIGHTS),
    "classes, torch": lambda: ClassMoments.of(torch.from_numpy(X), Y),
}
TASKS = {
    "numbers": lambda: TaskMoments.of(X, WORDS, NUMBERS, sample_weight=WEIGHTS),
    "labels": lambda: TaskMoments.of(X, NUMBERS, WORDS, kind="numeric"),
    "columns of labels": lambda: TaskMoments.of(torch.from_numpy(X), MIXED, WORDS),
}
NAMES = ("größe", "a b", "", "x\n", "日本")


def parts(m):
    """Return all that moments hold, as bytes and Python values."""
    spreads = list(m.spreads.values()) if isinstance(m, ClassMoments) else [m.spread]
    values = [m.classes, m.feature_names, dict(m.details)]
    arrays = []
    for one in spreads:
        values += [one.weight, one.rows, one.eps]
        arrays += [one.mean, np.asarray(one.scatter)]
    if isinstance(m, Moments):
        values.append(m.levels)
        arrays += [m.sums.mean, m.sums.cross]
        arrays += [] if m.sums.scatter is None else [m.sums.scatter]
    return values, [(a.shape, a.dtype, np.ascontiguousarray(a).tobytes()) for a in arrays]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "m.safetensors"


@pytest.mark.filterwarnings("ignore:.*integers are taken as labels")
@pytest.mark.parametrize("made", MADE)
def test_saving_and_loading_changes_no_bit(made, path, tmp_path):
    m = MADE[made]().named(NAMES)
    m.details = {"concept": "größe"}
    m.save(path)
    for loaded in (type(m).load(path), type(m).load(str(path)), load_moments(path)):
        assert type(loaded) is type(m)
        assert parts(loaded) == parts(m)
        assert loaded.data_hash == m.data_hash
    loaded.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["again.safetensors", "m.safetensors"]


@pytest.mark.parametrize(
    ("kind", "method"),
    [(Moments, LEACE()), (Moments, MiMiC(match="mean")), (ClassMoments, QuadraticLEACE())],
)
def test_moments_of_two_halves_give_the_eraser_of_all_rows(kind, method, tmp_path):
    order = np.argsort(Y, kind="stable")  # the halves have different classes
    halves = []
    for i, rows in enumerate((order[:30], order[30:])):
        kind.of(X[rows], WORDS[rows]).named("abcde").save(tmp_path / f"{i}.safetensors")
        halves.append(kind.load(tmp_path / f"{i}.safetensors"))
    assert halves[0].classes != halves[1].classes
    fitted = type(method).from_moments(sum(halves), **method.get_params(deep=False))
    whole = type(method)(**method.get_params(deep=False)).fit(X, WORDS)
    labels = (WORDS,) if len(fitted.moments_.classes) and not isinstance(method, LEACE) else ()
    np.testing.assert_allclose(
        fitted.eraser_.apply(X, *labels), whole.eraser_.apply(X, *labels), rtol=0, atol=1e-12
    )
    assert fitted.eraser_.feature_names == tuple("abcde")
    assert fitted.feature_names_in_.tolist() == list("abcde")


def test_loaded_moments_can_be_updated(path):
    Moments.of(X[:30], WORDS[:30]).save(path)
    assert_same(Moments.load(path).update(X[30:], WORDS[30:]), Moments.of(X, WORDS))
    ClassMoments.of(X[:30], WORDS[:30]).save(path)
    after = ClassMoments.load(path).update(X[30:], WORDS[30:])
    np.testing.assert_allclose(after.covariances, ClassMoments.of(X, WORDS).covariances)


# Names and details of a sum


@pytest.mark.parametrize("kind", [Moments, ClassMoments])
def test_pieces_must_have_the_same_features_in_the_same_order(kind):
    a = kind.of(X, WORDS)
    assert (a.named("abcde") + a.named("abcde")).feature_names == tuple("abcde")
    assert (a.named("abcde") + a).feature_names == (a + a.named("abcde")).feature_names
    assert a.feature_names is None
    with pytest.raises(InputError, match="'d' in one and 'e' in another") as caught:
        a.named("abcde") + a.named("abced")
    assert "same order" in caught.value.required
    with pytest.raises(InputError, match="5 features need 5 names"):
        a.named("abcd")
    with pytest.raises(InputError, match="5 features"):
        a.named("abcde") + kind.of(X[:, :4], WORDS).named("abcd")


def test_a_task_shares_the_names_of_its_concept():
    both = TaskMoments.of(X, WORDS, NUMBERS)
    both.concept.feature_names = tuple("abcde")
    assert (both + TaskMoments.of(X, WORDS, NUMBERS)).concept.feature_names == tuple("abcde")


@pytest.mark.parametrize("kind", [Moments, ClassMoments])
def test_a_sum_keeps_the_details_that_its_pieces_share(kind):
    a, b = kind.of(X, WORDS), kind.of(X, WORDS)
    a.details, b.details = {"concept": "y", "site": "1"}, {"concept": "y", "site": "2"}
    assert dict((a + b).details) == {"concept": "y"}
    assert dict(sum([a]).details) == a.details


def test_a_name_is_given_to_a_copy():
    a = Moments.of(X, WORDS)
    before = parts(a)
    a.named("abcde").update(X, WORDS)
    assert parts(a) == before


# What is refused


@pytest.mark.parametrize("empty", [Moments.zeros(X, concept(WORDS)), ClassMoments({})])
def test_moments_without_rows_are_not_saved(empty, path):
    with pytest.raises(InputError, match="must have rows"):
        empty.save(path)
    assert not path.exists()


def test_labels_that_json_does_not_hold_are_not_saved(path):
    days = np.array(["2020-01-01", "2020-01-02", "2020-01-03"], dtype="datetime64[D]")[Y]
    with pytest.raises(InputError, match="strings, numbers or booleans"):
        Moments.of(X, days.astype(object), kind="labels").save(path)
    assert not path.exists()


def test_a_file_of_something_else_is_refused(path):
    with pytest.raises(InputError, match="File not found: "):
        Moments.load(path)
    save_file({"mean": np.ones(3)}, path)
    for load in (Moments.load, ClassMoments.load, load_moments):
        with pytest.raises(InputError, match="format mark 'none'.*nullprobe moments"):
            load(path)
    Moments.of(X, WORDS).save(path)
    with pytest.raises(InputError, match=r"format mark 'nullprobe\.Moments/1'"):
        ClassMoments.load(path)
    LEACE().fit(X, Y).eraser_.save(path)
    with pytest.raises(InputError, match="AffineEraser/1"):
        load_moments(path)
    path.with_suffix(".csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match=r"m\.csv' is not one"):
        load_moments(path.with_suffix(".csv"))


@pytest.mark.parametrize("make", [MADE["words"], MADE["classes"], TASKS["numbers"]])
def test_a_damaged_file_is_refused(make, path):
    make().save(path)
    whole = path.read_bytes()
    for kept in (0, 4, 100, len(whole) // 2, -1):
        path.write_bytes(whole[:kept])
        with pytest.raises(InputError, match=r"m\.safetensors' cannot be read"):
            load_moments(path)
    start = 8 + int.from_bytes(whole[:8], "little")
    for at in np.linspace(start, len(whole) - 1, 9).astype(int):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(InputError, match="changed after they were written"):
            load_moments(path)


@pytest.mark.parametrize("made", TASKS)
def test_moments_with_a_task_are_read_back_to_the_bit(made, path, tmp_path):
    m = TASKS[made]()
    m.concept.feature_names, m.concept.details = NAMES, {"concept": "größe"}
    m.save(path)
    for loaded in (TaskMoments.load(path), load_moments(path)):
        assert type(loaded) is TaskMoments
        assert parts(loaded.concept) == parts(m.concept)
        assert parts(loaded.task)[1] == parts(m.task)[1]
        assert (loaded.task.classes, loaded.task.levels) == (m.task.classes, m.task.levels)
        assert loaded.task.spread is loaded.concept.spread
    loaded.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()
    with pytest.raises(InputError, match=r"TaskMoments/1"):
        Moments.load(path)


def test_loaded_halves_with_a_task_give_the_eraser_of_all_rows(tmp_path):
    halves = []
    for i, rows in enumerate((slice(0, 30), slice(30, 60))):
        TaskMoments.of(X[rows], WORDS[rows], X[rows, 0]).save(tmp_path / f"{i}.safetensors")
        halves.append(load_moments(tmp_path / f"{i}.safetensors"))
    fitted = SPLINCE.from_moments(sum(halves))
    whole = SPLINCE().fit(X, WORDS, task=X[:, 0])
    np.testing.assert_allclose(fitted.eraser_.apply(X), whole.eraser_.apply(X), atol=1e-10)


def test_moments_without_a_task_are_not_saved_as_moments_with_one(path):
    with pytest.raises(InputError, match="must have a task"):
        TaskMoments.without_task(Moments.of(X, WORDS)).save(path)
    assert not path.exists()


@pytest.mark.parametrize(
    ("arrays", "metadata"),
    [
        ({"task.cross": None}, {}),
        ({"task.cross": np.zeros((4, 2))}, {}),
        ({"task.concept_mean": np.zeros(3)}, {}),
        ({"task.concept_scatter": np.full((2, 2), np.nan)}, {}),
        ({"cross": np.zeros((5, 2))}, {}),
        ({}, {"task.classes": ["a", "a"]}),
        ({}, {"task.levels": 3}),
        ({}, {"classes": None}),
    ],
)
def test_every_part_of_a_task_is_checked(arrays, metadata, path):
    TASKS["numbers"]().save(path)
    changed(path, arrays, metadata)
    with pytest.raises(InputError, match=r"m\.safetensors' cannot be read"):
        load_moments(path)


def changed(path, arrays=None, metadata=None):
    """Change a file as other software might, with a fingerprint that matches."""
    tensors = load_file(path)
    with safetensors.safe_open(path, framework="numpy") as f:
        described = f.metadata()
    for name, a in (arrays or {}).items():
        tensors.pop(name)
        tensors |= {} if a is None else {name: a}
    described |= {key: json.dumps(value) for key, value in (metadata or {}).items()}
    described["fingerprint"] = fingerprint(tensors)
    save_file(tensors, path, described)


@pytest.mark.parametrize(
    ("arrays", "metadata"),
    [
        ({"mean": None}, {}),
        ({"mean": np.zeros(4)}, {}),
        ({"mean": np.zeros((5, 1))}, {}),
        ({"mean": np.zeros(0), "scatter": np.zeros((0, 0)), "cross": np.zeros((0, 3))}, {}),
        ({"mean": np.full(5, np.nan)}, {}),
        ({"scatter": np.zeros((5, 5), dtype=np.float32)}, {}),
        ({"scatter": np.full((5, 5), np.inf)}, {}),
        ({"cross": np.zeros((5, 2))}, {}),
        ({"concept_mean": np.zeros(2)}, {}),
        ({"rows": np.array([60.0])}, {}),
        ({"rows": np.array([0])}, {}),
        ({"weight": np.array([-1.0])}, {}),
        ({"eps": np.array([-1.0])}, {}),
        ({}, {"classes": ["a", "b"]}),
        ({}, {"classes": ["a", "b", "b"]}),
        ({}, {"classes": "abc"}),
        ({}, {"classes": [["a"], "b", {}]}),
        ({}, {"classes": None}),
        ({}, {"levels": 3}),
        ({}, {"feature_names": ["a"]}),
        ({}, {"feature_names": [1, 2, 3, 4, 5]}),
        ({}, {"feature_names": "abcde"}),
        ({}, {"details": ["a"]}),
        ({}, {"details": {"a": 1}}),
    ],
)
def test_every_array_and_every_name_is_checked(arrays, metadata, path):
    Moments.of(X, WORDS).save(path)
    changed(path, arrays, metadata)
    with pytest.raises(InputError, match=r"m\.safetensors' cannot be read"):
        Moments.load(path)


@pytest.mark.parametrize(
    ("arrays", "metadata"),
    [
        ({"1.mean": np.zeros(4), "1.scatter": np.zeros((4, 4))}, {}),
        ({"2.scatter": None}, {}),
        ({"0.weight": np.array([0.0])}, {}),
        ({}, {"classes": None}),
        ({}, {"classes": []}),
        ({}, {"classes": list("abcd")}),
    ],
)
def test_every_class_is_checked(arrays, metadata, path):
    ClassMoments.of(X, WORDS).save(path)
    changed(path, arrays, metadata)
    with pytest.raises(InputError, match=r"m\.safetensors' cannot be read"):
        ClassMoments.load(path)
