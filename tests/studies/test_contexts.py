"""The study of contexts: exact observers carry values over as the corpus does; small runs."""

from dataclasses import replace

import numpy as np
import pytest

from nullprobe.corpora.contexts import GOOD
from nullprobe.studies import contexts as room
from nullprobe.studies.running import run
from nullprobe.studies.strangers import LAST_SHOWN, Strangers


@pytest.mark.parametrize("rho", [0.0, 0.5, 1.0])
def test_the_exact_predictor_carries_values_over_as_far_as_they_agree(rho):
    corpus = room.corpus_of(rho, 0)
    texts = Strangers(corpus, 2000, 0)
    observers = corpus.observers(texts.ids)
    full, no_link = (texts.difference(observers[one].log_p) for one in ("full", "no_link"))
    within = texts.difference(observers["full"].log_p, LAST_SHOWN)
    assert full == pytest.approx(0.9 * rho, abs=0.05)  # a tenth of the acts is noise
    assert abs(no_link) < 1e-9
    assert within > 0.75


def test_only_texts_about_strangers_are_read_and_none_is_a_list():
    corpus = room.corpus_of(0.5, 1, lists=0.3)
    texts = Strangers(corpus, 500, 0)
    assert 100 < len(texts.ids) < 250
    assert {corpus.words[i] for i in texts.ids[:, 1]} == {"stranger"}


def test_probes_are_scored_on_texts_that_they_were_not_fitted_to():
    texts = Strangers(room.corpus_of(1.0, 0), 2000, 0)
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(len(texts.ids), 80))
    within, across = texts.read(noise, texts.probes(noise))
    assert abs(within - 0.5) < 0.1
    assert abs(across - 0.5) < 0.1
    value = texts.value[:, None] + 0.01 * rng.normal(size=(len(texts.ids), 1))
    assert texts.read(value, texts.probes(value)) == (1.0, 1.0)


def test_good_and_bad_exchanged_in_a_domain_turn_its_probes_round():
    # So what probes read in other domains is .5 on average, if no domain is told from another.
    texts = Strangers(room.corpus_of(0.0, 0), 2000, 0)
    X = np.random.default_rng(0).normal(size=(len(texts.ids), 5)) + texts.value[:, None]
    before = texts.aucs(X, texts.probes(X))
    within, across = texts.read(X, texts.probes(X))
    same = np.eye(4, dtype=bool)
    assert (within, across) == (before[same].mean(), before[~same].mean())
    texts.value = np.where(texts.first == 2, 1 - texts.value, texts.value)
    after = texts.aucs(X, texts.probes(X))
    turned = (np.arange(4) == 2) ^ (np.arange(4) == 2)[:, None]
    np.testing.assert_allclose(after, np.where(turned, 1 - before, before))


@pytest.mark.parametrize("old", [0.0, 0.05])
def test_a_loss_of_behaviour_is_judged_apart_for_each_share_of_old_texts(old):
    rules = [rule for rule in room.JUMP_RULES if rule.of == "behaviour"]
    left = {0.0: [0.3, 0.31, 0.32], 0.05: [1.0, 1.0, 1.0]}

    def measure(cell, seed, budget):
        names = {rule.of for rule in room.JUMP_RULES} | {"untrained: refitted probe"}
        return {**dict.fromkeys(sorted(names), 1.0), "behaviour": left[cell.old][seed]}

    jump = replace(room.contexts.part("jump"), measure=measure, pictures=lambda result: [])
    result = run(jump, seeds=3)
    name = next(rule.name for rule in rules if rule.levels == {"old": old})
    assert result[name].holds == ("no" if old else "yes")
    assert result["probe_still_reads"].details["architecture"] == 1.0


@pytest.fixture
def small(monkeypatch):
    for name, value in {"STEPS": 80, "JUMP": 80, "CURVE": (40, 80), "AGAIN": 5}.items():
        monkeypatch.setattr(room, name, value)


@pytest.mark.slow
def test_a_small_run_measures_every_cell(small, tmp_path):
    result = run(room.contexts, quick=True, cache=tmp_path)
    assert len(result.records) == 3
    values = {one.cell.rho: one.values for one in result.records}
    assert values[1.0]["corpus"] > values[0.5]["corpus"] > values[0.0]["corpus"] + 0.2
    for one in values.values():
        assert one["beyond the corpus"] == pytest.approx(one["model"] - one["corpus"])
    assert len(result.claims) == len(room.RULES)
    assert len(result.figures) == 2


@pytest.mark.slow
def test_a_small_jump_states_what_is_left(small, tmp_path):
    result = run(room.contexts.part("jump"), quick=True, cache=tmp_path)
    for one in result.records:
        assert one.series["step"] == (0.0, 10.0, 20.0)
        assert one.values["moved"] == pytest.approx(
            one.values["refitted probe"] - one.values["frozen probe"]
        )
    assert len(result.figures) == 2


def test_good_is_what_good_agents_do():
    corpus = room.corpus_of(1.0, 0)
    drawn = corpus.sample(2000, np.random.default_rng(0))
    good = {int(word) for d in range(4) for word in corpus.acts(d, GOOD)}
    stories = drawn.latents["list"] == 0
    is_good = np.isin(drawn.ids[stories, 3], list(good))
    value = drawn.latents["value_1"][stories]
    assert is_good[value == GOOD].mean() > 0.9 > 0.1 > is_good[value != GOOD].mean()
