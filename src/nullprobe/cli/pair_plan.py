"""Pair plan: how many pairs of texts an interchange needs, in words."""

from __future__ import annotations

from contextlib import suppress

from nullprobe._core.validation import InputError, complain
from nullprobe.auditing.layers import Layers
from nullprobe.auditing.result import Audit
from nullprobe.measures.pairs_for_effect import pairs_for_effect, spread_of, upper_limit
from nullprobe.report.text.wording import number
from nullprobe.results.loading import load_result
from nullprobe.stats.sample_size import POWER


def answer(effect: float, sd: float | None, pilot: str | None, power: float | None) -> str:
    """Return a plan in words, from a standard deviation or the document of a pilot.

    Parameters
    ----------
    effect : float
        Mean shift to detect, in nats.
    sd : float or None
    pilot : str or None
        Path of the JSON of `audit-use` with pairs; of several sites, the one with the largest
        spread is planned for.
    power : float or None
    """
    power, of, source = POWER if power is None else power, "pairs", ""
    if pilot is not None:
        spread, n, of, site = _measured(pilot)
        sd = upper_limit(spread, n)
        source = (
            f"Measured on {n:,} {of} of {pilot!r}{site}: a standard deviation of {number(spread)}; "
            "its upper 80 % confidence limit is planned for.\n"
        )
    needed = pairs_for_effect(effect, sd=sd, power=power)
    assert sd is not None, "checked by the plan"
    return (
        f"An interchange needs {needed:,} scored {of} to detect a shift of {effect:g} nats towards "
        f"the partner's answer (the 95 % interval is above 0 in {power:.0%} of samples).\n"
        f"audit-use scores half of the texts, so pass {2 * needed:,} {of}. Each pair runs in both "
        "directions.\n"
        f"{source}"
        f"Planned for a standard deviation of {number(sd)} nats between {of}. More {of} do not "
        "change what random subspaces and permuted labels reach."
    )


def _measured(path: str) -> tuple[float, int, str, str]:
    """Return the largest spread of a document, its number of pairs or groups, which, and where."""
    read = load_result(path)
    audits = dict(read.audits) if isinstance(read, Layers) else {}
    if isinstance(read, Audit):
        audits[read.representation or ""] = read
    spreads: list[tuple[float, int, str, str]] = []
    for site, one in audits.items():
        with suppress(InputError):
            spreads.append((*spread_of(one["used"]), f", at {site}" if site else ""))
    if not spreads:
        complain(
            "--pilot must be the JSON of audit-use with --pairs",
            f"{path!r} has no spread between pairs",
            "run audit-use with --pairs on a few texts",
        )
    return max(spreads)
