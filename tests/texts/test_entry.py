"""Audits of a model: what is read at each layer, beyond what, and what is kept after a kill."""

import itertools
import json

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from support import language_model, organisms, pretrained_encoder

from nullprobe import InputError, ModelAudit, audit, audit_model, load_result, models
from nullprobe.texts import entry, reading

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
    expected = {"words", "mean embedding", reading.RANDOM_LAYERS, "untrained network 1"}
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


@pytest.mark.parametrize("name", ["layers", "beyond", "untrained-0", "log-probabilities"])
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


def test_costly_claims_are_judged_on_texts_that_did_not_choose(given):
    frame = given[2]
    found = audit_model(*given, **{**FEW, "deep": 1, "groups": None})
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


def test_a_real_language_model_tells_negation_by_its_words():
    model, tokenizer = language_model.smollm2()
    organism = organisms.brief(n_entities=24)
    found = audit_model(
        model, tokenizer, texts_of(organism), **FEW, sites=["layers.0.output", "layers.20.output"]
    )
    assert [str(found[site]["readable"].comes_from) for site in found] == ["inputs", "inputs"]
    assert set(found.beyond) == set(found)
