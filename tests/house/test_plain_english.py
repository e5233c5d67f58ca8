"""The check of prose and names: each phrase and word is caught wherever it may stand."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _load():
    path = ROOT / ".ci" / "plain_english.py"
    spec = importlib.util.spec_from_file_location("plain_english", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


check = _load()
PHRASES = [(rule["find"], rule["example"]) for rule in check.RULES["phrases"]]
WORDS = check.RULES["names"]["words"]
PLACES = ['"""{}"""\n', "x = 1\n# {}\n", "x = 1\nraise ValueError({!r})\n", "y = f'{{x}} ' {!r}\n"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("find", "example"), PHRASES)
def test_a_phrase_is_caught_in_docstrings_comments_and_strings(find, example, place):
    violations = [*check.of_python(place.format(example), "x.py", check.RULES)]
    assert find in {rule["find"] for rule in check.RULES["phrases"] for v in violations
                    if rule["write"] == v.write}  # fmt: skip
    clean = place.format("Subject, verb, object.")
    assert [*check.of_python(clean, "x.py", check.RULES)] == []


@pytest.mark.parametrize(("find", "example"), PHRASES)
def test_a_phrase_is_caught_on_a_page_but_not_in_its_code(find, example):
    first, _, rest = example.partition(" ")
    assert [*check.of_page(f"# Title\n\n{first}\n{rest}\n", "x.md", check.RULES)]
    assert [*check.of_page(f"```python\n{example}\n```\n", "x.md", check.RULES)] == []


@pytest.mark.parametrize("word", WORDS)
def test_a_word_is_caught_in_every_kind_of_name(word):
    title = word.title()
    for source in (
        f"def {word}(): ...",
        f"def f(x_{word}): ...",
        f"class The{title}: ...",
        f"n_{word} = 1",
        f"self._{word} = 1",
        f"for {word} in (): ...",
        f"import numpy as {word}",
    ):
        (violation,) = check.of_python(source, "x.py", check.RULES)
        assert repr(word) in violation.write
    assert [*check.of_python("n = 1", f"{word}_rows.py", check.RULES)]
    assert [*check.of_python(f"{word}ing = 1\nx = y.{word}", "x.py", check.RULES)] == []


def test_a_key_of_documents_may_stand_as_a_field_and_in_quotes_alone():
    assert check.RULES["exceptions"]["keys"]
    for key in check.RULES["exceptions"]["keys"]:
        field = f'class Document:\n    {key}: bool = doc("See `{key}`.")\n\nx = row["{key}"]\n'
        assert [*check.of_python(field, "x.py", check.RULES)] == []
        for source in (f"{key} = 1\n", f'x = "it stands {key} it"\n'):
            assert [*check.of_python(source, "x.py", check.RULES)]


def test_exceptions_may_stand_and_lines_are_right():
    rules = check.RULES | {"exceptions": {"phrases": ["The law in force"], "names": ["given_name"]}}
    assert [*check.of_page("The law in force.", "x.md", rules)] == []
    assert [*check.of_page("The laws in force.", "x.md", rules)]
    assert [*check.of_python("given_name = 1", "x.py", rules)] == []
    (violation,) = check.of_page("One.\n\nAs was\nsaid before.", "x.md", check.RULES)
    assert (violation.line, violation.text) == (4, "said")


def test_pending_files_exist():
    for path in check.RULES["pending"]["paths"]:
        assert (ROOT / path).exists()
