"""Document of use: what erasing, interchange and adding do, each against its nulls."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from nullprobe.report.document import (
    Count,
    Document,
    Number,
    Pair,
    PValue,
    ReadingDocument,
    Share,
    Text,
    doc,
)


class UseNullDocument(Document):
    """Draws of one null of a method."""

    name: Literal["permuted_labels", "random_subspaces", "same_label", "permuted_directions"] = doc(
        "What was drawn."
    )
    compared: Number = doc(
        "What the draws are compared with: the effect, or for `same_label` the effect beyond the "
        "effect with a partner of the same label."
    )
    mean: Number = doc("Mean of the draws.")
    low: Number = doc("2.5 % quantile of the draws.")
    high: Number = doc("97.5 % quantile of the draws.")
    p_value: PValue = doc("p-value of the effect.")
    adjusted_p: PValue = doc("The same, adjusted for the sites that were judged together.")
    overlap: Share | None = doc(
        "Share of the concept that the draws contain on average; null if it is not defined."
    )
    no_power: str = doc("Why this null has no power; empty if it has.")


class DoseDocument(ReadingDocument):
    """The effect of adding a multiple of the difference of class means."""

    dose: float = doc("The multiple.")


class OtherConceptDocument(ReadingDocument):
    """The effect of the same interchange in the subspace of another concept."""

    name: Text = doc("Name of the concept.")


class LaterLayerDocument(ReadingDocument):
    """How much of the partner's value of the concept is found at the output of a later layer.

    The value is a share: 1 if no later layer restores the text's own value, 0 if all is restored.
    """

    site: Text = doc("Name of the site.")


class SpreadDocument(Document):
    """How far the effects of single pairs, or groups of pairs, differ."""

    sd: Annotated[float, Field(ge=0)] = doc(
        "Standard deviation of the effect between pairs, each the mean of its two directions, or "
        "between groups."
    )
    n: Annotated[int, Field(ge=2)] = doc("Number of pairs, or of groups.")
    of: Literal["pairs", "groups"] = doc("What was resampled.")


class UseMethodDocument(Document):
    """One way of showing use."""

    name: Literal["erasing", "interchange", "adding"] = doc("Name of the method.")
    holds: Literal["yes", "no", "unclear"] = doc("Its verdict.")
    reason: Text = doc("Why its verdict is what it is.")
    unit: Text = doc("What is measured.")
    effect: Number = doc("The effect.")
    interval: Pair | None = doc("95 % bootstrap interval, given the fitted subspace.")
    share_of_whole: Number = doc("The effect as a share of the effect of the whole state.")
    whole: ReadingDocument | None = doc("Effect of interchanging the whole state.")
    nulls: list[UseNullDocument] = doc("Its nulls.")
    doses: list[DoseDocument] = doc("Effect by dose; of adding only.")
    others: list[OtherConceptDocument] = doc("Effects by other concepts; of interchange only.")
    same_label: ReadingDocument | None = doc("Effect with partners of the same label.")
    direct: ReadingDocument | None = doc(
        "Effect if all later layers keep their outputs, so that the head alone sees the change."
    )
    read: ReadingDocument | None = doc(
        "Effect without the part of the subspace that no later matrix reads."
    )
    added: ReadingDocument | None = Field(
        None,
        description="The effect minus `direct`: what later layers add, or undo if it is below 0.",
    )
    later: list[LaterLayerDocument] = Field(
        [], description="What is found of the edit at the outputs of later layers."
    )
    pairs_needed: int | None = doc(
        "Directed pairs that would detect the smallest effect of interest (80 % power)."
    )
    spread: SpreadDocument | None = Field(
        None, description="Spread between pairs, to plan their number; of interchange only."
    )


class PairExampleDocument(Document):
    """Two texts that were paired."""

    first: str = doc("The text that is edited.")
    second: str = doc("The text whose state it gets.")


class UsePairsDocument(Document):
    """Pairs of texts that the interchange ran on."""

    matched: bool = doc("Whether texts were matched by their words; false for pairs passed.")
    distance: Number = doc("Mean number of words in which the texts of a pair differ.")
    first: list[int] = doc("Numbers of the texts that are edited.")
    second: list[int] = doc("Numbers of their partners, which differ in label and answer.")
    same_label: list[int] = doc("Numbers of the partners of the same label; -1 for no partner.")
    examples: list[PairExampleDocument] = doc("The first pairs.")


class DrawsDocument(Document):
    """Draws of random subspaces."""

    mean: Number = doc("Mean of the draws.")
    low: Number = doc("2.5 % quantile of the draws.")
    high: Number = doc("97.5 % quantile of the draws.")


class NeutralDocument(ReadingDocument):
    """Kullback-Leibler divergence of the next token on neutral texts, in nats per token.

    It is the divergence of the edited predictions from the unedited ones; the interval resamples
    texts.
    """

    texts: Count = doc("Number of texts.")
    random: DrawsDocument = doc("The same number for random subspaces.")
    p_value: PValue = doc("p-value of the number among those of random subspaces, two-sided.")
    excess: ReadingDocument = doc("The number less the mean of random subspaces, text by text.")


class UseDocument(Document):
    """What each method shows of use."""

    verdict_from: Literal["erasing", "interchange"] | None = doc(
        "The method that decides: interchange if it has power, else erasing; null if neither has."
    )
    methods: Annotated[list[UseMethodDocument], Field(min_length=1)] = doc("The methods.")
    pairs: UsePairsDocument = doc("The pairs.")
