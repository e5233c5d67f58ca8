"""Several attributes of the same rows: each alone, jointly, and after one eraser of all."""

import json

import numpy as np
import pytest

from nullprobe import InputError, audit, audit_attributes
from nullprobe.claims import Holds
from nullprobe.report.notebook import counts

FEW = {"claims": ["readable", "erasure_holds"], "draws": 79, "n_splits": 1, "independent": True}
FEW |= {"depth": "quick"}


def rows(seed=0, n=360):
    """Return rows that hold a class, a number and three classes, each in a feature of its own."""
    rng = np.random.default_rng(seed)
    sex, age = rng.integers(0, 2, n), rng.standard_normal(n)
    place = np.array(["a", "b", "c"])[rng.integers(0, 3, n)]
    X = rng.standard_normal((n, 5))
    X[:, 0] += 3 * sex
    X[:, 1] += 2 * age
    X[:, 2] += 3 * (place == "a")
    return X, {"sex": sex, "age": age, "place": place}


@pytest.mark.slow
def test_each_is_read_alone_and_jointly_and_by_nobody_after_one_eraser_of_all():
    X, attributes = rows(n=900)
    found = audit_attributes(X, attributes, **(FEW | {"draws": 119}))
    assert list(found.alone) == list(found.erased) == list(attributes)
    assert [one["readable"].holds for one in (*found.alone.values(), found.jointly)] == [
        Holds.YES
    ] * 4
    before = [one["readable"].observed for one in found.alone.values()]
    after = [one["erasure_holds"].observed for one in found.erased.values()]
    chance = [one["readable"].metric.chance for one in found.alone.values()]
    for read, left, nothing in zip(before, after, chance, strict=True):
        assert abs(left - nothing) < 0.1 < 0.2 < read - nothing
    # An indicator, a number and three indicators, one of which follows from the others.
    assert found.eraser.eraser_.rank == 4
    erased = found.eraser.transform(X)
    for y in (attributes["sex"], attributes["age"], attributes["place"] == "b"):
        assert np.abs((erased - erased.mean(axis=0)).T @ (y - y.mean())).max() < 1e-8


@pytest.mark.slow
def test_one_eraser_of_all_takes_what_an_eraser_of_one_leaves_of_another():
    """Each attribute alone is erased by its own eraser; another's is still read."""
    X, attributes = rows()
    found = audit_attributes(X, attributes, **(FEW | {"draws": 119}))
    for name, one in found.erased.items():
        assert one.provenance["eraser"]["rank"] == 4, name
        assert one.provenance["eraser"]["fitted_rows"] == 180


@pytest.mark.slow
@pytest.mark.parametrize("k", [2, 3])
def test_each_is_judged_at_its_share_of_alpha(k):
    X, attributes = rows(n=120)
    some = dict(list(attributes.items())[:k])
    found = audit_attributes(X, some, **(FEW | {"draws": 40 * k - 1, "alpha": 0.05}))
    for one in (*found.alone.values(), *found.erased.values()):
        assert one.provenance["alpha"] == pytest.approx(0.05 / k)
    assert found.jointly.provenance["alpha"] == 0.05
    with pytest.raises(InputError, match=f"at least {40 * k - 1}"):
        audit_attributes(X, some, **(FEW | {"draws": 40 * k - 2}))


@pytest.mark.slow
def test_some_wrong_alarm_is_as_rare_as_alpha():
    wrong = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        X, Y = rng.standard_normal((90, 3)), rng.integers(0, 2, (90, 3))
        found = audit_attributes(
            X, {str(j): Y[:, j] for j in range(3)}, **(FEW | {"draws": 119, "claims": ["readable"]})
        )
        wrong += any(one["readable"].holds is Holds.YES for one in found.alone.values())
    assert wrong <= 3  # at .05, 1 in 1,000 samples has more


@pytest.mark.slow
def test_alone_is_what_audit_says():
    X, attributes = rows(n=120)
    found = audit_attributes(X, attributes, **(FEW | {"draws": 119}))
    alone = audit(X, attributes["age"], alpha=0.05 / 3, **(FEW | {"draws": 119}))
    assert found.alone["age"]["readable"].observed == alone["readable"].observed
    assert found.alone["age"]["readable"].p_value == alone["readable"].p_value


@pytest.mark.slow
def test_groups_and_copies_lie_in_one_half(monkeypatch):
    from nullprobe.auditing import attributes as module

    halves, seen = module._halves, []
    monkeypatch.setattr(module, "_halves", lambda *a: seen.append(halves(*a)) or seen[-1])
    X, attributes = rows(n=240)
    groups = np.arange(240) // 4
    options = {key: value for key, value in FEW.items() if key != "independent"}
    audit_attributes(X, attributes, groups=groups, **(options | {"draws": 119}))
    twice = np.tile(np.arange(120), 2)
    copied = {name: y[twice] for name, y in attributes.items()}
    with pytest.warns(UserWarning, match="240 rows are copies"):
        audit_attributes(X[twice], copied, **(FEW | {"draws": 119}))
    for (fitted, scored), unit in zip(seen, (groups, twice), strict=True):
        assert not {*unit[fitted]} & {*unit[scored]}
        assert len(fitted) + len(scored) == 240


@pytest.mark.slow
def test_result_is_printed_and_written(tmp_path):
    X, attributes = rows(n=120)
    two = {name: attributes[name] for name in ("sex", "age")}
    found = audit_attributes(X, two, title="people", **FEW)
    claims = [claim for one in found.audits for claim in one]
    assert repr(found) == f"Attributes('sex', 'age', 120 rows, 5 features: {counts(claims)})"
    titles = [one.title for one in found.audits]
    assert titles == [
        "people: sex",
        "people: age",
        "people: sex and age",
        "people: sex, after one eraser of sex and age",
        "people: age, after one eraser of sex and age",
    ]
    assert all(title in str(found) for title in titles)
    found.to_json(tmp_path / "a.json")
    found.to_html(tmp_path / "a.html")
    assert len(json.loads((tmp_path / "a.json").read_text())) == 5
    assert len(found.to_frame()) == 8


@pytest.mark.parametrize("attributes", [{}, {"one": np.arange(60) % 2}])
def test_one_attribute_is_refused(attributes):
    with pytest.raises(InputError, match="at least two"):
        audit_attributes(np.zeros((60, 2)), attributes)


@pytest.mark.parametrize(
    ("attributes", "options", "said"),
    [
        (None, {"confounds": np.arange(60)}, "confounds= arrived"),
        (None, {"eraser": "own"}, "eraser= arrived"),
        ({"sex": np.arange(60) % 2, "age": np.ones(60, int)}, {}, "attribute 'age'"),
        ({"sex": np.arange(60) % 2, "age": np.full(60, np.nan)}, {}, "attribute 'age'"),
        (np.zeros((60, 2)), {}, "must be a mapping of names to columns"),
    ],
)
def test_what_does_not_go_is_refused_by_name(attributes, options, said):
    X = np.random.default_rng(0).normal(size=(60, 2))
    two = {"sex": np.arange(60) % 2, "age": np.arange(60) // 2 % 2}
    with pytest.raises(InputError, match=said):
        audit_attributes(X, two if attributes is None else attributes, **options)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("claims", "before", "after"),
    [
        (["dependent", "readable"], ["dependent", "readable"], []),
        (["readable", "gone"], ["readable", "gone"], ["gone"]),
    ],
)
def test_only_the_claims_that_were_asked_for_are_judged(claims, before, after):
    X, attributes = rows(n=60)
    two = {name: attributes[name] for name in ("sex", "place")}
    found = audit_attributes(X, two, **(FEW | {"claims": claims}))
    assert [claim.name for claim in found.alone["sex"]] == before
    assert [claim.name for claim in found.jointly] == before
    assert [[claim.name for claim in one] for one in found.erased.values()] == [after] * 2 * bool(
        after
    )
    assert len(found.to_frame()) == 3 * len(before) + 2 * len(after)
    assert found.eraser.eraser_.rank == 3


def test_a_claim_about_erasers_of_one_attribute_is_refused_before_the_work():
    X, attributes = rows(n=120)
    with pytest.raises(InputError, match="'one_feature'"):
        audit_attributes(X, attributes, **(FEW | {"claims": ["readable", "one_feature"]}))
