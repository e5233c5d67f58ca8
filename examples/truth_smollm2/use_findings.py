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
        "its partner's value of the concept; the effect is how far the answer moves towards the "
        "partner's, in nats, and as a share of what the partner's whole state does, if that moves "
        "the answer at all. *Erasing* "
        "removes the concept's subspace; *adding* adds the difference of class means. `audit_use` "
        f"runs all of them against their nulls (half of the texts fits; {len(first['sites'])} "
        "layers, p-values adjusted over them). *used* is the combined verdict; in brackets, the "
        "method that decides."
    )
    yield ""
    yield "| concept | texts | right answer is likelier than the partner's | margin (nats) |"
    yield "|---|---|---|---|"
    for name, one in results.items():
        says = one["says"]
        share = says["right answer is likelier than the partner's"]
        yield f"| {name} | {one['texts']} | {share:.0%} | {number(says['margin (nats)'])} |"
    yield ""
    yield "| concept | layer | a probe reads (AUC) | interchange | erasing | adding | used |"
    yield "|---|---|---|---|---|---|---|"
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
    if interchange["whole"]["interval"] and interchange["whole"]["interval"][0] > 0:
        moved += f" ({interchange['share_of_whole']:.0%})"
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
        parts.append(f"not used, as a linear subspace holds it, at {listed(unused)}")
    text = f"**{name.capitalize()}**: {'; '.join(parts)}."
    if name != JUDGED:
        return text
    right = one["says"]["right answer is likelier than the partner's"]
    idle = [k for k in read if k in unused]
    if right >= ABLE:
        return f"{text} Asked, the model is right in {right:.0%}: it says what it represents."
    asked = f" Asked whether an answer is right, the model is right in {right:.0%}"
    if idle:
        return (
            f"{text}{asked}. At {listed(idle)} a probe reads whether the answer is right, and the "
            "model's judgement does not follow what is read: judged, but not stopped. What is read "
            "may be how likely the model finds the answer."
        )
    if read and not used:
        return f"{text}{asked}, although a probe reads it; whether it is used is not decided."
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
