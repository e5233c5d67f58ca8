"""Files whose labels are given away, and files whose labels need knowledge: what they promise."""

import importlib.util
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from nullprobe import check_statements
from nullprobe.texts.words import tokens

PATH = Path(__file__).parents[2] / "benchmarks" / "give_away_files.py"
SPEC = importlib.util.spec_from_file_location("give_away_files", PATH)
FILES = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(FILES)
GIVE_AWAYS = {name: rest for name, *rest in FILES.give_away_files()}
KNOWLEDGE = {name: rest for name, *rest in FILES.knowledge_files()}
# The check searches no spelling: a probe of characters does.
NOT_SEARCHED = ("typo",)


def test_there_are_twenty_and_ten_files_of_at_least_two_hundred_texts():
    assert (len(GIVE_AWAYS), len(KNOWLEDGE)) == (20, 10)
    for texts, y, *_ in [*GIVE_AWAYS.values(), *KNOWLEDGE.values()]:
        assert len(texts) == len(y) >= 200
        assert np.mean(y) == 0.5
        assert len(set(texts)) > 0.99 * len(texts)


def test_the_same_seed_gives_the_same_files():
    for again, first in (
        (FILES.give_away_files(), GIVE_AWAYS), (FILES.knowledge_files(), KNOWLEDGE),
    ):  # fmt: skip
        assert all(texts == first[name][0] for name, texts, *_ in again)


@pytest.mark.parametrize("name", KNOWLEDGE)
def test_each_word_and_entity_of_a_knowledge_file_is_as_often_true_as_false(name):
    texts, y, groups = KNOWLEDGE[name]
    counts = [Counter(), Counter()]
    for text, label in zip(texts, y, strict=True):
        counts[label].update(tokens(text))
    assert counts[0] == counts[1]
    for group in np.unique(groups):
        assert y[groups == group].mean() == 0.5
    assert len(np.unique(groups)) >= 20


def test_eighty_cities_are_each_in_one_country():
    cities = " ".join(FILES.CITIES.values()).split()
    assert len(set(cities)) == len(cities) == 80


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted({*GIVE_AWAYS} - {*NOT_SEARCHED}))
def test_the_check_of_statements_finds_what_gives_the_label_away(name):
    best = check_statements(*GIVE_AWAYS[name]).findings[0]
    assert best.auc > 0.7
    assert best.p_value < 1e-6


@pytest.mark.slow
@pytest.mark.parametrize("name", KNOWLEDGE)
def test_the_check_of_statements_finds_nothing_that_needs_knowledge(name):
    texts, y, groups = KNOWLEDGE[name]
    result = check_statements(texts, y, groups)
    assert not result.findings
    assert len(result.balanced) >= 0.5 * len(texts)
