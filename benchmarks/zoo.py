"""Which method calls a concept used? On networks whose truth is known.

Ten kinds of networks whose weights are set by hand (`nullprobe.worlds.zoo`), of several widths,
depths and seeds; trained networks; and five circuits, after InterpBench. Verdicts of
`audit_use` by erasing, by interchange, by adding and combined. Beside them what is often taken for
use: a held-out linear probe reads the concept (probing); answers of pairs differ (behaviour);
distributed alignment search finds a direction (DAS, trained on half of the pairs); and DAS if the
partner's whole state moves the answer, too (checked).

    python benchmarks/zoo.py                # 60 networks of each unused kind, 30 of each used kind
    python benchmarks/zoo.py --share 0.1    # a tenth
    python benchmarks/zoo.py --learned 10 --circuits 5    # trained networks; other rows stay
    python benchmarks/zoo.py --build        # train and check all networks, into the cache

A trained network ignores nothing to the last digit: its truth allows shifts of up to `BOUND` nats
in single texts. So there are two combined verdicts: with the default smallest effect of interest,
and "yes" only if the effect is at least `BOUND`.

The combined verdict should say "used" in unused kinds no more often than α = .05 (exact tests, Holm
over kinds), and in at least .9 of networks that use the concept linearly.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import warnings
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from math import ceil

import numpy as np
import torch
from record import RESULTS, record, timed
from scipy.stats import binomtest
from threadpoolctl import threadpool_limits

from nullprobe import audit, audit_use, models
from nullprobe.worlds.zoo.building import SIZES, UNUSED, USED, build
from nullprobe.worlds.zoo.circuits import CIRCUITS
from nullprobe.worlds.zoo.kinds import KINDS
from nullprobe.worlds.zoo.network import ANSWERS, ZooNetwork, ZooTexts, network
from nullprobe.worlds.zoo.questions import QUESTIONS
from nullprobe.worlds.zoo.trained import MOST, RANGE, Refused, TrainedNetwork, trained

ALPHA, DRAWS = 0.05, 39
N = 120  # texts: 60 pairs
BOUND = round(MOST * RANGE, 3)  # nats
STEPS, RATE = 60, 0.1  # of DAS
METHODS = (
    "probing", "behaviour", "das", "das, checked", "erasing", "interchange", "adding", "combined"
)  # fmt: skip
BOUNDED = f"combined, {BOUND:g} nats"


def asked(name: str, seed: int) -> tuple[ZooNetwork | TrainedNetwork, ZooTexts]:
    """Return a network, and the texts of the question about it."""
    if name in KINDS:
        width, depth = SIZES[seed % len(SIZES)]
        made = network(name, random_state=seed, width=width, depth=depth)
        return made, made.texts(N, seed)
    learner = learned(QUESTIONS[name].network, seed)
    return learner, learner.texts(name, N, seed)


@lru_cache(maxsize=1)
def learned(program: str, seed: int) -> TrainedNetwork:
    """Return a trained network; questions about it follow each other."""
    return trained(program, random_state=seed)


def verdicts(task: tuple[str, int]) -> tuple[str, dict[str, str]]:
    """Return the kind of a network, and what each method says of it; nothing if it is refused."""
    kind, seed = task
    torch.set_num_threads(1)
    try:
        made, drawn = asked(kind, seed)
    except Refused:
        return kind, {}
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        claim = audit_use(
            made.model, made.tokenizer, drawn.texts, drawn.y, made.site, answers=drawn.answers,
            groups=drawn.pair, pairs=[str(k) for k in drawn.pair], n_draws=DRAWS, alpha=ALPHA,
            batch_size=256, random_state=seed,
        )[made.site]["used"]  # fmt: skip
        X = models.capture(made.model, made.tokenizer, drawn.texts, made.site)[made.site]
        read = audit(
            X, drawn.y, claims=["readable"], depth="quick", groups=drawn.pair, random_state=seed
        )["readable"]
    said = {one["name"]: one["holds"] for one in claim.shown["use"]["methods"]}
    said |= {"combined": claim.holds.value, "probing": read.holds.value}
    if kind not in KINDS:
        is_small = said["combined"] == "yes" and abs(claim.observed) < BOUND
        said[BOUNDED] = "no" if is_small else said["combined"]
    return kind, said | das(made, drawn, seed)


def das(made: ZooNetwork | TrainedNetwork, drawn: ZooTexts, seed: int) -> dict[str, str]:
    """Return what behaviour says, and a direction that was trained by interchange.

    Geiger et al. 2024 (arXiv 2303.02536), with one direction. "yes" if the answers of held-out
    pairs become the partner's more often than half of the time (exact test at α).
    """
    a, b = np.arange(N), np.arange(N) ^ 1
    held = drawn.pair % 2 == 1
    batch = made.tokenizer(drawn.texts, return_tensors="pt")["input_ids"]
    answer = torch.as_tensor(made.tokenizer.convert_tokens_to_ids(list(ANSWERS)))
    toward = torch.as_tensor(np.array([ANSWERS.index(drawn.answers[i]) for i in b]))
    layer, kept = made.layer, {}

    def logits(rows: np.ndarray, edit: object) -> torch.Tensor:
        handle = layer.register_forward_hook(edit)
        try:
            return made.model(input_ids=batch[rows]).logits[:, -1][:, answer]
        finally:
            handle.remove()

    def keep(_: object, __: object, output: torch.Tensor) -> None:
        kept["states"] = output[:, -1].detach()

    with torch.no_grad():
        logits(a, keep)
    states = kept["states"]
    generator = torch.Generator().manual_seed(seed)
    direction = torch.randn(states.shape[1], generator=generator).requires_grad_()
    optimiser = torch.optim.Adam([direction], lr=RATE)

    def answers(rows: np.ndarray, whole: bool = False) -> torch.Tensor:
        def swap(_: object, __: object, output: torch.Tensor) -> torch.Tensor:
            u = direction / direction.norm()
            gap = states[b[rows]] - states[rows]
            last = output[:, -1] + (gap if whole else (gap @ u)[:, None] * u)
            return torch.cat([output[:, :-1], last[:, None]], dim=1)

        return logits(rows, swap)

    train = a[~held]
    for _ in range(STEPS):
        optimiser.zero_grad()
        loss = torch.nn.functional.cross_entropy(answers(train), toward[train])
        loss.backward()
        optimiser.step()
    rows = a[held]
    with torch.no_grad():
        before = logits(rows, keep).argmax(dim=1).numpy()
        moved, by_whole = (answers(rows, whole).argmax(dim=1) for whole in (False, True))
    found = _mostly((moved == toward[rows]).numpy())
    whole = _mostly((by_whole == toward[rows]).numpy())
    differ = before.reshape(-1, 2)
    return {
        "behaviour": _more(int((differ[:, 0] != differ[:, 1]).sum()), len(differ)),
        "das": found,
        "das, checked": "yes" if found == whole == "yes" else "no",
    }


def _mostly(right: np.ndarray) -> str:
    """Return whether answers become the partner's in more than half of the pairs, both ways.

    The two texts of a pair are not independent, so pairs count in which both do, or neither.
    """
    both = right.reshape(-1, 2)
    wins, losses = int(both.all(axis=1).sum()), int((~both).all(axis=1).sum())
    return _more(wins, wins + losses)


def _more(wins: int, n: int) -> str:
    return "yes" if n and binomtest(wins, n, 0.5, "greater").pvalue <= ALPHA else "no"


def row(kind: str, method: str, said: list[str]) -> dict[str, object]:
    """Return how often a method said what of a kind, with an exact interval of "yes"."""
    yes, n = said.count("yes"), len(said)
    ends = binomtest(yes, n).proportion_ci(0.95, method="exact")
    about = KINDS[kind] if kind in KINDS else QUESTIONS[kind]
    source = {} if kind in KINDS else {"origin": origin(kind), "network": QUESTIONS[kind].network}
    return {
        "kind": kind, **source, "used": about.used, "method": method, "n": n, "yes": yes,
        "no": said.count("no"), "unclear": said.count("unclear"), "share": yes / n,
        "low": float(ends.low), "high": float(ends.high),
        "p_above_alpha": float(binomtest(yes, n, ALPHA, "greater").pvalue),
    }  # fmt: skip


def origin(kind: str) -> str:
    """Return where the weights of a question's network come from."""
    return "circuit" if QUESTIONS[kind].network in CIRCUITS else "trained"


def planned(options: argparse.Namespace) -> list[tuple[str, int]]:
    """Return the kinds and seeds of all networks."""
    if options.learned or options.circuits:
        n = {"trained": options.learned, "circuit": options.circuits}
        return [
            (name, seed)
            for seed in range(max(n.values()))
            for name in QUESTIONS
            if seed < n[origin(name)]
        ]
    return [
        (name, seed)
        for seed in range(UNUSED)
        for name, kind in KINDS.items()
        if seed < ceil(options.share * (USED if kind.used else UNUSED))
    ]


def keep(rows: list[dict], settings: dict) -> None:
    """Write rows into the results; rows of other kinds stay."""
    path = RESULTS / "zoo.json"
    before = json.loads(path.read_text("utf-8")) if path.exists() else {"rows": [], "settings": {}}
    kinds = {one["kind"] for one in rows}
    others = [one for one in before["rows"] if one["kind"] not in kinds]
    order = [*KINDS, *QUESTIONS]
    merged = sorted([*others, *rows], key=lambda one: order.index(one["kind"]))
    record("zoo", {**before["settings"], **settings}, merged, torch=torch.__version__)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of networks set by hand")
    parser.add_argument("--learned", type=int, default=0, help="trained networks of each kind")
    parser.add_argument("--circuits", type=int, default=0, help="networks of each circuit")
    parser.add_argument("--build", action="store_true", help="train, check and count all networks")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    if options.build:
        print(build(share=options.share, progress=True))
        return
    tasks = planned(options)
    with ProcessPoolExecutor(options.jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        found, seconds = timed(lambda: list(pool.map(verdicts, tasks)))
    kinds = dict.fromkeys(name for name, said in found if said)
    rows = [
        row(kind, method, [said[method] for name, said in found if name == kind and said])
        for kind in kinds
        for method in (METHODS if kind in KINDS else (*METHODS, BOUNDED))
    ]
    for one in rows:
        print("{kind:32s} {method:18s} yes {yes:3d} no {no:3d} unclear {unclear:3d}".format(**one))
    settings = {
        "texts": N, "draws": DRAWS, "alpha": ALPHA, "sizes": SIZES, "steps of DAS": STEPS,
        "seconds": seconds, "share": options.share,
    }  # fmt: skip
    if not set(kinds) <= set(KINDS):
        refused = [task for task, (_, said) in zip(tasks, found, strict=True) if not said]
        settings = {
            source: {
                "networks": n, "bound, nats": BOUND, "seconds of this run": seconds,
                "refused": [task for task in refused if origin(task[0]) == source],
            }
            for source, n in (("trained", options.learned), ("circuit", options.circuits))
            if n
        }  # fmt: skip
    keep(rows, settings)


if __name__ == "__main__":
    main()
