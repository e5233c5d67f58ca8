"""Error rates on a user's own rows."""

import numpy as np
import pytest

from nullprobe import Calibration, InputError, calibrate
from nullprobe.auditing.calibration import Judged

RNG = np.random.default_rng(0)
Y = np.arange(90) % 2
X = RNG.normal(size=(90, 4)) + 2 * Y[:, None]
FEW = {"draws": 39, "n_splits": 1, "n_audits": 8}


def by_name(found):
    return {(one.truth, one.claim): one for one in found}


@pytest.mark.slow
def test_each_truth_and_claim_is_judged_and_few_verdicts_are_wrong():
    found = calibrate(X, Y, claims=["readable", "erasure_holds"], **FEW)
    each = by_name(found)
    asked = {(t, c) for t in ("nothing", "moments") for c in ("readable", "erasure_holds")}
    assert set(each) == asked
    assert all(one.audits == 8 == sum(one.verdicts.values()) for one in found)
    assert all(one.wrong <= 3 for one in found)  # of 8 at .05, four are one in 2,700
    # Labels are cut off from the rows in one world, and rows are as readable as ever in the other.
    assert each["nothing", "readable"].verdicts.get("yes", 0) <= 3
    assert each["moments", "readable"].verdicts["yes"] == 8


@pytest.mark.slow
def test_rows_that_depend_in_secret_are_found_out():
    """Labels that go round in a file of copies: named groups hold the level, no groups do not."""
    rows = np.repeat(np.arange(24), 5)
    own = RNG.normal(size=(24, 6))[rows] + 0.3 * RNG.normal(size=(120, 6))
    y = (np.arange(24) % 2)[rows]
    order = RNG.permutation(120)
    found = calibrate(own[order], y[order], groups=rows[order], claims=["readable"], **FEW)
    assert by_name(found)["nothing", "readable"].wrong <= 3


@pytest.mark.slow
def test_what_cannot_be_made_is_said():
    groups = np.repeat(np.arange(30), 3)
    groups[:2] = 31  # of different sizes: residuals cannot be rotated among them
    y = (np.arange(90) // 3) % 2
    found = calibrate(X, y, groups=groups, claims=["readable"], **FEW | {"n_audits": 1})
    assert [one.truth for one in found] == ["nothing"]
    assert "groups of one size" in found.not_tried["moments"]
    assert "moments: not tried" in str(found)


def test_it_is_a_table_and_a_frame():
    found = Calibration(
        (Judged("nothing", "readable", 100, 5, {"yes": 5, "unclear": 95}),),
        0.05,
        {"too few": 2},
        {},
    )
    assert "5 of 100  0.016 to 0.113" in str(found)
    assert "refused 2 times: too few" in str(found)
    assert found.to_frame().to_dict("records")[0]["wrong"] == 5
    assert repr(found) == "Calibration(readable 5/100 (nothing))"


@pytest.mark.slow
def test_the_same_seed_says_the_same():
    one, other = (calibrate(X, Y, claims=["readable"], **{**FEW, "n_audits": 2}) for _ in range(2))
    assert str(one) == str(other)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"claims": ["one_direction"]}, "claim must be one of 'dependent'"),
        ({"n_audits": 0}, "n_audits must be a whole number of at least 1"),
        ({"draws": 9}, "needs at least 39 draws"),
        ({"n_splits": 14}, "n_splits must be at most 13"),
    ],
)
def test_what_cannot_be_asked_is_refused(changed, said):
    with pytest.raises(InputError, match=said):
        calibrate(X, Y, **{**FEW, "claims": ["readable"], **changed})


def test_several_representations_are_refused():
    with pytest.raises(
        InputError, match="one representation, .*, but several representations arrived"
    ):
        calibrate({"a": X, "b": X}, Y, **FEW)


def calibration(*counts, alpha=0.05, audits=100):
    """Return a calibration whose claims were wrong so often."""
    judged = [Judged("nothing", f"claim {i}", audits, k, {}) for i, k in enumerate(counts)]
    return Calibration(tuple(judged), alpha, {}, {})


def test_rates_that_are_too_high_are_named_in_the_conclusion():
    found = calibration(4, 14, 5)
    assert "claim 1" in found.conclusion
    assert "14 of 100" in found.conclusion
    assert "claim 0" not in found.conclusion
    assert str(found).startswith(found.conclusion)
    assert str(found).endswith(found.table)


def test_rates_are_judged_together():
    """10 of 100 has p = .028 alone: too often of one claim, and not of one among three."""
    assert "10 of 100" in calibration(10).conclusion
    assert "10 of 100" not in calibration(5, 10, 5).conclusion


def test_an_inconspicuous_conclusion_names_what_is_not_excluded():
    few, many = calibration(0, audits=5), calibration(30, audits=1000)
    assert f"{few.judged[0].interval[1]:.3f}" in few.conclusion
    assert "0.522" in few.conclusion
    assert f"{many.judged[0].interval[1]:.3f}" in many.conclusion


def test_without_verdicts_nothing_is_concluded():
    assert "nothing can be concluded" in calibration(0, audits=0).conclusion
