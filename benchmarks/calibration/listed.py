"""Cells that are listed: "sufficient" at n = 2,000, effects that were found, and former faults.

``before`` is what the first edition of the audit answered rightly in worlds of this kind, from
the first attack on verdicts and the first calibration; where these did not write down a size, the
one here is ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import found_before as b
from cells import Cell, Truth, nothing, shifted

MORE = ("no", "structure")  # the answer where there is more than moments and noise
READ = Truth("moments", 0.1, (("yes", None),))


def _cell(
    kind: str,
    name: str,
    draw: Callable[..., dict[str, Any]],
    settings: Mapping[str, Any],
    truth: Mapping[str, Truth],
    before: tuple[int, int] | None = None,
    seeds: int | None = None,
) -> Cell:
    number = seeds or (50 if kind == "power" else 100)
    return Cell(f"{kind}/{name}", kind, draw, settings, truth, {}, number, before)


def _sufficient() -> list[Cell]:
    """n = 2,000: whether "chance suffices" is said of nothing, and never of what is there."""
    both = ("readable", "erasure_holds")
    rows = [
        ("nothing, d 8", b.plain, {"n": 2000, "d": 8, "gap": 0.0}, dict.fromkeys(both)),
        ("nothing, d 100", b.plain, {"n": 2000, "d": 100, "gap": 0.0}, dict.fromkeys(both)),
        # The best reader is above chance by .07, .098 and .138; probes trained on a third of the
        # rows, of which an absence speaks, are by less (tests/benchmarks/test_design.py).
        ("AUC .57, d 40", b.plain, {"n": 2000, "d": 40, "gap": 0.25}, {"readable": 0.031}),
        ("AUC .598, d 300", b.plain, {"n": 2000, "d": 300, "gap": 0.35}, {"readable": 0.025}),
        ("AUC .638, d 300", b.plain, {"n": 2000, "d": 300, "gap": 0.5}, {"readable": 0.047}),
        ("Gaussian shift", b.plain, {"n": 2000, "d": 40, "gap": 1.5}, {"erasure_holds": None}),
        ("t3 shift", b.heavy_tails, {"n": 2000, "d": 40, "gap": 2.6}, {"erasure_holds": None}),
    ]
    found = []
    for name, draw, settings, asked in rows:
        truth = {}
        for claim, effect in asked.items():
            if settings["gap"] == 0.0:
                truth[claim] = nothing(claim)
            elif effect is not None:
                truth[claim] = Truth("moments", effect, (("yes", None),))
            else:
                truth[claim] = shifted(claim, "gaussian" if draw is b.plain else "t3")
        found.append(_cell("sufficient", name, draw, settings, truth, seeds=50))
    halfspace = {"no_halfspace": Truth("structure", 0.148, (("no", None),))}
    shape = {"n": 2000, "d": 4}
    found.append(
        _cell("sufficient", "log-normal of two sigmas", b.two_sigmas, shape, halfspace, seeds=50)
    )
    return found


def _reading_power() -> list[Cell]:
    """How often `readable` finds a gap, n = 240 (statistics, section 4)."""
    auc = {0.25: 0.07, 0.5: 0.138, 0.75: 0.202, 1.0: 0.26}
    before = {8: (9, 50, 88, 100), 64: (0, 10, 42, 78)}
    return [
        _cell(
            "power",
            f"D {gap}, n 240, d {d}",
            b.plain,
            {"n": 240, "d": d, "gap": gap},
            {"readable": Truth("moments", auc[gap], (("yes", None),))},
            (found, 100),
            100,
        )
        for d, each in before.items()
        for gap, found in zip(auc, each, strict=True)
    ]


def _power() -> list[Cell]:
    """Worlds in which something was found, with how often it was."""
    more = {"no_halfspace": Truth("structure", 0.1, (MORE,))}
    gone = {"gone": Truth("moments", 0.2, (("no", None),))}
    corners = {"gone": Truth("structure", 0.2, (("no", None),))}
    read = {"readable": READ}
    carries = {"transfers": Truth("carries", 0.1, (("yes", None),))}
    tilted = {"transfers": Truth("tilted", 0.1, (("no", None),))}
    inputs = {"readable": Truth("moments", 0.1, (("yes", None),), "inputs")}
    two = {"n_groups": 2, "d": 8, "gap": 2.0}
    slight, mild, strong = ({**two, "angle": angle} for angle in (20.0, 46.9, 53.7))
    large = {"n": 600, "d": 64}
    used = {"used": Truth("structure", 0.1, (("yes", None),))}
    rows: list[tuple[Any, ...]] = [
        ("mirrored log-normal, 1 of 10", b.mirrored, {"n": 600, "d": 10, "features": 1}, more)
        + ((34, 40),),
        ("mirrored log-normal, 5 of 10", b.mirrored, {"n": 600, "d": 10, "features": 5}, more)
        + ((40, 40),),
        ("unequal covariances", b.unequal, {"n": 240, "d": 8}, gone, (50, 50)),
        ("xor, noise .5", b.xor, {"n": 240, "d": 3, "noise": 0.5}, corners, (40, 40)),
        ("xor, noise 1", b.xor, {"n": 240, "d": 3, "noise": 1.0}, corners, (32, 40)),
        ("founding, 100 a class", b.founding, {"n_per_class": 100}, more, (10, 20)),
        ("founding, 500 a class", b.founding, {"n_per_class": 500}, more, (40, 40)),
        ("copy of the inputs", b.copy_of_inputs, {"n": 240, "d": 8, "gap": 1.5}, inputs)
        + ((400, 400),),
        ("axes x1000", b.scaled, {**large, "how": "axes", "by": 1e3}, read, (20, 20)),
        ("rotated x30", b.scaled, {**large, "how": "rotated", "by": 30.0}, read, (20, 20)),
        ("rotated x1000", b.scaled, {**large, "how": "rotated", "by": 1e3}, read, (5, 20)),
        ("offset", b.scaled, {**large, "how": "offset", "by": 1e3}, read, (20, 20)),
        ("rows x30", b.scaled, {**large, "how": "rows", "by": 30.0}, read, (20, 20)),
        ("rows x1000", b.scaled, {**large, "how": "rows", "by": 1e3}, read, (20, 20)),
        ("share .01, D 1.5", b.plain, {"n": 1000, "d": 8, "gap": 1.5, "share": 0.01}, read)
        + ((39, 60),),
        ("numbers, Gaussian", b.heavy_numbers, {"n": 400, "d": 8, "y": "gaussian"}, read, (31, 31)),
        ("numbers, t2", b.heavy_numbers, {"n": 400, "d": 8, "y": "t2"}, read, (28, 34)),
        ("numbers, Cauchy", b.heavy_numbers, {"n": 400, "d": 8, "y": "cauchy"}, read, (23, 33)),
        ("numbers, log-normal", b.heavy_numbers, {"n": 400, "d": 8, "y": "lognormal"}, read)
        + ((19, 37),),
        *(
            (f"40 groups, {odd} odd rows", b.odd_rows, {"odd": odd}, read, (right, 40))
            for odd, right in ((0, 40), (1, 0), (2, 19), (4, 35))
        ),
        ("unequal groups, 1 odd row", b.odd_rows, {"odd": 1, "equal": False}, read, (0, 40)),
        ("series, D 1.5", b.in_series, {"gap": 1.5, "rho": 0.9, "n_series": 12}, read, (29, 30)),
        ("used, 200 statements", b.asked, {"n": 200, "layer": 3}, used, (40, 40)),
        ("used, 100 statements", b.asked, {"n": 100, "layer": 3}, used, (23, 40)),
        ("used, layer 1", b.asked, {"n": 200, "layer": 1}, used, (18, 40)),
        # Angles at which a direction from the other group loses .013, .088 and .122 of AUC.
        ("loss .013, 2 of 200", b.directions, {**slight, "n": 400}, carries, (10, 30)),
        (
            "loss .013, 2 of 1000",
            b.directions,
            {**slight, "n": 2000},
            carries,
            (30, 30),
        ),
        ("loss .088, 2 of 600", b.directions, {**mild, "n": 1200}, tilted, (10, 30)),
        ("loss .122, 2 of 600", b.directions, {**strong, "n": 1200}, tilted, (25, 25)),
    ]
    return [_cell("power", *row) for row in rows]


def _faults() -> list[Cell]:
    """Worlds in which verdicts were wrong, beyond those of the design."""
    chance = {claim: nothing(claim) for claim in ("readable", "erasure_holds")}
    feature = {"one_feature": shifted("one_feature", "gaussian")}
    left = {"erasure_holds": shifted("erasure_holds", "symbols")}
    spread = {"gone": Truth("structure", 0.1, (("no", None),))}
    other = {"readable": Truth("moments", 0.1, (("yes", None),), "unknown")}
    consistent = {"consistent": Truth("moments", 0.1, (("yes", None),))}
    small = {"n_groups": 2, "gap": 2.0, "angle": 35.2, "d": 8, "n": 1200}
    four = {"n_groups": 4, "gap": 0.0, "angle": 0.0, "d": 8}
    return [
        _cell("fault", name, draw, settings, truth)
        for name, draw, settings, truth in (
            ("noise follows |y|", b.wider, {"n": 400, "d": 8}, chance),
            ("spread follows |y|", b.wider, {"n": 300, "d": 8}, spread),
            ("noise as baseline", b.beside_noise, {"n": 120, "d": 8, "gap": 1.2}, other),
            ("rare and wide", b.rare_wide, {"n": 300, "d": 8, "share": 0.1, "scale": 16}, chance),
            ("one feature twice", b.twin_columns, {"n": 400, "d": 8}, feature),
            ("one of 40 symbols", b.symbols, {"n": 600, "d": 40}, left),
            ("12 series, nothing", b.in_series, {"gap": 0.0, "rho": 0.9, "n_series": 12}, chance),
            ("30 series, nothing", b.in_series, {"gap": 0.0, "rho": 0.7, "n_series": 30}, chance),
            (
                "4 groups of 100, nothing",
                b.directions,
                {**four, "n": 400},
                {"transfers": nothing("transfers")},
            ),
            (
                "4 groups of 60, nothing",
                b.directions,
                {**four, "n": 240},
                {"transfers": nothing("transfers")},
            ),
            # A loss of .045 is below the smallest effect of interest.
            (
                "loss .045, 2 of 600",
                b.directions,
                small,
                {"transfers": Truth("carries", 0.1, (("yes", None),))},
            ),
            (
                "statements labelled at random",
                b.asked,
                {"n": 200, "layer": 3, "at_random": True},
                {"used": nothing("used")},
            ),
            ("pairs, truth varies most", b.pairs, {"n": 150, "d": 30, "signal": 2.0}, consistent),
            (
                "pairs, nothing",
                b.pairs,
                {"n": 120, "d": 6, "signal": 0.0},
                {"consistent": nothing("consistent")},
            ),
        )
    ]


LISTED = [*_sufficient(), *_reading_power(), *_power(), *_faults()]
