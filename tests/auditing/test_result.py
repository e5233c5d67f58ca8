"""Results: joined, compared, and put into data frames."""

import sys

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from support.pipeline import RAW

from nullprobe import Audit, InputError, Layers, audit, worlds
from nullprobe.cli import verdict_tables

W = worlds.gaussian(n=90, d=4, gap=2.0, random_state=0)
LAYERS = {"layer 0": W.X[:, 2:], "layer 1": W.X}
FEW = {"draws": 39, "n_splits": 1}


@pytest.fixture(scope="module")
def both():
    found = audit(LAYERS, W.y, title="model", **RAW)
    return found, audit(LAYERS, W.y, title="model", claims=["one_direction"], alpha=0.2, **FEW)


@pytest.mark.slow
def test_audits_that_are_joined_have_the_claims_of_both(both):
    read, algebra = both
    joined = read["layer 0"] | algebra["layer 0"]
    assert [claim.name for claim in joined.claims] == ["readable", "one_direction"]
    assert joined["one_direction"] is algebra["layer 0"]["one_direction"]
    assert joined.portrait is read["layer 0"].portrait
    assert joined.provenance["alpha"] == 0.05
    (other,) = joined.provenance["joined"]
    assert (other["claims"], other["alpha"]) == (["one_direction"], 0.2)


@pytest.mark.slow
def test_layers_that_are_joined_stand_in_one_page_and_one_file(both, tmp_path):
    joined = both[0] | both[1]
    assert list(joined.audits) == list(LAYERS)
    assert Layers.from_json(joined.to_json()) == joined
    joined.to_html(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text("utf-8")
    assert 'class="overview"' in page
    assert "joined › 1 › alpha" in page
    (one,) = (both[0] | Layers({"layer 1": both[1]["layer 1"]}))["layer 0"].claims
    assert one.name == "readable"


@pytest.mark.slow
def test_what_does_not_belong_together_is_not_joined(both):
    read, algebra = both
    with pytest.raises(InputError, match="readable"):
        read | read
    with pytest.raises(InputError, match="same representation"):
        read["layer 0"] | algebra["layer 1"]
    with pytest.raises(InputError, match="'other'"):
        read | Layers({"other": algebra["layer 0"]})
    with pytest.raises(TypeError):
        read | algebra["layer 0"]


@pytest.mark.slow
def test_audits_of_other_rows_or_classes_are_not_joined(both):
    read = audit(W.X, W.y, claims=["readable"], **FEW)
    others = {
        "other rows": audit(W.X[:60], W.y[:60], claims=["one_direction"], **FEW),
        "other classes": audit(W.X, np.arange(90) % 3, claims=["one_direction"], **FEW),
        "numbers": audit(W.X, W.X[:, 0] * 1.7, claims=["one_direction"], **FEW),
    }
    for other in others.values():
        with pytest.raises(InputError, match="same rows and number of classes"):
            read | other


def test_results_are_iterated_as_what_they_hold(both):
    assert list(both[0]) == list(LAYERS)
    assert "layer 0" in both[0]
    assert [claim.name for claim in both[0]["layer 0"]] == ["readable"]


def test_a_frame_has_a_row_for_each_claim(both):
    frame = (both[0] | both[1]).to_frame()
    assert frame["representation"].tolist() == ["layer 0"] * 2 + ["layer 1"] * 2
    assert frame["claim"].tolist() == ["readable", "one_direction"] * 2
    claim = both[0]["layer 1"]["readable"]
    row = frame.iloc[2]
    assert (row["observed"], row["p_value"]) == (claim.observed, claim.p_value)
    assert (row["low"], row["high"]) == claim.interval
    assert (row["metric"], row["chance"], row["holds"]) == ("AUC", 0.5, "yes")
    assert (row["takes"], row["comes_from"]) == (claim.takes, claim.comes_from)
    assert (row["fact_about"], row["adjusted_p"]) == (claim.fact_about, claim.adjusted_p)
    assert frame["fact_about"][1] == "linear_algebra"
    assert np.isnan(frame["p_value"][1])


def test_without_pandas_a_frame_is_one_of_polars_and_pandas_is_refused(both, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert isinstance(both[0].to_frame(), pl.DataFrame)
    monkeypatch.setitem(sys.modules, "polars", None)
    assert isinstance(both[0].to_frame(), pa.Table)
    with pytest.raises(InputError) as caught:
        both[0].to_frame(kind="pandas")
    assert caught.value.hint == "run `pip install pandas`, or leave out kind"


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow"])
def test_a_frame_is_of_the_kind_that_was_passed(kind):
    make = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.table}[kind]
    X = make({"a": W.X[:, 0], "b": W.X[:, 1]})
    one = audit(X, W.y, **RAW)
    several = audit({"layer 0": X}, W.y, **RAW)
    for found in (one, several, one["readable"]):
        expected = type(make({})) if found is not one["readable"] else pd.DataFrame
        assert type(found.to_frame()) is expected
        assert type(found.to_frame(kind="polars")) is pl.DataFrame
    assert Audit.from_json(one.to_json()) == one


def test_tables_of_layers_have_the_rows_of_each_layer(both):
    found = both[0]
    nulls = found.to_frame("nulls")
    assert nulls["representation"].tolist() == [
        name for name, one in found.audits.items() for _ in one["readable"].nulls
    ]
    draws = found.to_frame("draws", kind="polars")
    chance = draws.filter(
        (draws["representation"] == "layer 1") & (draws["null"] == "chance")
    )["value"]  # fmt: skip
    assert chance.to_list() == found["layer 1"]["readable"].nulls[0].values.tolist()
    with pytest.raises(InputError, match="'claims', 'explanations', 'nulls'"):
        found.to_frame("verdicts")


def test_all_that_prints_an_audit_names_what_was_set_aside(capsys):
    X = np.column_stack([W.X, np.ones(len(W.X))])
    found = audit(X, W.y, feature_names=["a", "b", "c", "d", "one"], **RAW)
    verdict_tables.show(found)
    short = capsys.readouterr().out
    verdict_tables.show(found, verbose=True)
    for shown in (short, found.report(), capsys.readouterr().out):
        assert "Features set aside: 1 feature was left out: one (has one value)" in shown


@pytest.mark.slow
def test_no_control_code_of_a_user_reaches_a_terminal(capsys):
    wild = "[bold]\x1b[31mred\x07"
    options = {"baselines": {wild: W.X[:, :1]}, "title": wild, **RAW}
    found = audit({wild: W.X}, np.where(W.y == 1, wild, "no"), **options)
    verdict_tables.show(found[wild])
    verdict_tables.show(found[wild], verbose=True)
    for shown in (str(found), found.report(), capsys.readouterr().out):
        assert not {"\x1b", "\x07"} & set(shown)
        assert "[bold]\\x1b[31mred\\x07" in shown
