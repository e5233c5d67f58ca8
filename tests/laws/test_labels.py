"""The rule for labels, the same for all that reads a concept: erasers, probes, moments, audits."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
import torch
from methods import CLASSES_ONLY, LABELLED, OWED, STREAMED, new, transformed
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from support.samples import draw

from nullprobe import (
    LEACE,
    ClassMoments,
    InputError,
    LDAProbe,
    MeanDifferenceProbe,
    Moments,
    audit,
    compare,
)
from nullprobe import probes as probing
from nullprobe.data.concept import concept
from nullprobe.erasers import INLP, SPLINCE, OracleLEACE, load_eraser
from nullprobe.moments.task_moments import TaskMoments

SAMPLE = draw(3, 240, 5, 4)
X, Y = SAMPLE.X, SAMPLE.y
BOTH = [method for method in OWED if method not in CLASSES_ONLY]
PROBES = {
    "mean difference": probing.MeanDifferenceProbe(),
    "lda": probing.LDAProbe(),
    "logistic": probing.LogisticProbe(),
    "halfspace": probing.HalfspaceProbe(),
    "quadratic": probing.QuadraticProbe(),
    "rbf": probing.RBFProbe(),
    "neighbors": probing.KNeighborsProbe(),
}


def erased(method):
    return lambda A, y, **fit: transformed(new(method).fit(A, y, **fit), A, Y)


# All that reads rows and labels, each giving numbers to compare.
READERS = {
    **{method.__name__: erased(method) for method in OWED},
    **{name: lambda A, y, p=p: p.fit(A, y).predict(A) for name, p in PROBES.items()},
    "Moments": lambda A, y, **w: Moments.of(A, y, **w).cross_covariance,
    "ClassMoments": lambda A, y, **w: ClassMoments.of(A, y, **w).means,
}
RESULTS = {
    "audit": lambda A, y, **more: (
        audit(A, y, claims=["readable"], draws=39, n_splits=1, depth="quick", **more)[
            "readable"
        ].observed
    ),
    "compare": lambda A, y, **more: (
        compare(A, y, erasers=["leace"], probes=["linear"], **more)
        .rows[1]
        .read_back["linear"]
        .value
    ),
}
FORMS = {
    "column": Y[:, None],
    "words": np.array(list("abcd"))[Y],
    "list": Y.tolist(),
    "frame": pd.DataFrame({"kind": Y}),
    "categories of floats": pd.Series(Y / 2).astype("category"),
    "frame of categories": pd.DataFrame({"kind": pd.Series(Y / 2).astype("category")}),
    "nullable integers": pd.Series(Y, dtype="Int64"),
    "polars series": pl.Series(Y),
    "polars frame": pl.DataFrame({"kind": np.array(list("abcd"))[Y]}),
    "tensor": torch.from_numpy(Y)[:, None],
    "without a mask": np.ma.array(Y),
}
FLOATS = {
    "floats": Y.astype(float),
    "column of floats": Y.astype(np.float32)[:, None],
    "frame of floats": pd.DataFrame({"kind": Y.astype(float)}),
    "bfloat16": torch.from_numpy(Y).bfloat16(),
}


def same(one, other):
    one, other = np.asarray(one), np.asarray(other)
    if one.ndim == 1:  # labels that were predicted, whatever they are called
        one, other = (np.unique(a, return_inverse=True)[1] for a in (one, other))
    return np.allclose(one, other)


@pytest.mark.slow
@pytest.mark.parametrize("use", READERS.values(), ids=READERS)
def test_labels_are_labels_in_every_form(use):
    expected = use(X, Y)
    for name, y in FORMS.items():
        if isinstance(y, pd.Series | pd.DataFrame) and "categories" in name and use in TRANSFORMED:
            continue  # their labels are halves, which the transform of whole numbers does not know
        is_array = isinstance(y, np.ndarray | pl.DataFrame)
        if is_array and np.asarray(y).dtype.kind in "UO" and use in TRANSFORMED:
            continue
        assert same(use(X, y), expected), name
    for name, y in FLOATS.items():
        with pytest.warns(UserWarning, match='kind="numeric"'):
            found = use(X, y)
        assert same(found, expected), name


TRANSFORMED = [READERS[method.__name__] for method in LABELLED]


@pytest.mark.slow
@pytest.mark.parametrize("use", RESULTS.values(), ids=RESULTS)
def test_results_are_of_labels_in_every_form(use):
    expected = use(X, Y)
    assert use(X, FORMS["column"]) == use(X, FORMS["frame"]) == expected
    with pytest.warns(UserWarning, match='kind="numeric"'):
        assert use(X, FLOATS["column of floats"]) == expected
    assert use(X, FLOATS["floats"], kind="labels") == expected
    assert use(X, Y, kind="numeric") != expected


@pytest.mark.parametrize("method", OWED)
def test_kind_decides_for_every_eraser(method):
    labels = new(method).set_params(kind="labels").fit(X, Y / 2)
    assert labels.classes_ == (0.0, 0.5, 1.0, 1.5)
    numeric = new(method).set_params(kind="numeric")
    if method in CLASSES_ONLY:
        with pytest.raises(InputError, match="labels"):
            numeric.fit(X, Y)
        return
    assert numeric.fit(X, Y).classes_ is None
    assert numeric.eraser_.rank >= 1
    with pytest.raises(InputError, match="'number' arrived"):
        new(method).set_params(kind="number").fit(X, Y)
    with pytest.raises(InputError, match="must hold numbers"):
        numeric.fit(X, FORMS["words"])


def test_integers_of_many_values_are_labels_with_a_warning():
    many = np.arange(240) % 21
    with pytest.warns(UserWarning, match="integers are taken as labels"):
        assert len(concept(many).classes) == 21
    assert len(concept(many - 1 + (many == 0)).classes) == 20
    assert len(concept(many, kind="labels").classes) == 21
    assert concept(many, kind="numeric").n_columns == 1
    assert not concept(many.astype(float)).is_classes


# What is no label

MISSING = {
    "None": ["a", "b"] * 3 + ["a", None],
    "nan among words": ["a", "b"] * 3 + ["a", np.nan],
    "nan": [0.0, 1.0] * 3 + [0.0, np.nan],
    "NA of strings": pd.Series(["a", "b"] * 3 + ["a", pd.NA], dtype="string"),
    "NA of booleans": pd.Series([True, False] * 3 + [True, pd.NA], dtype="boolean"),
    "NA of integers": pd.Series([1, 2] * 3 + [1, pd.NA], dtype="Int64"),
    "NA of categories": pd.Series(["a", "b"] * 3 + ["a", None], dtype="category"),
    "NaT": pd.Series(pd.to_datetime(["2020-01-01", "2021-01-01"] * 3 + ["2020-01-01", None])),
    "null of words": pl.Series(["a", "b"] * 3 + ["a", None]),
    "null of integers": pl.Series([1, 2] * 3 + [1, None]),
    "frame": pd.DataFrame({"a": ["a", "b"] * 3 + ["a", None]}),
    "masked": np.ma.array([0, 1] * 4, mask=[0] * 7 + [1]),
    "masked constant": [0, 1, 0, 1, 0, 1, 0, np.ma.masked],
}
MIXED = {
    "number and text": [1, "1"] * 4,
    "truth value and number": [True, 2] * 4,
    "objects": np.array([1, "1"] * 4, dtype=object),
    "frame": pd.DataFrame({"a": [1, "1"] * 4}),
}


@pytest.mark.parametrize("use", [*READERS.values(), *RESULTS.values()], ids=[*READERS, *RESULTS])
def test_missing_and_mixed_labels_are_refused_and_their_row_is_named(use):
    A = X[:8]
    for name, y in MISSING.items():
        with pytest.raises(InputError, match="row 7"):
            print(name, use(A, y))
    for name, y in MIXED.items():
        with pytest.raises(InputError, match="row 1"):
            print(name, use(A, y))


@pytest.mark.slow
@pytest.mark.parametrize("use", RESULTS.values(), ids=RESULTS)
def test_groups_are_labels(use):
    names = np.array(["x", "y", "z"] * 80)
    expected = use(X, Y, groups=np.arange(240) // 2)
    assert use(X, Y, groups=(np.arange(240) // 2)[:, None]) == expected
    assert use(X, Y, groups=pd.DataFrame({"g": np.arange(240) // 2})) == expected
    for bad, said in (
        (pd.Series(["x", pd.NA] * 120, dtype="string"), "row 1"),
        ([1, "1"] * 120, "row 1"),
        (np.ma.array(names, mask=names == "z"), "row 2"),
        (np.column_stack([names, names]), "2 columns"),
    ):
        with pytest.raises(InputError, match=said):
            use(X, Y, groups=bad)


# Probes and audits that take sparse rows.
SPARSE = [READERS[name] for name in ("mean difference", "lda", "logistic")] + [RESULTS["audit"]]


@pytest.mark.slow
@pytest.mark.parametrize("use", [*READERS.values(), *RESULTS.values()], ids=[*READERS, *RESULTS])
def test_masked_rows_are_refused(use):
    masked = np.ma.array(X, mask=np.zeros(X.shape, bool))
    assert same(use(masked, Y), use(X, Y))
    masked[3, 1] = np.ma.masked
    for A in (masked, list(masked)):
        with pytest.raises(InputError, match="row 3"):
            use(A, Y)


@pytest.mark.parametrize("name", [*(method.__name__ for method in OWED), "Moments", "ClassMoments"])
def test_masked_weights_are_refused(name):
    w = np.ma.array(np.ones(240), mask=np.arange(240) == 5)
    with pytest.raises(InputError, match="sample_weight.* row 5"):
        READERS[name](X, Y, sample_weight=w)


# Unusual rows


# Probes and audits that take sparse rows.
SPARSE = [READERS[name] for name in ("mean difference", "lda", "logistic")] + [RESULTS["audit"]]


@pytest.mark.slow
@pytest.mark.parametrize("use", [*READERS.values(), *RESULTS.values()], ids=[*READERS, *RESULTS])
def test_unusual_rows_are_taken_or_refused_in_words(use):
    T = torch.from_numpy(X).float()
    as_rows = use(T, Y)
    assert same(use(list(T), Y), as_rows)
    assert same(use([row.clone().requires_grad_() for row in T], Y), as_rows)
    assert np.shape(use([row.bfloat16() for row in T], Y)) == np.shape(as_rows)
    if use in SPARSE:
        np.testing.assert_allclose(use(T.to_sparse(), Y), as_rows, atol=1e-5)
    else:
        with pytest.raises(InputError, match="dense"):
            use(T.to_sparse(), Y)
    for A, said in (
        (pd.DataFrame(X, columns=list("abcda")), "'a' occurs more than once"),
        (np.stack([X, X], axis=1), "layer"),
        (torch.stack([T, T], dim=1), "layer"),
    ):
        with pytest.raises(InputError, match=said):
            use(A, Y)


# Streams

PIECES = [slice(0, 50), slice(50, 240)]


@pytest.mark.parametrize("method", STREAMED)
def test_a_stream_decides_with_its_first_piece(method):
    a, b = PIECES
    with pytest.raises(InputError, match="floats in a stream"):
        new(method).partial_fit(X[a], Y[a].astype(float))
    labels = new(method).set_params(kind="labels")
    labels.partial_fit(X[a], Y[a].astype(float)).partial_fit(X[b], Y[b].astype(float))
    expected = transformed(new(method).fit(X, Y), X, Y)
    np.testing.assert_allclose(transformed(labels, X, Y), expected, atol=1e-9)
    whole = new(method).partial_fit(X[a], Y[a])
    with pytest.raises(InputError, match="floats in a stream"):
        whole.partial_fit(X[b], Y[b].astype(float))
    with pytest.raises(InputError, match="one type"):
        whole.partial_fit(X[b], FORMS["words"][b])
    if method not in CLASSES_ONLY:
        numbers = new(method).set_params(kind="numeric")
        numbers.partial_fit(X[a], Y[a] + 0.5).partial_fit(X[b], Y[b] + 1)  # whole in this piece
        assert numbers.classes_ is None


@pytest.mark.parametrize("kind", [Moments, ClassMoments, TaskMoments])
def test_moments_are_continued_as_they_began(kind):
    a, b = PIECES
    task = [X[:, 0]] if kind is TaskMoments else []
    ta, tb = [t[a] for t in task], [t[b] for t in task]
    labels = kind.of(X[a], Y[a] / 2, *ta, kind="labels")
    with pytest.raises(InputError, match="floats in a stream"):
        labels.update(X[b], Y[b] / 2, *tb)
    labels.update(X[b], Y[b] / 2, *tb, kind="labels")
    assert labels.classes == (0.0, 0.5, 1.0, 1.5)
    with pytest.raises(InputError, match="kind=.labels.*kind=.numeric"):
        labels.update(X[b], Y[b], *tb, kind="numeric")
    if kind is Moments:
        numbers = kind.of(X[a], Y[a] / 2).update(X[b], Y[b])  # whole numbers, after halves
        exact = kind.of(X, np.append(Y[a] / 2, Y[b]))
        np.testing.assert_allclose(numbers.cross_covariance, exact.cross_covariance)


# Several columns

REGION = np.array(list("nesw"))[Y]
SIZE = np.array(list("sml"))[np.random.default_rng(0).integers(0, 3, 240)]
SEVERAL = {
    "frame": pd.DataFrame({"region": REGION, "size": SIZE}),
    "polars": pl.DataFrame({"region": REGION, "size": SIZE}),
    "array": np.column_stack([REGION, SIZE]),
    "list": list(zip(REGION.tolist(), SIZE.tolist(), strict=True)),
    "codes": np.column_stack([np.unique(a, return_inverse=True)[1] for a in (REGION, SIZE)]),
}
ONE_HOT = np.column_stack([a[:, None] == np.unique(a) for a in (REGION, SIZE)]).astype(int)


def spread(A, labels):
    """Return how far class means lie apart."""
    return np.ptp([A[labels == c].mean(axis=0) for c in np.unique(labels)], axis=0).max()


@pytest.mark.parametrize("method", [m for m in BOTH if m is not INLP])
def test_columns_of_labels_are_erased_together(method):
    for y in SEVERAL.values():
        X_ = transformed(new(method).fit(X, y), X, y)
        assert max(spread(X_, REGION), spread(X_, SIZE)) < 1e-9
        np.testing.assert_allclose(X_, transformed(new(method).fit(X, ONE_HOT), X, ONE_HOT))
    mixed = pd.DataFrame({"region": REGION, "age": X[:, 0] ** 2})
    X_ = transformed(new(method).fit(X, mixed), X, mixed)
    assert spread(X_, REGION) < 1e-9
    assert np.abs(np.cov(X_.T, mixed["age"])[-1, :-1]).max() < 1e-9


@pytest.mark.parametrize("method", [m for m in BOTH if hasattr(m, "partial_fit") and m is not INLP])
def test_columns_of_labels_stream_as_their_first_piece(method):
    y = SEVERAL["frame"]
    pieces = (slice(0, 200), slice(200, 202), slice(202, 240))
    streamed = new(method)
    for piece in pieces:
        streamed.partial_fit(X[piece], y[piece])
    expected = transformed(new(method).fit(X, y), X, y)
    np.testing.assert_allclose(transformed(streamed, X, y), expected, atol=1e-9)
    with pytest.raises(InputError, match="row 0 .* 'xl'"):
        streamed.partial_fit(X[:1], pd.DataFrame({"region": ["n"], "size": ["xl"]}))
    with pytest.raises(InputError, match="2 columns"):
        streamed.partial_fit(X, y.assign(more=REGION))


def test_an_eraser_told_columns_of_labels_remembers_them(tmp_path):
    y = np.column_stack([Y * 2 - 1, Y // 2 * 2 - 1])  # codes of two classes that are not 0 and 1
    fitted = OracleLEACE().fit(X, y)
    expected = fitted.transform(X, y)
    assert spread(expected, Y) < 1e-9
    fitted.eraser_.save(tmp_path / "e.safetensors")
    loaded = load_eraser(tmp_path / "e.safetensors")
    rows = np.flatnonzero(Y == 3)[:2]  # not all labels are there
    np.testing.assert_allclose(loaded.apply(X[rows], y[rows]), expected[rows])


def test_columns_of_labels_are_concepts_of_their_own_to_a_probe():
    fitted = probing.LDAProbe().fit_many(X, SEVERAL["frame"])
    assert [c.tolist() for c in fitted.classes_] == [list("ensw"), list("lms")]
    assert fitted.score(X, SEVERAL["frame"]).shape == (2,)


@pytest.mark.slow
@pytest.mark.parametrize("use", RESULTS.values(), ids=RESULTS)
def test_columns_of_labels_have_results(use):
    assert np.isfinite(use(X, SEVERAL["frame"]))


# Names


@pytest.mark.slow
def test_names_are_kept_as_they_came():
    z = concept(pd.Series([3, 1, 2], dtype="category"))
    assert z.classes == (1, 2, 3)
    assert concept(SEVERAL["frame"]).levels == (tuple("ensw"), tuple("lms"))
    assert concept([True, False]).classes == (False, True)
    assert z.labels.tolist() == [3, 1, 2]
    with pytest.raises(InputError, match="'size' of y.*row 1"):
        concept(pd.DataFrame({"region": ["n", "s"], "size": ["s", None]}))
    groups = pd.Series(["north", "south"] * 120, dtype="category")
    found = audit(X, Y, groups=groups, claims=["transfers"], draws=39)
    assert "north" in str(found.document())


# The concept of a pipeline, beside its target


@pytest.mark.parametrize("method", OWED)
def test_the_concept_wins_over_y(method):
    other = np.arange(240) % 2
    expected = transformed(new(method).fit(X, Y), X, Y)
    for fitted in (new(method).fit(X, other, concept=Y), new(method).fit(X, concept=Y)):
        np.testing.assert_array_equal(transformed(fitted, X, Y), expected)
    np.testing.assert_array_equal(new(method).fit_transform(X, other, concept=Y), expected)
    if method in STREAMED:
        streamed = new(method).partial_fit(X, other, concept=Y)
        np.testing.assert_array_equal(transformed(streamed, X, Y), expected)


def test_a_task_and_a_concept_go_together():
    one = SPLINCE().fit(X, Y // 2, concept=Y % 2, task=X[:, 0])
    np.testing.assert_array_equal(
        one.transform(X), SPLINCE().fit(X, Y % 2, task=X[:, 0]).transform(X)
    )


@pytest.mark.parametrize("method", OWED)
def test_a_pipeline_routes_the_concept_to_every_eraser(method):
    other = np.arange(240) % 2
    expected = transformed(new(method).fit(X, Y), X, Y)
    with sklearn.config_context(enable_metadata_routing=True):
        step, told = new(method).set_fit_request(concept=True), {}
        if method in LABELLED:
            step, told = step.set_transform_request(concept=True), {"concept": Y}
        pipeline = make_pipeline(step, LogisticRegression()).fit(X, other, concept=Y)
        np.testing.assert_array_equal(pipeline[:-1].transform(X, **told), expected)
        assert pipeline.predict(X, **told).shape == (240,)
        assert (
            cross_val_score(pipeline, X, other, params={"concept": Y}, cv=2).shape == (2,)
            if (method not in LABELLED)
            else True
        )


# Kinds that the rule cannot see


PROBES_OF_NUMBERS = [LDAProbe, MeanDifferenceProbe]


@pytest.mark.parametrize("probe", PROBES_OF_NUMBERS)
def test_a_probe_reads_whole_floats_as_numbers_where_it_is_asked_to(probe):
    ratings = np.arange(240.0) % 5
    rows = np.outer(ratings, [1.0, 0.5, 0.0]) + np.random.default_rng(0).normal(size=(240, 3))
    numeric = probe().fit(rows, ratings, kind="numeric")
    assert not hasattr(numeric, "classes_")
    expected = probe().fit(rows, concept(ratings, kind="numeric"))
    np.testing.assert_array_equal(numeric.decision_function(rows), expected.decision_function(rows))
    assert len(probe().fit(rows, ratings, kind="labels").classes_) == 5


LONG = [[2**63, 2**63 + 1, -1], [2**53, 2**53 + 1, 1]]


@pytest.mark.parametrize("ids", LONG)
@pytest.mark.parametrize("form", [list, lambda y: np.array(y, dtype=object)])
def test_integers_that_floats_do_not_tell_apart_are_classes_apart(ids, form):
    assert concept(form(ids * 3)).classes == tuple(sorted(ids))


def test_labels_of_another_type_are_refused_in_a_later_piece():
    eraser = LEACE().partial_fit(X[:100], ["a", "b"] * 50)
    with pytest.raises(
        InputError, match="of one type in all pieces.*an earlier label is 'a', and a new label is 1"
    ):
        eraser.partial_fit(X[100:150], [1] * 50)
