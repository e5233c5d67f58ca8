"""Documents made by hand for the tests of the report: honest ones, and hostile ones."""

import re
from dataclasses import replace

import numpy as np
from support.evidence import explained

from nullprobe.auditing.document import document
from nullprobe.auditing.projection import Portrait
from nullprobe.claims.simpler_reading import SimplerReading
from nullprobe.claims.verdict import Claim, Holds
from nullprobe.data.metric import Metric
from nullprobe.stats.null_distribution import Null

AUC, SHARE = Metric("AUC", 0.5), Metric("share of held-out pairs", 0.5)
RESIDUAL = Metric("canonical correlation", 0.0, "residual")
DEPARTURE = Metric("largest departure (sd)", None, "departure", None)
PROVENANCE = {
    "command": "nullprobe demo", "random_state": 0, "versions": {"numpy": "2"}, "rows": 60,
    "classes": {"no": 30, "yes": 30}, "groups": 0, "alpha": 0.05, "min_effect": 0.05,
    "splits": {"rule": "parts take turns", "rows": [20, 20, 20], "fingerprint": "0"},
}  # fmt: skip
SNAKE = re.compile("[a-z][a-z0-9_]*")
HOSTILE = [
    "<script>alert(1)</script>",
    "</script><script>window.broken = 1</script>",
    "\"'><img src=x onerror=alert(1)>",
    "a\u2028b\u2029c",
    "{{ 7 * 7 }} %{x} ${y} $z$",
    "<b>bold</b> &amp; <a href='https://example.org'>link</a>",
]


def null(rung, mean, sd, m=199, seed=0):
    values = np.random.default_rng(seed).normal(mean, sd, m)
    return Null(rung, f"drawn for the rung of {rung}", values)


def moments_enough():
    untried = {"noise": "not_tried", "inputs": "not_tried", "architecture": "not_tried"}
    return explained(chance="rejected", moments="sufficient", **untried)


def structure(**sources):
    """Return explanations of which none is enough, but for sources that were not tried."""
    sources = {"inputs": "not_tried", "architecture": "not_tried"} | sources
    return explained(chance="rejected", moments="rejected", noise="rejected", **sources)


def unclear():
    untried = {"noise": "not_tried", "inputs": "not_tried", "architecture": "not_tried"}
    return explained(chance="undecided", moments="undecided", **untried)


def claims(details=None, beside=()):
    """Return claims of every verdict, with and without intervals and further draws."""
    chance, moments = null("chance", 0.5, 0.03), null("moments", 0.6, 0.02, 39, 1)
    algebra = Null("linear_algebra", "labels permuted", np.full(9, 1e-16))
    return [
        Claim("readable", "A linear probe reads the concept.", Holds.YES,
              explained(chance="rejected", moments="undecided", noise="not_tried",
                        inputs="rejected", architecture="rejected"),
              0.95, AUC, (0.93, 0.97), (chance,), 0.01, "held-out AUC is high.", None,
              details or {}, beside=beside),
        Claim("one_direction", "Removing 1 direction removes all of it.", Holds.YES,
              explained(linear_algebra="sufficient"), 2e-16, RESIDUAL, None, (algebra,), None,
              "so it is for any labels."),
        Claim("erasure_holds", "A fresh probe cannot read it.", Holds.NO, moments_enough(),
              0.61, AUC, (0.58, 0.64), (chance, moments), 0.01, "as Gaussian data.", None,
              {"expected_from_means": 0.6}),
        Claim("no_halfspace", "No linear classifier is accurate.", Holds.UNCLEAR, unclear(),
              0.53, Metric("balanced accuracy", 0.5), (0.47, 0.58), (chance,), 0.3,
              "chance does as much.", 0.58),
    ]  # fmt: skip


def all_claims():
    """Return claims of every name an audit has, with the pictures that some have of their own."""
    chance, moments = null("chance", 0.5, 0.03), null("moments", 0.6, 0.02, 39, 1)
    off = Null("moments", "the largest departure", np.linspace(0.5, 2.5, 39), True)
    random = null("random_subspaces", 0.8, 0.02, 39, 2)
    shares = replace(null("chance", 0.5, 0.04, 199, 3), upper=True)
    directions = replace(null("random_directions", 0.65, 0.1, 199, 4), upper=True)
    return [
        *claims(),
        Claim("one_feature", "Removals leave what moments say.", Holds.NO,
              structure(), 6.0, DEPARTURE, None, (off,), 0.025,
              "more is left.", None, {}, {"curve": curve()}),
        Claim("few_features", "A probe of 8 features reads as well.", Holds.YES,
              explained(chance="rejected", moments="sufficient", noise="not_tried",
                        inputs="not_tried", architecture="not_tried"), 0.93, AUC, (0.91, 0.95),
              (chance, moments), 0.01, "the loss is small.", None,
              {"n_features": 8, "with_all_features": 0.95, "loss": 0.02, "loss_from": 0.01,
               "loss_to": 0.03, "probes_with": {"cat": 1.0, "dog <b>": 0.25}}),
        Claim("gone", "No reader of a family reads it.", Holds.UNCLEAR, unclear(), 0.55,
              AUC, (0.5, 0.6), (chance, moments), 0.2, "chance does as much.", 0.59),
        Claim("transfers", "What is read in one group carries over.", Holds.YES,
              explained(chance="rejected", random_subspaces="rejected", moments="not_tried",
                        noise="not_tried", inputs="not_tried", architecture="not_tried"),
              0.9, Metric("AUC across groups", 0.5), (0.88, 0.92),
              (chance, random), 0.01, "it does.", None, {"within_groups": 0.92},
              {"matrices": matrices("abc"), "compared": {"random_subspaces": {
                  "metric": Metric("AUC after erasing", 0.5), "observed": 0.6,
                  "interval": (0.56, 0.64)}}}),
        Claim("consistent", "CCS finds the concept.", Holds.YES,
              explained(chance="rejected", random_directions="rejected", moments="sufficient",
                        noise="not_tried", inputs="not_tried", architecture="not_tried"), 0.95,
              SHARE, (0.91, 0.97), (shares, directions), 0.005,
              "so does the first component.", None, {"labelled_probe": 0.97},
              beside=(first_component(),)),
    ]  # fmt: skip


def first_component(name="first principal component"):
    """Return what is beside a claim: as good as observed, and not far above its nulls."""
    return SimplerReading("moments", name, 0.98, (0.94, 0.99), (-0.06, 0.01))


def curve(metric=AUC):
    """Return a curve that lies above its band after 2 removals."""
    values = np.array([0.9, 0.8, 0.75, 0.5])
    middle = np.array([0.9, 0.78, 0.6, 0.5])
    return {
        "rung": "moments", "metric": metric, "values": values, "low": middle - 0.05,
        "middle": middle,
        "high": middle + 0.05, "intervals": np.column_stack([values - 0.03, values + 0.03]),
    }  # fmt: skip


def matrices(groups, metric=AUC):
    size = len(groups)
    read = 0.6 + 0.3 * np.eye(size) + 0.001 * np.arange(size)
    return {"groups": list(groups), "metric": metric, "read": read, "erased": 1.5 - read}


def portrait(n, n_axes, names=None, labels=("no", "yes"), seed=0):
    rng = np.random.default_rng(seed)
    views = rng.normal(size=(4, n, n_axes)) * np.array([1, 0.2, 2, 0.4])[:, None, None]
    axes = tuple(names or [f"column {i}" for i in range(n_axes)])
    return Portrait(axes, np.resize(np.array(labels), n), *views)


def founding(title="data"):
    """Return a document with all that a page can show of rows: what is removed, what is left."""
    claims = all_claims()
    falls = {"in_sample_before": 0.94, "in_sample_after": 0.5, "in_sample_before_shuffled": 0.57,
             "in_sample_after_shuffled": 0.5, "largest_class": 0.5}  # fmt: skip
    claims[1] = replace(claims[1], details=falls)
    shown = replace(
        portrait(60, 3), removed=np.array([[0.8, 0.6, 0.0]]),
        removed_standardised=np.array([[0.8, 0.6, 0.0]]),
        halfspace=np.array([0.6, -0.8, 0.1, 0.05]),
    )  # fmt: skip
    return sample(title, claims=claims, portrait=shown)


def sample(title="data", labels=("no", "yes"), n=60, n_axes=3, **changes):
    """Return a document; ``changes`` replace what goes into it."""
    y = np.resize(np.array(labels), n)
    rng = np.random.default_rng(2)
    found = {
        "claims": claims(),
        "portrait": portrait(n, n_axes, labels=labels),
        "scores": {"raw": rng.normal(size=n), "erased": rng.normal(size=n)},
        "labels": y,
        "provenance": {},
    }
    found |= changes
    own = {key: found.pop(key) for key in ("representation", "concept", "rows") if key in found}
    return document(title, found["claims"], found["portrait"], found["scores"], found["labels"],
                    PROVENANCE | {"rows": n} | found["provenance"], **own).plain()  # fmt: skip


def numeric(n=50):
    """Return a document of a numeric concept."""
    return sample(
        "numbers", labels=np.linspace(0, 1, n), n=n, n_axes=2, concept="numeric",
        provenance={"classes": None},
    )  # fmt: skip


def layers(n_layers, n_axes=2):
    """Return documents of several representations, with every claim that is judged by default."""
    names = [f"layer {i}" for i in range(n_layers)]
    told = {"representations": names}
    return [
        sample(
            "a model",
            n_axes=n_axes,
            provenance=told,
            representation=name,
            claims=[one for one in all_claims() if one.name != "few_features"],
        )
        for name in names
    ]


def survey(found, *whole):
    """Return documents of a survey, which draws no histograms; those at ``whole`` do."""
    return [
        one if place in whole else one | {"provenance": one["provenance"] | {"depth": "survey"}}
        for place, one in enumerate(found)
    ]


def hostile(text, n_axes=3):
    """Return a document in which every string of a user is ``text``."""
    y = np.array([text, text + "!"])
    return sample(
        text, labels=y, n=20,
        claims=claims({text: 0.5, "nested": {text: 1.0}}, (first_component(text),)),
        portrait=portrait(20, n_axes, [text, text + " 2", text + " 3"][:n_axes], y),
        provenance={"command": text, text: text, "nested": {text: [text, 1]}},
    )  # fmt: skip


def keys(
    value, skipped=("classes", "versions", "agreements", "parts_read_by", "probes_with", "left_out")
):
    """Yield all keys of a document, but for those that are names of a user's."""
    if isinstance(value, list):
        for inner in value:
            yield from keys(inner)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from () if key in skipped else keys(inner)
