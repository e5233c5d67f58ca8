"""Baselines: readings of other representations of the same rows, and what X adds to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import ceil

import numpy as np

from nullprobe._core import sparse_rows, validation
from nullprobe.auditing.measurement import Run
from nullprobe.claims import Observation
from nullprobe.claims.simpler_reading import Added
from nullprobe.measures.contained import is_contained
from nullprobe.stats import metrics

Baselines = Mapping[str, Mapping[str, np.ndarray]]  # source → name → rows (n, d')


def read_baselines(
    run: Run, baselines: Baselines, known: dict[int, Observation]
) -> dict[str, dict[str, Observation]]:
    """Return the reading of each other representation of the rows, by source and name.

    Each is also compared with permuted labels: a baseline that reads nothing explains no reading.

    Parameters
    ----------
    run : Run
    baselines : mapping of str to mapping of str to ndarray of shape (n, d')
    known : dict
        Readings so far, by the ``id`` of the array; it gets the new ones. Runs of the same rows
        share baselines.
    """
    n_baselines = sum(map(len, baselines.values()))
    draws = max(run.settings.draws, ceil(2 * n_baselines / run.settings.thresholds.alpha) - 1)
    for B in (B for named in baselines.values() for B in named.values()):
        if id(B) not in known:
            reader = run.readings.of(B, raw_only=True)
            observation = run.observing.scores([d.scores().raw for d in reader.data])
            drawn = reader.tested(run.permuted.orders(range(draws)))
            null = run.of_labels("chance", "", "raw", drawn, reader.tested(run.readings.asis))
            p = null.p_value(observation.value) if observation.value > null.mean else 1.0
            known[id(B)] = replace(observation, chance_p=p)
    return {
        source: {name: known[id(B)] for name, B in named.items()}
        for source, named in baselines.items()
    }


def added_to(
    run: Run,
    baselines: Baselines,
    readings: Mapping[str, Mapping[str, Observation]],
) -> dict[tuple[str, str], Added]:
    """Return what the representation adds to each baseline, by source and name.

    Conditional probing: J. Hewitt, K. Ethayarajh, P. Liang, C. Manning, "Conditional probing:
    measuring usable information beyond a baseline", 2021.
    """
    gains = {}
    two = run.z.is_classes and run.z.n_scores == 1
    for source, named in baselines.items():
        for name, B in named.items():
            alone, both = (
                [data.scores().raw for data in run.readings.of(rows, raw_only=True).data]
                for rows in (B, sparse_rows.joined(B, run.X))
            )
            more = run.observing.scores(both).over(readings[source][name])
            nats = None
            if two:
                positive = run.z.codes == 1
                losses = [
                    metrics.log_losses(s[0][:, 0], positive, np.random.default_rng([run.seed, 21]))
                    for s in (alone, both)
                ]
                nats = run.observing.mean(losses[0] - losses[1], "nats")
            gains[source, name] = Added(more, nats)
    return gains


def containing(X: np.ndarray, baselines: Baselines) -> frozenset[tuple[str, str]]:
    """Return source and name of each baseline that determines X (n, d) linearly.

    It is not decided for sparse rows.
    """
    every = ((source, name, B) for source, named in baselines.items() for name, B in named.items())
    return frozenset(
        (source, name)
        for source, name, B in every
        if not (validation.is_sparse(X) or validation.is_sparse(B)) and is_contained(X, B)
    )
