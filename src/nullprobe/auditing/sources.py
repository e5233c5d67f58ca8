"""Sources: audits that take no baselines do not miss one."""

from __future__ import annotations

from dataclasses import replace

from nullprobe.auditing.result import Audit
from nullprobe.claims.explanations import ComesFrom
from nullprobe.claims.readable import NO_BASELINE, NO_TWIN, ORIGINS

NOT_TESTED = "where it comes from was not tested"


def without_baselines(result: Audit, reason: str) -> Audit:
    """Return an audit that states this reason where it would state that no baseline was passed."""
    claims = (
        replace(
            claim,
            reason=claim.reason.replace(ORIGINS[ComesFrom.NOT_TRIED], NOT_TESTED),
            explanations=tuple(
                replace(one, reason=reason) if one.reason in (NO_BASELINE, NO_TWIN) else one
                for one in claim.explanations
            ),
        )
        for claim in result.claims
    )
    return replace(result, claims=tuple(claims))
