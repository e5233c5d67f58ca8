"""nullprobe demo: four data sets on one page."""

from dataclasses import replace

import numpy as np
import pytest
from cli_files import FEW, documents, done, files, refuses

from nullprobe import worlds
from nullprobe.cli import demo
from nullprobe.cli.demo import subjects


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ("demo --out data.csv", ["--out must name the folder", "is a file"]),
    ],
)
def test_a_wrong_demo_is_refused_in_one_sentence(arguments, parts, capsys):
    refuses(capsys, arguments, parts)


def test_the_demo_writes_one_page_of_four_data_sets(capsys, monkeypatch):
    some = [replace(one, X=one.X[:60, :3], y=one.y[:60]) for one in subjects(0)]
    some[2:] = [replace(one, feature_names=None) for one in some[2:]]
    monkeypatch.setattr(demo, "subjects", lambda seed: some)
    out = done(capsys, "demo", *FEW, "--out", "page")
    found = documents("page/nullprobe-demo.json")
    assert [document["title"] for document in found] == [one.title for one in subjects(0)]
    for document in found:
        assert document["title"] in out
        assert document["provenance"]["command"].startswith("nullprobe demo --permutations 39")
    assert found[0]["portrait"]["axes"][2] == "noise"
    assert files() == ["page/nullprobe-demo.html", "page/nullprobe-demo.json"]


def test_the_demo_draws_the_founding_experiment_twice():
    raw, standardised, *_ = subjects(4)
    world = worlds.two_features(n_per_class=100, d=3, random_state=4)
    np.testing.assert_array_equal(raw.X, world.X)
    np.testing.assert_array_equal(raw.y == "positive", world.y == 1)
    np.testing.assert_allclose(standardised.X.std(axis=0), 1)
