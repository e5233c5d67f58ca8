"""The section on use of README.md: whether the model uses what a probe reads.

Each verdict has its sentence prepared, so that an unexpected result is reported as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Results = Mapping[str, Any]
JUDGED = "an answer is right or wrong"
ABLE = 0.65  # as for the other answers of the model


def number(value: float) -> str:
    """Return a number of two digits after the point, with a real minus sign."""
    return f"{value:.2f}".replace("-", "−")


def auc(value: float) -> str:
    """Return an AUC of three digits, without a leading zero."""
    return f"{value:.3f}".replace("0.", ".", 1)


def section(results: Results) -> Iterator[str]:
    """Yield the section on use."""
    first = next(iter(results.values()))
    yield "## Is it used?"
    yield ""
    yield (
        "Pairs of texts differ in one concept, and in how they go on. *Interchange* gives a text "
        "its partner's value of the concept, at the last token; the effect is how far the answer "
        "moves towards the partner's, in nats. *Whole state* is the same with all of the "
        "partner's state, the most that can be moved there; a subspace may move more than it, "
        "since the rest of the state can pull back. *Erasing* removes the concept's subspace "
        "from every token: the change of the right answer's log-probability. *Adding* adds the "
        "difference of class means. `audit_use` runs them against their nulls (half of the texts "
        f"fits; {len(first['sites'])} layers, p-values adjusted over them). *used* is the combined "
        "verdict, with the method that decides; [what it takes]"
        '(../../docs/use.md#read-the-verdict). A "no" means that no effect of this linear '
        "subspace at this token was found; other forms and tokens were not tried. \\* a probe "
        "reads it (permuted labels, whole groups held out)."
    )
    yield ""
    yield "| concept | texts | right answer is likelier than the partner's | margin (nats) |"
    yield "|---|---|---|---|"
    for name, one in results.items():
        says = one["says"]
        share = says["right answer is likelier than the partner's"]
        yield f"| {name} | {one['texts']} | {share:.0%} | {number(says['margin (nats)'])} |"
    yield ""
    heads = "concept, layer, a probe reads (AUC), interchange, whole state, erasing, adding, used"
    yield f"| {heads.replace(', ', ' | ')} |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, one in results.items():
        for site, claims in one["sites"].items():
            yield row(name, site, claims)
    yield ""
    for name, one in results.items():
        yield f"- {conclusion(name, one)}"


def row(name: str, site: str, claims: Results) -> str:
    """Return one line of the table: what is read and what each method does at a layer."""
    reads, used = claims["readable"], claims["used"]
    mark = "\\*" if reads["holds"] == "yes" else ""
    effects = {one["name"]: one for one in used["methods"]}
    interchange = effects["interchange"]
    moved = number(interchange["effect"])
    moved += f" | {number(interchange['whole']['value'])}"
    others = " | ".join(number(effects[m]["effect"]) for m in ("erasing", "adding"))
    by = f" ({used['verdict_from']})" if used["verdict_from"] else ""
    layer = site.split(".")[1]
    read = f"{auc(reads['observed'])}{mark}"
    return f"| {name} | {layer} | {read} | {moved} | {others} | {used['holds']}{by} |"


def conclusion(name: str, one: Results) -> str:
    """Return what to conclude about one concept."""
    read = layers(one, lambda claims: claims["readable"]["holds"] == "yes")
    used = layers(one, lambda claims: claims["used"]["holds"] == "yes")
    unused = layers(one, lambda claims: claims["used"]["holds"] == "no")
    parts = [
        f"a probe reads it at {listed(read)}"
        if read
        else "whether a probe reads it is not decided by so few groups of texts",
        f"it is used at {listed(used)}" if used else "it is shown to be used at no layer",
    ]
    if unused:
        parts.append(f"no effect of the linear subspace at {listed(unused)}")
    text = f"**{name.capitalize()}**: {'; '.join(parts)}."
    if name != JUDGED:
        return text
    right = one["says"]["right answer is likelier than the partner's"]
    if right >= ABLE:
        return f"{text} Asked, the model is right in {right:.0%}: it says what it represents."
    asked = f" Asked whether an answer is right, the model is right in {right:.0%}"
    idle = [k for k in read if k in unused]
    if idle:
        return (
            f"{text}{asked}, and not even the partner's whole state moves what it says. So a "
            f"probe reads at {listed(idle)} whether an answer is right, or how likely the model "
            "finds it, and what the model says does not follow: there is nothing it is used for."
        )
    if read and not used:
        return f"{text}{asked}, and a probe reads it; whether it is used is not decided."
    if used:
        return f"{text}{asked}: what is represented moves the answer, but not far enough."
    return f"{text}{asked}, and a probe does not read it either."


def layers(one: Results, chosen: Any) -> list[int]:
    """Return the numbers of the layers whose claims are chosen."""
    return [int(site.split(".")[1]) for site, claims in one["sites"].items() if chosen(claims)]


def listed(numbers: list[int]) -> str:
    """Return numbers of layers in words."""
    if len(numbers) == 1:
        return f"layer {numbers[0]}"
    return f"layers {', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"
