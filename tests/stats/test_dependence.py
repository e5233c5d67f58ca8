"""The rule for copies: which rows stay, what is recorded, and of what a user is warned."""

import warnings

import numpy as np
import pytest

from nullprobe.data.dataset import Dataset
from nullprobe.stats.dependence import with_copies


def dataset(X, y, **options):
    return Dataset.of({"": X}, y, **options)


def tight_sets(each=25, sets=24, noise=0.02):
    rng = np.random.default_rng(0)
    of = rng.permutation(np.repeat(np.arange(sets), each))
    X = rng.normal(size=(sets, 20))[of]
    return X + noise * rng.normal(size=X.shape), of


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        (np.arange(60) % 2, None),
        (np.array(["a", "b", "c"])[np.arange(60) % 3], None),
        (np.arange(60.0), "numeric"),
    ],
    ids=["classes", "names", "numbers"],
)
@pytest.mark.parametrize("other", [0, 7])
@pytest.mark.parametrize("grouped", [False, True])
def test_dropped_copies_with_other_labels_are_counted(labels, kind, other, grouped):
    X = np.random.default_rng(0).normal(size=(60, 5))
    y = np.concatenate([labels, labels])
    y[60 : 60 + other] = labels[1 : 1 + other]
    groups = np.arange(120) % 60 if grouped else None
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        data = dataset(np.vstack([X, X]), y, groups=groups, kind=kind)
        rows, _, record = with_copies(data, "drop", 0)
    np.testing.assert_array_equal(rows, np.arange(60))
    assert record["dropped"] == 60
    assert record.get("other_labels", 0) == other
    named = [str(w.message) for w in said if "other labels" in str(w.message)]
    assert [text.split(" rows ")[0] for text in named] == ["7 of 60 dropped"] * (other > 0)


def test_large_tight_sets_are_named_and_not_joined():
    X, of = tight_sets()
    with pytest.warns(UserWarning, match="about 600 rows lie in tight sets of 22 to 101 rows"):
        rows, unit, record = with_copies(dataset(X, of % 2), "group", 0)
    assert len(rows) == 600
    assert unit is None
    assert record == {"in_large_sets": 600}


def test_large_tight_sets_go_unmentioned_where_the_user_has_declared_the_rows():
    X, of = tight_sets()
    assert with_copies(dataset(X, of % 2, groups=of), "group", 0)[2] == {}
    assert with_copies(dataset(X, of % 2), "keep", 0)[2] == {}
