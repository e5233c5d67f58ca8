"""Evidence: readings of several representations of the same rows, compared with their nulls.

Chance comes first. Readings that reject chance are compared with the further explanations. Readings
that do not reject chance need no further explanation. The shape of the noise is drawn only if means
and covariances leave a reading unexplained; then it is drawn for all, since all p-values of one
explanation are adjusted for each other, over claims and representations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from nullprobe.auditing.across_layers import carried_across, followed_across
from nullprobe.auditing.baselines import Baselines, added_to, containing, read_baselines
from nullprobe.auditing.confounding import confounded
from nullprobe.auditing.context import details
from nullprobe.auditing.drawing import drawn
from nullprobe.auditing.measurement import Run
from nullprobe.auditing.readings import OF_CLAIMS
from nullprobe.claims import Curve, Evidence, Observation
from nullprobe.claims.evidence import by_chance
from nullprobe.claims.explanations import Explanation
from nullprobe.claims.readable import MATCHED
from nullprobe.claims.sentences import MAKES
from nullprobe.data.confounds import Confounds
from nullprobe.data.splits import Parts
from nullprobe.heldout.pair_agreement import HeldOut
from nullprobe.nulls.action import Action
from nullprobe.stats.null_distribution import Null

# `dependent` is not about explanations; draws of the noise's shape are matched to be as readable.
NOT_OF_NOISE = ("association", "raw", "few")
COSTLY = ("halfspace", "family", "association", "few")  # read only if a claim needs them
NOTHING = "chance was not rejected, so there is nothing to explain"
ENOUGH = "class means and covariances are enough for every reading"


def evidence(
    runs: Mapping[str, Run],
    baselines: Mapping[str, Baselines],
    domains: tuple[Parts, Sequence[str]] | None,
    pairs: Mapping[str, HeldOut],
    others: Mapping[str, np.ndarray],
    confounds: Confounds | None = None,
) -> list[Evidence]:
    """Return the evidence of each representation.

    Parameters
    ----------
    runs : mapping of str to Run
        Runs, by the name of the representation.
    baselines : mapping of str to mapping of str to mapping of str to ndarray of shape (n, d')
        Other representations of the rows, by the representation that is compared with them, source
        and name.
    domains : tuple of Parts and names, or None
        A split within each group, and the names of the groups, for `transfers`.
    pairs : mapping of str to HeldOut
        The audited contrast pairs, by representation, for `consistent`.
    others : mapping of str to ndarray of shape (n,)
        Other labels of the pairs.
    confounds : Confounds or None
        Confounds of the rows, for `readable`.
    """
    all_runs = list(runs.values())
    first, bar = all_runs[0], all_runs[0].settings.thresholds
    nulls = [{"chance": chance} for chance in _chance(all_runs)]
    notes: list[dict[str, str]] = [{} for _ in all_runs]
    curves = [run.curve if "curve" in _requested_keys(run) else None for run in all_runs]
    for explanation in MAKES:
        _explain(explanation, all_runs, nulls, notes, curves)
    carried = [run.carried(*domains) if domains else None for run in all_runs]
    followed = [run.followed(pairs[name], others) if pairs else None for name, run in runs.items()]
    across = carried_across([one for one in carried if one], nulls)
    follows = followed_across([one for one in followed if one], nulls)
    known: dict[int, Observation] = {}
    read = [read_baselines(run, baselines[name], known) for name, run in runs.items()]
    inside = [containing(run.X, baselines[name]) for name, run in runs.items()]
    # For several representations, this would take a fit of wide rows for each baseline and layer.
    alone = len(all_runs) == 1 and not first.settings.quick
    added = added_to(first, baselines[next(iter(runs))], read[0]) if alone else {}
    confounds_by_run = (
        [None for _ in all_runs] if confounds is None else confounded(all_runs, confounds, nulls)
    )
    evidence_by_run = []
    for i, run in enumerate(all_runs):
        residual, algebra = run.algebra()
        raw, erased, halfspace, family, few = (
            _with_test(run.observed.get(key), nulls[i]["chance"].get(key))
            for key in ("raw", "erased", "halfspace", "family", "few")
        )
        assert raw is not None, "it is always read"
        assert erased is not None, "it is always read"
        evidence_by_run.append(
            Evidence(
                raw,
                erased,
                halfspace,
                nulls[i],
                read[i],
                residual,
                algebra,
                notes[i],
                details(run),
                bar,
                family,
                curves[i],
                across[i] if across else None,
                follows[i] if follows else None,
                run.observed.get("association"),
                run.probe_rows,
                run.sizes if run.settings.asks("readable") else (),
                confounds_by_run[i],
                inside[i],
                added,
                len(run.z),
                few,
            )
        )
        _spare(run, all_runs)
    return evidence_by_run


def _spare(run: Run, all_runs: Sequence[Run]) -> None:
    """Free the factorisations of a run, if several runs would fill the memory."""
    if len(all_runs) > 1:
        run.forget()


def _requested_keys(run: Run) -> list[str]:
    """Return the keys of the readings that the claims of a run need."""
    return [OF_CLAIMS[name] for name in run.settings.names if name in OF_CLAIMS]


def _chance(all_runs: Sequence[Run]) -> list[dict[str, Null]]:
    """Return the nulls of permuted labels for each representation, by key."""
    first = all_runs[0]
    # The curve matters only if the concept is readable.
    counts = [
        {"raw" if key == "curve" else key for key in _requested_keys(run)} for run in all_runs
    ]
    description = first.permuted.description

    def draw(i: int, draws: range) -> Mapping[str, np.ndarray]:
        costly = [key for key in _requested_keys(all_runs[i]) if key in COSTLY]
        nulls = all_runs[i].by_chance(["raw", "erased", *costly], draws)
        _spare(all_runs[i], all_runs)
        return nulls

    def judge(i: int, values: Mapping[str, np.ndarray]) -> dict[str, tuple[float, Null]]:
        run = all_runs[i]
        return {
            key: (run.observed[key].value, run.of_labels("chance", description, key, values))
            for key in values
            if key in counts[i]
        }

    settings = first.settings
    nulls, values = drawn(len(all_runs), draw, judge, settings.draws, settings.thresholds)
    for run, nulls_of_run, read in zip(all_runs, nulls, values, strict=True):
        left = {*read} & {*run.observed} - {*nulls_of_run}
        nulls_of_run |= {key: run.of_labels("chance", description, key, read) for key in left}
        run.chance_raw = nulls_of_run["raw"]
    return nulls


def _explain(
    explanation: str,
    all_runs: Sequence[Run],
    nulls: Sequence[dict[str, dict[str, Null]]],
    notes: Sequence[dict[str, str]],
    curves: list[Curve | None],
) -> None:
    """Draw an explanation for all readings that reject chance; add nulls, notes and curves."""
    bar, keys = all_runs[0].settings.thresholds, []
    enough = explanation == "noise" and all(
        _moments_suffice(run, nulls_of_run, curve)
        for run, nulls_of_run, curve in zip(all_runs, nulls, curves, strict=True)
    )
    for run, nulls_of_run, why in zip(all_runs, nulls, notes, strict=True):
        keys.append(_to_explain(explanation, run, nulls_of_run["chance"], why, enough))

    def draw(i: int, draws: range) -> Mapping[str, np.ndarray]:
        return all_runs[i].explained(explanation, keys[i], draws) if keys[i] else {}

    def curve(i: int, values: Mapping[str, np.ndarray]) -> Curve:
        observed_curve = curves[i]
        assert observed_curve is not None, "the curve is measured where it is asked for"
        return replace(observed_curve, drawn={**observed_curve.drawn, explanation: values["curve"]})

    def judge(i: int, values: Mapping[str, np.ndarray]) -> dict[str, tuple[float, Null]]:
        new_nulls = {}
        for key, each in values.items():
            if key == "curve":
                new_nulls[key] = curve(i, values).largest(explanation)
            else:
                action = all_runs[i].action(explanation, key)
                assert isinstance(action, Action), "keys without an action are left out"
                null = Null(explanation, action.description, each)
                new_nulls[key] = all_runs[i].observed[key].value, null
        return new_nulls

    limit = all_runs[0].settings.draws_to_explain
    new_nulls, values = drawn(len(all_runs), draw, judge, limit, bar)
    for i, (nulls_of_run, read) in enumerate(zip(new_nulls, values, strict=True)):
        nulls[i][explanation] = nulls_of_run
        if "curve" in read:
            curves[i] = curve(i, read)


def _moments_suffice(
    run: Run, nulls: Mapping[str, Mapping[str, Null]], curve: Curve | None
) -> bool:
    """Return whether means and covariances explain each reading that rejects chance."""
    bar, drawn = run.settings.thresholds, nulls["moments"]
    for key in _requested_keys(run):
        judged = "raw" if key == "curve" else key
        if key in NOT_OF_NOISE or not _rejects_chance(run, nulls["chance"], judged):
            continue
        if key not in drawn:
            return False
        if key == "curve":
            assert curve is not None, "the curve is measured where it is asked for"
            explained = curve.explained(drawn[key], bar)
        else:
            explained = Explanation.of(run.observed[key].value, drawn[key], bar)
        if not explained.suffices:
            return False
    return True


def _rejects_chance(run: Run, chance: Mapping[str, Null], key: str) -> bool:
    return by_chance(run.observed[key], chance[key], run.settings.thresholds).is_rejected


def _to_explain(
    explanation: str,
    run: Run,
    chance: Mapping[str, Null],
    why: dict[str, str],
    enough: bool,
) -> list[str]:
    """Return the keys that an explanation is drawn for, and note why it is not for others.

    ``enough`` is whether a simpler explanation suffices for all of them.
    """
    keys = []
    for key in _requested_keys(run):
        if key == "association":
            continue  # `dependent` is about whether a dependence exists, not what explains it
        place = f"{explanation} {key}"
        judged = "raw" if key == "curve" else key
        if explanation == "noise" and key in NOT_OF_NOISE:
            continue
        if not run.settings.explain:
            why[place] = "not requested"
        elif explanation == "noise" and key == "erased" and not run.settings.erases:
            why[place] = MATCHED
        elif not _rejects_chance(run, chance, judged):
            why[place] = NOTHING
        elif enough:
            why[place] = ENOUGH
        elif not isinstance(action := run.action(explanation, key), Action):
            why[place] = action
        else:
            keys.append(key)
    return keys


def _with_test(observed: Observation | None, chance: Null | None) -> Observation | None:
    """Return an observation with its p-value against chance, which its interval respects."""
    if observed is None or chance is None:
        return observed
    return replace(observed, chance_p=chance.p_value(observed.value))
