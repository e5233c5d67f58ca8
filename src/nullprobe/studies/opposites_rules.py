"""What the study of opposites decides; the sentence of each outcome was written before the run."""

from __future__ import annotations

from nullprobe.studies.rules import Placebo, Rule

FACTORIAL = ("definable", "tropes")

PLACEBO = Placebo(
    of="held-out axes",
    levels={"definable": 0, "tropes": 0},
    within=0.1,
    statement="without definitions and tropes, nothing marks the opposite",
)

RULES = (
    Rule(
        "carried_over",
        "Where no story turned, the opposite is near only if language can say 'not' and stories "
        "turn elsewhere.",
        {
            "yes": "Tropes carry over to axes whose stories never turn, but only if the language "
            "can say 'not': the two together do more than the sum of both",
            "no": "On axes whose stories never turn, definitions and tropes together do no more "
            "than the sum of both",
            "unclear": "Whether definitions and tropes together do more than the sum of both, on "
            "axes whose stories never turn, is unclear",
        },
        of="held-out axes",
        effect=FACTORIAL,
        direction="more",
        sources={"architecture": "untrained: held-out axes"},
    ),
    Rule(
        "taught_by_tropes",
        "Where stories turn, tropes put the opposite ahead.",
        {
            "yes": "Where stories turn to the opposite, the model expects it after 'but'",
            "no": "Even where stories turn to the opposite, the model does not expect it more",
            "unclear": "Whether stories that turn put the opposite ahead is unclear",
        },
        of="taught axes",
        effect=("tropes",),
        direction="more",
        sources={"corpus": "exact predictor: taught axes"},
        min_effect=0.5,
    ),
    Rule(
        "definitions_add",
        "Where stories turn, being definable changes the advantage of the opposite.",
        {
            "yes": "Where stories turn, a definition changes how far the opposite is ahead",
            "no": "Where stories turn, a definition adds nothing to the trope",
            "unclear": "Whether a definition adds to the trope, where stories turn, is unclear",
        },
        of="taught axes",
        effect=("definable",),
        sources={"corpus": "exact predictor: taught axes"},
        min_effect=0.5,
    ),
    Rule(
        "one_act_goes_further",
        "Where no story turned, one act of the opposite goes further if language defines it.",
        {
            "yes": "Where no story turned, a single act of evidence goes further for not-X than "
            "for an unrelated trait if the language defines not-X",
            "no": "Where no story turned, a definition does not make a single act of evidence go "
            "further for not-X",
            "unclear": "Whether a definition makes a single act of evidence go further for not-X "
            "is unclear",
        },
        of="held-out axes, one act",
        effect=("definable",),
        direction="more",
    ),
)

DOSE_RULES = (
    Rule(
        "dose_held_out",
        "On held-out axes, more tropes put the opposite further ahead.",
        {
            "yes": "On held-out axes the opposite is further ahead if half of the turns lead to it "
            "than if one in twenty does",
            "no": "On held-out axes the share of turns that lead to the opposite does not matter "
            "between one in twenty and a half",
            "unclear": "Whether the share of turns that lead to the opposite matters on held-out "
            "axes is unclear",
        },
        of="held-out axes",
        effect=("tropes",),
        direction="more",
    ),
    Rule(
        "dose_needs_definitions",
        "On held-out axes, more tropes do more if traits are definable.",
        {
            "yes": "On held-out axes, more tropes do more if traits are definable",
            "no": "On held-out axes, more tropes do no more if traits are definable",
            "unclear": "Whether more tropes do more if traits are definable is unclear",
        },
        of="held-out axes",
        effect=FACTORIAL,
        direction="more",
    ),
    Rule(
        "dose_taught",
        "Where stories turn, more tropes put the opposite further ahead.",
        {
            "yes": "Where stories turn, the opposite is further ahead the more of them lead to it",
            "no": "Where stories turn, the share that leads to the opposite does not matter",
            "unclear": "Whether the share of turns that lead to the opposite matters is unclear",
        },
        of="taught axes",
        effect=("tropes",),
        direction="more",
        sources={"corpus": "exact predictor: taught axes"},
        min_effect=0.5,
    ),
)

LENGTH_RULES = (
    Rule(
        "shorter_with_both",
        "On held-out axes, definitions and tropes together shorten the way to the opposite.",
        {
            "yes": "On held-out axes, definitions and tropes together save more words on the way "
            "to the opposite than the sum of both",
            "no": "On held-out axes, definitions and tropes together save no more words than the "
            "sum of both",
            "unclear": "Whether definitions and tropes together shorten the way to the opposite is "
            "unclear",
        },
        of="words saved",
        effect=FACTORIAL,
        direction="more",
    ),
    Rule(
        "shorter_if_definable",
        "On held-out axes, a definition shortens the way to the opposite.",
        {
            "yes": "On held-out axes, a definition saves words on the way to the opposite",
            "no": "On held-out axes, a definition saves no words on the way to the opposite",
            "unclear": "Whether a definition saves words on the way to the opposite is unclear",
        },
        of="words saved",
        effect=("definable",),
        direction="more",
    ),
)
