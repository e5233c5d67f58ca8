"""Audit: split, read, erase, read back, compare with nulls, and judge the claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from nullprobe._core import parameters
from nullprobe._core.frames import kind_of
from nullprobe._core.progress import Progress, Report, Turn, reporting
from nullprobe._core.random_state import RandomState, integer_seed
from nullprobe.auditing import sparse_run
from nullprobe.auditing.dependent_rows import judge_dependent
from nullprobe.auditing.eraser_cost import eraser_cost, tasks_of
from nullprobe.auditing.fitted_eraser import FittedEraser, need_claims_of_erased, with_eraser
from nullprobe.auditing.guards import set_aside
from nullprobe.auditing.judging import Plan
from nullprobe.auditing.layers import Layers
from nullprobe.auditing.options import (
    DRAWS,
    check_claims,
    check_comparisons,
    check_confounds_and_order,
    check_effect,
    check_independent,
    checked_draws,
    checked_splits,
    claim_names,
    claims_that_apply,
    draws_to_explain,
    groups_to_compare,
    order_of,
    pairs_to_hold_out,
    thresholds,
)
from nullprobe.auditing.result import Audit
from nullprobe.auditing.results import audit_of, recorded
from nullprobe.data.dataset import Dataset
from nullprobe.stats.dependence import with_copies


def audit(
    X: Any,
    y: Any = None,
    *,
    groups: Any = None,
    order: Any = None,
    duplicates: str = "group",
    independent: bool = False,
    feature_names: Sequence[str] | None = None,
    others: Mapping[str, Any] | None = None,
    baselines: Mapping[str, Any] | None = None,
    untrained: Mapping[str, Any] | None = None,
    confounds: Any = None,
    eraser: Any = None,
    task: Any = None,
    claims: Sequence[str] | None = None,
    depth: str = "full",
    kind: str | None = None,
    alpha: float = 0.05,
    min_effect: float = 0.05,
    draws: int = DRAWS,
    n_splits: int = 4,
    n_features: int = 8,
    random_state: RandomState = 0,
    title: str = "data",
    n_jobs: int | None = None,
    progress: Progress = False,
    n_permutations: int | None = None,
    n_surrogates: int | None = None,
) -> Audit | Layers:
    """Judge what a representation reveals about a concept, what that takes, and its source.

    Parameters
    ----------
    X : array or sparse matrix of shape (n, d), ContrastPairs, or mapping of str to such
        Representation, or several of the same rows, such as the layers of a model. For contrast
        pairs, the differences are audited, and `consistent` judges CCS on them. Sparse X (SciPy or
        torch) of more than 2^20 values is never made dense; `readable` and `few_features` judge it.
    y : array-like of shape (n,) or (n, k)
        Concept: labels or numbers. Several columns of labels are one-hot encoded together. Contrast
        pairs come with labels.
    groups : array-like of shape (n,), optional
        Rows of a group depend on each other; they stay in one part of the split. If every group has
        enough rows of every class, `transfers` compares readings within and across groups.
    order : array-like of shape (n,), optional
        Time or place of each row, if the rows are a series, or a series in each group.
    duplicates : {"group", "drop", "keep"}
        How to treat rows that are copies of others, exactly or nearly. "group" keeps copies
        together as groups, "drop" drops all but one, and "keep" counts them as independent. A
        warning gives their number.
    independent : bool
        Whether rows are independent even if neighbours in the file resemble each other.
    feature_names : sequence of d str, optional
        Names of the columns of X; by default the names of a frame's columns.
    others : mapping of str to array-like of shape (n,), optional
        Other labels of contrast pairs: 1 if the property holds for the positive side, else 0. A
        probe without labels may follow one of these instead of the concept.
    baselines : mapping of str to array of shape (n, d'), optional
        Other representations of the inputs: a bag of words, lengths, an embedding layer. One
        without a feature that varies is refused; one at chance has a warning.
    untrained : mapping of str to array of shape (n, d'), optional
        Representations of the same rows in untrained networks of the same architecture. If X is a
        mapping, a baseline or an untrained network may be one, too: each representation is then
        compared with the array of its name, such as the same layer.
    confounds : array of shape (n,) or (n, q), frame, or mapping of str to such, optional
        Known properties of the rows that may account for a reading: source, length, a word. The
        reading is compared with readings of labels that are drawn from the confounds alone.
        Strings, booleans and numbers of few values are categories.
    eraser : fitted eraser, loaded eraser or fitted transformer, optional
        Your own eraser, fitted to other rows. It erases these rows; no eraser is fitted to them.
    task : array of shape (n,) or (n, k), frame, or mapping of str to such, optional
        Downstream tasks, with ``eraser`` only: labels or numbers that fresh probes read before and
        after erasure (`Audit.eraser_cost`).
    claims : sequence of str, optional
        Names of claims; by default all that apply.
    depth : {"full", "survey", "quick"}
        "quick" judges `readable` and `one_direction`, or the named claims, against chance and
        against the baselines and confounds that are passed; what else it takes is not tried.
        "survey", for many layers, judges as "full", with a fifth of the draws of moments and noise,
        and without pictures of rows and numbers that decide no verdict.
    kind : {"labels", "numeric"} or None
        Kind of y. None applies the rule: floats are numbers, unless all are whole and few are
        distinct.
    alpha : float
        Significance level of a test, over all representations together.
    min_effect : float
        Smallest effect of interest: how far above chance a reading must be to matter, in AUC,
        balanced accuracy or R².
    draws : int
        Largest number of draws of each null, 2/α − 1 or more: 39 for α = .05. Drawing stops once
        the 99 % interval of every p-value excludes α.
    n_splits : int
        Partitions that readings are averaged over, from 1 to 13; fewer if classes are small.
    n_features : int
        Most features of the probe that `few_features` compares with a probe of all features. The
        claim is judged if it is named, or if X is sparse.
    random_state : int, Generator or None
        The same seed gives the same verdicts. From a generator or None, a seed is drawn and
        recorded.
    title : str
        Name of the data set on the page.
    n_jobs : int or None
        Number of threads or processes: -1 for all cores; None for one, unless
        ``joblib.parallel_config`` sets another number. Results do not depend on it.
    progress : bool or callable
        True shows bars on stderr; a function is called with (stage, amount done, total).
    n_permutations, n_surrogates : int, optional
        Old names of ``draws``, accepted until the next release, with a warning.

    Returns
    -------
    Audit, or Layers if X is a mapping
        ``.claims``, each with ``.holds``, ``.takes``, ``.comes_from`` and the numbers behind them.

    Raises
    ------
    InputError
        If the input is not finite, has different lengths or one class, or is too small to split;
        if a baseline is constant.

    Notes
    -----
    Rows are split into three stratified parts that take turns as F (eraser), P (probe) and S
    (scores), in several partitions whose readings are averaged. Intervals are conditional on the
    fitted erasers and probes. If the test does not reject chance, the interval is extended to
    chance: the R² of noise is negative, so its interval ends at exactly 0.
    p-values are adjusted over claims and representations (Westfall and Young's maximum statistic):
    all of them share the permutations of labels.

    Examples
    --------
    >>> from nullprobe import worlds
    >>> w = worlds.two_features(random_state=0)
    >>> result = audit(w.X, w.y, claims=["one_direction"])
    >>> str(result["one_direction"].holds), str(result["one_direction"].takes)
    ('yes', 'linear_algebra')
    """
    named, claims = claims, claim_names(claims, depth)
    seed = integer_seed(random_state)
    bar = thresholds(alpha, min_effect)
    draws, explain = checked_draws(draws, n_permutations, n_surrogates, bar)
    n_splits, bars = checked_splits(n_splits), reporting(progress)
    dataset = Dataset.of(
        X,
        y,
        groups=groups,
        others=others,
        baselines=baselines,
        untrained=untrained,
        confounds=confounds,
        feature_names=feature_names,
        kind=kind,
        sparse=True,
    )
    check_effect(bar, dataset.z)
    n_features = parameters.whole_number("n_features", n_features, least=1)
    if dataset.is_sparse:
        sparse_run.check_sparse(named, eraser=eraser)
        claims = claims and [name for name in claims if name in sparse_run.CLAIMS]
    check_claims(claims or (), dataset.z, explain)
    check_comparisons(claims, baselines=baselines, untrained=untrained, confounds=confounds)
    tasks = tasks_of(task, len(dataset.z), eraser)
    place = order_of(order, len(dataset.z), dataset.groups)
    check_independent(independent, place)
    check_confounds_and_order(dataset, place)
    rows, unit, copied = with_copies(dataset, duplicates, seed)
    if len(rows) < len(dataset.z):
        dataset, place = dataset.take(rows), None if place is None else place[rows]
        tasks = {name: one.take(rows) for name, one in tasks.items()}
    domains, left_out = groups_to_compare(dataset, claims, seed)
    pairs, unpaired = pairs_to_hold_out(dataset, claims, seed)
    left_out |= unpaired
    names = claims or claims_that_apply(dataset, explain, domains, pairs)
    if dataset.is_sparse and not named:
        left_out |= sparse_run.left_out(dataset.z, grouped=dataset.groups is not None)
    fitted_eraser, share_fitted, cost = None, None, None
    if eraser is not None:
        fitted_eraser = FittedEraser.of(eraser)
        dataset, share_fitted = with_eraser(dataset, fitted_eraser)
        cost = eraser_cost(dataset, tasks, unit, seed)
        names = [
            n for n in need_claims_of_erased(claims) if n != "no_halfspace" or dataset.z.is_classes
        ]
        domains, pairs, left_out = None, {}, {}
    dataset, whole, aside = set_aside(dataset, seed)
    with bars as report:
        plan = Plan(
            dataset,
            whole,
            aside,
            unit,
            place,
            names,
            domains,
            pairs,
            seed,
            draws,
            draws_to_explain(draws, depth, bar),
            n_splits,
            explain and depth != "quick",
            depth != "full",
            bar,
            lambda name: _named(report, name, list(dataset.representations)),
            parameters.jobs(n_jobs),
            eraser=fitted_eraser,
            n_features=n_features,
        )
        results, dependence = judge_dependent(plan, independent)
    about: dict[str, Any] = {
        "copies": copied,
        "dependence": dependence,
        "left_out": left_out,
        "depth": "survey" if depth == "survey" else "",
    }
    if fitted_eraser is not None:
        share = "unknown" if share_fitted is None else share_fitted
        about["eraser"] = {**fitted_eraser.record, "rows_seen": share}
    record = recorded(plan, list(results), about)
    frames = kind_of(X, y)
    audits = {
        name: replace(audit_of(name, one, dataset, title, record, cost), frame_kind=frames)
        for name, one in results.items()
    }
    return Layers(audits) if isinstance(X, Mapping) else next(iter(audits.values()))


def _named(report: Report, name: str, names: Sequence[str]) -> Report:
    """Return what reports the stages of one representation; of several, with its number."""
    if len(names) == 1:
        return report
    place = name, names.index(name) + 1, len(names)
    return lambda stage, done, total: report(Turn.of(*place, stage), done, total)
