"""The pictures of the study of outside-text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nullprobe.studies.effects import Estimate
from nullprobe.studies.outside_attacks import NORMS, SMALL_NORMS
from nullprobe.studies.outside_ways import SHARES
from nullprobe.studies.pictures import figure, series
from nullprobe.studies.result import StudyResult

VECTORS = [f"vector of norm {norm}" for norm in NORMS]


def pictures(result: StudyResult) -> list[Mapping[str, Any]]:
    """Return what each attack leaves of each way, and the price of each guarantee."""
    attacks = ["natural texts", "random texts", "searched texts", *VECTORS,
               "vector after the last norm"]  # fmt: skip
    left = [
        series(str(cell.way), attacks, [result.mean(name, cell) for name in attacks], (0.0, 1.0))
        for cell in result.cells
    ]
    rows = [one.series for one in result.records if one.series]
    places = [str(share) for share in SHARES]

    def line(name: str) -> Any:
        return series(
            name, places,
            [Estimate(tuple(one[name][k] for one in rows)) for k in range(len(SHARES))],
        )  # fmt: skip

    bound = series(
        "bound on in-context learning",
        places,
        [Estimate((1 - share,) * len(rows)) for share in SHARES],
    )
    return [
        figure(
            "attacks", "bars", "Which way of making a sentence certain survives which attack?",
            "Share of texts that the sentence still follows, under the worst text, or the worst "
            "vector in the stream, that a search found. Norms are in norms of the stream.",
            left, y_label="share of texts", rules={"certain": 1.0},
        ),
        figure(
            "price", "lines", "What does a guarantee cost where the sentence comes?",
            "A table as the last layer has a share of the probability, which is guaranteed to the "
            "sentence after every text. What is left to the context is at most the rest.",
            [line("in-context learning in its place"), bound],
            x_label="guaranteed probability", y_label="difference of P(act)",
        ),
        figure(
            "loss", "lines", "How much more does the text cost that would have come?",
            "Loss above the exact predictor on texts without the sentence, at its place, for each "
            "guarantee.",
            [line("loss in its place")],
            x_label="guaranteed probability", y_label="nats a word",
        ),
    ]  # fmt: skip


def small_pictures(result: StudyResult) -> list[Mapping[str, Any]]:
    """Return what vectors smaller than the stream leave of each way."""
    lines = [
        series(
            str(cell.way), list(SMALL_NORMS),
            [result.mean(f"vector of norm {norm:g}", cell) for norm in SMALL_NORMS], (0.0, 1.0),
        )
        for cell in result.cells
    ]  # fmt: skip
    return [
        figure(
            "small", "lines", "How small a vector breaks what training made certain?",
            "Share of texts that the sentence still follows, under the worst vector that a search "
            "found, at the worst of three sites.",
            lines, x_label="norm of the vector, in norms of the states at its site",
            y_label="share of texts", rules={"certain": 1.0},
        )
    ]  # fmt: skip
