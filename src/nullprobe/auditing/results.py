"""Results: audits of what was judged, with their provenance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nullprobe._core import validation
from nullprobe.auditing.eraser_cost import EraserCost
from nullprobe.auditing.judging import Judged, Plan
from nullprobe.auditing.result import Audit
from nullprobe.data import provenance
from nullprobe.data.dataset import Dataset


def recorded(plan: Plan, names: Sequence[str], about: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the provenance of all representations has in common.

    Parameters
    ----------
    plan : Plan
    names : sequence of str
        Names of the representations.
    about : mapping
        "copies", "dependence", "left_out", "eraser" and "depth"; what is empty is left out.
    """
    dataset, bar = plan.dataset, plan.bar
    optional = {
        "untrained": _together(dataset.untrained, dataset.layer_untrained),
        "confounds": list(dataset.confounds.names) if dataset.confounds else [],
        "eraser": about.get("eraser"),
    }
    more = {
        "depth": about.get("depth"),
        "copies": about.get("copies"),
        "dependence": about.get("dependence"),
        "other_labels": list(dataset.others),
        "representations": list(names) if len(names) > 1 else [],
        "left_out": about.get("left_out"),
    }
    return {
        "baselines": _together(dataset.baselines, dataset.layer_baselines),
        "random_state": plan.seed,
        **{key: value for key, value in optional.items() if value},
        "alpha": bar.alpha,
        "min_effect": bar.min_effect,
        "draws": plan.draws,
        **{key: value for key, value in more.items() if value},
    }


def audit_of(
    name: str,
    one: Judged,
    dataset: Dataset,
    title: str,
    record: Mapping[str, Any],
    cost: EraserCost | None,
) -> Audit:
    """Return the audit of a representation, from what was judged."""
    z, parts = dataset.z, one.splits[0]
    return Audit(
        one.claims,
        title,
        z.labels,
        one.scores,
        one.portrait,
        {
            **provenance.data(
                dataset.representations[name],
                z,
                parts,
                group_names=dataset.group_names,
                feature_names=_names_in_record(dataset, name),
            ),
            **record,
            "n_splits": len(one.splits),
            **one.record,
            "versions": provenance.versions(),
        },
        name or None,
        "pair_differences" if dataset.pairs else "rows",
        "labels" if z.is_classes else "numeric",
        cost,
    )


def _names_in_record(dataset: Dataset, name: str) -> Sequence[str]:
    """Return the names of all features; none of sparse rows, whose features are too many."""
    if validation.is_sparse(dataset.representations[name]):
        return ()
    return dataset.feature_names.get(name, ())


def _together(
    shared: Mapping[str, Any], by_layer: Mapping[str, Mapping[str, np.ndarray]]
) -> list[str]:
    """Return the names of what all representations are compared with, and of what each is."""
    return list(dict.fromkeys([*shared, *(name for one in by_layer.values() for name in one)]))
