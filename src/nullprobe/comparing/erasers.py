"""Compare erasers: what fresh probes read on new data after each, and what each costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.utils import get_tags

from nullprobe._core import parameters, validation
from nullprobe._core.caller_warnings import warn
from nullprobe._core.frames import kind_of
from nullprobe._core.progress import Progress, reporting
from nullprobe._core.random_state import RandomState, integer_seed
from nullprobe.claims import Observation
from nullprobe.comparing.eraser_result import Comparison
from nullprobe.comparing.eraser_rows import NONE, Cell, Column, Row
from nullprobe.comparing.recommendation import recommended
from nullprobe.comparing.trials import Reading, Trial, Trials
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
    min_effect: float = 0.05,
    feature_names: Sequence[str] | None = None,
    random_state: RandomState = 0,
    title: str = "data",
    n_jobs: int | None = None,
    progress: Progress = False,
) -> Comparison:
    """Compare erasers: what fresh probes read on new data after each, and what each costs.

    Parameters
    ----------
    X : array of shape (n, d)
        Representation.
    y : array-like of shape (n,) or (n, k)
        Concept to erase: labels or numbers; several columns of labels are encoded together.
    erasers : mapping of str to estimator, or sequence of str, optional
        Unfitted erasers, or names of erasers of this library; by default all that apply.
    probes : mapping of str to estimator, or sequence of str, optional
        Unfitted probes, or names among "linear", "halfspace", "quadratic", "rbf"; by default all
        that can read the concept.
    others : mapping of str to array-like of shape (n,) or (n, k), optional
        Other labels of the same rows. A linear probe reads them before and after erasure. SPLINCE
        keeps the first of them.
    groups : array-like of shape (n,), optional
        Groups of dependent rows. A group stays in one part of the split.
    duplicates : {"group", "drop", "keep"}
        Treatment of exact and near copies of rows: copies form a group, all but one are dropped, or
        copies count as independent. A warning states their number.
    independent : bool
        Whether rows are independent even if they resemble their neighbours in the file.
    kind : {"labels", "numeric"} or None
        Type of y. By default, floats are numbers, unless all are whole and at most 20 are distinct.
    min_effect : float
        Smallest effect of interest, above chance, of the recommendation.
    feature_names : sequence of d str, optional
        Names of the columns of X; by default those of a frame.
    random_state : int, Generator or None
        The same seed gives the same numbers, except times. A generator or None draws a seed, which
        is recorded.
    title : str
        Name of the data set on the page.
    n_jobs : int or None
        Number of threads: -1 for all cores; None for one, unless ``joblib.parallel_config`` sets
        another number. Results do not depend on it.
    progress : bool or callable
        True shows bars on stderr; a function is called with (stage, amount done, total).

    Returns
    -------
    Comparison
        Its ``.rows`` have ``.read_back``, ``.damage``, ``.others``, ``.ranks`` and ``.seconds``.
        Its ``.recommendation`` names the eraser to use, and why.

    Raises
    ------
    InputError
        If the input is not finite, has different lengths, has a single class, or is too small to
        split.

    Warns
    -----
    UserWarning
        If rows are copies of others, or resemble their neighbours in the file. Then erasers and
        probes are fitted to nearly the same rows that are scored, and intervals are too narrow.

    Notes
    -----
    Rows are split into three stratified parts that take turns as F (erasers are fitted), P
    (probes are fitted to erased rows) and S (erased rows are scored). Each row is scored once. If
    an eraser or a probe cannot be fitted, the result has the reason in place of numbers.

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
    data = Dataset.of({"": X}, y, groups=groups, feature_names=feature_names, kind=kind)
    seed, bars = integer_seed(random_state), reporting(progress)
    effect = parameters.real_number("min_effect", min_effect, least=0.0)
    labels = _other_labels(others, len(data.z))
    rows, unit, copied = with_copies(data, duplicates, seed)
    if len(rows) < len(data.z):
        data, labels = data.take(rows), {name: y.take(rows) for name, y in labels.items()}
    frames = kind_of(X, y, others)
    X, z = data.X, data.z
    dependence = {"independent": True} if independent else _dependence(data, unit, seed)
    chosen, left_out = _erasers(erasers, z, bool(labels), seed)
    for name, probe in probes.items() if isinstance(probes, Mapping) else ():
        parameters.instance("probe", name, probe)
    columns = fresh(probes, z, seed)
    parts = split(z, groups=unit, n_parts=N_PARTS, rng=np.random.default_rng([seed, 0]))
    readings = [Reading.of(z, columns, parts, [seed, 1])]
    for i, other in enumerate(labels.values(), 2):
        readings.append(Reading.of(other, fresh(["linear"], other, seed), parts, [seed, i]))
    trials = Trials(X, readings, parts, {NONE: None, **chosen})
    with bars as report:
        turns_of = trials.run(report, parameters.jobs(n_jobs))
    of_label = dict(zip(labels, readings[1:], strict=True))
    shown = tuple(_column(probe.name, probe) for probe in columns)
    watched = tuple(_column(name, reading.probes[0]) for name, reading in of_label.items())
    table = tuple(
        _row(name, {NONE: None, **chosen}[name], turns, readings[0].probes, of_label)
        for name, turns in turns_of.items()
    )
    return Comparison(
        title,
        shown,
        watched,
        table,
        left_out,
        {
            **provenance.data(
                X,
                z,
                parts,
                group_names=data.group_names,
                feature_names=data.feature_names.get("", ()),
            ),
            **({"copies": copied} if copied else {}),
            **({"dependence": dependence} if dependence else {}),
            "others": list(labels),
            "random_state": seed,
            "resamples": len(readings[0].weights[0]) - 1,
            "versions": provenance.versions(),
        },
        recommended(table, shown, watched, effect),
        frames,
    )


def _dependence(data: Dataset, unit: np.ndarray | None, seed: int) -> dict[str, Any]:
    """Return the correlation of neighbours in the file and its length; warn if there is any."""
    test = neighbours(data, unit, seed)
    if test.p_value > LEVEL:
        return {}
    what = "rows" if unit is None else "groups"
    warn(
        f"{what} resemble their neighbours in the file over {test.length} {what}, so readings may "
        "be too high and intervals too narrow: name the groups, or pass independent=True if "
        f"{what} are independent"
    )
    return {"correlation": test.correlation, "p_value": test.p_value, "length": test.length}


def _other_labels(others: Mapping[str, Any] | None, n: int) -> dict[str, Concept]:
    """Return the other labels as concepts of n rows."""
    labels = {}
    for name, y in parameters.by_name("label", others or {}).items():
        labels[name] = concept(y, n=n, name=f"other label {name!r}")
        labels[name].need_two_classes()
    return labels


def _erasers(
    erasers: Mapping[str, Any] | Sequence[str] | None, z: Concept, has_task: bool, seed: int
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return unfitted erasers by name, and the reasons why others are left out."""
    if isinstance(erasers, Mapping):
        if NONE in erasers:
            validation.complain(
                "erasers must have other names than the row without an eraser",
                f"an eraser has the name {NONE!r}",
            )
        for name, eraser in erasers.items():
            parameters.instance("eraser", name, eraser)
            if not (hasattr(eraser, "fit") and hasattr(eraser, "transform")):
                validation.complain(
                    f"eraser {name!r} must have fit and transform",
                    f"{type(eraser).__name__} arrived",
                )
        return dict(erasers), {}
    names = named("eraser", list(ERASERS) if erasers is None else erasers, list(ERASERS))
    unfitted = {name: _ours(name, z, seed) for name in names}
    left_out: dict[str, str] = {}
    for name in names if erasers is None else ():
        if not z.is_classes and not get_tags(unfitted[name]).target_tags.multi_output:
            left_out[name] = "it needs class labels, but the concept is numeric"
        elif ERASERS[name] is SPLINCE and not has_task:
            left_out[name] = "without another label to keep, it is the same as LEACE"
    return {name: e for name, e in unfitted.items() if name not in left_out}, left_out


def _ours(name: str, z: Concept, seed: int) -> Any:
    """Return an eraser of this library with the parameters for this concept.

    MiMiC maps all classes to the covariance of the largest class, since MiMiC with the barycentre
    as its target equals QuadraticLEACE.
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
    """Return the row of one eraser from its trials in all turns."""
    settings = "" if eraser is None else provenance.estimator(eraser)
    if isinstance(eraser, SPLINCE) and others:
        settings += f", keeps {next(iter(others))!r}"
    configured = settings not in ("", f"{type(eraser).__name__}()")
    needs_labels = isinstance(eraser, LabelledEstimator)
    done = [trial for trial in trials if isinstance(trial, Trial)]
    if len(done) < len(trials):
        why = next(trial for trial in trials if isinstance(trial, str))
        return Row(name, settings, needs_labels, reason=why, configured=configured)
    seconds = [trial.seconds for trial in done if trial.seconds is not None]
    read_back = {
        probe.name: _cell(probe, [trial.read[0][i] for trial in done])
        for i, probe in enumerate(probes)
    }
    of_labels = {
        other: _cell(reading.probes[0], [trial.read[i][0] for trial in done])
        for i, (other, reading) in enumerate(others.items(), 1)
    }
    return Row(
        name,
        settings,
        needs_labels,
        tuple(trial.rank for trial in done if trial.rank is not None),
        float(np.mean(seconds)) if seconds else None,
        sum((trial.damage for trial in done[1:]), start=done[0].damage),
        read_back,
        of_labels,
        nothing_left=tuple(trial.nothing_left for trial in done),
        configured=configured,
    )


def _cell(probe: Fresh, readings: Sequence[np.ndarray | str]) -> Cell:
    """Return the mean reading of a probe over the parts, with its interval."""
    values = [reading for reading in readings if not isinstance(reading, str)]
    if len(values) < len(readings):
        return Cell(None, reason=next(why for why in readings if isinstance(why, str)))
    mean = np.mean(values, axis=0)
    observed = Observation.of(mean[0], probe.metric, mean[1:])
    if not np.isfinite(observed.value):
        return Cell(None, reason=f"the {probe.metric.name} is undefined for these rows")
    return Cell(observed.value, observed.interval)
