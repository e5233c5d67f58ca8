"""Contrast pairs: what they take, what they refuse, and how they are read from files."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.numpy import save_file

from nullprobe import ContrastPairs, InputError, read_pairs

RNG = np.random.default_rng(0)
NEGATIVE, POSITIVE = RNG.standard_normal((2, 6, 3))
Y = np.array([0, 1, 1, 0, 1, 0])


def test_pairs_are_the_arrays_that_were_given():
    pairs = ContrastPairs(NEGATIVE, POSITIVE, y=Y.astype(bool), groups=list("aabbcc"))
    np.testing.assert_array_equal(pairs.negative, NEGATIVE)
    np.testing.assert_array_equal(pairs.positive, POSITIVE)
    np.testing.assert_array_equal(pairs.y, Y)
    assert pairs.groups.tolist() == list("aabbcc")
    assert (len(pairs), pairs.d) == (6, 3)
    assert repr(pairs) == "ContrastPairs(n=6, d=3, with labels, in 3 groups)"
    some = pairs.take(np.array([4, 0]))
    np.testing.assert_array_equal(some.positive, POSITIVE[[4, 0]])
    assert (some.y.tolist(), some.groups.tolist()) == ([1, 0], ["c", "a"])


@pytest.mark.parametrize("kind", [torch.tensor, pd.DataFrame, np.float32, np.ndarray.tolist])
def test_sides_of_other_kinds_are_taken(kind):
    pairs = ContrastPairs(kind(NEGATIVE), kind(POSITIVE))
    np.testing.assert_allclose(pairs.negative, NEGATIVE, rtol=1e-6)
    assert pairs.y is None
    assert pairs.groups is None


NAN = NEGATIVE.copy()
NAN[2, 1] = np.nan


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((NEGATIVE, POSITIVE[:5]), r"same shape.*\(6, 3\).*\(5, 3\)"),
        ((NEGATIVE, POSITIVE[:, :2]), r"same shape.*\(6, 3\).*\(6, 2\)"),
        ((NEGATIVE[:1], POSITIVE[:1]), "two pairs are needed.*there is 1"),
        ((NEGATIVE, np.tile(POSITIVE[0], (6, 1))), "both sides.*must vary.*positive side"),
        ((np.ones((6, 3)), POSITIVE), "both sides.*must vary.*negative side"),
        ((NEGATIVE, NEGATIVE), "two sides of the pairs must differ"),
        (
            (
                pd.DataFrame(NEGATIVE, columns=list("abc")),
                pd.DataFrame(POSITIVE, columns=list("bca")),
            ),
            "same features in the same order",
        ),
        ((NAN, POSITIVE), "negative side must be finite.*row 2, column 1"),
        ((NEGATIVE, NAN), "positive side must be finite.*row 2, column 1"),
        ((NEGATIVE[:, 0], POSITIVE[:, 0]), "negative side must be 2-D"),
        ((NEGATIVE, POSITIVE, np.ones(6, int)), "two classes.*1 class"),
        ((NEGATIVE, POSITIVE, Y[:5]), "6"),
        ((NEGATIVE, POSITIVE, ["yes", "no"] * 3), "0 and 1.*'no'"),
        ((NEGATIVE, POSITIVE, Y + 1), "0 and 1"),
        ((NEGATIVE, POSITIVE, Y, ["a"] * 5), "X has 6 and groups has 5"),
        ((NEGATIVE, POSITIVE, Y, ["a", None] * 3), "group"),
    ],
)
def test_what_is_no_set_of_pairs_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        ContrastPairs(*arguments)


def npz(path):
    np.savez(path, no=NEGATIVE, yes=POSITIVE, truth=Y, template=list("aabbcc"))


def safetensors(path):
    save_file({"no": NEGATIVE, "yes": POSITIVE, "truth": Y, "template": Y + 5}, path)


def parquet(path):
    table = {"no": NEGATIVE.tolist(), "yes": POSITIVE.tolist(), "truth": Y, "template": Y + 5}
    pq.write_table(pa.table(table), path)


@pytest.mark.parametrize(("write", "name"), [(npz, "p.npz"), (safetensors, "p.safetensors"),
                                             (parquet, "p.parquet")])  # fmt: skip
def test_pairs_come_back_from_files(tmp_path, write, name):
    write(tmp_path / name)
    names = {"negative": "no", "positive": "yes", "concept": "truth", "groups": "template"}
    pairs = read_pairs(tmp_path / name, **names)
    np.testing.assert_allclose(pairs.negative, NEGATIVE)
    np.testing.assert_allclose(pairs.positive, POSITIVE)
    np.testing.assert_array_equal(pairs.y, Y)
    assert len(set(pairs.groups.tolist())) == (3 if name.endswith("npz") else 2)


def test_names_that_a_file_does_not_have_are_refused(tmp_path):
    npz(tmp_path / "p.npz")
    with pytest.raises(InputError, match="'negative'.*no.*yes"):
        read_pairs(tmp_path / "p.npz")
    with pytest.raises(InputError, match="'truht'"):
        read_pairs(tmp_path / "p.npz", negative="no", positive="yes", concept="truht")
