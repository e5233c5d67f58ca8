"""Pictures of studies: intervals over seeds, cut where nothing is possible."""

import numpy as np
import pytest

from nullprobe.studies.effects import Estimate
from nullprobe.studies.pictures import series

SHARES = (Estimate((0.8, 1.0, 1.0)), Estimate((0.0, 0.1, 0.0)), Estimate((0.4, 0.5, 0.6)))


@pytest.mark.parametrize("limits", [(0.0, 1.0), (-np.inf, 1.0), (0.0, np.inf)])
def test_intervals_are_cut_at_what_is_possible_and_means_stay(limits):
    line, free = series("way", "abc", SHARES, limits), series("way", "abc", SHARES)
    assert line["y"] == free["y"] == [one.value for one in SHARES]
    assert line["low"] == np.clip(free["low"], *limits).tolist()
    assert line["high"] == np.clip(free["high"], *limits).tolist()
    assert free["high"][0] > 1
    assert free["low"][1] < 0


def test_one_seed_has_no_interval():
    line = series("way", [1], [Estimate((0.5,))], (0.0, 1.0))
    assert line["low"] is line["high"] is None
