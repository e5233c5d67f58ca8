"""What the study of contexts decides, with a sentence for each outcome."""

from __future__ import annotations

from nullprobe.studies.rules import Rule

RULES = (
    Rule(
        "carries_over",
        "A value that is shown in one domain changes what is expected in another, if values agree.",
        {
            "yes": "A value that is shown in one context changes what the model expects in others, "
            "where the corpus makes values agree",
            "no": "A value that is shown in one context does not change what the model expects in "
            "others, even where the corpus makes values agree",
            "unclear": "Whether a value that is shown in one context changes what the model "
            "expects in others is unclear",
        },
        effect=("rho",),
        direction="more",
    ),
    Rule(
        "beyond_the_corpus",
        "Values carry over more, or less, than the corpus makes them agree.",
        {
            "yes": "Values carry over to another degree than in the corpus",
            "no": "Values carry over as far as the corpus makes them agree, within a tenth",
            "unclear": "Whether values carry over as far as in the corpus is unclear",
        },
        of="beyond the corpus",
        min_effect=0.1,
    ),
    Rule(
        "probe_carries_over",
        "A probe of one domain reads the value in other domains, if values agree.",
        {
            "yes": "A probe that was fitted in one domain reads other domains better where values "
            "agree: they have a common direction",
            "no": "A probe that was fitted in one domain reads other domains no better where "
            "values agree",
            "unclear": "Whether a probe of one domain reads others better where values agree is "
            "unclear",
        },
        of="probe, other domains (AUC)",
        effect=("rho",),
        direction="more",
    ),
)
JUMP_RULES = (
    Rule(
        "behaviour_is_lost",
        "After a jump without old texts, behaviour shows the value to another degree than before.",
        {
            "yes": "A jump in skill without old texts changes how far behaviour shows the value",
            "no": "After a jump without old texts, behaviour shows the value as before",
            "unclear": "Whether behaviour shows the value after a jump without old texts is "
            "unclear",
        },
        of="behaviour",
        zero=1.0,
        levels={"old": 0.0},
    ),
    Rule(
        "lost_with_old_texts",
        "After a jump with 5 % of old texts, behaviour shows the value to another degree.",
        {
            "yes": "A jump in skill changes how far behaviour shows the value even if 5 % of the "
            "texts are old ones",
            "no": "If 5 % of the texts are old ones, behaviour shows the value as before",
            "unclear": "Whether anything is lost if 5 % of the texts are old ones is unclear",
        },
        of="behaviour",
        zero=1.0,
        levels={"old": 0.05},
    ),
    Rule(
        "probe_still_reads",
        "After the jump, a probe that is fitted again still reads the value.",
        {
            "yes": "A probe that is fitted after the jump still reads the value",
            "no": "A probe that is fitted after the jump does not read the value",
            "unclear": "Whether a probe that is fitted after the jump reads the value is unclear",
        },
        of="refitted probe",
        direction="more",
        sources={"architecture": "untrained: refitted probe"},
    ),
    Rule(
        "direction_moves",
        "After the jump, the probe from before reads less than one that is fitted again.",
        {
            "yes": "The direction of the value has moved: the probe from before the jump reads "
            "less than one that is fitted again",
            "no": "The direction of the value is where it was",
            "unclear": "Whether the direction of the value has moved is unclear",
        },
        of="moved",
        direction="more",
    ),
)
