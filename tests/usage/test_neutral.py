"""What erasing changes on neutral texts: its interval, its default texts, and its page."""

import numpy as np
import pytest
from support import tiny_models as tiny

from nullprobe import InputError, Layers, audit_use, leace
from nullprobe.claims import Thresholds
from nullprobe.data.concept import concept
from nullprobe.data.splits import split
from nullprobe.models import capture
from nullprobe.models.behaviour import Texts, divergences
from nullprobe.moments import Moments
from nullprobe.usage.neutral import DEFAULT_TEXTS, divergence_of, neutral_texts

N, SITE = 60, "final_norm"
Y = np.random.default_rng(0).permutation(np.arange(N) % 2)
TEXTS = [f"{start} w{y}" for start, y in zip(tiny.texts(N, longest=5), Y, strict=True)]
NEUTRAL = tiny.texts(15, seed=1)


@pytest.fixture(scope="module")
def found():
    model, tokenizer = tiny.model_of("gpt2"), tiny.word_tokenizer()
    return audit_use(
        model, tokenizer, TEXTS, Y, SITE, answers=["w1"] * N, neutral=NEUTRAL, n_draws=39
    )


def test_what_is_shown_is_the_divergence_of_the_fitted_eraser_over_texts(found):
    model, tokenizer = tiny.model_of("gpt2"), tiny.word_tokenizer()
    rows = split(concept(Y), groups=None, n_parts=2, rng=np.random.default_rng([0, 0])).rows(0)
    X = capture(model, tokenizer, [TEXTS[i] for i in rows], SITE)[SITE]
    eraser = leace(Moments.of(X, Y[rows]))
    each = divergences(Texts(model, tokenizer, NEUTRAL), [{SITE: eraser}])[0]
    claim = found[SITE]["used"]
    shown = claim.shown["neutral"]
    assert shown["texts"] == len(NEUTRAL)
    assert shown["value"] == pytest.approx(each.mean(), abs=1e-6)
    assert shown["value"] == claim.details["divergence"]
    assert shown["random"]["mean"] == claim.details["random_divergence"]
    assert shown["excess"]["value"] == pytest.approx(shown["value"] - shown["random"]["mean"])
    low, high = shown["interval"]
    error = each.std(ddof=1) / np.sqrt(len(each))
    assert low < shown["value"] < high
    assert 2.5 * error < high - low < 5 * error


def test_it_is_on_the_page_and_in_the_document(found, tmp_path):
    read = Layers.from_json(found.to_json())
    assert read == found
    assert read[SITE]["used"].shown["neutral"]["texts"] == len(NEUTRAL)
    found.to_html(tmp_path / "use.html")
    assert "15 neutral texts" in (tmp_path / "use.html").read_text("utf-8")


def test_an_interval_of_equal_texts_covers_the_mean_in_nineteen_of_twenty_samples():
    """200 samples of 30 texts each; 178 to 198 cover in 99.9 % of cases if coverage is .945."""
    rng, covered = np.random.default_rng(1), 0
    for i in range(200):
        moved = np.stack([rng.gamma(4.0, 0.25, size=30), *rng.gamma(4.0, 0.05, size=(39, 30))])
        low, high = Thresholds().interval(divergence_of(moved, i).change)
        covered += low <= 1.0 <= high
    assert 172 <= covered <= 198


def test_few_texts_have_no_interval():
    moved = np.random.default_rng(0).gamma(1.0, size=(40, 9))
    one = divergence_of(moved, 0)
    assert Thresholds().interval(one.change) is None
    assert one.change.value == pytest.approx(moved[0].mean())


def test_default_texts_differ_and_other_words_are_refused():
    assert list(neutral_texts("default")) == list(DEFAULT_TEXTS)
    assert len(set(DEFAULT_TEXTS)) == len(DEFAULT_TEXTS) >= 10
    with pytest.raises(InputError, match="'default'"):
        neutral_texts("other")
