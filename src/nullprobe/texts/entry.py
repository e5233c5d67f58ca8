"""Audit of a model: from texts and labels to verdicts at each layer, with sources tried by default.

States are captured at every site, and so are those of untrained networks and of the trained
embeddings under random layers. Each layer is compared with the same layer of these, with what the
texts show without a model, and with how likely the model finds each text. A few layers are chosen
on a fifth of the groups; the costly claims are judged there, on the other groups.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from nullprobe._core import parameters, validation
from nullprobe._core.progress import Progress, reporting
from nullprobe._core.random_state import RandomState, integer_seed
from nullprobe._core.validation import InputError
from nullprobe.auditing.entry import audit
from nullprobe.auditing.layers import Layers
from nullprobe.auditing.result import Audit
from nullprobe.models.random_weights import untrained as random_network
from nullprobe.report.text.wording import counted
from nullprobe.texts.cards import text_cards
from nullprobe.texts.choice import layers_read_best, texts_that_choose
from nullprobe.texts.conclusions import Beyond
from nullprobe.texts.findings import MOST_PRINTED
from nullprobe.texts.reading import ModelReader, twin_seed
from nullprobe.texts.result import ModelAudit
from nullprobe.texts.stages import Stages
from nullprobe.texts.standing import Standings
from nullprobe.texts.text_rows import TextRows

CLAIMS = ("readable", "one_direction", "erasure_holds")
COSTLY = ("no_halfspace", "one_feature", "gone")
DRAWS = 199  # of each null at every layer: more would take hours on a deep model
PLAUSIBLE = "log-probabilities"


def audit_model(  # noqa: PLR0913  an entry point: all that an audit of a model takes
    model: nn.Module,
    tokenizer: Any,
    frame: Any,
    *,
    concept: str,
    text: str = "text",
    groups: str | None = None,
    confounds: Sequence[str] = (),
    sites: str | Sequence[str] = "layers.*.output",
    tokens: Any = "last",
    untrained: int = 2,
    deep: int = 3,
    folder: str | os.PathLike[str] | None = None,
    kind: str | None = None,
    alpha: float = 0.05,
    min_effect: float = 0.05,
    draws: int = DRAWS,
    batch_size: int = 32,
    layers: str | None = None,
    random_state: RandomState = 0,
    title: str = "texts",
    n_jobs: int | None = None,
    progress: Progress = False,
) -> ModelAudit:
    """Judge what the states of a model reveal about a concept, layer by layer, and its source.

    Parameters
    ----------
    model : torch.nn.Module
        A Hugging Face model; it is left as it was.
    tokenizer : PreTrainedTokenizerBase
    frame : data frame, or mapping of str to sequence
        Columns of n texts and what is known of them.
    concept, text, groups : str
        Names of columns. Texts are strings, chats or token ids. Texts of a group (an entity, a
        template) stay in one part of every split.
    confounds : sequence of str
        Names of further columns that may account for what is read: source, topic, length.
    sites : str or sequence of str
        Names or patterns of sites, in the order of the layers.
    tokens : str or int
        Token of each text to read, or a mean; one row for each text.
    untrained : int
        Number of untrained networks. Each layer is compared with the same layer of each.
    deep : int
        Number of layers at which the costly claims (`no_halfspace`, `one_feature`, `gone`) are
        judged; 0 for none.
    folder : str or path, optional
        Where states and finished parts are kept, so that an audit that was killed goes on. Without
        it, nothing is kept.
    kind : {"labels", "numeric"}, optional
        As in `audit`.
    alpha, min_effect, draws, random_state, title, n_jobs, progress
        As in `audit`. p-values are adjusted over all layers.
    batch_size : int
        Texts in a batch.
    layers : str, optional
        Path of the list of layers, if the structure does not show it.

    Returns
    -------
    ModelAudit
        ``.conclusions`` for each range of layers, ``[site]`` the `Audit` of a site.

    Raises
    ------
    InputError
        If a column or site is missing, a text gives several rows, or there are too few texts or
        groups.

    Notes
    -----
    Costs: one pass through the model for each untrained network, and two more. Plausibility needs a
    head that predicts tokens; without it, the result says that it was not compared.

    Examples
    --------
    >>> from nullprobe import worlds
    >>> organism = worlds.language(n_entities=12, steps=1, cache=False)  # a small language model
    >>> drawn = organism.statements(60)
    >>> frame = {"text": drawn.texts, "truth": drawn.truth, "entity": drawn.entity}
    >>> result = audit_model(
    ...     organism.model, organism.tokenizer, frame, concept="truth", groups="entity",
    ...     untrained=1, deep=0, draws=39)
    >>> len(result), result.conclusions[0].first
    (4, 'layers.0.output')
    """
    seed = integer_seed(random_state)
    for name, value in (("untrained", untrained), ("deep", deep)):
        parameters.whole_number(name, value, least=0)
    rows = TextRows.of(frame, {"text": text, "concept": concept, "groups": groups}, kind, confounds)
    with ExitStack() as stack:
        report = stack.enter_context(reporting(progress))
        place = Path(folder or stack.enter_context(tempfile.TemporaryDirectory()))
        work = ModelReader(model, tokenizer, rows, sites, tokens, batch_size, layers, place, report)
        work.check()
        place.mkdir(parents=True, exist_ok=True)
        states = work.captured("states", model)
        twins = {
            f"untrained network {k + 1}": work.captured(
                f"untrained-{k}", random_network(model, twin_seed(seed, k))
            )
            for k in range(untrained)
        }
        inputs = work.inputs(seed)
        settings = {
            "alpha": alpha,
            "min_effect": min_effect,
            "draws": draws,
            "random_state": seed,
            "title": title,
        }
        about = {
            "states": states.about,
            "untrained": [one.about for one in twins.values()],
            "labels": rows.z.data.tolist(),
            "groups": None if rows.groups is None else rows.groups.tolist(),
            "confounds": {name: column.tolist() for name, column in rows.confounds.items()},
            **settings,
        }
        stages = Stages.of(place, about)
        settings |= {"n_jobs": n_jobs, "progress": report}
        X = dict(states)
        result = stages.layers(
            "layers",
            lambda: _layers(
                audit(
                    X,
                    rows.z,
                    groups=rows.groups,
                    claims=CLAIMS,
                    depth="survey",
                    baselines=inputs,
                    confounds=rows.confounds or None,
                    untrained={name: dict(one) for name, one in twins.items()},
                    **settings,
                )
            ),
        )
        beyond, reason = _beyond(work, stages, X, rows, settings)
        costly = _deep(stages, X, rows, settings, deep)
        surface = _give_away(rows)
        standings = Standings.of_plain(
            stages.values("census", lambda: Standings.of(X, rows, concept, seed).plain())
        )
        return ModelAudit(result, concept, title, beyond, reason, *costly, *surface, standings)


def _layers(result: Audit | Layers) -> Layers:
    assert isinstance(result, Layers), "a mapping was audited"
    return result


def _beyond(
    work: ModelReader,
    stages: Stages,
    X: Mapping[str, np.ndarray],
    rows: TextRows,
    settings: Mapping[str, Any],
) -> tuple[dict[str, Beyond], str]:
    """Return what is read beyond how likely the model finds each text, or why it is unknown."""
    try:
        likely = stages.numbers("log-probabilities", work.log_probabilities)
    except InputError as error:
        return {}, f"How likely the model finds each text was not compared: {error}"
    result = stages.layers(
        "beyond",
        lambda: _layers(
            audit(
                X,
                rows.z,
                groups=rows.groups,
                claims=["readable"],
                depth="quick",
                baselines={PLAUSIBLE: likely},
                **settings,
            )
        ),
    )
    return {site: _compared(result[site]) for site in result}, ""


def _compared(result: Audit) -> Beyond:
    claim = result["readable"]
    (other,) = claim.beside
    outcome = next(one.outcome for one in claim.explanations if one.name == "inputs")
    return Beyond(claim.observed, other.value, other.gain, outcome)


def _give_away(rows: TextRows) -> tuple[tuple[str, ...], str]:
    """Return what on the surface of the texts goes with the label, or why it is unknown."""
    words = rows.words()
    try:
        if words is None:
            validation.complain("texts must be words to be searched", "they are token ids")
        (card,) = text_cards(words, rows.z, rows.groups)
    except InputError as error:
        return (), f"The surface of the texts was not searched: {error}"
    sentences = [one.sentence(card.labels) for one in card.findings[:MOST_PRINTED]]
    return tuple(sentences), ""


def _deep(
    stages: Stages,
    X: Mapping[str, np.ndarray],
    rows: TextRows,
    settings: Mapping[str, Any],
    count: int,
) -> tuple[dict[str, Audit], dict[str, float], str]:
    """Return the verdicts of costly claims at a few layers, these layers, and how they came."""
    if not count:
        return {}, {}, "No layer was chosen for the costly claims, as requested."
    seed, z = settings["random_state"], rows.z
    try:
        choose = texts_that_choose(z, rows.groups, seed)
        groups = None if rows.groups is None else rows.groups[choose]
        chosen_states = {site: states[choose] for site, states in X.items()}
        chosen = layers_read_best(
            chosen_states, z.take(np.flatnonzero(choose)), groups, count, seed
        )
    except InputError as error:
        return {}, {}, f"No layer was chosen for the costly claims: {error}"
    rest = np.flatnonzero(~choose)
    names = [name for name in COSTLY if name != "no_halfspace" or z.is_classes]
    result = stages.layers(
        f"deep-{count}",
        lambda: _layers(
            audit(
                {site: X[site][rest] for site in chosen},
                z.take(rest),
                groups=None if rows.groups is None else rows.groups[rest],
                claims=names,
                **settings,
            )
        ),
    )
    what = "texts" if rows.groups is None else "texts of other groups"
    how = (
        f"Costly claims were judged at {counted(len(chosen), 'layer')} that a probe reads best in "
        f"{int(choose.sum()):,} texts; their verdicts are about {len(rest):,} {what}."
    )
    return dict(result.audits), chosen, how
