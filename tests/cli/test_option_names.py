"""Messages name the option that helps, not the parameter of Python."""

import pytest
from support.command_files import refuses
from typer.main import get_command

from nullprobe.cli import app
from nullprobe.cli.option_names import NAMED, in_options, option


def test_every_name_that_is_translated_is_an_option_of_a_command():
    commands = get_command(app).commands.values()
    options = {text for one in commands for parameter in one.params for text in parameter.opts}
    assert {option(name) for name in NAMED} <= options


@pytest.mark.parametrize(
    ("message", "here"),
    [
        ("pass n_splits=13", "pass --n-splits 13"),
        ("alpha=0.001 needs 1999 draws", "--alpha 0.001 needs 1999 draws"),
        ("both order= and independent=True arrived", "both --order and --independent arrived"),
        ("pass kind='labels' or kind=\"numeric\"", "pass --kind labels or --kind numeric"),
        ("'draws=3' must name a column", "'draws=3' must name a column"),
        ("call RLACE(rank=1).fit(X, y)", "call RLACE(rank=1).fit(X, y)"),
        ("min_effect must be a number", "--min-effect must be a number"),
        ("random_state=3", "--seed 3"),
        ("pass draws=199, or a larger alpha", "pass --draws 199, or a larger --alpha"),
    ],
)
def test_parameters_become_options(message, here):
    assert in_options(message) == here


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ("audit data.csv --concept y --alpha .001", ["--draws 1999"]),
        ("audit data.csv --concept y --n-splits 99", ["--n-splits 13"]),
        ("audit data.csv --concept y --claims transfers", ["--groups"]),
        ("audit data.csv --concept y --claims consistent", ["--pairs"]),
        ("audit data.csv --concept y --claims ''", ["--claims"]),
        ("plan --claim readable --kind numeric", ["--d 64"]),
    ],
)
def test_refusals_name_the_option_that_helps(arguments, parts, capsys):
    refuses(capsys, arguments, parts)
