"""nullprobe demo: four data sets on one page."""

from contextlib import redirect_stdout
from dataclasses import replace
from functools import partial
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from support.command_files import FEW, documents, files, refuses

from nullprobe import worlds
from nullprobe.cli import main, subject
from nullprobe.cli.demos import founding
from nullprobe.cli.demos.founding import subjects


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ("demo --out data.csv", ["--out must name the folder", "is a file"]),
    ],
)
def test_a_wrong_demo_is_refused_in_one_sentence(arguments, parts, capsys):
    refuses(capsys, arguments, parts)


# All that the page begins with, and what takes no time: one_feature takes most of it.
CLAIMS = ("readable", "one_direction", "no_halfspace", "gone")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """Return the folder and the output of the demo, of 60 rows of each data set."""
    some = [replace(one, X=one.X[:60, :3], y=one.y[:60]) for one in subjects(0)]
    some[1:] = [replace(one, feature_names=None) for one in some[1:]]
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()) as out:
        patch.setattr(founding, "subjects", lambda seed: some)
        patch.setattr(subject, "Settings", partial(subject.Settings, claims=CLAIMS))
        patch.chdir(tmp_path_factory.mktemp("demo"))
        assert main(["demo", *FEW, "--out", "page"]) == 0
        return Path.cwd(), out.getvalue()


@pytest.mark.slow
def test_the_demo_writes_one_page_of_three_data_sets(demo, monkeypatch):
    monkeypatch.chdir(demo[0])
    found = documents("page/nullprobe-demo.json")
    assert [document["title"] for document in found] == [one.title for one in subjects(0)]
    for document in found:
        assert document["title"] in demo[1]
        assert document["provenance"]["command"].startswith("nullprobe demo --draws 39")
    assert found[0]["portrait"]["axes"][2] == "noise"
    assert files() == ["page/nullprobe-demo.html", "page/nullprobe-demo.json"]


def test_the_demo_draws_the_founding_experiment():
    first, *_ = subjects(4)
    world = worlds.two_features(n_per_class=300, d=3, random_state=4)
    np.testing.assert_array_equal(first.X, world.X)
    np.testing.assert_array_equal(first.y == "positive", world.y == 1)


@pytest.mark.slow
def test_the_page_begins_with_the_point_and_the_numbers_that_were_found(demo, monkeypatch):
    monkeypatch.chdir(demo[0])
    page = " ".join(Path("page/nullprobe-demo.html").read_text("utf-8").split())
    said = [
        claim["details"] for d in documents("page/nullprobe-demo.json") for claim in d["claims"]
    ]
    one = [details for details in said if "in_sample_before" in details]
    assert len(one) == 3
    before, after = (one[0][f"in_sample_{when}"] for when in ("before", "after"))
    point = page.index(f"falls from {before:.0%} to {after:.0%} (two features, largest class ")
    shuffled = [[d[f"in_sample_{w}_shuffled"] for w in ("before", "after")] for d in one]
    most = max(shuffled, key=lambda ends: ends[0] - ends[1])
    assert point < page.index(f"which mean nothing: from {most[0]:.0%} to")
    left = [
        claim["observed"]
        for d in documents("page/nullprobe-demo.json")
        for claim in d["claims"]
        if claim["name"] == "no_halfspace"
    ]
    names = ("two features", "digits", "breast cancer")
    shares = [f"{share:.0%} ({name})" for share, name in zip(left, names, strict=True)]
    assert f"it gets {', '.join(shares)} right" in page
    # The answer, then the picture of the rows, then what each claim says.
    picture, claims = page.index('class="picture rows"'), page.index('id="claims"')
    assert page.index('class="answer"') < point < picture < claims
    shown = [len(d["portrait"]["axes"]) for d in documents("page/nullprobe-demo.json")]
    assert page.count('class="space"') == 2 * shown.count(3) > 0
