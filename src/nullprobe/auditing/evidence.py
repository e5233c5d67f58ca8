"""Evidence: what several representations of the same rows show, each held against its nulls.

Chance comes first. What it does not explain is held against the explanations after it, and what it
does explain is not: there is nothing that these could add. All p-values of one explanation are
adjusted for each other, over claims and representations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from nullprobe.auditing.baselines import added_to, containing, read_beside
from nullprobe.auditing.confounding import confounded
from nullprobe.auditing.drawing import drawn
from nullprobe.auditing.measurement import Run
from nullprobe.auditing.readings import OF_CLAIMS
from nullprobe.claims import Carried, Curve, Evidence, Followed, Observation
from nullprobe.claims.readable import MATCHED
from nullprobe.claims.sentences import MAKES
from nullprobe.claims.verdict import by_chance
from nullprobe.data.confounds import Confounds
from nullprobe.data.splits import Parts
from nullprobe.heldout.pair_agreement import HeldOut
from nullprobe.nulls.action import Action
from nullprobe.stats.null_distribution import Null, together

COSTLY = ("halfspace", "family", "association")  # to read of a labelling
NOTHING = "chance was not rejected, so that nothing is there to explain"


def evidence(
    runs: Mapping[str, Run],
    baselines: Mapping[str, Mapping[str, np.ndarray]],
    domains: tuple[Parts, Sequence[str]] | None,
    pairs: Mapping[str, HeldOut],
    others: Mapping[str, np.ndarray],
    confounds: Confounds | None = None,
) -> list[Evidence]:
    """Return what each representation shows.

    Parameters
    ----------
    runs : mapping of str to Run
        By the name of the representation.
    baselines : mapping of str to mapping of str to ndarray of shape (n, d')
        Other representations of the rows, by source and name.
    domains : tuple of Parts and names, or None
        A split within each group, and the names of the groups, for `transfers`.
    pairs : mapping of str to HeldOut
        The pairs whose differences are audited, by representation, for `consistent`.
    others : mapping of str to ndarray of shape (n,)
        Other labels of the pairs.
    confounds : Confounds or None
        What else is known of the rows, for `readable`.
    """
    several = list(runs.values())
    first, bar = several[0], several[0].settings.thresholds
    nulls = [{"chance": own} for own in _chance(several)]
    notes: list[dict[str, str]] = [{} for _ in several]
    curves = [run.curve if "curve" in _asked(run) else None for run in several]
    for explanation in MAKES:
        _explain(explanation, several, nulls, notes, curves)
    carried = [run.carried(*domains) if domains else None for run in several]
    followed = [run.followed(pairs[name], others) if pairs else None for name, run in runs.items()]
    across = _carried_across([one for one in carried if one], nulls)
    follows = _followed_across([one for one in followed if one], nulls)
    seen = read_beside(first, baselines)
    inside = [containing(run.X, baselines) for run in several]
    # Of several representations it would take as many fits of wide rows as there are pairs.
    alone = len(several) == 1 and not first.settings.quick
    added = added_to(first, baselines, seen) if alone else {}
    given = [None for _ in several] if confounds is None else confounded(several, confounds, nulls)
    found = []
    for i, run in enumerate(several):
        residual, algebra = run.algebra()
        raw, erased, halfspace, family = (
            _with_test(run.observed.get(key), nulls[i]["chance"].get(key))
            for key in ("raw", "erased", "halfspace", "family")
        )
        assert raw is not None, "it is always read"
        assert erased is not None, "it is always read"
        found.append(
            Evidence(
                raw,
                erased,
                halfspace,
                nulls[i],
                seen,
                residual,
                algebra,
                notes[i],
                run.details(),
                bar,
                family,
                curves[i],
                across[i] if across else None,
                follows[i] if follows else None,
                run.observed.get("association"),
                run.probe_rows,
                run.sizes if run.settings.asks("readable") else (),
                given[i],
                inside[i],
                added,
                len(run.z),
            )
        )
        _spare(run, several)
    return found


def _spare(run: Run, several: Sequence[Run]) -> None:
    """Free what a run has factored, where several would fill the memory."""
    if len(several) > 1:
        run.forget()


def _asked(run: Run) -> list[str]:
    """Return the keys of the claims that a run is for."""
    return [OF_CLAIMS[name] for name in run.settings.names if name in OF_CLAIMS]


def _chance(several: Sequence[Run]) -> list[dict[str, Null]]:
    """Return what permuted labels make of each representation, by key."""
    first = several[0]
    # What is left in the curve is asked for only where something is read at all.
    counts = [{"raw" if key == "curve" else key for key in _asked(run)} for run in several]
    said = first.permuted.description

    def draw(i: int, draws: range) -> Mapping[str, np.ndarray]:
        costly = [key for key in _asked(several[i]) if key in COSTLY]
        found = several[i].by_chance(["raw", "erased", *costly], draws)
        _spare(several[i], several)
        return found

    def judge(i: int, values: Mapping[str, np.ndarray]) -> dict[str, tuple[float, Null]]:
        run = several[i]
        return {
            key: (run.observed[key].value, run.of_labels("chance", said, key, values))
            for key in values
            if key in counts[i]
        }

    settings = first.settings
    found, values = drawn(len(several), draw, judge, settings.draws, settings.thresholds)
    for run, own, read in zip(several, found, values, strict=True):
        left = {*read} & {*run.observed} - {*own}
        own |= {key: run.of_labels("chance", said, key, read) for key in left}
        run.chance_raw = own["raw"]
    return found


def _explain(
    explanation: str,
    several: Sequence[Run],
    nulls: Sequence[dict[str, dict[str, Null]]],
    notes: Sequence[dict[str, str]],
    curves: list[Curve | None],
) -> None:
    """Draw an explanation for all that chance does not explain; add nulls, notes and curves."""
    settings = several[0].settings
    bar, keys = settings.thresholds, []
    for run, own, why in zip(several, nulls, notes, strict=True):
        keys.append(_to_explain(explanation, run, own["chance"], why))

    def draw(i: int, draws: range) -> Mapping[str, np.ndarray]:
        return several[i].explained(explanation, keys[i], draws) if keys[i] else {}

    def curve(i: int, values: Mapping[str, np.ndarray]) -> Curve:
        own = curves[i]
        assert own is not None, "the curve is measured where it is asked for"
        return replace(own, drawn={**own.drawn, explanation: values["curve"]})

    def judge(i: int, values: Mapping[str, np.ndarray]) -> dict[str, tuple[float, Null]]:
        found = {}
        for key, each in values.items():
            if key == "curve":
                found[key] = curve(i, values).largest(explanation)
            else:
                action = several[i].action(explanation, key)
                assert isinstance(action, Action), "keys without an action are left out"
                null = Null(explanation, action.description, each)
                found[key] = several[i].observed[key].value, null
        return found

    found, values = drawn(len(several), draw, judge, settings.draws, bar)
    for i, (own, read) in enumerate(zip(found, values, strict=True)):
        nulls[i][explanation] = own
        if "curve" in read:
            curves[i] = curve(i, read)


def _to_explain(
    explanation: str,
    run: Run,
    chance: Mapping[str, Null],
    why: dict[str, str],
) -> list[str]:
    """Return the keys that an explanation is drawn for, and note why others are not."""
    keys = []
    for key in _asked(run):
        if key == "association":
            continue  # it is asked whether anything is there, not what that takes
        place = f"{explanation} {key}"
        judged = "raw" if key == "curve" else key
        bar = run.settings.thresholds
        if explanation == "noise" and key == "raw":
            continue  # its draws are matched to be as readable
        if not run.settings.explain:
            why[place] = "not requested"
        elif explanation == "noise" and key == "erased" and not run.settings.erases:
            why[place] = MATCHED
        elif not by_chance(run.observed[judged], chance[judged], bar).is_rejected:
            why[place] = NOTHING
        elif not isinstance(action := run.action(explanation, key), Action):
            why[place] = action
        else:
            keys.append(key)
    return keys


def _with_test(observed: Observation | None, chance: Null | None) -> Observation | None:
    """Return an observation whose interval reaches chance where the test does not exclude it."""
    if observed is None or chance is None:
        return observed
    return replace(observed, chance_p=chance.p_value(observed.value))


def _carried_across(
    several: Sequence[tuple[Carried, dict[str, Null]]],
    nulls: Sequence[dict[str, dict[str, Null]]],
) -> list[Carried]:
    """Add the nulls of `transfers`, adjusted over representations, and return what is judged."""
    found = [one for one, _ in several]
    for name in ("within", "across", "gap"):
        values = [_of_carried(one, name).value for one in found]
        own = together([chance[name] for _, chance in several], values) if several else []
        for place, null in zip(nulls, own, strict=False):
            place["chance"][name] = null
    if not found:
        return []
    random = together([one.random for one in found], [one.left_across.value for one in found])
    return [replace(one, random=null) for one, null in zip(found, random, strict=True)]


def _of_carried(one: Carried, name: str) -> Observation:
    return one.within.over(one.across) if name == "gap" else getattr(one, name)


def _followed_across(
    several: Sequence[tuple[Followed, Null]], nulls: Sequence[dict[str, dict[str, Null]]]
) -> list[Followed]:
    """Add the null of `consistent`, adjusted over representations, and return what is judged."""
    found = [one for one, _ in several]
    if not found:
        return []
    values = [one.agreement.value for one in found]
    for place, null in zip(nulls, together([null for _, null in several], values), strict=True):
        place["chance"]["consistent"] = null
    random = together([one.random for one in found], values)
    others: list[dict[str, tuple[Observation, Null]]] = [{} for _ in found]
    for name in found[0].others:
        pairs = [one.others[name] for one in found]
        own = together([null for _, null in pairs], [seen.value for seen, _ in pairs])
        for place, (seen, _), null in zip(others, pairs, own, strict=True):
            place[name] = seen, null
    return [
        replace(one, random=null, others=each)
        for one, null, each in zip(found, random, others, strict=True)
    ]
