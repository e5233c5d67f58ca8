"""nullprobe audit: files or worlds in, a page and its twin out."""

import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.command_files import (
    CODES,
    FEW,
    FORMATS,
    LABELS,
    NAMES,
    QUICK,
    N,
    X,
    Y,
    command,
    documents,
    done,
    files,
    refused,
    refuses,
    write,
)

from nullprobe import ContrastPairs, audit, worlds
from nullprobe.claims import CLAIMS
from nullprobe.cli import main
from nullprobe.report.text.rungs import rung, source


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ("audit none.csv --concept y", ["File not found: 'none.csv'"]),
        ("audit", ["FILE or --world NAME", "nullprobe audit --help"]),
        ("audit data.csv --world xor", ["one of the two"]),
        ("audit data.csv --concept y --world-option n=9", ["belongs to --world"]),
        ("audit --world xor --concept y", ["belong to a FILE"]),
        ("audit --world xar", ["'xar' must name a world", "did you mean 'xor'?"]),
        ("audit --world xor --world-option m=9", ["'m' must name a parameter", "'noise'"]),
        ("audit --world xor --world-option n", ["NAME=VALUE", "'n' arrived"]),
        ("audit --world xor --world-option n=many", ["whole number", "'many'"]),
        ("audit data.csv --concept heigth", ["'heigth'", "did you mean 'height'?"]),
        ("audit data.csv --concept y --claims readible", ["'readable'", "'readible' arrived"]),
        ("audit data.csv --concept y --claims ''", ["at least one name", "leave --claims out"]),
        ("audit data.csv --concept y --claims gone,gone", ["'gone' is named twice"]),
        ("audit data.csv --concept y --claims transfers", ["needs groups", "--groups"]),
        ("audit data.csv --concept y --alpha .001", ["--alpha 0.001 needs", "--draws 1999"]),
        ("audit data.csv --concept y --draws 3", ["'--draws'", "39"]),
        ("audit data.csv --concept y --permutations 3", ["'--permutations'", "39"]),
        ("audit data.csv --concept y --n-splits 0", ["'--n-splits'", "1"]),
        ("audit data.csv --concept y --depth deep", ["'full'", "'quick'", "'deep' arrived"]),
        ("audit data.csv --concept y --duplicates no", ["'group'", "'drop'", "'no' arrived"]),
        ("audit data.csv --concept y --order time", ["'time' must name a column"]),
        ("audit text.csv --concept height --order label", ["dates such as", "'no'"]),
        ("audit data.csv --concept y --untrained data.csv", ["NAME=FILE", "'data.csv'"]),
        ("audit data.csv --concept y --untrained a=few.npz", ["'a'", "36 rows", "30"]),
        ("audit --world xor --order time", ["belong to a FILE"]),
        ("audit data.csv --concept y --seed x", ["'--seed'"]),
        ("audit data.csv --concept y --columns 3", ["from 0 to 2", "'3' arrived"]),
        ("audit data.csv --concept y --columns y", ["'y' must name a feature", "'height'"]),
        ("audit data.csv --concept y --columns 0,1,2,0", ["at most 3", "4 were named"]),
        ("audit data.csv --concept y --groups y", ["two columns", "'y'"]),
        ("audit data.csv --concept y --baseline data.csv", ["NAME=FILE", "'data.csv'"]),
        ("audit data.csv --concept y --baseline a=none.csv", ["File not found: 'none.csv'"]),
        ("audit data.csv --concept y --baseline a=few.npz", ["baseline 'a'", "36 rows", "30"]),
        ("audit data.csv --concept y --baseline a=few.npz --baseline a=few.npz", ["twice"]),
        ("audit data.csv --concept y --out data.csv", ["--out must name the folder", "is a file"]),
        ("audit data.csv --concept y --out page.html", ["looks like a file", "name a folder"]),
        ("audit data.csv --concept y --out data.csv/a", ["that you may write to", "'data.csv/a'"]),
        ("audit text.csv --concept label --kind numeric", ["'label' must hold numbers"]),
        ("audit data.csv --concpt y", ["--concpt", "--concept"]),
    ],
)
def test_a_wrong_audit_is_refused_in_one_sentence(arguments, parts, capsys):
    refuses(capsys, arguments, parts)


def test_too_few_rows_are_refused(capsys):
    write(Path("data.npz"), X[:8], Y[:8])
    assert "at least 6 rows" in refused(capsys, "audit", "data.npz", "--concept", "y")


@pytest.mark.slow
@pytest.mark.parametrize("suffix", FORMATS)
def test_an_audit_writes_a_page_and_its_twin(suffix, capsys):
    write(Path(f"data{suffix}"))
    done(capsys, "audit", f"data{suffix}", "--concept", "y", "--out", "a/b", *QUICK)
    (document,) = documents("a/b/data-y-audit.json")
    assert [claim["name"] for claim in document["claims"]] == ["one_direction"]
    assert document["provenance"]["source"] == {"file": f"data{suffix}", "concept": "y"}
    assert document["provenance"]["rows"] == N
    page = Path("a/b/data-y-audit.html").read_text("utf-8")
    assert "One direction" in page
    assert files() == ["a/b/data-y-audit.html", "a/b/data-y-audit.json", f"data{suffix}"]


@pytest.mark.slow
def test_a_folder_is_audited_under_its_name(capsys):
    Path("shards").mkdir()
    write(Path("shards/0.npz"), X[:20], Y[:20])
    write(Path("shards/1.npz"), X[20:], Y[20:])
    done(capsys, "audit", "shards", "--concept", "y", *QUICK)
    assert documents("shards-y-audit.json")[0]["provenance"]["rows"] == N


@pytest.mark.slow
def test_every_verdict_is_printed_as_a_row_and_in_words(capsys):
    write(Path("data.csv"))
    out = done(capsys, "audit", "data.csv", "--concept", "y", *FEW, "--verbose")
    words = " ".join(out.split())
    claims = documents("data-y-audit.json")[0]["claims"]
    # Of groups, of contrast pairs, and of sparse rows unless it is named.
    needy = ("transfers", "consistent", "few_features")
    assert [claim["name"] for claim in claims] == [n for n in CLAIMS if n not in needy]
    for claim in claims:
        assert claim["statement"] in words
        assert claim["reason"] in words
        assert f"Takes: {rung(claim['takes']).name}." in words
        assert f"Comes from: {source(claim['comes_from'])}." in words
    assert "36 rows, 3 features; classes 0 (18), 1 (18)" in words
    assert "Wrote data-y-audit.html" in out
    assert [line for line in out.splitlines() if line != line.rstrip()] == []
    assert max(map(len, out.splitlines())) <= 80
    assert "…" not in out


@pytest.mark.slow
@pytest.mark.parametrize("columns", ["50", "120"])
def test_a_table_is_never_cut(columns, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    few = [*FEW, "--claims", "readable,one_direction"]
    out = done(capsys, "audit", "--world", "two_features", *few, "--verbose")
    assert "…" not in out
    assert max(map(len, out.splitlines())) <= int(columns)
    for cell in ("canon. corr.", "linear algebra", "comes from", "not tried"):
        assert cell in out or columns == "50"


@pytest.mark.slow
def test_the_command_in_a_document_makes_it_again(capsys):
    write(Path("my data.csv"), y=LABELS, group=np.arange(N) // 2 % 9, code=CODES)
    write(Path("words.csv"), X**2, y=LABELS, code=CODES)
    done(
        capsys, "audit", "my data.csv", "--concept", "y", "--groups", "group", "--leave-out",
        "code", "--baseline", "words=words.csv", "--columns", "depth,0", "--claims",
        "readable,one_direction", "--seed", 3, *FEW, "--out", "first",
    )  # fmt: skip
    (document,) = documents("first/my data-y-audit.json")
    line = shlex.split(document["provenance"]["command"])
    assert line[:2] == ["nullprobe", "audit"]
    assert str(Path.cwd()) not in document["provenance"]["command"]
    done(capsys, *line[1:], "--out", "second")
    again = Path("second/my data-y-audit.json").read_bytes()
    assert again == Path("first/my data-y-audit.json").read_bytes()
    assert document["portrait"]["axes"] == ["depth", "height"]
    assert document["provenance"]["groups"] == 9
    assert document["provenance"]["source"]["baselines"] == {"words": "words.csv"}
    assert "words" in document["claims"][0]["reason"]


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes_in_another_process(capsys):
    judged = [*FEW, "--claims", "readable,erasure_holds"]
    judged += ["--world-option", "n_per_class=30"]
    arguments = ["audit", "--world", "two_features", *judged, "--seed", "5", "--out"]
    done(capsys, *arguments, "here")
    process = command(*arguments, "there", PYTHONHASHSEED="77")
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    name = "two_features-audit.json"
    assert Path("here", name).read_bytes() == Path("there", name).read_bytes()


@pytest.mark.slow
def test_columns_to_draw_are_named_by_name_number_or_in_quotes(capsys):
    frame = pd.DataFrame({"a, b": X[:, 0], "1": X[:, 1], "c": X[:, 2], "d": X[:, 0] ** 2, "y": Y})
    frame.to_csv("data.csv", index=False)
    one = ["audit", "data.csv", "--concept", "y", *QUICK]
    done(capsys, *one, "--columns", '"a, b", 1,3')
    assert documents("data-y-audit.json")[0]["portrait"]["axes"] == ["a, b", "1", "d"]


@pytest.mark.slow
def test_columns_have_their_names_where_all_are_drawn(capsys):
    write(Path("data.csv"))
    done(capsys, "audit", "data.csv", "--concept", "y", *QUICK)
    assert documents("data-y-audit.json")[0]["portrait"]["axes"] == NAMES


@pytest.mark.slow
def test_whole_numbers_can_be_measured_instead_of_classified(capsys):
    write(Path("data.npz"), y=np.round(10 * X[:, 0]).astype(int))
    assert "at least 6 rows" in refused(
        capsys, "audit", "data.npz", "--concept", "y", "--kind", "labels", *FEW
    )
    out = done(capsys, "audit", "data.npz", "--concept", "y", "--kind", "numeric", *FEW)
    assert "R²" in out
    assert "--kind numeric" in documents("data-y-audit.json")[0]["provenance"]["command"]


@pytest.mark.slow
def test_a_world_is_drawn_with_its_options_and_its_truth_is_told(capsys):
    option = ["--world-option", "n_per_class=30", "--world-option", "standardise=true"]
    out = done(capsys, "audit", "--world", "two_features", *option, *QUICK)
    known = "with an eraser that knows its means: one direction yes."
    assert known in " ".join(out.split())
    provenance = documents("two_features-audit.json")[0]["provenance"]
    assert provenance["rows"] == 60
    assert "standardise=True" in provenance["source"]["world"]
    assert provenance["source"]["truth"]["gone"] == "no"


@pytest.mark.slow
def test_layers_of_a_file_are_audited_together(capsys):
    rng = np.random.default_rng(0)
    arrays = {f"layer.{i}": rng.normal(size=(N, 3)) for i in (10, 2, 1)}
    np.savez("model.npz", y=Y, other=rng.normal(size=(N, 2)), **arrays)
    one = ["audit", "model.npz", "--concept", "y", "--layers", "layer.*", *FEW]
    out = done(capsys, *one, "--claims", "readable", "--alpha", "0.06", "--min-effect", ".07")
    found = documents("model-y-audit.json")
    named = [document["representation"] for document in found]
    assert named == ["layer.1", "layer.2", "layer.10"]
    assert all(document["provenance"]["representations"] == named for document in found)
    assert found[0]["provenance"]["alpha"] == 0.06
    assert found[0]["provenance"]["min_effect"] == 0.07
    assert found[0]["provenance"]["source"]["layers"] == "layer.1, layer.2, layer.10"
    assert "--layers 'layer.*'" in found[0]["provenance"]["command"]
    assert [line.split()[:2] for line in out.splitlines() if line.startswith("layer.")] == [
        [one["representation"], one["claims"][0]["holds"]] for one in found
    ]


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--layers", "block.*"], ["'block.*'", "layer.1"]),
        (["--layers", "layer.*", "--columns", "0"], ["--columns"]),
        (["--layers", "layer.1", "--alpha", "0.7"], ["--alpha"]),
    ],
)
def test_layers_that_are_not_there_are_refused(arguments, parts, capsys):
    np.savez("model.npz", y=Y, **{"layer.1": X, "layer.2": X})
    said = refused(capsys, "audit", "model.npz", "--concept", "y", *arguments, *QUICK)
    for part in parts:
        assert part in said


@pytest.mark.slow
def test_what_carries_over_among_groups_is_judged_where_there_are_some(capsys):
    option = ["--world-option", "n=360", "--world-option", "d=4"]
    done(capsys, "audit", "--world", "rotating", *option, *FEW, "--claims", "transfers")
    (document,) = documents("rotating-audit.json")
    (claim,) = document["claims"]
    assert (claim["name"], claim["holds"]) == ("transfers", "no")


@pytest.mark.slow
def test_what_was_left_out_is_printed_with_its_reason(capsys):
    write(Path("data.csv"), group=np.arange(N) // 3)
    asked = ["--groups", "group", *FEW]
    out = done(capsys, "audit", "data.csv", "--concept", "y", *asked)
    (document,) = documents("data-y-audit.json")
    said = " ".join(out.split())
    assert f"Transfers was left out: {document['provenance']['left_out']['transfers']}" in said
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.slow
def test_pairs_of_a_file_are_audited_as_python_does(capsys):
    w = worlds.distractor(n=90, d=6, n_prompts=2, random_state=1)
    labels = {"truth": w.y, "sentiment": w.distractor, "template": w.groups}
    np.savez("pairs.npz", no=w.negative, yes=w.positive, **labels)
    asked = ["--concept", "truth", "--other", "sentiment", "--groups", "template", "--verbose"]
    sides = ["--negative", "no", "--positive", "yes", "--claims", "readable,consistent"]
    out = done(capsys, "audit", "pairs.npz", "--pairs", *asked, *sides, *FEW)
    (document,) = documents("pairs-truth-audit.json")
    pairs = ContrastPairs(w.negative, w.positive, w.y, w.groups)
    options = {"claims": ["readable", "consistent"], "draws": 39}
    expected = audit(pairs, others={"sentiment": w.distractor}, **options).document().plain()
    assert document["claims"] == expected["claims"]
    assert document["provenance"]["other_labels"] == ["sentiment"]
    assert "sentiment" in " ".join(out.split())
    again = shlex.split(document["provenance"]["command"])[1:]
    done(capsys, *again, "--force")
    assert documents("pairs-truth-audit.json")[0]["claims"] == document["claims"]


@pytest.mark.parametrize("more", [["--layers", "l*"], ["--leave-out", "a"], ["--kind", "numeric"]])
def test_what_does_not_go_with_pairs_is_refused(more, capsys):
    said = refused(capsys, "audit", "pairs.npz", "--pairs", "--concept", "truth", *more)
    assert "do not go with --pairs" in said


@pytest.mark.parametrize("option", ["--negative", "--positive", "--other"])
def test_columns_of_pairs_are_refused_without_pairs(option, capsys):
    write(Path("data.csv"))
    assert "--other belong to --pairs" in refused(
        capsys, "audit", "data.csv", "--concept", "y", option, "negative"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "options", "suffix"),
    [
        ("audit", QUICK, ".csv"),
        ("audit", QUICK, ".parquet"),
        ("compare", ["--erasers", "leace", "--probes", "linear"], ".parquet"),
    ],
)
def test_names_of_columns_and_groups_reach_the_document(command, options, suffix, folder, capsys):
    people = np.array(["ada", "bo", "cy", "di", "ed", "flo"])[np.arange(N) // 2 % 6]
    write(folder / f"data{suffix}", person=people)
    done(capsys, command, f"data{suffix}", "--concept", "y", "--groups", "person", *options)
    (document,) = documents(folder / f"data-y-{command}.json")
    assert document["provenance"]["feature_names"] == NAMES
    assert document["provenance"]["group_names"] == ["ada", "bo", "cy", "di", "ed", "flo"]


# Options of what rows, and draws, are taken for


def repeated(path, **others):
    """Write 18 rows of eight features, each twice."""
    twice = np.random.default_rng(0).normal(size=(18, 8)).repeat(2, axis=0)
    np.savez(path, X=twice, y=Y[:18].repeat(2), **others)


def noted(capsys, *arguments):
    """Run a command that must succeed; return the lines on stderr, each of them ours."""
    assert main(list(map(str, arguments))) == 0
    lines = capsys.readouterr().err.splitlines()
    assert all(line.startswith("nullprobe: ") for line in lines)
    assert not any("bug" in line for line in lines)
    return lines


@pytest.mark.slow
@pytest.mark.parametrize(
    ("suffix", "options", "expected"),
    [
        (".csv", ["--n-splits", "1"], {"n_splits": 1}),
        (".npz", ["--draws", "59"], {"draws": 59}),
        (".csv", ["--independent"], {"dependence": {"independent": True}}),
        (".npz", ["--order", "time"], {"dependence": {"order": "one series"}}),
        (".csv", ["--order", "day"], {"dependence": {"order": "one series"}}),
        (".npz", ["--order", "day"], {"dependence": {"order": "one series"}}),
        (
            ".csv",
            ["--order", "time", "--groups", "who"],
            {"dependence": {"order": "a series in each group"}},
        ),
        (".npz", ["--untrained", "twin=twin.npz", "--claims", "readable"], {"untrained": ["twin"]}),
    ],
)
def test_options_reach_the_audit_and_make_it_again(suffix, options, expected, capsys):
    day = np.datetime64("2024-01-01") + np.arange(N)
    who = np.arange(N) % 2 * 6 + np.arange(N) // 6
    more = {"time": np.arange(N), "day": day.astype(str), "who": who}
    write(Path(f"data{suffix}"), **more)
    np.savez("twin.npz", X=X[:, :2] ** 2)
    unused = [name for name in more if name not in options]
    left_out = [word for name in unused for word in ("--leave-out", name)]
    one = ["audit", f"data{suffix}", "--concept", "y", *QUICK, *left_out, *options]
    done(capsys, *one)
    (document,) = documents("data-y-audit.json")
    provenance = document["provenance"]
    for key, value in expected.items():
        found = provenance[key]
        assert found == value if not isinstance(value, dict) else value.items() <= found.items()
    first = Path("data-y-audit.json").read_bytes()
    done(capsys, *shlex.split(provenance["command"])[1:], "--force")
    assert Path("data-y-audit.json").read_bytes() == first


def test_a_quick_audit_judges_two_claims_against_chance(capsys):
    write(Path("data.csv"))
    done(capsys, "audit", "data.csv", "--concept", "y", *FEW, "--depth", "quick")
    claims = documents("data-y-audit.json")[0]["claims"]
    assert [claim["name"] for claim in claims] == ["readable", "one_direction"]
    assert {null["rung"] for claim in claims for null in claim["nulls"]} <= {
        "linear_algebra",
        "chance",
    }


@pytest.mark.slow
def test_the_untrained_network_is_another_rung(capsys):
    write(Path("data.csv"))
    np.savez("twin.npz", X=X**2)
    one = ["audit", "data.csv", "--concept", "y", *FEW, "--claims", "readable"]
    done(capsys, *one, "--untrained", "twin=twin.npz", "--baseline", "words=twin.npz")
    (document,) = documents("data-y-audit.json")
    rungs = {other["name"]: other["rung"] for other in document["claims"][0]["beside"]}
    assert rungs == {"twin": "architecture", "words": "inputs"}
    assert document["provenance"]["source"]["untrained"] == {"twin": "twin.npz"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "draws"),
    [
        (["--permutations", "59"], 59),
        (["--surrogates", "59"], 59),
        (["--permutations", "59", "--surrogates", "0"], 59),
        (["--surrogates", "0"], 499),
    ],
)
def test_old_names_of_draws_are_read_with_a_line_of_warning(old, draws, capsys):
    write(Path("data.csv"))
    one = ["audit", "data.csv", "--concept", "y", "--claims", "one_direction"]
    (line,) = noted(capsys, *one, *old)
    assert "--draws" in line
    assert documents("data-y-audit.json")[0]["provenance"]["draws"] == draws


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rule", "rows", "groups", "order"),
    [("group", 36, 18, False), ("drop", 18, 0, False), ("keep", 36, 0, False),
     ("drop", 18, 0, True)],
)  # fmt: skip
def test_copies_are_counted_in_a_line_and_dealt_with(rule, rows, groups, order, capsys):
    repeated("data.npz", **({"time": np.arange(N)[::-1]} if order else {}))
    one = ["audit", "data.npz", "--concept", "y", *QUICK, "--duplicates", rule]
    (line,) = noted(capsys, *one, *(["--order", "time"] if order else ["--independent"]))
    assert line.startswith("nullprobe: 36 rows are copies of others (36 exact, 0 near)")
    provenance = documents("data-y-audit.json")[0]["provenance"]
    dropped = {"dropped": 18} if rule == "drop" else {}
    assert provenance["copies"] == {"exact": 36, "near": 0, "rule": rule} | dropped
    assert provenance["rows"] == rows
    assert order or provenance["groups"] == groups


@pytest.mark.slow
def test_a_series_of_pairs_is_audited(capsys):
    w = worlds.contrast(n=60, d=4, random_state=1)
    np.savez("pairs.npz", negative=w.negative, positive=w.positive, y=w.y, time=np.arange(60))
    one = ["audit", "pairs.npz", "--pairs", "--concept", "y", "--order", "time", *QUICK]
    done(capsys, *one)
    provenance = documents("pairs-y-audit.json")[0]["provenance"]
    assert provenance["dependence"]["order"] == "one series"
    assert provenance["source"]["order"] == "time"


@pytest.mark.slow
def test_a_series_of_layers_is_audited(capsys):
    np.savez("model.npz", y=Y, time=np.arange(N), **{"layer.1": X, "layer.2": X**2})
    one = ["audit", "model.npz", "--concept", "y", "--layers", "*", "--order", "time", *QUICK]
    done(capsys, *one)
    found = documents("model-y-audit.json")
    assert [one["representation"] for one in found] == ["layer.1", "layer.2"]
    assert all(one["provenance"]["dependence"]["order"] == "one series" for one in found)


@pytest.mark.slow
def test_confounds_are_columns_and_no_features(capsys, folder):
    rng = np.random.default_rng(0)
    word = rng.random(300) < 0.4
    y = (rng.random(300) < np.where(word, 0.85, 0.25)).astype(int)
    table = pd.DataFrame(rng.normal(size=(300, 3)) + 2 * word[:, None], columns=list("abc"))
    table["label"], table["source"] = y, np.where(word, "news", "wiki")
    table["length"] = 10 + (rng.random(300) < 0.5)
    table.to_csv(folder / "table.csv", index=False)
    given = "--concept label --confounds source,length --claims readable --independent"
    out = done(capsys, *f"audit table.csv {given} --draws 39 --n-splits 1 --verbose".split())
    assert "3 features" in out
    assert "Comes from: the inputs" in out
    (found,) = documents("table-label-audit.json")
    assert found["provenance"]["confounds"] == ["source", "length"]
    assert found["provenance"]["source"]["confounds"] == "source, length"


@pytest.mark.slow
def test_calibrate_says_how_often_verdicts_are_wrong_here(capsys, folder):
    write(folder / "data.csv")
    few = ["--claims", "readable", "--audits", "3", "--draws", "39", "--n-splits", "1"]
    out = done(capsys, "calibrate", "data.csv", "--concept", "y", *few)
    assert "wrong verdicts where the truth is known, asked: 0.05" in out
    assert "nothing  readable" in out
    assert "moments  readable" in out
    assert files() == ["data.csv"]


@pytest.mark.slow
def test_an_eraser_of_ones_own_is_audited_on_new_rows(capsys, folder):
    write(folder / "old.csv")
    rng = np.random.default_rng(1)
    write(folder / "new.csv", X=rng.normal(size=(N, 3)) + 0.8 * Y[:, None])
    done(capsys, "fit", "old.csv", "--concept", "y", "--out", "own.safetensors")
    given = ["--concept", "y", "--eraser", "own.safetensors", *FEW]
    out = done(capsys, "audit", "new.csv", *given, "--claims", "readable,erasure_holds")
    assert "Erasure holds" in out
    (found,) = documents("new-y-audit.json")
    assert found["provenance"]["eraser"]["fitted_rows"] == N
    capsys.readouterr()
    refuses(
        capsys,
        f"audit old.csv --concept y --eraser own.safetensors {' '.join(FEW)}",
        ["fitted to 100% of these rows"],
    )


@pytest.mark.slow
def test_several_attributes_are_audited_alone_jointly_and_after_one_eraser(capsys, folder):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.standard_normal((120, 3)), columns=list("abc"))
    table = table.assign(sex=np.arange(120) % 2, age=rng.standard_normal(120), id=np.arange(120))
    table.to_csv(folder / "people.csv", index=False)
    few = "--draws 79 --claims readable,erasure_holds --depth quick --independent"
    out = done(capsys, *f"audit people.csv --concept sex,age --leave-out id {few}".split())
    found = documents("people-sex-and-age-audit.json")
    assert [one["title"] for one in found] == [
        "people: sex",
        "people: age",
        "people: sex and age",
        "people: sex, after one eraser of sex and age",
        "people: age, after one eraser of sex and age",
    ]
    assert "3 features" in out
    assert "--concept sex,age" in found[0]["provenance"]["command"]
    both = "audit people.csv --concept sex,age"
    refuses(capsys, f"{both} --layers x*", ["--concept with several columns", "one at a time"])
    refuses(capsys, "audit people.csv --concept sex,sex", ["'sex' is there twice"])


@pytest.mark.slow
def test_an_eraser_is_audited_with_the_tasks_that_it_costs(capsys, folder):
    rng = np.random.default_rng(1)
    done(capsys, "fit", write(Path("old.csv")), "--concept", "y", "--out", "own.safetensors")
    task = np.where(X[:, 0] + rng.normal(size=N) > 0, "up", "down")
    write(Path("new.csv"), rng.normal(size=(N, 3)) + Y[:, None], task=task, size=X[:, 1])
    given = ["--concept", "y", "--eraser", "own.safetensors", "--task", "task,size", *FEW]
    out = done(capsys, "audit", "new.csv", *given, "--claims", "erasure_holds", "--out", "r")
    (found,) = documents("r/new-y-audit.json")
    assert [one["name"] for one in found["eraser_cost"]["tasks"]] == ["task", "size"]
    assert set(found["eraser_cost"]["columns"]) == set(NAMES)
    assert found["provenance"]["source"]["tasks"] == "task, size"
    assert "--task task,size" in found["provenance"]["command"]
    assert "task (accuracy)" in out
    refuses(capsys, "audit new.csv --concept y --task task", ["--task belongs to --eraser"])


@pytest.mark.slow
def test_texts_become_baselines_and_no_features(capsys, folder):
    texts = [
        f"it {'is' if y else 'was'} {word}" for y, word in zip(Y, ["a", "b"] * 18, strict=True)
    ]
    write(Path("states.csv"), text=np.array(texts))
    given = ["--concept", "y", "--text", "text", "--claims", "readable", "--independent", *FEW]
    done(capsys, "audit", "states.csv", *given, "--out", "r")
    (found,) = documents("r/states-y-audit.json")
    assert "words" in found["provenance"]["baselines"]
    assert found["provenance"]["features"] == 3
    assert found["provenance"]["source"]["text"] == "text"
    assert "--text text" in found["provenance"]["command"]
    refuses(
        capsys,
        "audit states.csv --concept y --text text --baseline words=data.csv --independent",
        ["--text makes a baseline 'words'"],
    )
