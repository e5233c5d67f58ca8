"""Questions to SmolLM2: their prompts are balanced, and the sections come from the results."""

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
tiny_models = importlib.import_module("support.tiny_models")

FOLDER = Path(__file__).parents[2] / "examples/studies/smollm2"
NAMES = ("measures", "sections", "contexts", "direction", "opposites", "authors")


def neighbours():
    """Return the modules of the folder, which import each other by name."""
    before = {name: sys.modules.pop(name, None) for name in NAMES}
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(FOLDER)
        loaded = {name: importlib.import_module(name) for name in NAMES}
    for name, module in before.items():
        sys.modules.pop(name)
        if module is not None:
            sys.modules[name] = module
    return loaded


MODULES = neighbours()
MEASURES, SECTIONS = MODULES["measures"], MODULES["sections"]
QUESTIONS = SECTIONS.QUESTIONS
SMALL = {"direction": {"site": "layers.0.output", "draws": 3}}
SMALL["authors"] = {"sites": ("layers.0.output",), "draws": 3}


@pytest.fixture(scope="module")
def tiny():
    """Return a tiny model with a tokenizer that knows every word of the tables."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    frames = "From a story by a an person. But And So one day, every began to Later, When is would"
    tables = [cell for name in QUESTIONS for row in MEASURES.table(name) for cell in row]
    verbs = [word for some in MODULES["direction"].VERBS.values() for word in some]
    texts = [frames, *tables, *verbs, *MEASURES.NAMES, *MODULES["authors"].WORDS]
    words = sorted({word for text in texts for word in text.split()})
    names = {word: k for k, word in enumerate(["[UNK]", *words])}
    tokenizer = Tokenizer(models.WordLevel(names, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    wrapped = tiny_models.transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[UNK]"
    )
    return tiny_models.make("llama", vocab_size=len(names), max_position_embeddings=80), wrapped


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_table_has_forty_items_or_more_and_no_row_twice(name):
    rows = MEASURES.table(name)
    assert len(rows) == len({tuple(row) for row in rows}) >= 40
    assert len({len(row) for row in rows}) == 1
    assert all(cell for row in rows for cell in row)


@pytest.mark.slow
@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.filterwarnings("ignore::UserWarning")  # of few rows and of an untrained model
def test_a_question_is_asked_of_a_tiny_model_and_gives_a_section(name, tiny):
    found = MODULES[name].measured(*tiny, **SMALL.get(name, {}))
    rules = MODULES[name].RULES
    assert [one["name"] for one in found["claims"]] == [rule.name for rule in rules]
    for one in found["measured"].values():
        assert one["interval"][0] <= one["mean"] <= one["interval"][1]
        assert 0 < one["p_value"] <= 1
    text = SECTIONS.section(name, {"model": "a tiny model", "seconds": 1, **found})
    assert all(f"`{rule.name}`" in text for rule in rules)
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize("name", SECTIONS.available())
def test_a_section_has_the_numbers_of_its_result(name):
    path = SECTIONS.DOCS / f"{name}.md"
    assert SECTIONS.page(name) == path.read_text("utf-8")
    found = json.loads((FOLDER / "results" / f"{name}.json").read_text("utf-8"))
    verdicts = MEASURES.judged(MODULES[name].RULES, found["measured"])
    assert verdicts == found["claims"]


@pytest.mark.parametrize(
    ("mean", "spread", "holds"), [(1.0, 0.5, "yes"), (0.0, 0.1, "no"), (0.1, 2.0, "unclear")]
)
def test_a_verdict_follows_the_interval_and_the_null(mean, spread, holds):
    rng = np.random.default_rng(0)
    values = mean + spread * rng.permutation(np.linspace(-1, 1, 40))
    rule = MEASURES.Rule("one", "x", "yes", "no", "unclear")
    assert MEASURES.judged([rule], {"x": MEASURES.effect(values)})[0]["holds"] == holds


def test_a_large_effect_that_random_draws_reach_is_not_a_yes():
    observed = MEASURES.effect(np.linspace(0.9, 1.1, 40))
    rule = MEASURES.Rule("one", "x", "yes", "no", "unclear")
    for draws, holds in (([0.0] * 59, "yes"), ([2.0] * 59, "unclear")):
        measured = {"x": MEASURES.against_draws(observed, draws)}
        assert MEASURES.judged([rule], measured)[0]["holds"] == holds


def test_a_placebo_that_passes_holds_a_yes_back():
    large, none = (MEASURES.effect(mean + np.linspace(-0.1, 0.1, 40)) for mean in (1.0, 0.0))
    rule = MEASURES.Rule("one", "x", "yes", "no", "unclear", ("placebo",))
    for placebo, holds in ((none, "yes"), (large, "unclear")):
        (claim,) = MEASURES.judged([rule], {"x": large, "placebo": placebo})
        assert claim["holds"] == holds
        assert bool(claim["placebos_that_pass"]) is (holds == "unclear")


def test_items_of_a_unit_count_once():
    values = np.repeat([0.0, 1.0, 2.0], 10)
    few = MEASURES.effect(values, np.repeat(["a", "b", "c"], 10))
    assert few["units"] == 3
    assert few["mean"] == 1.0
    assert few["interval"][0] < 0 < MEASURES.effect(values)["interval"][0]


def test_the_two_prompts_of_a_context_differ_only_in_the_acts():
    contexts = MODULES["contexts"]
    for k in range(len(contexts.items())):
        conditions = contexts.shown(k)
        every = contexts.items()
        for condition, acts in conditions.items():
            plus, minus = (contexts.prompt(k, acts, side) for side in ("plus", "minus"))
            assert plus != minus
            assert plus.rpartition("Later, ")[2] == minus.rpartition("Later, ")[2]
            assert (every[acts[0][0]]["value"] == every[k]["value"]) is (
                condition != "unrelated value"
            )
            in_domain = {every[row]["domain"] == every[k]["domain"] for row, _ in acts}
            assert in_domain == {condition == "same domain"}


def test_definition_and_story_of_a_trait_have_the_same_words_but_for_the_turn():
    opposites = MODULES["opposites"]
    for k, (_, act) in enumerate(MEASURES.table("opposites")):
        defined, story = (opposites.prompt(k, one, "but", act) for one in ("defined", "story"))
        assert defined.replace(" never ", " one day ") == story
        assert f" {act}. " in defined


def test_a_byline_is_all_that_differs_between_authors():
    authors = MODULES["authors"]
    for stem in (False, True):
        first, second = (authors.texts(authors.AUTHORS, stem=stem)[side::2] for side in (0, 1))
        for a, b in zip(first, second, strict=True):
            assert a.replace(*authors.AUTHORS) == b
