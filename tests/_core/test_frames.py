"""Frames: one table in the kind that is asked for, with the same types whatever is missing."""

import math

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from nullprobe import (
    Damage,
    InputError,
    LDAProbe,
    plan,
    reliability,
    successive,
    usable_information,
)
from nullprobe._core.frames import KINDS, frame, kind_of
from nullprobe.measures.damage import NO_RATIO
from nullprobe.stats.null_distribution import Null

COLUMNS = {"name": str, "value": float, "rows": int, "holds": bool}
LINES = [
    {"name": "a", "value": np.float32(0.5), "rows": np.int64(3), "holds": np.True_},
    {"name": None, "value": math.nan, "rows": None, "holds": False},
]
OF = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.Table}


@pytest.mark.parametrize("kind", KINDS)
def test_a_frame_has_the_kind_and_the_values(kind):
    found = frame(COLUMNS, LINES, kind)
    assert type(found) is OF[kind]
    table = found if kind == "pyarrow" else pa.table(found)
    assert table.column_names == list(COLUMNS)
    first, second = table.to_pylist()
    assert (first["name"], first["value"], first["rows"], first["holds"]) == ("a", 0.5, 3, True)
    assert second["value"] is None or math.isnan(second["value"])
    assert second["rows"] is None or math.isnan(second["rows"])


@pytest.mark.parametrize("kind", ["polars", "pyarrow"])
@pytest.mark.parametrize("lines", [LINES, LINES[1:], []])
def test_types_do_not_depend_on_what_is_missing(kind, lines):
    one, other = frame(COLUMNS, LINES, kind), frame(COLUMNS, lines, kind)
    assert one.schema == other.schema
    assert len(other) == len(lines)


def test_an_unknown_kind_is_refused():
    with pytest.raises(InputError) as caught:
        frame(COLUMNS, LINES, "dask")
    assert "'polars'" in caught.value.required


@pytest.mark.parametrize("default", [*KINDS, None])
def test_the_default_is_the_kind_of_the_caller(default):
    assert type(frame(COLUMNS, LINES, None, default)) is OF[default or "pandas"]


def test_the_kind_of_data_is_that_of_the_first_frame_or_column():
    polars = pl.DataFrame({"a": [1]})
    assert kind_of(np.zeros(2), pd.Series([1]), polars) == "pandas"
    assert kind_of({"layer 0": np.zeros(2), "layer 1": polars}) == "polars"
    assert kind_of(None, [1, 2], pa.table({"a": [1]})) == "pyarrow"
    assert kind_of(None, "text", {"a": [1]}, polars.lazy()) is None


def one_table_results():
    """Return results with one table each, and the number of its rows."""
    rng = np.random.default_rng(0)
    p = rng.random(200)
    y = np.arange(60) % 2
    X = rng.normal(size=(60, 3)) + y[:, None] * [1, 0, 0]
    return [
        (plan(20, 2.0, n=100), 1),
        (Damage(9, 1.0, 0.0, 1.0, 2.0), 1),
        (reliability(p, rng.random(200) < p, n_bins=4, n_resamples=20), 4),
        (usable_information(LDAProbe(), X, y, n_parts=2), 60),
        (successive(LDAProbe(), 2, X, y), 2),
        (Null("chance", "drawn", np.arange(7.0)), 7),
    ]


def test_results_of_one_table_are_frames_of_any_kind():
    for result, rows in one_table_results():
        for kind in KINDS:
            found = result.to_frame(kind=kind)
            assert type(found) is OF[kind]
            assert len(found) == rows


def test_a_damage_without_a_ratio_has_the_reason():
    (row,) = Damage(9, 1.0, 0.0, 1.0, 2.0).to_frame(kind="polars").to_dicts()
    assert (row["ratio"], row["share"], row["reason"]) == (None, 0.5, NO_RATIO)
