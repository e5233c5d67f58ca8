"""Damaged files of every kind: InputError or a result, never another exception."""

import random
import warnings

import pytest
from support.damage import damaged
from support.files import EVERY, datasets_folder

from nullprobe._core.validation import InputError
from nullprobe.data.files import read
from nullprobe.data.formats import holds_one_array, names

ROUNDS = 30


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "make"), EVERY)
def test_a_damaged_file_is_refused_in_words_or_read(tmp_path, kind, make):
    source = make(tmp_path)
    target = source
    if make is datasets_folder:
        target = source / "state.json"
    content = target.read_bytes()
    rng = random.Random(kind + make.__name__)
    outcomes = set()
    for _ in range(ROUNDS):
        # A new file: the old one may still be mapped.
        target.unlink()
        target.write_bytes(damaged(content, rng))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                concept = "y" if holds_one_array(source) or "y" in names(source) else "label"
                read(source, concept=concept)
            outcomes.add("read")
        except InputError:
            outcomes.add("refused")
    assert "refused" in outcomes
