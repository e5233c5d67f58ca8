"""nullprobe demo --model: a language model audited layer by layer, on one page."""

import re
from functools import partial
from html import unescape
from pathlib import Path

import pytest
from support.command_files import documents, done, files, refused

from nullprobe.cli.demos import language_model
from nullprobe.report.text.wording import number
from nullprobe.worlds import language

LAYERS = ["layers.0.output", "layers.3.output"]


@pytest.fixture
def small(monkeypatch):
    """An organism that has hardly learned anything, and few statements."""
    one = language(n_entities=12, steps=2, cache=False)
    monkeypatch.setattr(language_model, "grown", lambda settings: one)
    monkeypatch.setattr(language_model, "SITES", "layers.[03].output")
    few = partial(language_model.Settings, n=80, n_pairs=40)
    monkeypatch.setattr(language_model, "Settings", few)
    return one


@pytest.mark.slow
def test_the_demo_of_a_model_writes_one_page_of_all_its_layers(small, capsys):
    out = done(capsys, "demo", "--model", "--draws", "39", "--out", "page")
    assert files() == ["page/nullprobe-demo-model.html", "page/nullprobe-demo-model.json"]
    found = documents("page/nullprobe-demo-model.json")
    titles = [("Truth", site) for site in LAYERS] + [('Ends in "!"', site) for site in LAYERS]
    assert [(one["title"], one["representation"]) for one in found] == titles
    for one in found:
        assert f"{one['title']}: {one['representation']}" in out
        names = [claim["name"] for claim in one["claims"]]
        truth = one["title"] == "Truth"
        assert names == ["readable", *(["consistent"] if truth else []), "used"]
        apart = [names for joined in one["provenance"]["joined"] for names in joined["claims"]]
        assert apart == names[1:]
        assert one["provenance"]["command"].startswith("nullprobe demo --model --draws 39")
    untrained = [f"untrained, {site}" for site in LAYERS]
    assert found[0]["provenance"]["untrained"] == untrained
    assert found[0]["provenance"]["baselines"] == ["bag of words"]
    assert [one["name"] for one in found[0]["claims"][0]["beside"]] == ["bag of words", *untrained]
    # How a statement ends is a word of it.
    assert found[2]["claims"][0]["observed"] > 0.99

    page = " ".join(Path("page/nullprobe-demo-model.html").read_text("utf-8").split())
    best = max(found[:2], key=lambda one: one["claims"][0]["observed"])
    read = f"best in {best['representation']}, with an AUC of {best['claims'][0]['observed']:.2f}"
    changes = {one["representation"]: one["claims"][2]["observed"] for one in found[:2]}
    where = max(changes, key=lambda site: abs(changes[site]))
    lost = f"in {where} changes the log-probability of the right verdict by {changes[where]:+.2f}"
    ccs = max(claim["observed"] for one in found[:2] for claim in one["claims"][1:2])
    for said in (read, lost, f"agrees with truth in {ccs:.0%} of held-out pairs"):
        assert said in page
        assert said in " ".join(out.split())

    rows = dict(re.findall(r'<th scope="row">([^<]*)</th> ?(.*?)</tr>', unescape(page)))
    for name, which, claim in (
        ("truth, AUC", found[:2], 0),
        ("pairs that CCS gets right", found[:2], 1),
        ("truth erased, change in nats", found[:2], 2),
        ('ends in "!", AUC', found[2:], 0),
        ("that erased, change in nats", found[2:], 1),
    ):
        values = [number(one["claims"][claim]["observed"]) for one in which]
        assert re.findall(r">([^<>]+)</td>", rows[name]) == values
        (line,) = [line for line in out.splitlines() if line.startswith(name)]
        assert line.split()[-2:] == values


def test_random_subspaces_must_suffice_before_anything_is_trained(capsys):
    assert "39" in refused(capsys, "demo", "--model", "--draws", "38")
