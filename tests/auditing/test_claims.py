"""Claims that need more than linear readers of one representation, from end to end."""

import numpy as np
import pytest
from scipy.stats import norm
from support.pipeline import RAW, verdicts

from nullprobe import InputError, audit, worlds
from nullprobe.stats.null_distribution import Null, among

FEW = {"n_permutations": 39, "n_surrogates": 39}


def test_what_no_linear_reader_finds_is_not_gone():
    """Parity of three signs: class means and covariances are equal, and all that is read is not."""
    rng = np.random.default_rng(0)
    signs = rng.choice([-1.0, 1.0], size=(240, 3))
    X, y = signs + 0.3 * rng.normal(size=(240, 3)), (signs.prod(axis=1) > 0).astype(int)
    found = audit(X, y, claims=["erasure_holds", "gone"], **FEW)
    assert verdicts(found)["erasure_holds"][1] == "chance"
    assert verdicts(found)["gone"] == ("no", "representation")
    assert found["gone"].details["reader_accuracy"] > 0.7


def test_what_class_covariances_tell_is_a_fact_about_moments():
    w = worlds.heteroscedastic(n=240, random_state=0)
    assert verdicts(audit(w.X, w.y, claims=["gone"], **FEW))["gone"] == ("no", "moments")


def test_removals_of_a_gaussian_world_are_a_fact_about_moments():
    w = worlds.gaussian(n=200, d=5, gap=2.0, random_state=0)
    claim = audit(w.X, w.y, claims=["one_feature"], **FEW)["one_feature"]
    assert (str(claim.holds), str(claim.fact_about)) == ("yes", "moments")
    values = claim.shown["curve"]["values"]
    assert values[0] > 0.85
    assert abs(values[-1] - 0.5) < 0.1  # nothing of five features is left to read


def test_a_direction_in_common_transfers_and_one_for_each_group_does_not():
    for draw, expected in ((worlds.shared, "yes"), (worlds.rotating, "no")):
        w = draw(n=720, d=6, n_groups=3, gap=2.0, random_state=0)
        found = audit(w.X, w.y, groups=w.groups, claims=["transfers"], **FEW)
        assert verdicts(found)["transfers"] == (expected, "representation")
        assert w.truth["transfers"] == expected


def test_groups_that_hold_one_class_leave_transfers_out_and_say_why():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(12), 10)
    X, y = rng.normal(size=(120, 3)), np.repeat([0, 1], 60)
    found = audit(X, y, groups=groups, claims=None, **FEW)
    assert "transfers" not in verdicts(found)
    assert "two" in found.provenance["left_out"]["transfers"]
    with pytest.raises(InputError, match="group"):
        audit(X, y, groups=groups, claims=["transfers"], **FEW)
    with pytest.raises(InputError, match="needs groups"):
        audit(X, y, claims=["transfers"], **FEW)


def test_what_carries_over_between_two_groups_can_be_asked():
    w = worlds.rotating(n=360, d=4, n_groups=2, gap=2.0, random_state=0)
    found = audit(w.X, w.y, groups=w.groups, claims=["transfers"], **FEW)
    assert verdicts(found)["transfers"][0] == "no"
    with pytest.raises(InputError, match="at least 3 groups"):
        audit(w.X, w.y, groups=w.groups, **FEW)


def test_few_groups_give_no_interval():
    """Four groups in three parts: resampling a part of one group gives it as it is."""
    w = worlds.shared(n=240, d=4, n_groups=4, gap=0.0, random_state=0)
    claim = audit(w.X, w.y, groups=w.groups, **RAW)["readable"]
    assert claim.interval is None
    assert str(claim.holds) == "unclear"
    named = audit(w.X, w.y, groups=np.arange(240) // 2, **RAW)["readable"]
    assert named.interval is not None


def layers(seed, n=90, several=6):
    """Return several representations of noise, the first two of which are much alike."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(several, n, 2))
    X[1] = X[0] + 0.1 * X[1]
    return {f"layer {i}": one for i, one in enumerate(X)}, np.arange(n) % 2


def test_layers_share_their_permutations():
    X, y = layers(0)
    X["layer 1"] = X["layer 0"].copy()
    found = audit(X, y, **RAW)
    first, second, third = (found[f"layer {i}"]["readable"].nulls[0] for i in range(3))
    np.testing.assert_array_equal(first.values, second.values)
    assert (first.values != third.values).any()
    np.testing.assert_array_equal(first.strongest, third.strongest)


def test_of_many_representations_hardly_any_stands_out():
    """The least p-value of six is below .05 in 5 % of the cases, not in 1 − .95⁶ = 26 %."""
    rng = np.random.default_rng(0)
    alarms, single, m = 0, 0, 99
    for _ in range(1000):
        drawn = rng.normal(size=(6, m + 1)) + rng.normal(size=m + 1)
        nulls = [Null("chance", "", one[1:]) for one in drawn]
        told = among(nulls, list(drawn[:, 0]))
        alarms += min(n.p_value(o) for n, o in zip(told, drawn[:, 0], strict=True)) <= 0.05
        single += min(n.p_value(o) for n, o in zip(nulls, drawn[:, 0], strict=True)) <= 0.05
    assert abs(alarms / 1000 - 0.05) < 0.021  # three standard deviations
    assert single / 1000 > 0.12


def test_a_layer_that_is_read_is_found_among_others():
    X, y = layers(0, n=240)
    X["layer 3"] = X["layer 3"] + 2.0 * y[:, None]
    found = audit(X, y, title="model", **RAW)
    said = {name: str(one["readable"].holds) for name, one in found.audits.items()}
    assert said.pop("layer 3") == "yes"
    assert "yes" not in said.values()
    assert (found["layer 3"].title, found["layer 3"].representation) == ("model", "layer 3")
    assert found["layer 3"].provenance["representations"] == list(X)
    assert len(found.documents()) == len(found) == 6


def test_one_layer_is_judged_as_it_is_by_itself():
    w = worlds.gaussian(n=120, d=4, gap=1.0, random_state=0)
    alone, one = audit(w.X, w.y, **RAW), audit({"data": w.X}, w.y, **RAW)
    assert alone["readable"].p_value == one["data"]["readable"].p_value
    with pytest.raises(InputError, match="same rows"):
        audit({"a": w.X, "b": w.X[1:]}, w.y, **RAW)
    with pytest.raises(InputError, match="empty"):
        audit({}, w.y, **RAW)


def test_p_values_among_representations_are_those_of_the_largest_departure():
    values = np.array([[0.0, 1.0, 2.0, 3.0], [3.0, 0.0, 1.0, 2.0]])
    first, second = among([Null("chance", "", v) for v in values], [10.0, 1.5])
    assert first.p_value(10.0) == 0.4  # no draw departs as far; by itself it is 2 / 5, two-sided
    assert second.p_value(1.5) == 1.0  # every draw departs as far in one of both
    _, second = among([Null("chance", "", v) for v in values], [1.5, 3.5])
    assert second.p_value(3.5) == 0.8  # alone 2 / 5, but three draws depart further in one of both
    upper = among([Null("moments", "", v, upper=True) for v in values], [10.0, -9.0])
    assert upper[1].p_value(-9.0) == 1.0


def test_alpha_decides_what_is_an_alarm_and_effect_what_is_negligible():
    w = worlds.gaussian(n=300, d=3, gap=0.4, random_state=0)
    many = {"claims": ["readable"], "n_permutations": 1999, "n_surrogates": 1999}
    p = audit(w.X, w.y, **many)["readable"].p_value
    loose, strict = (audit(w.X, w.y, alpha=a * p, **many)["readable"] for a in (1.001, 0.999))
    assert loose.p_value == strict.p_value == p
    assert (str(loose.holds), str(strict.holds)) == ("yes", "unclear")
    assert strict.detectable == pytest.approx(
        0.5 + (norm.isf(0.999 * p / 2) + norm.ppf(0.8)) * strict.nulls[0].sd
    )
    noise = worlds.null(n=150, d=3, random_state=0)
    lenient = audit(noise.X, noise.y, min_effect=0.4, **RAW)["readable"]
    assert str(lenient.holds) == "no"
    with pytest.raises(InputError, match="alpha"):
        audit(w.X, w.y, alpha=1.5, **RAW)
    with pytest.raises(InputError, match="n_permutations"):
        audit(w.X, w.y, alpha=0.001, **RAW)


def test_searches_draw_as_many_permutations_as_alpha_needs():
    w = worlds.gaussian(n=90, d=2, gap=4.0, random_state=0)
    options = {"claims": ["no_halfspace"], "n_permutations": 499, "n_surrogates": 0}
    drawn = [
        len(audit(w.X, w.y, alpha=alpha, **options)["no_halfspace"].nulls[0].values)
        for alpha in (0.05, 0.01, 0.005)
    ]
    assert drawn == [99, 199, 399]  # 2 / 400 is .005


def test_without_surrogates_the_rung_of_the_moments_is_left_out_and_it_is_said():
    w = worlds.gaussian(n=240, d=8, gap=1.5, random_state=0)
    whole, quick = (
        audit(w.X, w.y, n_permutations=39, n_surrogates=n, claims=["readable", "erasure_holds"])
        for n in (39, 0)
    )
    assert verdicts(whole)["erasure_holds"] == ("no", "moments")
    assert verdicts(quick)["erasure_holds"] == ("no", "representation")
    claim = quick["erasure_holds"]
    assert [null.rung for null in claim.nulls] == ["chance"]
    assert "moments was not tried: no surrogates were asked for" in claim.reason
    np.testing.assert_array_equal(claim.nulls[0].values, whole["erasure_holds"].nulls[0].values)
    everything = audit(w.X[:60], w.y[:60], n_permutations=39, n_surrogates=0)
    assert "one_feature" not in verdicts(everything)
    with pytest.raises(InputError, match="n_surrogates is 0"):
        audit(w.X, w.y, claims=["one_feature"], n_permutations=39, n_surrogates=0)
