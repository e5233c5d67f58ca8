"""An audit from end to end: the right verdicts on worlds with known answers, and the same ones
whatever library, dtype, label or number of threads the data come with."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.stats import binom
from sklearn.metrics import roc_auc_score
from support.pipeline import FEW, LINEAR, RAW, verdicts
from support.samples import draw
from threadpoolctl import threadpool_limits

from nullprobe import ComesFrom, Holds, InputError, Takes, audit, worlds
from nullprobe._core import workers
from nullprobe.data.dataset import Dataset
from nullprobe.report.notebook import counts
from nullprobe.report.text import wording

TWICE = {"draws": 39, "n_splits": 2}
FIRST_FOUR = ["readable", "one_direction", "erasure_holds", "no_halfspace"]


@pytest.fixture(scope="module")
def founding():
    w = worlds.two_features(n_per_class=300, d=3, random_state=0)
    return w, audit(w.X, w.y, claims=FIRST_FOUR, **TWICE)


@pytest.fixture(scope="module")
def gaussian():
    w = worlds.gaussian(n=300, d=40, gap=2.0, random_state=0)
    return w, audit(w.X, w.y, **FEW)


@pytest.mark.slow
def test_founding_experiment_gets_its_answers(founding):
    w, result = founding
    found = verdicts(result)
    for name in ("readable", "one_direction", "no_halfspace"):
        assert found[name][0] == w.truth[name]
    assert found["readable"][1] == "moments"
    assert found["one_direction"][1] == "linear_algebra"
    assert found["no_halfspace"][1] == "structure"
    assert {claim.comes_from for claim in result} == {ComesFrom.NOT_TRIED}


@pytest.mark.slow
def test_gaussian_world_is_read_back_as_its_moments_say(gaussian):
    _, result = gaussian
    assert verdicts(result)["readable"] == ("yes", "moments")
    assert verdicts(result)["erasure_holds"] == ("no", "moments")
    assert verdicts(result)["no_halfspace"][1] in ("moments", "chance")
    expected = result["erasure_holds"].details["expected_from_means"]
    assert result["erasure_holds"].observed == pytest.approx(expected, abs=0.04)


@pytest.mark.slow
def test_noise_is_not_readable():
    w = worlds.null(n=1200, d=5, random_state=0)
    result = audit(w.X, w.y, **LINEAR)
    assert verdicts(result)["readable"] == ("no", "chance")
    assert "not clearly readable before" in result["erasure_holds"].reason


def test_few_rows_of_noise_are_unclear_and_say_what_they_could_have_shown():
    w = worlds.null(n=60, d=5, random_state=1)
    claim = audit(w.X, w.y, **LINEAR)["readable"]
    assert (claim.holds, claim.takes) == (Holds.UNCLEAR, Takes.UNDECIDED)
    assert 0.55 < claim.detectable < 0.9


def test_parts_of_fewer_than_ten_rows_give_no_interval():
    """Of 27 rows parts hold nine. What is absent is then judged by draws of chance alone."""
    w = worlds.null(n=60, d=2, random_state=0)
    few, enough = (audit(w.X[:n], np.arange(n) % 2, **RAW)["readable"] for n in (27, 30))
    assert few.interval is None
    assert enough.interval is not None
    assert (few.holds, few.takes) == (Holds.UNCLEAR, Takes.UNDECIDED)


@pytest.mark.slow
def test_few_rows_of_a_real_effect_hardly_ever_leave_no_room_for_it():
    """Without an interval, too: "no" is said in a share of α at most of effects that matter."""
    said = []
    for seed in range(20):
        w = worlds.gaussian(n=27, d=2, gap=1.2, random_state=seed)  # a mean AUC of .727
        options = {"min_effect": 0.227, "independent": True, "duplicates": "keep"}
        said.append(audit(w.X, w.y, **options, **RAW)["readable"].holds)
    assert said.count(Holds.NO) <= binom.ppf(0.999, 20, 0.05)


@pytest.mark.slow
def test_without_intervals_every_claim_still_gets_a_verdict_and_a_document():
    w = worlds.gaussian(n=24, d=3, gap=2.0, random_state=0)
    claims = audit(w.X, w.y, baselines={"part": w.X[:, 1:]}, **FEW).document().claims
    assert len(claims) == 7
    assert all(claim.interval is None for claim in claims)
    assert all(claim.beside[0].gain is None for claim in claims if claim.beside)


@pytest.mark.slow
def test_observed_is_the_mean_auc_over_parts(founding):
    w, result = founding
    once = audit(w.X, w.y, claims=["readable"], **TWICE)
    scores, rows = once.scores.raw[:, 0], once.provenance["splits"]["rows"]
    assert sum(rows) == len(w.y)
    pooled = roc_auc_score(w.y, scores)
    assert once["readable"].observed == pytest.approx(pooled, abs=0.02)
    assert once["readable"].observed == result["readable"].observed


@pytest.mark.slow
def test_intervals_hold_their_observation(gaussian):
    for claim in gaussian[1].claims:
        if claim.interval is not None:
            assert claim.interval[0] < claim.observed < claim.interval[1]


@pytest.mark.slow
def test_each_claim_comes_with_the_nulls_of_its_rungs(gaussian):
    rungs = {claim.name: [n.rung for n in claim.nulls] for claim in gaussian[1].claims}
    assert rungs == {
        "dependent": ["chance"],
        "readable": ["chance", "moments"],
        "one_direction": ["linear_algebra"],
        "erasure_holds": ["chance", "moments", "noise"],
        "no_halfspace": ["chance", "moments", "noise"],
        "one_feature": ["moments", "noise"],
        "gone": ["chance", "moments", "noise"],
    }


@pytest.mark.slow
def test_same_seed_gives_the_same_document_and_another_another():
    w = worlds.two_features(n_per_class=60, d=3, random_state=0)
    first, again, other = (
        audit(w.X, w.y, random_state=seed, **LINEAR).to_json() for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


@pytest.mark.slow
def test_numbers_of_threads_and_processes_make_no_difference(monkeypatch):
    w = worlds.gaussian(n=90, d=20, gap=1.0, random_state=0)
    documents = []
    for threads, jobs, large in ((1, 1, 1e6), (2, 3, 1e6), (1, 2, 0)):
        monkeypatch.setattr(workers, "LARGE", large)  # from here on processes share the work
        with threadpool_limits(threads):
            result = audit(w.X, w.y, claims=["no_halfspace", "gone"], n_jobs=jobs, **FEW)
        documents.append(result.document())
    assert documents[0] == documents[1] == documents[2]


@pytest.mark.slow
def test_groups_that_are_named_are_no_evidence():
    """Each group has a place and a class of its own: rows in common make it seem readable."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(30), 8)
    X = rng.normal(size=(240, 12)) + 3 * rng.normal(size=(30, 12))[groups]
    y = rng.permutation(np.arange(30) % 2)[groups]
    named = audit(X, y, groups=groups, **RAW)["readable"]
    assert named.holds is Holds.UNCLEAR
    assert "whole groups" in named.nulls[0].description
    with pytest.warns(UserWarning, match="near"):
        unnamed = audit(X, y, duplicates="keep", independent=True, **RAW)["readable"]
    assert unnamed.holds is Holds.YES


@pytest.mark.slow
def test_interval_knows_that_rows_of_a_group_are_one():
    """Every row is there four times: so much data gives an interval twice too narrow."""
    w = worlds.gaussian(n=120, d=3, gap=1.0, random_state=0)
    X, y, groups = (a.repeat(4, axis=0) for a in (w.X, w.y, np.arange(120)))
    named = np.ptp(audit(X, y, groups=groups, **RAW)["readable"].interval)
    with pytest.warns(UserWarning, match="copies"):
        alone = audit(X, y, duplicates="keep", independent=True, **RAW)["readable"]
    assert named / np.ptp(alone.interval) == pytest.approx(2.0, rel=0.3)


def others():
    """Return a world, and another representation of its rows that knows all, part or nothing."""
    w = worlds.gaussian(n=240, d=6, gap=2.0, random_state=0)
    noise = np.random.default_rng(0).normal(size=(240, 3))
    return w, {"all": pd.DataFrame(w.X), "part": w.X[:, :3], "nothing": noise}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("baselines", "untrained", "expected"),
    [
        ([], [], ComesFrom.NOT_TRIED),
        (["all"], [], ComesFrom.INPUTS),
        (["nothing", "all"], [], ComesFrom.INPUTS),
        (["nothing"], [], ComesFrom.UNDECIDED),
        ([], ["nothing"], ComesFrom.UNDECIDED),
        ([], ["all"], ComesFrom.ARCHITECTURE),
        (["nothing"], ["all"], ComesFrom.ARCHITECTURE),
        (["all"], ["all"], ComesFrom.INPUTS),
        (["nothing"], ["nothing"], ComesFrom.TRAINING),
        (["part"], ["nothing"], ComesFrom.UNDECIDED),
    ],
)
def test_other_representations_say_where_a_reading_comes_from(baselines, untrained, expected):
    w, several = others()
    given = [{name: several[name] for name in names} for names in (baselines, untrained)]
    found = audit(w.X, w.y, baselines=given[0], untrained=given[1], **RAW)
    claim = found["readable"]
    assert (claim.holds, claim.comes_from) == (Holds.YES, expected)
    assert claim.takes is Takes.MOMENTS
    assert found.provenance["baselines"] == baselines
    assert found.provenance.get("untrained", []) == untrained


@pytest.mark.slow
def test_number_is_read_by_r_squared():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 6))
    result = audit(X, X[:, 0] + rng.normal(size=300), **FEW)
    found = verdicts(result)
    asked = {"dependent", "readable", "one_direction", "erasure_holds", "one_feature", "gone"}
    assert set(found) == asked
    assert found["readable"][0] == "yes"
    assert result["readable"].unit == "R²"
    assert result["readable"].observed == pytest.approx(0.5, abs=0.12)
    assert result.provenance["classes"] is None


@pytest.mark.slow
def test_several_numbers_are_one_concept():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(300, 6))
    result = audit(X, X[:, :2] + rng.normal(size=(300, 2)), **LINEAR)
    assert verdicts(result)["readable"][0] == "yes"
    assert "2 directions" in result["one_direction"].statement
    assert result.scores.raw.shape == (300, 2)


@pytest.mark.slow
def test_three_classes_are_read_against_the_rest():
    s = draw(2, 300, 8, 3, gap=0.6, spread=1.0)
    result = audit(s.X, s.y, **LINEAR)
    assert verdicts(result)["readable"] == ("yes", "moments")
    assert verdicts(result)["one_direction"] == ("yes", "linear_algebra")
    assert verdicts(result)["erasure_holds"][1] in ("chance", "moments")
    assert result["readable"].unit == "macro AUC"
    assert "2 directions" in result["one_direction"].statement
    assert result.scores.raw.shape == (300, 3)


@pytest.mark.slow
@pytest.mark.parametrize("n_classes", [2, 3])
def test_erasure_that_leaves_no_direction_holds(n_classes):
    """Of d = K − 1 columns nothing is left; what rounding leaves is as readable as X was."""
    s = draw(3, 300, n_classes - 1, n_classes, gap=3.0, spread=1.0)
    found = verdicts(audit(s.X, s.y, **(FEW if n_classes == 2 else LINEAR)))
    assert found["readable"] == ("yes", "moments")
    assert found["erasure_holds"] == ("yes", "chance")
    assert n_classes > 2 or found["no_halfspace"] == ("yes", "chance")


def test_features_that_never_vary_say_nothing():
    found = verdicts(audit(np.full((120, 4), 2.5), np.arange(120) % 2, **LINEAR))
    assert found["readable"] == ("no", "chance")
    assert found["erasure_holds"] == ("yes", "chance")


def test_only_the_claims_that_are_asked_for_are_judged_and_paid_for():
    w = worlds.gaussian(n=120, d=4, gap=1.0, random_state=0)
    stages = []
    result = audit(w.X, w.y, progress=lambda stage, *_: stages.append(stage), **RAW)
    assert [claim.name for claim in result.claims] == ["readable"]
    assert not {"halfspaces", "noise", "matching"} & set(stages)


@pytest.mark.slow
def test_claims_that_are_left_out_do_not_change_the_others(gaussian):
    w, whole = gaussian
    part = audit(w.X, w.y, **LINEAR)
    for claim in part.claims:
        assert claim.observed == whole[claim.name].observed
        assert claim.p_value == whole[claim.name].p_value
        np.testing.assert_array_equal(claim.nulls[0].values, whole[claim.name].nulls[0].values)


@pytest.mark.slow
def test_progress_counts_every_stage_to_its_end():
    w = worlds.gaussian(n=60, d=2, gap=1.0, random_state=0)
    done = {}

    def progress(stage, count, total):
        done.setdefault(stage, []).append((count, total))

    audit(w.X, w.y, progress=progress, **FEW)
    assert {"permutations", "halfspaces", "moments", "matching", "noise"} <= set(done)
    assert all(counts[-1][0] == counts[-1][1] for counts in done.values())
    assert done["moments"][-1] == (39, 39)


@pytest.mark.slow
def test_json_is_the_document(tmp_path, founding):
    assert founding[1].to_json(tmp_path / "audit.json") is None
    text = (tmp_path / "audit.json").read_text("utf-8")
    assert text == founding[1].to_json()
    assert json.loads(text) == founding[1].document().plain()


def test_a_report_is_a_table_of_the_verdicts_and_their_reasons(gaussian):
    _, result = gaussian
    title, table, *why = result.report().split("\n\n")
    heads, _, *lines = table.splitlines()
    assert title.splitlines()[0] == "data"
    assert heads.split() == "claim holds takes comes from observed chance adj. p".split()
    names = [wording.claim_name(claim.name) for claim in result.claims]
    assert [line for line in lines[::2] if line.startswith(tuple(names))] == lines[::2]
    for line, below, claim in zip(lines[::2], lines[1::2], result.claims, strict=True):
        p = "·" if claim.adjusted_p is None else f"{claim.adjusted_p:.3f}"
        means = {null.rung: wording.number(null.mean) for null in claim.nulls}
        axes = f"{claim.takes}_{claim.comes_from}".split("_")
        chance = means.get("chance", "·")
        cells = [str(claim.holds), *axes, wording.number(claim.observed), chance, p]
        assert line.split()[-len(cells) :] == cells
        if claim.interval is not None:
            assert "[{}, {}]".format(*map(wording.number, claim.interval)) in below
    why, notes = why[: len(result.claims)], [" ".join(note.split()) for note in why[len(names) :]]
    for one, claim in zip(why, result.claims, strict=True):
        words = " ".join(one.split())
        assert words.startswith(wording.claim_name(claim.name))
        assert claim.statement in words
        assert claim.reason in words
    assert any("±" in claim.reason for claim in result.claims)
    assert [note for note in notes if "±" in note] == [wording.SPREAD]
    rows, features = (result.provenance[key] for key in ("rows", "features"))
    size = f"{rows} rows, {features} features"
    assert repr(result) == f"Audit('data', {size}: {counts(result.claims)})"


@pytest.mark.slow
def test_what_was_left_out_is_printed_with_its_reason():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 2)), np.repeat([0, 1], 30)
    found = audit(X, y, groups=np.repeat(np.arange(12), 5), **FEW)
    assert list(found.left_out) == ["transfers"]
    line = f"Transfers was left out: {found.provenance['left_out']['transfers']}"
    assert "every group needs at least 6 rows" in line
    for shown in (str(found), found.report()):
        assert line in " ".join(shown.split())


@pytest.mark.slow
def test_layers_are_printed_as_a_table_and_reported_one_after_the_other():
    w = worlds.gaussian(n=60, d=2, gap=1.0, random_state=0)
    found = audit({"first": w.X, "last": w.X[:, :1]}, w.y, title="model", **RAW)
    assert found.report() == f"{found['first'].report()}\n\n{found['last'].report()}"
    assert found.report().startswith("model: first\n")
    rows = [line.split()[:3] for line in str(found).splitlines()]
    for name in ("first", "last"):
        claim = found[name]["readable"]
        assert [name, claim.holds.value, f"{claim.observed:.3f}"] in rows
    verdicts = counts([*found["first"], *found["last"]])
    assert repr(found) == f"Layers(2 representations, 60 rows, 1 to 2 features: {verdicts})"


def test_claim_that_was_not_judged_is_not_found():
    w = worlds.gaussian(n=60, d=3, gap=1.0, random_state=0)
    with pytest.raises(InputError, match="claim must be one of 'readable', but 'used' arrived"):
        audit(w.X, w.y, **RAW)["used"]


def test_each_layer_is_compared_with_the_same_layer_of_an_untrained_network():
    """What one layer of the twin reads explains that layer alone; an array explains all of them."""
    rng = np.random.default_rng(0)
    y = np.arange(240) % 2
    X = {name: rng.standard_normal((240, 4)) + 1.5 * y[:, None] for name in ("first", "second")}
    noise = {name: rng.standard_normal((240, 4)) for name in X}
    twin = {"first": X["first"] + 0.01 * noise["first"], "second": noise["second"]}
    words = rng.standard_normal((240, 3))
    found = audit(X, y, baselines={"words": words}, untrained={"twin": twin}, **RAW)
    sources = {name: str(found[name]["readable"].comes_from) for name in X}
    assert sources == {"first": "architecture", "second": "training"}
    for name in X:
        values = {one.name: one.value for one in found[name]["readable"].beside}
        alone = audit(X[name], y, untrained={"twin": twin[name]}, **RAW)["readable"].beside
        assert values["twin"] == alone[0].value
        assert list(values) == ["words", "twin"]
        assert found[name].provenance["untrained"] == ["twin"]


@pytest.mark.parametrize("option", ["baselines", "untrained"])
@pytest.mark.parametrize("layers", [{"first": 60}, {"first": 60, "third": 60}, {}])
def test_a_baseline_has_one_array_or_one_for_each_representation(option, layers):
    X = {name: np.random.default_rng(0).standard_normal((60, 2)) for name in ("first", "second")}
    y = np.arange(60) % 2
    own = {name: np.zeros((n, 1)) for name, n in layers.items()}
    with pytest.raises(InputError) as error:
        audit(X, y, **{option: {"twin": own}}, **RAW)
    assert "one for each representation" in error.value.required
    with pytest.raises(InputError) as error:
        audit(X["first"], y, **{option: {"twin": {"": X["first"]}}}, **RAW)
    assert "one array" in str(error.value)


@pytest.mark.parametrize("option", ["baselines", "untrained"])
@pytest.mark.parametrize("make", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("value", [0.0, 3.0])
def test_a_constant_baseline_is_refused_unless_the_layer_is_constant_too(option, make, value):
    X, y = np.random.default_rng(0).normal(size=(40, 3)), np.arange(40) % 2
    same = np.full((40, 2), value)
    layers = {"a": X, "b": same}
    for data, given in ((X, same), (layers, same), (layers, {"a": same, "b": X})):
        given = {k: make(v) for k, v in given.items()} if isinstance(given, dict) else make(given)
        with pytest.raises(InputError) as error:
            audit(data, y, **{option: {"junk": given}})
        assert "varies" in error.value.required
        assert "40 rows" in error.value.received
    Dataset.of(layers, y, sparse=True, **{option: {"junk": {"a": make(X), "b": make(same)}}})
