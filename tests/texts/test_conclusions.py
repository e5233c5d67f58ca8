"""Conclusions: layers in a row with the same verdicts are one range; any difference ends it."""

from dataclasses import replace

import pytest
from support import results

from nullprobe import Holds, Outcome
from nullprobe.texts.conclusions import Beyond, ranges

SITES = ["layer 0", "layer 1", "layer 2"]


def audits(changed=None, name="readable", **change):
    """Return three equal audits, but for a claim of the second."""
    one = results.audit(representation="layer 0")
    each = {site: replace(one, representation=site) for site in SITES}
    if changed is not None:
        claims = [replace(c, **change) if c.name == name else c for c in one.claims]
        each[changed] = replace(each[changed], claims=tuple(claims))
    return each


def beyond(**outcomes):
    every = dict.fromkeys(SITES, Outcome.REJECTED) | {
        name.replace("_", " "): outcome for name, outcome in outcomes.items()
    }
    return {site: Beyond(0.9, 0.8, (0.05, 0.15), outcome) for site, outcome in every.items()}


def ends(parts):
    return [(one.first, one.last) for one in parts]


def test_equal_verdicts_are_one_range():
    (one,) = ranges(audits(), beyond(), "truth")
    assert (one.first, one.last) == ("layer 0", "layer 2")
    assert "“truth”" in one.text
    assert "how likely the model finds each text reads less" in one.text


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("readable", {"holds": Holds.NO}),
        ("readable", {"holds": Holds.UNCLEAR}),
        ("readable", {"explanations": ()}),
        ("erasure_holds", {"holds": Holds.UNCLEAR}),
    ],
)
def test_another_verdict_of_the_middle_layer_ends_the_range(name, change):
    before = {c.name: c for c in audits()["layer 1"]}[name]
    assert any(getattr(before, key) != value for key, value in change.items())
    parts = ranges(audits("layer 1", name, **change), beyond(), "truth")
    assert ends(parts) == [(site, site) for site in SITES]


def test_another_comparison_with_plausibility_ends_the_range():
    parts = ranges(audits(), beyond(layer_1=Outcome.SUFFICIENT), "truth")
    assert ends(parts) == [(site, site) for site in SITES]
    assert "is enough to read it as well" in parts[1].text
    assert len(ranges(audits(), {}, "truth")) == 1
