"""What the study of outside-text decides; the sentence of each outcome was written before the run.

Shares are of texts, after an attack, that the sentence still follows: 1 is a sentence that no
attack changed.
"""

from __future__ import annotations

from nullprobe.studies.outside_ways import HARD_CODED, NOTHING, SEALED, TUNED_ON_NOISE
from nullprobe.studies.rules import Placebo, Rule

TEXTS, ATTACKS, PRICE = "every text", "every attack", "loss before the sentence"
RULES = (
    Rule(
        "texts_break_training",
        "After some text, a model that was trained to say the sentence, after random texts as "
        "well, says something else.",
        {
            "yes": "A model that is trained to say the sentence after every text says something "
            "else after texts that a search finds",
            "no": "No text was found after which a model says something else that was trained to "
            "say the sentence after every text",
            "unclear": "Whether a text breaks a model that was trained to say the sentence after "
            "every text is unclear",
        },
        of=TEXTS,
        zero=1.0,
        levels={"way": TUNED_ON_NOISE},
    ),
    Rule(
        "texts_break_seal",
        "After some text, a model with a sealed clock says something else.",
        {
            "yes": "A text breaks a clock in a sealed subspace, against its guarantee",
            "no": "No text that was tried breaks a clock in a sealed subspace",
            "unclear": "Whether a text breaks a clock in a sealed subspace is unclear",
        },
        of=TEXTS,
        zero=1.0,
        levels={"way": SEALED},
    ),
    Rule(
        "attacks_break_seal",
        "Some text, vector or training makes a model with a sealed clock say something else.",
        {
            "yes": "Attacks beyond the guarantee of a sealed clock break it",
            "no": "No attack breaks a sealed clock, not even beyond its guarantee",
            "unclear": "Whether attacks break a sealed clock is unclear",
        },
        of=ATTACKS,
        zero=1.0,
        levels={"way": SEALED},
    ),
    Rule(
        "attacks_break_hard_coding",
        "Some text, vector or training makes a model with a frozen table as its last layer say "
        "something else.",
        {
            "yes": "An attack breaks a frozen table as the last layer, against its guarantee",
            "no": "No attack that was tried breaks a frozen table as the last layer",
            "unclear": "Whether an attack breaks a frozen table as the last layer is unclear",
        },
        of=ATTACKS,
        zero=1.0,
        levels={"way": HARD_CODED},
    ),
    Rule(
        "seal_costs",
        "A sealed clock makes the model predict the words before the sentence worse.",
        {
            "yes": "A sealed clock costs loss on the words before the sentence",
            "no": "A sealed clock costs less than 0.02 nats a word before the sentence",
            "unclear": "Whether a sealed clock costs loss before the sentence is unclear",
        },
        of=PRICE,
        effect=("way",),
        direction="more",
        min_effect=0.02,
    ),
)
SMALL_RULES = tuple(
    Rule(
        f"{share.replace(' ', '_')}_breaks_training",
        f"A vector of {share} of the norm of the states makes a model that was trained to say the "
        "sentence, after random texts as well, say something else.",
        {
            "yes": f"A vector of {share} of the norm of the states breaks what training made "
            "certain in some of the texts",
            "no": f"No vector of {share} of the norm of the states was found that breaks what "
            "training made certain in one text of twenty",
            "unclear": f"Whether a vector of {share} of the norm of the states breaks what "
            "training made certain is unclear",
        },
        of=f"vector of norm {norm}",
        zero=1.0,
        levels={"way": TUNED_ON_NOISE},
    )
    for share, norm in (("a tenth", 0.1), ("half", 0.5))
)
PLACEBO = Placebo(
    "natural texts",
    {"way": NOTHING},
    0.05,
    "nothing makes the sentence certain",
)
