"""Many logistic probes on one X, and successive directions, against scikit-learn in a loop.

Labels follow a logistic model, each vector with weights of its own, so that some of each is read.
X has a spectrum that falls as 1/√i, as hidden states have ("falling"), or neighbouring features
that are correlated and no more ("flat"), where scikit-learn needs fewest steps. Both sides get the
same standardised rows, the same L2 penalty (C = 1) and the same two cores. scikit-learn's loop
is timed on a part of the label vectors, and its time scaled up; it has BLAS on one thread, with
which it was ten times as fast as with two, whose waiting costs more than the small products do.

Successive: theirs fits scikit-learn's LogisticRegression, projects the rows, and repeats, until
its tolerance leaves all weights at 0; ours takes as many directions.

    python benchmarks/batched.py
"""

from __future__ import annotations

import argparse

import numpy as np
from record import record, timed
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from nullprobe import LogisticProbe, Moments
from nullprobe.data.concept import concept
from nullprobe.probes.base.nullspace import Nullspace

SPECTRA = ("falling", "flat")


def data(n: int, d: int, m: int, spectrum: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return standardised rows (n, d) and labels (n, m)."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    if spectrum == "flat":
        X[:, 1:] += 0.5 * X[:, :-1]
    else:
        turn = np.linalg.qr(rng.standard_normal((d, d)))[0]
        X = X * np.arange(1, d + 1) ** -0.5 @ turn
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    logits = X @ rng.standard_normal((d, m))
    logits *= 2.0 / logits.std(axis=0)
    return X, logits + rng.logistic(size=logits.shape) > 0


def sklearns() -> LogisticRegression:
    return LogisticRegression(C=1.0, max_iter=1000)


def loss(scores: np.ndarray, Y: np.ndarray) -> float:
    """Return the mean log-loss of log-odds (n, m)."""
    return float(np.logaddexp(0.0, np.where(Y, -scores, scores)).mean())


def many(n: int, d: int, m: int, some: int, spectrum: str, seed: int) -> dict[str, float]:
    """Return times and held-out log-losses of m label vectors."""
    X, Y = data(2 * n, d, m, spectrum, seed)
    train, test = slice(0, n), slice(n, 2 * n)
    probe, ours = timed(lambda: LogisticProbe(C=1.0).fit_many(X[train], Y[train]))
    with threadpool_limits(1, user_api="blas"):
        models, theirs = timed(lambda: [sklearns().fit(X[train], Y[train, j]) for j in range(some)])
    scores = np.column_stack([model.decision_function(X[test]) for model in models])
    return {
        "ours": ours,
        "theirs": theirs * m / some,
        "our loss": loss(probe.decision_function(X[test])[:, :some], Y[test, :some]),
        "their loss": loss(scores, Y[test, :some]),
    }


def directions(n: int, d: int, r: int, spectrum: str, seed: int) -> dict[str, float]:
    """Return times of r directions, how many the loop found, and the least cosine of the first."""
    X, Y = data(2 * n, d, 1, spectrum, seed)
    y = Y[:, 0].astype(int)
    rows, labels = X[:n], y[:n]

    def ours(most: int) -> np.ndarray:
        z = concept(labels)
        moments = Moments.of(rows, z)
        space = Nullspace(LogisticProbe(C=1.0), rows, z, w=None, moments=moments, most=most)
        while not space.is_full and space.grow(space.read()):
            pass
        return space.basis

    def theirs() -> np.ndarray:
        left, found = rows.copy(), []
        for _ in range(r):
            w = sklearns().fit(left, labels).coef_[0]
            if not w.any():  # its tolerance lets it stay at zero
                break
            found.append(w / np.linalg.norm(w))
            left -= np.outer(left @ found[-1], found[-1])
        return np.array(found).T

    with threadpool_limits(1, user_api="blas"):
        B, their_time = timed(theirs)
    A, our_time = timed(lambda: ours(B.shape[1]))
    alike = float(np.abs(np.einsum("dr,dr->r", A, B))[:5].min())
    return {"ours": our_time, "theirs": their_time, "found": B.shape[1], "first five": alike}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=2000)
    parser.add_argument("--d", type=int, default=384)
    parser.add_argument("--m", type=int, default=1000)
    parser.add_argument("--some", type=int, default=100, help="label vectors of the loop")
    parser.add_argument("--directions", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--try", dest="dry", action="store_true", help="write no result")
    a = parser.parse_args()
    table, medians = [], {}
    for spectrum in SPECTRA:
        runs = {"probes": [], "directions": []}
        for seed in range(a.repeats):
            runs["probes"].append(many(a.n, a.d, a.m, a.some, spectrum, seed))
            runs["directions"].append(directions(a.n, a.d, a.directions, spectrum, seed))
            print(spectrum, {k: v[-1] for k, v in runs.items()}, flush=True)
        found = {
            name: {k: float(np.median([run[k] for run in every])) for k in every[0]}
            for name, every in runs.items()
        }
        medians[spectrum] = found
        m, s = found["probes"], found["directions"]
        for what, ratio, target in (
            (f"{a.m} logistic probes: times as fast", m["theirs"] / m["ours"], "≥ 20"),
            (
                f"{a.m} logistic probes: held-out log-loss over theirs",
                m["our loss"] / m["their loss"],
                ".99 to 1.01",
            ),
            (
                f"up to {a.directions} successive logistic directions: times as fast",
                s["theirs"] / s["ours"],
                "≥ 10",
            ),
        ):
            table.append({"what": f"{what}, {spectrum}", "ratio": ratio, "target": target})
    for row in table:
        print(row)
    if not a.dry:
        settings = {"n": a.n, "d": a.d, "m": a.m, "some": a.some, "repeats": a.repeats}
        record("batched", settings | {"medians": medians}, table)


if __name__ == "__main__":
    main()
