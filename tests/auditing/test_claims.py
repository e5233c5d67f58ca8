"""Claims that need more than linear readers of one representation, from end to end."""

import numpy as np
import pytest
from scipy.stats import norm
from support.evidence import outcomes
from support.pipeline import FEW, RAW, verdicts

from nullprobe import InputError, audit, worlds
from nullprobe.claims import Holds, Outcome
from nullprobe.stats.thresholds import Thresholds


@pytest.mark.slow
def test_what_no_linear_reader_finds_is_not_gone():
    """Parity of three signs: class means and covariances are equal, and all that is read is not."""
    rng = np.random.default_rng(0)
    signs = rng.choice([-1.0, 1.0], size=(240, 3))
    X, y = signs + 0.3 * rng.normal(size=(240, 3)), (signs.prod(axis=1) > 0).astype(int)
    found = audit(X, y, claims=["erasure_holds", "gone"], **FEW)
    assert found["erasure_holds"].holds is not Holds.NO
    assert verdicts(found)["gone"] == ("no", "structure")
    assert found["gone"].details["reader_accuracy"] > 0.7


@pytest.mark.slow
def test_what_class_covariances_tell_is_a_fact_about_moments():
    w = worlds.heteroscedastic(n=240, random_state=0)
    assert verdicts(audit(w.X, w.y, claims=["gone"], **FEW))["gone"] == ("no", "moments")


@pytest.mark.slow
def test_removals_of_a_gaussian_world_are_a_fact_about_moments():
    w = worlds.gaussian(n=600, d=5, gap=2.0, random_state=0)
    claim = audit(w.X, w.y, claims=["one_feature"], min_effect=0.1, **FEW)["one_feature"]
    assert (str(claim.holds), str(claim.takes)) == ("yes", "moments")
    values = claim.shown["curve"]["values"]
    assert values[0] > 0.85
    assert abs(values[-1] - 0.5) < 0.1  # nothing of five features is left to read


@pytest.mark.slow
def test_a_direction_in_common_transfers_and_one_for_each_group_does_not():
    for draw, *expected in ((worlds.shared, "yes", "undecided"), (worlds.rotating, "no", "chance")):
        # Chance is sufficient only if the interval across groups, with the fits, is narrow.
        w = draw(n=2400, d=6, n_groups=3, gap=2.0, random_state=0)
        found = audit(w.X, w.y, groups=w.groups, claims=["transfers"], **FEW)
        assert verdicts(found)["transfers"] == tuple(expected)
        assert w.truth["transfers"] == expected[0]


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_layers_share_their_permutations():
    X, y = layers(0)
    X["layer 1"] = X["layer 0"].copy()
    found = audit(X, y, **RAW)
    first, second, third = (found[f"layer {i}"]["readable"].nulls[0] for i in range(3))
    np.testing.assert_array_equal(first.values, second.values)
    assert (first.values != third.values).any()
    assert first.adjusted == second.adjusted >= found["layer 0"]["readable"].p_value


@pytest.mark.slow
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


@pytest.mark.slow
def test_one_layer_is_judged_as_it_is_by_itself():
    w = worlds.gaussian(n=120, d=4, gap=1.0, random_state=0)
    alone, one = audit(w.X, w.y, **RAW), audit({"data": w.X}, w.y, **RAW)
    assert alone["readable"].p_value == one["data"]["readable"].p_value
    with pytest.raises(InputError, match="same rows"):
        audit({"a": w.X, "b": w.X[1:]}, w.y, **RAW)
    with pytest.raises(InputError, match="empty"):
        audit({}, w.y, **RAW)


@pytest.mark.slow
def test_claims_and_representations_are_adjusted_for_each_other():
    """What stands out among six layers and two claims alike keeps its small p, all others not."""
    X, y = layers(0, n=240)
    X["layer 3"] = X["layer 3"] + 2.0 * y[:, None]
    found = audit(X, y, claims=["readable", "erasure_holds"], draws=99, n_splits=1)
    claims = [claim for one in found.audits.values() for claim in one]
    assert all(claim.adjusted_p >= claim.p_value for claim in claims)
    assert found["layer 3"]["readable"].adjusted_p == found["layer 3"]["readable"].p_value == 0.01
    others = [c.adjusted_p for c in claims if c is not found["layer 3"]["readable"]]
    assert min(others) > 0.05


@pytest.mark.slow
def test_alpha_decides_what_is_an_alarm_and_effect_what_is_negligible():
    w = worlds.gaussian(n=150, d=3, gap=0.3, random_state=0)
    p = audit(w.X, w.y, **RAW)["readable"].p_value
    assert 0.05 < p < 0.5
    loose, strict = (audit(w.X, w.y, alpha=a * p, **RAW)["readable"] for a in (1.001, 0.999))
    assert loose.p_value == strict.p_value == p
    assert (str(loose.holds), str(strict.holds)) == ("yes", "unclear")
    assert strict.detectable == pytest.approx(
        0.5 + (norm.isf(0.999 * p / 2) + norm.ppf(0.8)) * strict.nulls[0].sd
    )
    noise = worlds.null(n=150, d=3, random_state=0)
    lenient = audit(noise.X, noise.y, min_effect=0.4, **RAW)["readable"]
    assert str(lenient.holds) == "no"


@pytest.mark.slow
def test_searches_draw_as_many_permutations_as_alpha_needs_and_no_more():
    """What is far from α is settled at the first look."""
    w = worlds.gaussian(n=90, d=2, gap=4.0, random_state=0)
    options = {"claims": ["no_halfspace"], "draws": 999, "n_splits": 1}
    for alpha in (0.05, 0.02):
        found = audit(w.X, w.y, alpha=alpha, **options)
        assert len(found["no_halfspace"].nulls[0].values) == Thresholds(alpha).least_draws
        assert found.provenance["draws_used"] == {"chance": Thresholds(alpha).least_draws}
        assert found.provenance["draws"] == 999


def test_what_chance_explains_is_held_against_nothing_else():
    w = worlds.null(n=300, d=2, random_state=0)
    found = audit(w.X, w.y, claims=["readable", "erasure_holds"], min_effect=0.2, **FEW)
    for claim in found:
        assert [null.rung for null in claim.nulls] == ["chance"]
        tried = outcomes(claim.explanations)
        assert tried["chance"] is Outcome.SUFFICIENT
        assert tried["moments"] is Outcome.NOT_TRIED


@pytest.mark.slow
def test_the_old_way_to_leave_out_what_a_reading_takes_says_so():
    w = worlds.gaussian(n=240, d=8, gap=1.5, random_state=0)
    options = {"claims": ["readable", "erasure_holds"], "n_splits": 1}
    whole = audit(w.X, w.y, draws=39, **options)
    with pytest.warns(FutureWarning):
        quick = audit(w.X, w.y, n_permutations=39, n_surrogates=0, **options)
    assert [null.rung for null in whole["erasure_holds"].nulls] == ["chance", "moments", "noise"]
    assert verdicts(quick)["erasure_holds"] == ("no", "undecided")
    claim = quick["erasure_holds"]
    assert [null.rung for null in claim.nulls] == ["chance"]
    tried = outcomes(claim.explanations)
    assert tried["moments"] is tried["noise"] is Outcome.NOT_TRIED
    np.testing.assert_array_equal(claim.nulls[0].values, whole["erasure_holds"].nulls[0].values)
    with pytest.warns(FutureWarning):
        everything = audit(w.X[:60], w.y[:60], n_permutations=39, n_surrogates=0, n_splits=1)
    assert "one_feature" not in verdicts(everything)


def test_r_squared_below_that_of_permuted_labels_is_no_reading():
    """The noise of numbers follows their size: held out, R² lies far below that of the draws."""
    rng = np.random.default_rng(0)
    y = rng.normal(size=300)
    X = rng.normal(size=(300, 8)) * (0.2 + np.abs(y))[:, None]
    claim = audit(X, y, claims=["erasure_holds"], draws=99)["erasure_holds"]
    (chance,) = (null for null in claim.nulls if null.rung == "chance")
    assert claim.observed < np.quantile(chance.values, 0.02)
    assert claim.holds is not Holds.NO
    assert chance.upper


@pytest.mark.slow
def test_the_shape_of_noise_is_drawn_only_where_means_and_covariances_leave_something():
    """If it is drawn for one reading, then for all, since their p-values are adjusted together."""
    w = worlds.gaussian(n=300, d=30, gap=2.0, random_state=0)
    options = {"draws": 39, "n_splits": 1, "min_effect": 0.15}
    alone = audit(w.X, w.y, claims=["erasure_holds"], **options)["erasure_holds"]
    assert outcomes(alone.explanations)["moments"] is Outcome.SUFFICIENT
    assert outcomes(alone.explanations)["noise"] is Outcome.NOT_TRIED
    assert [null.rung for null in alone.nulls] == ["chance", "moments"]
    both = audit(w.X, w.y, claims=["erasure_holds", "one_feature"], **options)
    assert outcomes(both["one_feature"].explanations)["moments"] is Outcome.UNDECIDED
    for claim in both:
        assert outcomes(claim.explanations)["noise"] is not Outcome.NOT_TRIED
    np.testing.assert_array_equal(alone.nulls[1].values, both["erasure_holds"].nulls[1].values)
