"""Interchange, adding and erasing side by side, on a model whose last state decides its answer."""

import numpy as np
import pytest
import torch
from support import tiny_models as tiny

from nullprobe import AffineEraser, Holds, InputError, Layers, audit_use
from nullprobe.auditing.document import claim_document
from nullprobe.data.concept import concept
from nullprobe.data.splits import split
from nullprobe.models import Spans, capture
from nullprobe.models.behaviour import Texts
from nullprobe.models.contrasts import contrasts
from nullprobe.usage.interchange import DOSES, effects_of, exchange
from nullprobe.usage.outcomes import Answers
from nullprobe.usage.pairs import directed_pairs
from nullprobe.usage.subspaces import Subspaces, class_means, overlap

N = 120
Y = np.random.default_rng(0).permutation(np.arange(N) % 2)
TEXTS = [f"{start} w{y}" for start, y in zip(tiny.texts(N, longest=5), Y, strict=True)]
SITES = ["layers.0.output", "final_norm"]
FEW = {"n_draws": 39, "batch_size": 64, "pairs": "match"}


def model_and_tokenizer():
    return tiny.model_of("gpt2"), tiny.word_tokenizer()


def answers():
    """Return for each text the word whose logit its class raises most in the last state."""
    model, tokenizer = model_and_tokenizer()
    states = capture(model, tokenizer, TEXTS, "final_norm")["final_norm"]
    logits = torch.from_numpy(states) @ model.lm_head.weight.detach().T
    apart = (logits[Y == 1].mean(0) - logits[Y == 0].mean(0))[4 : 4 + len(tiny.WORDS)]
    words = [tiny.WORDS[int(apart.argmin())], tiny.WORDS[int(apart.argmax())]]
    return [words[y] for y in Y]


ANSWERS = answers()


@pytest.fixture(scope="module")
def found():
    others = {"first word": [text.split()[0] < "w2" for text in TEXTS]}
    return audit_use(
        *model_and_tokenizer(), TEXTS, Y, SITES, answers=ANSWERS, concepts=others, **FEW
    )


def ready(sites=SITES, tokens="last", batch_size=32, rows=None):
    rows = np.arange(N) if rows is None else rows
    pairs = directed_pairs(TEXTS, concept(Y), ANSWERS, rows, None, None)
    model, tokenizer = model_and_tokenizer()
    outcome = Answers.of(ANSWERS, pairs)
    return exchange(
        model, tokenizer, TEXTS, outcome, pairs, sites, tokens=tokens, batch_size=batch_size
    )


def subspaces(states, reading, writing):
    d = states.shape[1]
    maps = AffineEraser(np.zeros(d), reading, writing)
    means = class_means(states, concept(Y))
    return Subspaces(maps, [maps], [maps], {}, means, means[None], {})


def effects(one, site, reading, writing, **more):
    states = capture(*model_and_tokenizer(), TEXTS, site)[site]
    chosen = {site: subspaces(states, reading, writing)}
    return effects_of(one, concept(Y), chosen, **more)[site]


def test_the_whole_state_at_the_last_site_answers_as_the_partner_does():
    one = ready(["final_norm"])
    axes = np.eye(16)
    got = effects(one, "final_norm", axes, axes)
    model, tokenizer = model_and_tokenizer()
    partners = Texts(model, tokenizer, [TEXTS[i] for i in one.pairs.second])
    expected = contrasts(partners, one.outcome.toward, one.outcome.away, [{}])[0] - got.before
    np.testing.assert_allclose(got.whole, expected, rtol=0, atol=1e-5)
    # Every direction is the whole state, and a sum of parts is it, too.
    np.testing.assert_allclose(got.interchange, got.whole, rtol=0, atol=1e-4)


@pytest.mark.parametrize("site", SITES)
def test_without_a_subspace_nothing_changes_to_the_bit(site):
    got = effects(ready([site]), site, np.zeros((16, 1)), np.zeros((1, 16)))
    assert (got.interchange == 0).all()
    assert (got.same_label[np.isfinite(got.same_label)] == 0).all()
    assert (got.permuted == 0).all()


@pytest.mark.slow
def test_the_batch_size_changes_no_effect():
    Q = np.linalg.qr(np.random.default_rng(0).normal(size=(16, 3)))[0]
    small, large = (
        effects(ready([SITES[0]], batch_size=size), SITES[0], Q, Q.T) for size in (1, 64)
    )
    np.testing.assert_allclose(small.interchange, large.interchange, rtol=0, atol=1e-5)
    np.testing.assert_allclose(small.doses, large.doses, rtol=0, atol=1e-5)


def test_adding_moves_by_the_difference_of_class_means_times_the_dose():
    """By hand, at the last site, where contrasts are linear in the state."""
    one = ready(["final_norm"])
    got = effects(one, "final_norm", np.eye(16), np.eye(16))
    model, tokenizer = model_and_tokenizer()
    states = capture(model, tokenizer, TEXTS, "final_norm")["final_norm"]
    means = np.stack([states[Y == y].mean(axis=0) for y in (0, 1)])
    steps = means[Y[one.pairs.second]] - means[Y[one.pairs.first]]
    head = model.lm_head.weight.detach().numpy()
    up, down = (
        head[tokenizer.convert_tokens_to_ids(list(each))]
        for each in (one.outcome.toward, one.outcome.away)
    )
    slope = (steps * (up - down)).sum(axis=1)
    for dose, effect in zip(DOSES, got.doses, strict=True):
        np.testing.assert_allclose(effect, dose * slope, rtol=0, atol=1e-4)


def test_at_the_output_of_the_last_layer_the_direct_path_is_all_there_is():
    site, Q = "layers.1.output", np.linalg.qr(np.random.default_rng(0).normal(size=(16, 3)))[0]
    got = effects(ready([site]), site, Q, Q.T, last={site: site})
    np.testing.assert_allclose(got.direct, got.interchange, rtol=0, atol=1e-5)


def test_a_subspace_that_reads_what_no_later_matrix_reads_fails_the_dormant_check():
    """It reads a feature that the head ignores, and writes one that it does not ignore."""
    site, (ignored, live) = "layers.1.output", np.eye(16)[[3, 5]][:, :, None]
    got = effects(
        ready([site]), site, ignored, live.T, readers={site: np.delete(np.eye(16), 3, axis=1)}
    )
    assert np.abs(got.interchange).max() > 1e-2
    np.testing.assert_allclose(got.read, 0, atol=1e-6)


@pytest.mark.slow
def test_what_decides_the_answer_is_used_by_every_method(found):
    claim = found["final_norm"]["used"]
    use = claim.shown["use"]
    assert claim.holds is Holds.YES
    assert use["verdict_from"] == "interchange"
    assert {one["name"]: one["holds"] for one in use["methods"]} == dict.fromkeys(
        ("erasing", "interchange", "adding"), "yes"
    )
    interchange = use["methods"][1]
    assert claim.observed == interchange["effect"]
    assert 0.8 < interchange["share_of_whole"] < 1.2
    assert abs(interchange["same_label"]["value"]) < 0.2 * interchange["effect"]
    assert interchange["others"][0]["name"] == "first word"
    assert interchange["others"][0]["value"] < interchange["effect"]
    assert [one["dose"] for one in use["methods"][2]["doses"]] == list(DOSES)


@pytest.mark.slow
def test_p_values_are_adjusted_for_the_sites_judged_together(found):
    for site in SITES:
        for method in found[site]["used"].shown["use"]["methods"]:
            for null in method["nulls"]:
                assert null["adjusted_p"] >= null["p_value"]


@pytest.mark.slow
def test_the_result_saves_prints_and_renders_all_methods(found, tmp_path):
    assert Layers.from_json(found.to_json()) == found
    found.to_html(tmp_path / "use.html")
    page = (tmp_path / "use.html").read_text("utf-8")
    for words in (
        "What each method changes", "Each method against its nulls", "by dose",
        "What an interchange moves", "directed pairs, matched by their words",
    ):  # fmt: skip
        assert words in page
    assert found["final_norm"]["used"].statement in page
    assert "final_norm" in str(found)


@pytest.mark.slow
def test_same_seed_gives_the_same_document_and_spans_of_last_words_are_last_tokens():
    ends = [len(text) for text in TEXTS]
    spans = Spans([end - 2 for end in ends], ends)
    one, same = (
        audit_use(
            *model_and_tokenizer(), TEXTS, Y, SITES[0], answers=ANSWERS, tokens=tokens, **FEW
        )[SITES[0]]["used"]
        for tokens in ("last", spans)
    )
    assert claim_document(one) == claim_document(same)


@pytest.mark.slow
def test_pairs_that_are_passed_stay_in_one_half():
    order = np.argsort(Y, kind="stable")
    pairs = np.stack([order[: N // 2], order[N // 2 :]], axis=1)
    options = {**FEW, "pairs": pairs}
    claim = audit_use(*model_and_tokenizer(), TEXTS, Y, "final_norm", answers=ANSWERS, **options)[
        "final_norm"
    ]["used"]
    shown = claim.shown["use"]["pairs"]
    assert not shown["matched"]
    passed = {tuple(sorted(pair)) for pair in pairs.tolist()}
    used = zip(shown["first"], shown["second"], strict=True)
    assert {tuple(sorted((int(a), int(b)))) for a, b in used} <= passed
    # Of 60 pairs, half are scored.
    assert len(shown["first"]) == pytest.approx(N // 2, abs=4)
    assert claim.holds is Holds.YES


@pytest.mark.slow
def test_without_pairs_the_claim_is_that_of_erasing_alone():
    options = {**FEW, "pairs": None, "answers": ANSWERS}
    claim = audit_use(*model_and_tokenizer(), TEXTS, Y, "final_norm", **options)["final_norm"][
        "used"
    ]
    assert "use" not in claim.shown
    assert [null.rung for null in claim.nulls] == ["random_subspaces"]


def test_an_overlap_is_a_squared_correlation_of_what_two_maps_read():
    X = np.random.default_rng(0).normal(size=(500, 4)) * [3.0, 2.0, 1.0, 0.5]
    X -= X.mean(axis=0)
    first, second = (np.random.default_rng(s).normal(size=(4, 1)) for s in (1, 2))
    maps = [AffineEraser(np.zeros(4), R, R.T) for R in (first, second, 5 * first)]
    shares = overlap(X, maps[0], maps)
    expected = np.corrcoef((X @ first)[:, 0], (X @ second)[:, 0])[0, 1] ** 2
    np.testing.assert_allclose(shares, [1, expected, 1], atol=1e-9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"answers": None, "metric": lambda logits, _: 0 * logits[:, 0]},
            "at least 6 pairs",
        ),
        ({"tokens": "mean"}, "tokens of the text itself"),
        ({"tokens": "all"}, "as many tokens in both texts"),
        ({"pairs": [[0, 1], [1, 2]]}, "one pair only"),
        ({"answers": ["w1"] * N}, "at least 6 pairs"),
        ({"concepts": {"another": [0, 1]}}, "another"),
    ],
)
def test_what_cannot_be_interchanged_is_refused(change, message):
    given = {"answers": ANSWERS, "y": Y, **FEW, **change}
    y = given.pop("y")
    with pytest.raises(InputError, match=message):
        audit_use(*model_and_tokenizer(), TEXTS, y, "final_norm", **given)


def test_halves_without_pairs_are_those_of_an_audit_without_interchange():
    halves = split(concept(Y), groups=None, n_parts=2, rng=np.random.default_rng([0, 0]))
    one = ready(rows=halves.rows(1))
    assert set(one.pairs.first) <= set(halves.rows(1))
