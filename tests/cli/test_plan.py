"""nullprobe plan: rows for an AUC, or the AUC of rows, from numbers or from a file."""

import math
import shlex
from pathlib import Path

import numpy as np
import pytest
from support.command_files import CODES, FORMATS, LABELS, N, X, Y, done, refused, refuses, write

from nullprobe import (
    Moments,
    audit,
    audit_use,
    pairs_for_effect,
    plan,
    rows_for_absence,
    rows_for_verdict,
)
from nullprobe.measures.expected_auc import unbiased_gap
from nullprobe.worlds.zoo.network import network


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ("plan --d 8 --gap 2", ["--auc AUC or --n N", "nullprobe plan --help"]),
        ("plan --d 8 --gap 2 --auc .6 --n 9", ["--auc AUC or --n N"]),
        ("plan --auc .6", ["a FILE, or --d N and --gap D"]),
        ("plan --d 8 --auc .6", ["a FILE, or --d N and --gap D"]),
        ("plan --gap 2 --auc .6", ["a FILE, or --d N and --gap D"]),
        ("plan --d 8 --gap 2 --auc .6 --concept y", ["belong to a FILE"]),
        ("plan --d 8 --gap 2 --auc .6 --leave-out y", ["belong to a FILE"]),
        ("plan data.csv --concept y --auc .6 --gap 2", ["measured where there is a FILE"]),
        (
            "plan data.csv --concept y --auc .6 --positive-fraction .5",
            ["measured where there is a FILE"],
        ),
        ("plan --d 8 --gap 2 --auc .5", ["above .5", "0.5 arrived"]),
        ("plan --d 8 --gap 2 --auc 2", ["auc", "2.0 arrived"]),
        ("plan --d 8 --gap nan --auc .6", ["gap must be", "nan arrived"]),
        ("plan --d 8 --gap -1 --auc .6", ["gap must be", "-1.0 arrived"]),
        ("plan --d 0 --gap 1 --auc .6", ["d must be", "0 arrived"]),
        ("plan --d 2.5 --gap 1 --auc .6", ["'--d'", "nullprobe plan --help"]),
        ("plan --d 8 --gap 1 --n 1", ["n must be", "1 arrived"]),
        ("plan --d 8 --gap 1 --n 9 --positive-fraction .1", ["at least 10", "9 arrived"]),
        ("plan --d 8 --gap 1 --n 9 --n-probe 1", ["--n-probe", "1 arrived"]),
        (
            "plan --d 8 --gap 1 --auc .6 --positive-fraction 1",
            ["below 1", "1.0 arrived"],
        ),
        ("plan --effect .5", ["--sd or --pilot"]),
        ("plan --effect .5 --sd 1 --pilot a.json", ["--sd or --pilot"]),
        ("plan --effect .5 --sd 1 --auc .6", ["--effect goes with"]),
        ("plan --sd 1 --auc .6 --d 8 --gap 2", ["belong to --effect"]),
        ("plan --effect 0 --sd 1", ["effect must be above 0"]),
        ("plan --effect .5 --pilot none.json", ["none.json"]),
        ("plan none.csv --concept y --auc .6", ["File not found: 'none.csv'"]),
        ("plan data.csv --concept z --auc .6", ["'z' must name a column"]),
        ("plan odd.csv --concept y --auc .6", ["two classes", "has 3", "each pair"]),
        ("plan data.csv --concept width --leave-out y --auc .6", ["two classes", "numbers"]),
    ],
)
def test_a_wrong_plan_is_refused_in_one_sentence(arguments, parts, capsys):
    refuses(capsys, arguments, parts)


def told(capsys, arguments):
    """Return the sentences of a plan."""
    return done(capsys, "plan", *shlex.split(arguments)).splitlines()


def test_a_plan_for_an_auc_says_how_many_rows(capsys):
    assert told(capsys, "--d 768 --gap 2 --auc .55") == [
        "Fit the eraser to at least 96,379 rows (both classes together): a fresh probe with "
        "endless data then reads the classes of new rows with an AUC of at most 0.55.",
        "With 96,379 rows, erasure leaves a squared gap of 0.032.",
        "Before erasure, a probe with endless data reaches AUC 0.921.",
        "However large the gap, 97,146 rows are enough.",
        "Planned for 768 features, a gap of 2.000, classes of 50.0% and 50.0%; Gaussian classes of "
        "one covariance; any eraser that makes the class means equal on its rows.",
    ]
    assert plan(768, 2.0, 0.55).n == 96379
    assert plan(768, math.inf, 0.55).n == 97146


def test_a_plan_for_rows_says_what_is_read_back(capsys):
    said = told(capsys, "--d 768 --gap 2 --n 1000 --n-probe 2000 --positive-fraction .1")
    made = plan(768, 2.0, n=1000, n_probe=2000, positive_fraction=0.1)
    assert said[0].startswith("After an eraser that is fitted to 1,000 rows")
    assert f"fitted to 2,000 rows reads the classes of new rows with AUC {made.auc:.3f}." in said[0]
    assert f"a squared gap of {made.gap_left:.3f}." in said[1]
    assert "classes of 10.0% and 90.0%" in said[-1]
    most = plan(768, math.inf, n=1000, n_probe=2000, positive_fraction=0.1).auc
    assert said[3] == f"However large the gap, the AUC would be at most {most:.3f}."
    assert len(said) == 5


def test_a_plan_for_a_gap_that_is_not_known_says_so(capsys):
    said = told(capsys, "--d 64 --gap inf --auc .6")
    assert "64 features, a gap of any size, classes of 50.0% and 50.0%;" in said[-1]
    assert f"{plan(64, math.inf, 0.6).n:,} rows" in said[0]
    assert "Before erasure" not in " ".join(said)
    assert "However large" not in " ".join(said)


def test_a_plan_says_where_no_eraser_is_needed(capsys):
    said = told(capsys, "--d 9 --gap .1 --auc .6")
    assert said[0].startswith("No eraser is needed: ")
    assert "AUC 0.528, which is at most 0.6." in said[0]
    assert "1 feature, a gap of 2.000" in told(capsys, "--d 1 --gap 2 --auc .6")[-1]


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_file_says_how_far_apart_its_classes_are(suffix, capsys):
    rows = X + np.outer(Y, [1.0, 0.5, 0.0])
    y = (np.arange(N) % 4 == 1).astype(int)
    rows[y == 1] += 1.0
    path = write(Path(f"data{suffix}"), rows, y)
    gap = unbiased_gap(Moments.of(rows, y))
    assert gap > 0.5
    *said, last = told(capsys, f"{path} --concept y --auc .55")
    assert last == (
        f"Measured from the 36 rows of {str(path)!r}; the squared gap is debiased: what sampling "
        "error adds to it on average is taken off."
    )
    assert said == told(capsys, f"--d 3 --gap {gap!r} --positive-fraction .25 --auc .55")
    assert f"{plan(3, gap, 0.55, positive_fraction=0.25).n:,} rows" in said[0]


def test_columns_that_say_nothing_new_are_not_counted(capsys):
    write(Path("once.npz"), X + Y[:, None], LABELS)
    write(Path("twice.npz"), np.hstack([X + Y[:, None]] * 2), LABELS)
    *told_once, _ = told(capsys, "once.npz --concept y --n 100")
    assert told_once[-1].startswith("Planned for 3 features")
    assert told(capsys, "twice.npz --concept y --n 100")[:-1] == told_once


def test_what_is_left_out_of_a_plan_is_no_feature(capsys):
    write(Path("plain.csv"), X + Y[:, None])
    write(Path("coded.csv"), X + Y[:, None], code=CODES.astype(int))
    coded = told(capsys, "coded.csv --concept y --leave-out code --n 100")[:-1]
    assert coded == told(capsys, "plain.csv --concept y --n 100")[:-1]
    assert "for 4 features" in told(capsys, "coded.csv --concept y --n 100")[-2]


def test_a_gap_that_cannot_be_measured_is_refused(capsys):
    rng = np.random.default_rng(0)
    write(Path("few.npz"), X[:6], Y[:6])
    write(Path("points.npz"), Y[:, None] + np.zeros((N, 1)))
    noise = rng.standard_normal((N, 8))
    noise -= np.where(Y[:, None] == 1, noise[Y == 1].mean(axis=0), noise[Y == 0].mean(axis=0))
    write(Path("alike.npz"), noise)
    for name, parts in (
        ("few", ["more than 6 rows", "3 features", "has 6", "--gap inf"]),
        ("points", ["classes must overlap", "say --d and --gap"]),
        ("alike", ["sampling error alone", "36 rows", "pass more rows"]),
    ):
        said = refused(capsys, "plan", f"{name}.npz", "--concept", "y", "--auc", ".6")
        for part in parts:
            assert part in said


def test_a_plan_for_a_verdict_names_rows_of_a_claim(capsys):
    said, *_ = told(capsys, "--claim no_halfspace --positive-fraction .9 --min-effect .1")
    rows = rows_for_verdict("no_halfspace", positive_fraction=0.1, min_effect=0.1)
    assert f"{rows:,} rows" in said
    assert "'no_halfspace'" in said


def test_a_plan_for_a_verdict_on_a_number_names_its_features(capsys):
    lines = told(capsys, "--claim readable --kind numeric --d 64")
    assert f"{rows_for_verdict(kind='numeric', d=64):,} rows" in lines[0]
    shown = " ".join(lines)
    assert "64 features" in shown
    assert "R²" in shown
    shown, *_ = told(capsys, "--claim gone --kind numeric")
    assert f"{rows_for_verdict('gone', kind='numeric'):,} rows" in shown


def test_an_absence_is_planned_for_a_claim(capsys):
    said, *_ = told(capsys, "--absence 9 --claim no_halfspace")
    assert f"{rows_for_absence(9, claim='no_halfspace'):,} rows" in said
    assert "'no_halfspace'" in said
    assert told(capsys, "--absence 9") == told(capsys, "--absence 9 --claim readable")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ("plan --claim dependent", ["'dependent' arrived"]),
        ("plan --claim readable --auc .6", ["--positive-fraction and --min-effect", "--auc arr"]),
        ("plan --claim readable --d 4 --gap 1", ["--d and --gap arrived"]),
        ("plan", ["--auc AUC", "--n N", "--absence N", "--claim NAME"]),
        ("plan --absence 0", ["--absence must be", "0 arrived"]),
        ("plan --claim readable --positive-fraction 2", ["--positive-fraction", "2.0 arrived"]),
        ("plan --absence 9 --positive-fraction 2", ["--positive-fraction", "2.0 arrived"]),
        ("plan --d 8 --gap 2 --auc .6 --min-effect .1", ["--absence or --claim"]),
        ("plan --claim readable --min-effect 0", ["--min-effect"]),
        ("plan --claim readable --kind numeric", ["--d", "number of features"]),
        ("plan --claim no_halfspace --kind numeric --d 4", ["'no_halfspace'", "classes"]),
        ("plan --claim readable --kind numbers", ["kind", "numbers"]),
        ("plan --absence 9 --kind numeric", ["--absence", "two classes"]),
        ("plan --d 8 --gap 2 --auc .6 --kind numeric", ["--kind belongs to --claim"]),
    ],
)
def test_a_wrong_plan_of_a_claim_is_refused(arguments, parts, capsys):
    refuses(capsys, arguments, parts)


def test_a_plan_for_pairs_says_how_many_are_scored_and_passed(capsys):
    lines = told(capsys, "--effect .5 --sd 1 --power .9")
    n = pairs_for_effect(0.5, sd=1.0, power=0.9)
    assert f"needs {n} scored pairs" in lines[0]
    assert "90%" in lines[0]
    assert f"pass {2 * n} pairs" in lines[1]


@pytest.mark.slow
def test_a_plan_from_a_pilot_is_that_of_python(capsys):
    made = network("linear")
    drawn = made.texts(40, 0)
    found = audit_use(
        made.model, made.tokenizer, drawn.texts, drawn.y, made.site, answers=drawn.answers,
        pairs=drawn.pair, n_draws=39,
    )  # fmt: skip
    found.to_json("pilot.json")
    claim = found[made.site]["used"]
    lines = told(capsys, "--effect .5 --pilot pilot.json")
    assert f"needs {pairs_for_effect(0.5, pilot=claim)} scored pairs" in lines[0]
    assert made.site in lines[2]
    spread = claim.shown["use"]["methods"][1]["spread"]
    assert (spread["n"], spread["of"]) == (10, "pairs")
    assert f"standard deviation of {spread['sd']:.3f};" in lines[2]


@pytest.mark.slow
def test_a_pilot_without_pairs_is_refused(capsys):
    audit(X, Y, claims=["readable"], draws=39, n_splits=1).to_json("pilot.json")
    refuses(capsys, "plan --effect .5 --pilot pilot.json", ["audit-use", "pilot.json"])
