"""Tables of claims: a row for each claim, explanation, null, draw and point of a picture."""

import math
from dataclasses import replace

import polars as pl
import pytest
from support import documents

from nullprobe.claims.tables import TABLES, frame_of

CLAIMS = documents.all_claims()


def table(of, claims=CLAIMS):
    return frame_of([("data", "layer 1", claim) for claim in claims], of, "polars", None)


def of_claim(name):
    return next(claim for claim in CLAIMS if claim.name == name)


def test_every_table_has_rows_and_says_of_which_claim():
    for of in TABLES:
        claims = [of_claim("readable")] if of == "learning_curve" else CLAIMS
        if of == "learning_curve":
            claims[0].shown["learning_curve"] = [{"rows": 9, "value": 0.6, "interval": None}]
        found = table(of, claims)
        assert len(found) > 0
        assert found.columns[:3] == ["title", "representation", "claim"]
        assert set(found["representation"]) == {"layer 1"}
        assert pl.Null not in found.dtypes


def test_explanations_and_nulls_have_a_row_each():
    explained, nulls = table("explanations"), table("nulls")
    assert explained["outcome"].to_list() == [
        str(one.outcome) for claim in CLAIMS for one in claim.explanations
    ]
    assert nulls["mean"].to_list() == [null.mean for claim in CLAIMS for null in claim.nulls]
    assert table("draws").group_by("claim", "null").len()["len"].sum() == nulls["draws"].sum()


def test_a_null_of_another_metric_is_compared_with_its_own_observation():
    row = table("nulls").row(
        by_predicate=(pl.col("claim") == "transfers") & (pl.col("null") == "random_subspaces"),
        named=True,
    )
    assert (row["metric"], row["observed"]) == ("AUC after erasing", 0.6)
    null = of_claim("transfers").nulls[1]
    assert row["p_value"] == null.p_value(0.6)
    assert (row["p_low"], row["p_high"]) == null.p_interval(0.6)


def test_pictures_come_as_long_tables():
    curve, matrices = (of_claim(name).shown for name in ("one_feature", "transfers"))
    removals = table("removals")
    assert removals["removed"].to_list() == [0, 1, 2, 3]
    assert removals["null_high"].to_list() == curve["curve"]["high"].tolist()
    groups = table("groups")
    assert len(groups) == 9
    row = groups.row(by_predicate=(pl.col("fitted") == "b") & (pl.col("scored") == "c"), named=True)
    assert row["read"] == matrices["matrices"]["read"][1, 2]
    assert row["erased"] == matrices["matrices"]["erased"][1, 2]


def test_an_observation_that_is_undefined_has_no_p_value():
    claim = replace(of_claim("readable"), observed=math.nan)
    assert table("claims", [claim])["observed"].to_list() == [None]
    assert table("nulls", [claim])["p_value"].to_list() == [None]


def test_a_claim_alone_is_a_frame():
    claim = of_claim("gone")
    found = claim.to_frame("nulls", kind="polars")
    assert found["null"].to_list() == [null.rung for null in claim.nulls]
    with pytest.raises(ValueError, match="'draws'"):
        claim.to_frame("draw")
