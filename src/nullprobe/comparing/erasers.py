"""Compare: what every eraser leaves to fresh probes on new data, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.utils import get_tags

from nullprobe._core import parameters, validation
from nullprobe._core.caller_warnings import warn
from nullprobe._core.random_state import RandomState, integer_seed
from nullprobe.claims import Observation
from nullprobe.comparing.eraser_result import NONE, Cell, Column, Comparison, Row
from nullprobe.comparing.trials import Progress, Reading, Trial, Trials
from nullprobe.data import provenance
from nullprobe.data.concept import Concept, concept
from nullprobe.data.dataset import Dataset
from nullprobe.data.splits import split
from nullprobe.erasers import ERASERS, SPLINCE, MiMiC
from nullprobe.erasers.estimator import LabelledEstimator
from nullprobe.heldout.fresh_probe import Fresh, fresh, named
from nullprobe.stats.dependence import LEVEL, neighbours, with_copies

N_PARTS = 3


def compare(
    X: Any,
    y: Any,
    *,
    erasers: Mapping[str, Any] | Sequence[str] | None = None,
    probes: Mapping[str, Any] | Sequence[str] | None = None,
    others: Mapping[str, Any] | None = None,
    groups: Any = None,
    duplicates: str = "group",
    independent: bool = False,
    kind: str | None = None,
    feature_names: Sequence[str] | None = None,
    random_state: RandomState = 0,
    title: str = "data",
    progress: Progress | None = None,
) -> Comparison:
    """Compare erasers: what each leaves to fresh probes on new data, and what it costs.

    Parameters
    ----------
    X : array of shape (n, d)
        Representation.
    y : array-like of shape (n,) or (n, k)
        Concept to erase: labels or numbers; several columns of labels are encoded together.
    erasers : mapping of str to estimator, or sequence of str, optional
        Unfitted erasers, or names of ours; by default all of ours that apply.
    probes : mapping of str to estimator, or sequence of str, optional
        Unfitted classifiers, or names among "linear", "halfspace", "quadratic", "rbf"; by default
        all that can read the concept.
    others : mapping of str to array-like of shape (n,) or (n, k), optional
        Other labels of the same rows, whose linear readability is watched. SPLINCE is asked to
        keep the first.
    groups : array-like of shape (n,), optional
        Rows of a group depend on each other; they stay in one part of the split.
    duplicates : {"group", "drop", "keep"}
        What becomes of rows that are copies of others, exactly or nearly: they are kept together as
        groups, all but one are dropped, or they count as independent. A warning says how many.
    independent : bool
        Whether rows are independent although they may resemble their neighbours in the file.
    kind : {"labels", "numeric"} or None
        What y is; None for the rule: floats are numbers, unless all are whole and few are distinct.
    feature_names : sequence of d str, optional
        Names of the columns of X; by default those of a frame.
    random_state : int, Generator or None
        Same seed, same numbers, times aside; of a generator or None, a seed is drawn and recorded.
    title : str
        Name of the data set on the page.
    progress : callable, optional
        Called with the stage, how much of it is done, and of how much.

    Returns
    -------
    Comparison
        ``.rows``, each with ``.read_back``, ``.damage``, ``.others``, ``.ranks`` and ``.seconds``.

    Raises
    ------
    InputError
        If the input is not finite, of lengths that differ, of one class, or too small to split.

    Warns
    -----
    UserWarning
        If rows are copies of others, or resemble their neighbours in the file: an eraser and a
        probe then see nearly the rows that are scored, and intervals are too narrow.

    Notes
    -----
    Rows are split into three stratified parts that take turns as F (erasers are fitted), P
    (probes are fitted to erased rows) and S (erased rows are scored); each row is scored once.
    An eraser or a probe that cannot be fitted to these data leaves a reason in place of numbers.

    Examples
    --------
    >>> from nullprobe import worlds
    >>> w = worlds.two_features(n_per_class=1000, d=3, random_state=0)
    >>> result = compare(w.X, w.y, erasers=["leace"], probes=["linear", "halfspace"])
    >>> for row in result.rows:
    ...     print(row.eraser, [round(cell.value, 1) for cell in row.read_back.values()])
    none [1.0, 0.9]
    leace [0.5, 0.6]
    """
    given = Dataset.of({"": X}, y, groups=groups, feature_names=feature_names, kind=kind)
    seed = integer_seed(random_state)
    watched = _watched(others, len(given.z))
    rows, unit, copied = with_copies(given, duplicates, seed)
    if len(rows) < len(given.z):
        given, watched = given.take(rows), {name: y.take(rows) for name, y in watched.items()}
    X, z = given.X, given.z
    dependence = {"independent": True} if independent else _neighbours(given, unit, seed)
    chosen, left_out = _erasers(erasers, z, bool(watched), seed)
    for name, probe in probes.items() if isinstance(probes, Mapping) else ():
        parameters.instance("probe", name, probe)
    columns = fresh(probes, z, seed)
    parts = split(z, groups=unit, n_parts=N_PARTS, rng=np.random.default_rng([seed, 0]))
    readings = [Reading.of(z, columns, parts, [seed, 1])]
    for i, other in enumerate(watched.values(), 2):
        readings.append(Reading.of(other, fresh(["linear"], other, seed), parts, [seed, i]))
    found = Trials(X, readings, parts, {NONE: None, **chosen}).run(progress or (lambda *_: None))
    each = dict(zip(watched, readings[1:], strict=True))
    return Comparison(
        title,
        tuple(_column(probe.name, probe) for probe in columns),
        tuple(_column(name, reading.probes[0]) for name, reading in each.items()),
        tuple(
            _row(name, {NONE: None, **chosen}[name], trials, readings[0].probes, each)
            for name, trials in found.items()
        ),
        left_out,
        {
            **provenance.data(
                X,
                z,
                parts,
                group_names=given.group_names,
                feature_names=given.feature_names.get("", ()),
            ),
            **({"copies": copied} if copied else {}),
            **({"dependence": dependence} if dependence else {}),
            "others": list(watched),
            "random_state": seed,
            "resamples": len(readings[0].weights[0]) - 1,
            "versions": provenance.versions(),
        },
    )


def _neighbours(given: Dataset, unit: np.ndarray | None, seed: int) -> dict[str, Any]:
    """Warn of rows that resemble their neighbours in the file; return how much, and how far."""
    seen = neighbours(given, unit, seed)
    if seen.p_value > LEVEL:
        return {}
    what = "rows" if unit is None else "groups"
    warn(
        f"{what} resemble their neighbours in the file over {seen.length} {what}, so that what is "
        "read back may be too high and intervals too narrow: name the groups, or pass "
        "independent=True"
    )
    return {"correlation": seen.correlation, "p_value": seen.p_value, "length": seen.length}


def _watched(others: Mapping[str, Any] | None, n: int) -> dict[str, Concept]:
    """Return the other labels as concepts of n rows."""
    watched = {}
    for name, y in parameters.by_name("label", others or {}).items():
        watched[name] = concept(y, n=n, name=f"other label {name!r}")
        watched[name].need_two_classes()
    return watched


def _erasers(
    erasers: Mapping[str, Any] | Sequence[str] | None, z: Concept, has_task: bool, seed: int
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return unfitted erasers by name, and why others are left out."""
    if isinstance(erasers, Mapping):
        if NONE in erasers:
            validation.complain(
                f"the name {NONE!r} stands for no eraser", "an eraser has it", "choose another name"
            )
        for name, eraser in erasers.items():
            parameters.instance("eraser", name, eraser)
            if not (hasattr(eraser, "fit") and hasattr(eraser, "transform")):
                validation.complain(
                    "an eraser must have fit and transform",
                    f"{type(eraser).__name__} arrived",
                    "pass an unfitted estimator",
                )
        return dict(erasers), {}
    names = named("eraser", list(ERASERS) if erasers is None else erasers, list(ERASERS))
    found = {name: _ours(name, z, seed) for name in names}
    left_out: dict[str, str] = {}
    for name in names if erasers is None else ():
        if not z.is_classes and not get_tags(found[name]).target_tags.multi_output:
            left_out[name] = "it needs class labels, and the concept is numeric"
        elif ERASERS[name] is SPLINCE and not has_task:
            left_out[name] = "it is LEACE where no other label is to be kept"
    return {name: e for name, e in found.items() if name not in left_out}, left_out


def _ours(name: str, z: Concept, seed: int) -> Any:
    """Return one of our erasers as it should be for this concept.

    MiMiC gives all classes the shape of the largest, since towards the barycentre it is
    QuadraticLEACE.
    """
    eraser = ERASERS[name]()
    if isinstance(eraser, MiMiC) and z.codes is not None and z.classes is not None:
        eraser.set_params(target=z.classes[int(np.bincount(z.codes).argmax())])
    if "random_state" in eraser.get_params():
        eraser.set_params(random_state=seed)
    return eraser


def _column(name: str, probe: Fresh) -> Column:
    return Column(name, probe.metric, provenance.estimator(probe.probe))


def _row(
    name: str,
    eraser: Any,
    trials: Sequence[Trial | str],
    probes: Sequence[Fresh],
    others: Mapping[str, Reading],
) -> Row:
    """Put what one eraser did in all turns together."""
    settings = "" if eraser is None else provenance.estimator(eraser)
    if isinstance(eraser, SPLINCE) and others:
        settings += f", asked to keep {next(iter(others))!r}"
    configured = settings not in ("", f"{type(eraser).__name__}()")
    told = isinstance(eraser, LabelledEstimator)
    done = [trial for trial in trials if isinstance(trial, Trial)]
    if len(done) < len(trials):
        why = next(trial for trial in trials if isinstance(trial, str))
        return Row(name, settings, told, reason=why, configured=configured)
    seconds = [trial.seconds for trial in done if trial.seconds is not None]
    own = {probe.name: _cell(probe, [t.read[0][i] for t in done]) for i, probe in enumerate(probes)}
    beside = {
        other: _cell(reading.probes[0], [t.read[i][0] for t in done])
        for i, (other, reading) in enumerate(others.items(), 1)
    }
    return Row(
        name,
        settings,
        told,
        tuple(trial.rank for trial in done if trial.rank is not None),
        float(np.mean(seconds)) if seconds else None,
        sum((trial.damage for trial in done[1:]), start=done[0].damage),
        own,
        beside,
        nothing_left=tuple(trial.nothing_left for trial in done),
        configured=configured,
    )


def _cell(probe: Fresh, found: Sequence[np.ndarray | str]) -> Cell:
    """Return the mean of what a probe read of the parts, with its interval."""
    read = [one for one in found if not isinstance(one, str)]
    if len(read) < len(found):
        return Cell(None, reason=next(why for why in found if isinstance(why, str)))
    each = np.mean(read, axis=0)
    observed = Observation.of(each[0], probe.metric, each[1:])
    if not np.isfinite(observed.value):
        return Cell(None, reason=f"the {probe.metric.name} is undefined for these rows")
    return Cell(observed.value, observed.interval)
