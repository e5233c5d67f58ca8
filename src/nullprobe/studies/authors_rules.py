"""The rules of the study of authors, written before its results."""

from __future__ import annotations

from nullprobe.studies.rules import Rule

RULES = (
    Rule(
        "follows_authors",
        "What the model expects is nearer to the full observer than to the observer of characters.",
        {
            "yes": "Trained models follow authors: one character's acts change what they expect of "
            "another, more than half as much as Bayes' rule asks",
            "no": "Trained models follow characters: what they expect of one character hardly "
            "depends on the acts of another",
            "unclear": "Whether trained models follow authors or characters is unclear: they lie "
            "in between",
        },
        direction="more",
        zero=0.5,
        sources={"architecture": "untrained: author share"},
    ),
    Rule(
        "reads_authors",
        "The posterior of the author is read from states.",
        {
            "yes": "A linear probe of their states reads the posterior of the author",
            "no": "A linear probe of their states does not read the posterior of the author",
            "unclear": "Whether a linear probe of their states reads the author is unclear",
        },
        of="R² of the author",
        direction="more",
        sources={
            "inputs": "words: R² of the author",
            "architecture": "untrained: R² of the author",
        },
    ),
    Rule(
        "uses_authors",
        "Erasing the posterior of the author lowers the author share, more than random maps do.",
        {
            "yes": "The model uses it: once it is erased, the model follows authors less, and "
            "random maps of the same size do not do that",
            "no": "The model does not use it: erasing it does not change whom the model follows",
            "unclear": "Whether the model uses it is unclear: random maps do as much, or too few "
            "seeds were run",
        },
        of="lost by erasing authors",
        direction="more",
    ),
    Rule(
        "is_drawn_to_bad",
        "After a bad beginning, the model writes more bad acts than the corpus does.",
        {
            "yes": "After a bad beginning, the model does not act as badly as the texts do: the "
            "difference is not in the corpus",
            "no": "After a bad beginning, the model acts as badly as the texts do, and no more: "
            "there is no pull beyond the corpus",
            "unclear": "Whether bad beginnings pull beyond the corpus is unclear",
        },
        of="bad beyond the corpus",
    ),
)

CAST_RULES = (
    Rule(
        "follows_authors_of_three",
        "With three characters, the model is nearer to the full observer than to the observer of "
        "characters.",
        {
            "yes": "With three characters, too, models follow authors",
            "no": "With three characters, models no longer follow authors",
            "unclear": "Whether models follow authors with three characters is unclear",
        },
        levels={"cast": "three characters"},
        direction="more",
        zero=0.5,
        sources={"architecture": "untrained: author share"},
    ),
    Rule(
        "follows_uneven_authors",
        "Where half of the texts have one author, the model is nearer to the full observer than to "
        "the observer of characters.",
        {
            "yes": "Where half of the texts have one author, too, models follow authors",
            "no": "Where half of the texts have one author, models no longer follow authors",
            "unclear": "Whether models follow authors where half of the texts have one is unclear",
        },
        levels={"cast": "uneven authors"},
        direction="more",
        zero=0.5,
        sources={"architecture": "untrained: author share"},
    ),
)
