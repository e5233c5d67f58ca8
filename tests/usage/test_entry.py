"""Whether a model uses a concept: one that it must use, one that means nothing, and bad input."""

import warnings

import numpy as np
import pytest
import torch
from support import tiny_models as tiny

import nullprobe
from nullprobe import (
    AffineEraser,
    Holds,
    InputError,
    Layers,
    Moments,
    Takes,
    audit,
    audit_use,
    leace,
    mean_projection,
)
from nullprobe.auditing.document import claim_document
from nullprobe.data.concept import concept
from nullprobe.data.splits import split
from nullprobe.models import Spans, capture
from nullprobe.usage import entry

MANY, N = 200, 60
RNG = np.random.default_rng(0)
ALL_Y = RNG.permutation(np.arange(MANY) % 2)
STARTS = tiny.texts(MANY, shortest=2, longest=5)
ALL = [f"{start} w{y}" for start, y in zip(STARTS, ALL_Y, strict=True)]  # the last word tells
TEXTS, Y = ALL[:N], ALL_Y[:N]
NEUTRAL = tiny.texts(5, seed=1)
SITES = ["layers.0.output", "final_norm"]
FEW = {"n_draws": 39, "batch_size": 64}


def model_and_tokenizer():
    return tiny.model_of("gpt2"), tiny.word_tokenizer()


def by_class(texts=TEXTS, y=Y):
    """Return a metric: how far the logits lie on the side of their class, which only y tells."""
    model, tokenizer = model_and_tokenizer()
    states = capture(model, tokenizer, texts, "final_norm")["final_norm"]
    logits = torch.from_numpy(states) @ model.lm_head.weight.detach().T
    apart = logits[y == 1].mean(0) - logits[y == 0].mean(0)
    apart /= (logits @ apart).std()
    sign = torch.from_numpy(2.0 * y - 1.0).float()
    return lambda logits, which: (logits @ apart) * sign[which]


@pytest.fixture(scope="module")
def found():
    options = {**FEW, "metric": by_class(ALL, ALL_Y), "unit": "side", "neutral": NEUTRAL}
    return audit_use(*model_and_tokenizer(), ALL, ALL_Y, SITES, **options)


@pytest.mark.slow
def test_what_the_last_states_are_read_for_is_used(found):
    claim = found["final_norm"]["used"]
    assert (claim.holds, claim.takes) == (Holds.YES, Takes.UNDECIDED)
    assert claim.explanations[0].is_rejected
    assert claim.unit == "side"
    assert claim.observed < claim.interval[1] < 0
    assert claim.observed < claim.nulls[0].values.min()
    assert claim.p_value == pytest.approx(1 / 40)
    assert len(claim.nulls[0].values) == 39


def test_erasing_is_what_an_eraser_of_the_other_half_does():
    """By hand, at the last site, where logits are linear in what is erased."""
    model, tokenizer = model_and_tokenizer()
    texts, y, groups = TEXTS * 2, np.tile(Y, 2), np.tile(np.arange(N), 2)
    metric = by_class(texts, y)
    claim = audit_use(
        model, tokenizer, texts, y, "final_norm", metric=metric, groups=groups, **FEW
    )["final_norm"]["used"]
    states = capture(model, tokenizer, texts, "final_norm")["final_norm"]
    rng = np.random.default_rng([0, 0])
    halves = split(concept(y), groups=groups, n_parts=2, rng=rng)
    fitted, asked = halves.rows(0), halves.rows(1)
    assert not set(groups[fitted]) & set(groups[asked])
    eraser = leace(Moments.of(states[fitted], y[fitted]))
    head = model.lm_head.weight.detach().double().T

    def mean(X):
        return metric((torch.from_numpy(X).double() @ head).float(), asked).mean().item()

    before, after = mean(states[asked]), mean(eraser.apply(states[asked]))
    assert claim.details["before_erasing"] == pytest.approx(before, abs=1e-4)
    assert claim.observed == pytest.approx(after - before, abs=1e-4)


@pytest.mark.parametrize("fit", [leace, mean_projection])
def test_random_subspaces_are_as_large_and_of_the_same_kind_as_what_is_erased(fit, monkeypatch):
    """Same rank and mean squared distance of the rows fitted to; orthogonal or not, as it is."""
    run = []

    def watched(texts, answers, edits, **options):
        run.append(edits)
        return np.zeros((len(edits), len(texts)))

    monkeypatch.setattr(entry, "log_probabilities", watched)
    model, tokenizer = model_and_tokenizer()
    three = np.arange(N) % 3
    options = {"answers": ["w1"] * N, "fit": fit, **FEW}
    audit_use(model, tokenizer, TEXTS, three, "final_norm", **options)
    (edits,) = run
    assert edits[0] == {}
    eraser, *drawn = (edit["final_norm"] for edit in edits[1:])
    halves = split(concept(three), groups=None, n_parts=2, rng=np.random.default_rng([0, 0]))
    X = capture(model, tokenizer, TEXTS, "final_norm")["final_norm"][halves.rows(0)].astype(float)
    np.testing.assert_allclose(X.mean(axis=0), eraser.mean, atol=1e-5)
    moved = [np.square(X - one.apply(X)).sum() / len(X) for one in (eraser, *drawn)]
    np.testing.assert_allclose(moved, moved[0], rtol=1e-4)
    assert moved[0] > 0.01
    assert {one.rank for one in drawn} == {eraser.rank} == {2}
    kinds = {bool(np.allclose(one.matrix, one.matrix.T, atol=1e-6)) for one in (eraser, *drawn)}
    assert kinds == {fit is mean_projection}
    assert all(np.allclose(one.matrix @ one.matrix, one.matrix, atol=1e-5) for one in drawn)


@pytest.mark.slow
def test_labels_that_mean_nothing_are_not_said_to_be_used_too_often():
    """Of 24 labellings at random, p ≤ .1 in 2.4; nine or more is less than one chance in 1,000.

    Compared with orthogonal projections, LEACE has it in two fifths of them.
    """
    metric, rng, ps = by_class(), np.random.default_rng(3), []
    for i in range(24):
        y = rng.permutation(Y)
        options = {**FEW, "metric": metric, "random_state": i}
        claims = audit_use(*model_and_tokenizer(), TEXTS, y, "final_norm", **options)
        ps.append(claims["final_norm"]["used"].p_value)
    assert (np.array(ps) <= 0.1).sum() < 9
    assert (np.array(ps) <= 0.5).sum() > 4  # nor are p-values all large


@pytest.mark.slow
def test_several_sites_are_judged_together(found):
    """An adjusted p-value is never less than the raw one; the first draws are the same."""
    options = {**FEW, "metric": by_class(ALL, ALL_Y), "unit": "side"}
    alone = audit_use(*model_and_tokenizer(), ALL, ALL_Y, SITES[0], **options)[SITES[0]]["used"]
    assert found[SITES[0]]["used"].observed == pytest.approx(alone.observed, abs=1e-6)
    np.testing.assert_allclose(
        found[SITES[0]]["used"].nulls[0].values, alone.nulls[0].values, atol=1e-6
    )
    assert alone.adjusted_p is None
    for site in SITES:
        claim = found[site]["used"]
        assert claim.adjusted_p >= claim.p_value == claim.nulls[0].p_value(claim.observed)


@pytest.mark.slow
def test_collateral_damage_stands_beside_it(found):
    details = found["final_norm"]["used"].details
    assert details["divergence"] > 0
    assert details["random_divergence"] > 0
    plain = audit_use(*model_and_tokenizer(), TEXTS, Y, "final_norm", metric=by_class(), **FEW)
    assert "divergence" not in plain["final_norm"]["used"].details


def test_the_result_prints_saves_and_renders_as_an_audit_does(found, tmp_path):
    assert list(found.audits) == SITES
    one = found["final_norm"]
    assert (one.representation, one.rows, one.concept) == ("final_norm", "texts", "labels")
    assert (one.provenance["rows"], one.provenance["features"]) == (MANY, 16)
    assert one.provenance["representations"] == SITES
    assert one.portrait is one.scores is None
    assert "Used" in str(one)
    assert Layers.from_json(found.to_json()) == found
    found.to_html(tmp_path / "use.html")
    page = (tmp_path / "use.html").read_text("utf-8")
    assert one["used"].statement in page
    assert found.to_frame()["claim"].tolist() == ["used", "used"]


ENDS = [f"{start} w{i % 2}" for i, start in enumerate(STARTS[:N])]


@pytest.fixture(scope="module")
def with_one_impossible():
    """Embeddings of the last token are two points: whatever is removed there is all that varies."""
    sites = ["embeddings", *SITES]
    options = {**FEW, "answers": ["w1"] * N}
    model = tiny.model_of("llama")  # without positions in its embeddings
    return audit_use(model, tiny.word_tokenizer(), ENDS, np.arange(N) % 2, sites, **options)


@pytest.mark.slow
def test_a_site_that_cannot_be_judged_stops_no_other(with_one_impossible, tmp_path):
    found = with_one_impossible
    assert list(found) == ["embeddings", *SITES]
    assert found["embeddings"].claims == ()
    assert list(found["embeddings"].left_out) == ["used"]
    assert "directions of these rows" in found["embeddings"].left_out["used"]
    for site in SITES:
        assert found[site].left_out == {}
        assert found[site]["used"].adjusted_p is not None
    assert found["embeddings"].left_out["used"] in str(found).replace("\n", " ")
    assert Layers.from_json(found.to_json()) == found
    found.to_html(tmp_path / "use.html")
    assert "Left out of this audit" in (tmp_path / "use.html").read_text("utf-8")
    assert found.to_frame()["representation"].tolist() == SITES


@pytest.mark.slow
def test_sites_that_can_be_judged_are_judged_as_without_the_other(with_one_impossible):
    alone = audit_use(
        tiny.model_of("llama"), tiny.word_tokenizer(), ENDS, np.arange(N) % 2, SITES,
        answers=["w1"] * N, **FEW,
    )  # fmt: skip
    for site in SITES:
        one, other = with_one_impossible[site]["used"], alone[site]["used"]
        assert one.observed == pytest.approx(other.observed, abs=1e-6)


@pytest.mark.slow
def test_a_site_that_cannot_be_judged_joins_what_is_read_there(with_one_impossible):
    states = capture(tiny.model_of("llama"), tiny.word_tokenizer(), ENDS, ["embeddings", *SITES])
    y, options = np.arange(N) % 2, {"draws": 39, "n_splits": 1}
    joined = audit(dict(states), y, claims=["readable"], **options) | with_one_impossible
    assert [claim.name for claim in joined["embeddings"].claims] == ["readable"]
    assert list(joined["embeddings"].left_out) == ["used"]


def test_an_eraser_that_cannot_be_fitted_leaves_its_site_out():
    def fit(moments):
        if np.allclose(moments.mean, moments.mean[0]):
            raise InputError("one of its own")
        return leace(moments)

    model = tiny.make("llama")
    with torch.no_grad():
        model.model.layers[0].input_layernorm.weight.zero_()
    options = {"answers": ["w1"] * N, "fit": fit, **FEW}
    sites = ["layers.0.attention_input", "layers.1.output"]
    found = audit_use(model, tiny.word_tokenizer(), TEXTS, Y, sites, **options)
    assert "one of its own" in found[sites[0]].left_out["used"]
    assert [claim.name for claim in found[sites[1]].claims] == ["used"]


def test_if_no_site_can_be_judged_nothing_is():
    with pytest.raises(InputError, match="directions of these rows"):
        audit_use(
            tiny.model_of("llama"), tiny.word_tokenizer(), ENDS, np.arange(N) % 2, "embeddings",
            answers=["w1"] * N, **FEW,
        )  # fmt: skip


@pytest.mark.slow
def test_what_is_read_and_what_is_used_join_in_one_result(found):
    states = capture(*model_and_tokenizer(), ALL, SITES)
    read = audit(dict(states), ALL_Y, claims=["readable"], draws=39, n_splits=1)
    joined = read | found
    for site in SITES:
        assert [claim.name for claim in joined[site].claims] == ["readable", "used"]
        assert joined[site]["used"] is found[site]["used"]
        assert joined[site].provenance["joined"][0]["random_subspaces"] == 39
    assert Layers.from_json(joined.to_json()) == joined


def test_answers_are_observed_by_their_log_probability():
    model, tokenizer = model_and_tokenizer()
    answers = [tiny.WORDS[y] for y in Y]
    claim = audit_use(model, tokenizer, TEXTS, Y, "final_norm", answers=answers, **FEW)[
        "final_norm"
    ]["used"]
    assert claim.unit == "change of the answer's log-probability (nats)"
    alone = []
    halves = split(concept(Y), groups=None, n_parts=2, rng=np.random.default_rng([0, 0]))
    for i in halves.rows(1):
        words, answer = TEXTS[i], answers[i]
        with torch.no_grad():
            said = model(input_ids=tiny.ids_of(tokenizer, words)).logits[0, -1].log_softmax(-1)
        alone.append(said[tokenizer(answer)["input_ids"][0]].item())
    assert claim.details["before_erasing"] == pytest.approx(np.mean(alone), abs=1e-4)


@pytest.mark.slow
def test_same_seed_gives_the_same_verdict_and_another_another():
    options = {**FEW, "metric": by_class()}
    first, again, other = (
        audit_use(*model_and_tokenizer(), TEXTS, Y, "final_norm", random_state=s, **options)
        for s in (*map(np.random.default_rng, (1, 1)), 2)
    )
    one, same, another = (found["final_norm"]["used"] for found in (first, again, other))
    assert (one.observed, one.interval, one.p_value) == (same.observed, same.interval, same.p_value)
    np.testing.assert_array_equal(one.nulls[0].values, same.nulls[0].values)
    assert one.observed != another.observed


def test_an_eraser_that_does_nothing_changes_nothing():
    def idle(moments):
        return AffineEraser(moments.mean, np.zeros((16, 0)), np.zeros((0, 16)))

    claims = audit_use(
        *model_and_tokenizer(), TEXTS, Y, "final_norm", metric=by_class(), fit=idle, **FEW
    )
    claim = claims["final_norm"]["used"]
    assert (claim.observed, claim.p_value) == (0.0, 1.0)
    assert (claim.holds, claim.takes) == (Holds.NO, Takes.CHANCE)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"metric": None}, "answers or a metric .* neither"),
        ({"answers": ["w1"] * N}, "answers or a metric .* both"),
        ({"metric": "accuracy"}, "metric must be a function .* 'accuracy' arrived"),
        ({"metric": None, "answers": ["w1"] * (N + 1)}, "60 texts .* 61 arrived"),
        ({"n_draws": 38}, "n_draws .* at least 39"),
        ({"alpha": 0.01}, "n_draws .* at least 199"),
        ({"sites": "layers.5.output"}, "layers.5.output"),
        ({"y": Y[:-1]}, "60"),
        ({"y": np.zeros(N, int)}, "class"),
        ({"groups": np.zeros(N, int)}, "groups"),
    ],
)
def test_what_cannot_be_audited_is_refused(change, message):
    given = {"y": Y, "sites": "final_norm", "metric": by_class(), **FEW, **change}
    y, sites = given.pop("y"), given.pop("sites")
    with pytest.raises(InputError, match=message):
        audit_use(*model_and_tokenizer(), TEXTS, y, sites, **given)


@pytest.mark.parametrize("where", [0, 1])
def test_a_text_that_does_not_fit_is_refused_in_either_half(where):
    halves = split(concept(Y), groups=None, n_parts=2, rng=np.random.default_rng([0, 0]))
    texts = list(TEXTS)
    texts[halves.rows(where)[0]] = " ".join(["w1"] * 30)
    with pytest.raises(InputError, match="must fit into the context of the model, 24 tokens"):
        audit_use(*model_and_tokenizer(), texts, Y, "final_norm", metric=by_class(), **FEW)


def test_arrays_need_no_torch_and_models_are_there_when_asked_for():
    assert nullprobe.models.capture is capture
    assert callable(nullprobe.audit_use)
    with pytest.raises(AttributeError, match="no attribute 'model'"):
        _ = nullprobe.model


@pytest.mark.slow
def test_spans_are_those_of_the_texts_that_an_eraser_is_fitted_to():
    ends = [len(text) for text in TEXTS]
    spans = Spans([end - 2 for end in ends], ends)  # the last word, w0 or w1
    options = {**FEW, "metric": by_class()}
    one, other = (
        audit_use(*model_and_tokenizer(), TEXTS, Y, SITES[0], tokens=tokens, **options)
        for tokens in ("last", spans)
    )
    both = [found[SITES[0]]["used"] for found in (one, other)]
    assert claim_document(both[1]) == claim_document(both[0])
    short = Spans(spans.start[1:], spans.end[1:])
    with pytest.raises(InputError, match=f"each of {N} texts"):
        audit_use(*model_and_tokenizer(), TEXTS, Y, SITES[0], tokens=short, **options)


@pytest.mark.parametrize(("groups", "few"), [(8, True), (10, False)])
def test_too_few_groups_for_an_interval_are_named_before_the_model_runs(groups, few):
    model, tokenizer = model_and_tokenizer()
    of_text = np.arange(len(TEXTS)) // 2 % groups
    metric = by_class(TEXTS, Y)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        claim = audit_use(
            model, tokenizer, TEXTS, Y, "final_norm", metric=metric, groups=of_text, **FEW
        )["final_norm"]["used"]
    told = [str(one.message) for one in caught if "interval needs 5" in str(one.message)]
    assert bool(told) is few
    assert (claim.interval is None) is few
