"""How many rows an absence takes."""

import pytest

from nullprobe import InputError, rows_for_absence


@pytest.mark.parametrize("n_parts", [2, 3])
@pytest.mark.parametrize("probe_rows", [1, 500, 20_000])
def test_a_part_has_so_many_rows_and_the_interval_room(probe_rows, n_parts):
    found = rows_for_absence(probe_rows, n_parts=n_parts)
    assert found == max(n_parts * probe_rows, rows_for_absence(1))


@pytest.mark.parametrize(
    ("more", "times"),
    [({"min_effect": 0.1}, 1 / 4), ({"positive_fraction": 0.1}, 0.25 / 0.09), ({"alpha": 0.05}, 1)],
)
def test_rows_follow_the_variance_of_an_auc(more, times):
    assert rows_for_absence(1, **more) == pytest.approx(times * rows_for_absence(1), abs=3)


@pytest.mark.parametrize(
    "wrong",
    [
        {"probe_rows": 0},
        {"min_effect": 0},
        {"positive_fraction": 0.7},
        {"power": 1},
        {"n_parts": 1},
    ],
)
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        rows_for_absence(**({"probe_rows": 10} | wrong))
