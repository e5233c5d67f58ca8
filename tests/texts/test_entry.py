"""Audits of a model: what is read at each layer, beyond what, and what is kept after a kill."""

import dataclasses
import itertools
import json

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from support import language_model, organisms, pretrained_encoder

from nullprobe import (
    InputError,
    ModelAudit,
    audit,
    audit_model,
    census,
    control_labels,
    lexical_concepts,
    load_result,
    models,
)
from nullprobe.texts import conclusions, entry, reading
from nullprobe.texts.choice import texts_that_choose
from nullprobe.texts.standing import Standings

pytestmark = pytest.mark.slow
FEW = {
    "untrained": 1, "deep": 0, "draws": 39, "concept": "negated", "groups": "entity",
    "tokens": "mean",
}  # fmt: skip


def texts_of(organism, n=120):
    drawn = organism.statements(n)
    negated = np.array(["not" in text.split() for text in drawn.texts])
    return {"text": drawn.texts, "negated": negated, "entity": drawn.entity, "a": drawn.truth}


@pytest.fixture(scope="module")
def given():
    organism = organisms.brief(n_entities=24)
    return organism.model, organism.tokenizer, texts_of(organism)


@pytest.fixture(scope="module")
def found(given):
    return audit_model(*given, **FEW)


def test_every_layer_is_judged_as_by_an_audit_of_its_states(given, found):
    model, tokenizer, frame = given
    states = models.capture(model, tokenizer, frame["text"], "layers.*.output", tokens="mean")
    assert list(found) == list(states)
    rest = {"claims": entry.CLAIMS, "draws": 39, "groups": frame["entity"]}
    plain = audit(dict(states), frame["negated"], **rest)
    for site in found:
        assert [c.name for c in found[site]] == list(entry.CLAIMS)
        for one, other in zip(found[site], plain[site], strict=True):
            assert one.observed == pytest.approx(other.observed, abs=1e-6)
            assert one.holds is other.holds


def test_a_word_of_the_text_is_read_and_comes_from_the_inputs(found):
    last = list(found)[-1]
    assert str(found[last]["readable"].holds) == "yes"
    assert str(found[last]["readable"].comes_from) == "inputs"
    assert "inputs" in found.conclusions[-1].text
    compared = {one.name for one in found[last]["readable"].beside}
    expected = {"words", "mean embedding", conclusions.RANDOM_LAYERS, "untrained network 1"}
    assert compared >= expected


def test_layers_are_compared_with_their_own_layer_of_the_twin(given, found):
    model, tokenizer, frame = given
    twin = models.untrained(model, reading.twin_seed(0, 0))
    states = models.capture(twin, tokenizer, frame["text"], "layers.*.output", tokens="mean")
    for site in found:
        own = next(b for b in found[site]["readable"].beside if b.name == "untrained network 1")
        alone = audit(states[site], frame["negated"], groups=frame["entity"],
                      claims=["readable"], draws=39, depth="quick")  # fmt: skip
        assert own.value == pytest.approx(alone["readable"].observed, abs=1e-5)


def test_what_gives_the_label_away_is_named(found):
    assert "'not'" in found.give_away[0]
    assert found.give_away[0] in str(found)
    assert not found.give_away_reason


def test_conclusions_cover_every_layer_once(found):
    sites = list(found)
    ends = [(sites.index(one.first), sites.index(one.last)) for one in found.conclusions]
    assert ends[0][0] == 0
    assert ends[-1][1] == len(sites) - 1
    assert all(stop + 1 == start for (_, stop), (start, _) in itertools.pairwise(ends))


def test_the_result_is_read_back_and_has_the_same_bytes(found, tmp_path):
    path = tmp_path / "found.json"
    found.to_json(path)
    assert ModelAudit.from_json(path) == found
    assert load_result(path) == found
    assert ModelAudit.from_json(path).to_json() == found.to_json()
    assert len(found.to_frame("beyond")) == len(found)
    assert len(found.to_frame("conclusions")) == len(found.conclusions)
    found.to_html(tmp_path / "found.html")
    page = (tmp_path / "found.html").read_text("utf-8")
    assert all(one.text.split("“")[0] in page for one in found.conclusions)


@pytest.mark.parametrize(
    "frame", [pd.DataFrame, pl.DataFrame, pa.table], ids=["pandas", "polars", "arrow"]
)
def test_frames_of_every_kind_are_read(given, frame):
    columns = given[2]
    columns = {name: list(values) for name, values in columns.items()}
    named = {"text": "text", "concept": "negated", "groups": "entity"}
    read = reading.TextRows.of(frame(columns), named, None, ["a"])
    assert read.confounds["a"].tolist() == columns["a"]
    assert read.texts == columns["text"]
    assert len(np.unique(read.groups)) == len(set(columns["entity"]))


@pytest.mark.parametrize("name", ["beyond", "untrained-0", "log-probabilities", "census"])
def test_an_audit_that_was_killed_goes_on_to_the_same_result(
    given, found, tmp_path, monkeypatch, name
):
    """The kill comes before a part; a second run makes that part and the rest alone."""
    made = []

    def stopped(cls, original, kill):
        def run(self, part, *rest, **options):
            if part == name and kill:
                raise KeyboardInterrupt
            made.append(part)
            return original(self, part, *rest, **options)

        return run

    originals = {
        (entry.Stages, "layers"): entry.Stages.layers,
        (entry.Stages, "numbers"): entry.Stages.numbers,
        (entry.Stages, "values"): entry.Stages.values,
        (reading.ModelReader, "captured"): reading.ModelReader.captured,
    }
    for (cls, method), original in originals.items():
        monkeypatch.setattr(cls, method, stopped(cls, original, kill=True))
    with pytest.raises(KeyboardInterrupt):
        audit_model(*given, folder=tmp_path, **FEW)
    for (cls, method), original in originals.items():
        monkeypatch.setattr(cls, method, stopped(cls, original, kill=False))
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*-*.json")}
    again = audit_model(*given, folder=tmp_path, **FEW)
    assert again.to_json() == found.to_json()
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())


def test_other_settings_do_not_read_what_was_kept(given, tmp_path):
    audit_model(*given, folder=tmp_path, **FEW)
    kept = {path.name for path in tmp_path.glob("layers-*.json")}
    audit_model(*given, folder=tmp_path, **{**FEW, "min_effect": 0.1})
    assert {path.name for path in tmp_path.glob("layers-*.json")} > kept


def test_costly_claims_are_judged_on_texts_that_did_not_choose(given, monkeypatch):
    monkeypatch.setattr(entry, "COSTLY", ("no_halfspace", "gone"))  # one_feature takes most time
    frame = given[2]
    with pytest.warns(UserWarning, match="copies of others"):  # some differ in their last sign
        found = audit_model(
            *given,
            **{**FEW, "deep": 1, "groups": None},
            sites=["layers.2.output", "layers.3.output"],
        )
    ((site, one),) = found.deep.items()
    assert list(found.chosen) == [site]
    assert {claim.name for claim in one} == set(entry.COSTLY)
    assert one.provenance["rows"] < len(frame["text"])
    joined = json.loads(found.to_json())["audits"]
    document = next(each for each in joined if each["representation"] == site)
    assert document["provenance"]["joined"][0]["rows"] == one.provenance["rows"]
    assert ModelAudit.from_json(found.to_json()) == found


def test_a_column_that_accounts_for_the_concept_may_be_named_as_a_confound(given):
    model, tokenizer, frame = given
    noise = np.random.default_rng(0).random(len(frame["text"])) < 0.1
    columns = {**frame, "word": np.where(noise, ~frame["negated"], frame["negated"])}
    found = audit_model(
        model, tokenizer, columns, **FEW, confounds=["word"], sites="layers.3.output"
    )
    one = found["layers.3.output"]
    assert one.provenance["confounds"] == ["word"]
    assert "Labels drawn from word alone" in one["readable"].reason


def with_near_copies(organism, n=120):
    """Texts, and each once more in other letters, with a label at random for both."""
    texts = list(dict.fromkeys(organism.statements(4 * n).texts))[:n]
    y = np.random.default_rng(0).permutation(len(texts)) % 2
    copies = [text.upper().rstrip(".") + "!" for text in texts]
    order = np.random.default_rng(1).permutation(2 * len(texts))
    frame = {"text": [*texts, *copies], "y": np.tile(y, 2)}
    return {name: [values[i] for i in order] for name, values in frame.items()}


def test_near_copies_are_one_group_in_every_part_of_the_audit(given):
    frame = with_near_copies(organisms.brief(n_entities=24))
    named = {"text": "text", "concept": "y", "groups": None}
    with pytest.warns(UserWarning, match="copies"):
        rows = reading.TextRows.of(frame, named, None, [])
    keys = [text.lower().rstrip(" .!") for text in frame["text"]]
    together = dict(zip(keys, rows.groups, strict=True))
    assert [together[key] for key in keys] == rows.groups.tolist()
    assert len(set(rows.groups)) > len(keys) // 3
    choose = texts_that_choose(rows.z, rows.groups, 0)
    assert not {*rows.groups[choose]} & {*rows.groups[~choose]}
    states = np.eye(rows.groups.max() + 1)[rows.groups]  # which copy it is, and nothing else
    states = states + np.random.default_rng(2).normal(scale=0.01, size=states.shape)
    found = Standings.of({"x": states, "y": states}, rows, "y", 0)
    apart = Standings.of({"x": states}, dataclasses.replace(rows, groups=None), "y", 0)
    assert found.sites[0].auc < 0.65
    assert apart.sites[0].auc > 0.75  # four of five copies are in the fit


def test_texts_that_are_no_copies_have_no_groups_and_named_groups_stay(given):
    frame = with_near_copies(organisms.brief(n_entities=24))
    named = {"text": "text", "concept": "y", "groups": "own"}
    columns = {**frame, "own": list(range(len(frame["text"])))}
    with pytest.warns(UserWarning, match="other groups"):
        rows = reading.TextRows.of(columns, named, None, [])
    assert rows.groups.tolist() == columns["own"]
    once = {"text": ["a b", "a c", "b d", "b e"], "y": [0, 1, 0, 1]}
    assert reading.TextRows.of(once, {**named, "groups": None}, None, []).groups is None


def test_the_concept_stands_among_lexical_concepts_at_every_site(given, found, tmp_path):
    model, tokenizer, frame = given
    texts, y = frame["text"], frame["negated"]
    states = models.capture(model, tokenizer, texts, "layers.*.output", tokens="mean")
    labels = lexical_concepts(texts, float(y.mean())), control_labels(texts, seed=0)
    direct = census(dict(states), y, *labels, groups=frame["entity"], random_state=0)
    assert found.to_frame("census")["site"].tolist() == list(found) == list(states)
    for one in found.standings.sites:
        expected = direct[one.site]
        assert one.auc == pytest.approx(expected.auc, abs=1e-6)
        assert one.selectivity == pytest.approx(expected.selectivity, abs=1e-6)
        assert (one.n_below, one.n_lexical) == (expected.n_below, expected.n_lexical)
    assert found.standings.sentences[0] in str(found)
    found.to_html(tmp_path / "found.html")
    page = (tmp_path / "found.html").read_text("utf-8")
    assert 'id="layers-census"' in page
    assert "log-probabilities" in page
    assert "untrained networks: highest of 1" in page


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"concept": "negatd"}, "negatd"),
        ({"text": "texts"}, "texts"),
        ({"groups": "entitys"}, "entitys"),
        ({"confounds": ["a", "b"]}, "'b'"),
        ({"tokens": "all"}, "one row of each text"),
        ({"untrained": -1}, "untrained"),
        ({"deep": 1.5}, "deep"),
    ],
)
def test_bad_input_is_refused(given, options, words):
    with pytest.raises(InputError, match=words):
        audit_model(*given, **{**FEW, **options})


def test_a_real_encoder_without_a_head_says_that_plausibility_was_not_compared():
    model, tokenizer = models.load(pretrained_encoder.folder())
    frame = texts_of(organisms.brief(n_entities=24))
    found = audit_model(model, tokenizer, frame, **FEW, sites="layers.5.output")
    assert found.beyond == {}
    assert "head" in found.beyond_reason


@pytest.mark.long
def test_a_real_language_model_tells_negation_by_its_words():
    model, tokenizer = language_model.smollm2()
    organism = organisms.brief(n_entities=24)
    found = audit_model(
        model, tokenizer, texts_of(organism), **FEW, sites=["layers.0.output", "layers.20.output"]
    )
    assert [str(found[site]["readable"].comes_from) for site in found] == ["inputs", "inputs"]
    assert set(found.beyond) == set(found)
