"""A word that is not a choice is refused, and the similar ones are named."""

import pytest

from nullprobe import InputError, audit, rows_for_verdict
from nullprobe._core.parameters import choice, known
from nullprobe.cli import main


@pytest.mark.parametrize("refuse", [choice, known])
def test_similar_words_are_named(refuse):
    arguments = ("gon", ["gone", "readable"])
    with pytest.raises(InputError) as caught:
        refuse("claim", *arguments)
    assert caught.value.hint == "did you mean 'gone'?"


def test_no_word_is_named_if_none_is_similar():
    with pytest.raises(InputError) as caught:
        choice("kind", 3, [None, "labels"])
    assert caught.value.hint == ""


def test_claims_and_depths_are_named():
    X, y = [[0.0], [1.0]] * 20, [0, 1] * 20
    for wrong, hint in (({"claims": ["readible"]}, "readable"), ({"depth": "quik"}, "quick")):
        with pytest.raises(InputError) as caught:
            audit(X, y, **wrong)
        assert caught.value.hint == f"did you mean {hint!r}?"
    with pytest.raises(InputError) as caught:
        rows_for_verdict("no-halfspace")
    assert caught.value.hint == "did you mean 'no_halfspace'?"


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        ("plan --claim readble", "'readable'"),
        ("plan --absence 9 --claim readble", "'readable'"),
        ("audit --world xor --claims readble", "'readable'"),
        ("audit --world xor --depth quik", "'quick'"),
        ("audit --world xro", "'xor'"),
        ("fit x.npz --concept y --method mimik --out e.safetensors", "'mimic'"),
        ("fit x.npz --concept y --method INLP --out e.safetensors", "'inlp'"),
    ],
)
def test_commands_ask_whether_a_similar_word_was_meant(arguments, hint, capsys):
    assert main(arguments.split()) == 2
    assert f"did you mean {hint}?" in capsys.readouterr().err
