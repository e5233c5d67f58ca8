"""Run the calibration study: one audit for each cell and seed, as long as there is time.

    python benchmarks/calibration/run.py --estimate                # one seed a cell, hours in all
    python benchmarks/calibration/run.py --minutes 20 --jobs 2     # goes on where it stopped
    python benchmarks/calibration/judge.py                         # then: errors, tests, the page

Seeds are the outer loop and cells the inner one, so that an early stop leaves every cell as deep
as any other. A cell of which 9 of 100 seeds or more err is extended to 400. Every audit is written
as one line at once; what was killed is run again. Delete records.jsonl and
records.jsonl.xz when the audit changes; records.py packs the one into the other.
"""

from __future__ import annotations

import argparse
import math
import os
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # before NumPy; seeds share the cores, an audit has one
os.environ["LOKY_MAX_CPU_COUNT"] = "1"

import records  # noqa: E402
from cells import Cell, Truth, bare  # noqa: E402
from design import cells  # noqa: E402
from joblib import Parallel, delayed  # noqa: E402
from judge import error, wrong_claims  # noqa: E402

from nullprobe import Claim, __version__, audit, audit_attributes, audit_use  # noqa: E402
from nullprobe._core.validation import InputError  # noqa: E402

FIRST_SEED, FIRST, EXTENDED, SUSPECT = 1000, 100, 400, 9
OPTIONS: dict[str, Any] = {"draws": 99, "n_splits": 4}  # of every audit; in every record
TIME = "seconds"


def called(
    data: Mapping[str, Any], names: Sequence[str], seed: int, options: Any
) -> dict[str, list[Claim]]:
    """Return the claims of each name; the only place that knows how an audit is called.

    A name is a claim, or "claim: which" of several concepts (alone, jointly, erased) or layers
    (empty, full).
    """
    if [*names] == ["used"]:
        found = audit_use(**data, n_draws=options["draws"], random_state=seed)
        (one,) = found.audits.values()
        return {claim.name: [claim] for claim in one.claims}
    claims = [*dict.fromkeys(map(bare, names))]
    rest: dict[str, Any] = {"claims": claims, "random_state": seed, **options}
    if "attributes" in data:
        several = audit_attributes(**data, **rest)
        families = {
            "alone": [*several.alone.values()],
            "jointly": [several.jointly],
            "erased": [*several.erased.values()],
        }
    elif isinstance(data["X"], Mapping):
        layers = audit(**data, **rest)
        families = {
            which: [layers[name] for name in data["X"] if name.startswith(which)]
            for which in ("empty", "full")
        }
    else:
        return {claim.name: [claim] for claim in audit(**data, **rest).claims}
    asked = {name: families[name.partition(": ")[2]] for name in names}
    return {name: [one[bare(name)] for one in audits] for name, audits in asked.items()}


def worst(name: str, truth: Truth, verdicts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the verdict of a family that errs; the first one where none does."""
    return next((one for one in verdicts if error(name, truth, one)), verdicts[0])


def explained(claim: Any) -> list[list[Any]]:
    """Return what became of each explanation: name, outcome, p, adjusted p, difference."""
    return [
        [e.name, str(e.outcome), *map(_short, (e.p_value, e.adjusted_p, *(e.difference or ())))]
        for e in claim.explanations
    ]


def verdict(claim: Any) -> dict[str, Any]:
    """Return a verdict as a record holds it."""
    return {
        "holds": str(claim.holds),
        "takes": str(claim.takes),
        "comes_from": str(claim.comes_from),
        "observed": _short(claim.observed),
        "p": _short(claim.p_value),
        "adjusted_p": _short(claim.adjusted_p),
        "explanations": explained(claim),
    }


def _short(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(f"{value:.4g}")


def measured(cell: Cell, seed: int, options: Mapping[str, Any] = OPTIONS) -> dict[str, Any]:
    """Return the record of a cell and a seed: verdicts, "refused", or "failed" with the error."""
    start = time.process_time()  # of one core, however many runs share it
    record: dict[str, Any] = {
        "cell": cell.name,
        "seed": seed,
        "version": __version__,
        "options": dict(options),
    }
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found = called(cell.data(seed), [*cell.truth], seed, options)
            record["claims"] = {
                name: worst(name, cell.truth[name], [*map(verdict, family)])
                for name, family in found.items()
            }
        except InputError as error:
            record["refused"] = str(error)[:300]
        except Exception as error:  # a fault of the audit is a result, and must not end the study
            record["failed"] = f"{type(error).__name__}: {error}"[:300]
    counts = Counter(one.category.__name__ for one in caught)
    if counts:
        record["warnings"] = dict(sorted(counts.items()))
    return {**record, TIME: round(time.process_time() - start, 3)}


def wanted(cell: Cell, rows: Iterable[records.Record]) -> int:
    """Return how many seeds a cell is to have, given its records."""
    first = [row for row in rows if row["seed"] < FIRST_SEED + cell.seeds]
    if cell.kind == "power" or len(first) < cell.seeds:
        return cell.seeds
    errors = Counter(name for row in first for name in wrong_claims(cell, row))
    often = SUSPECT * cell.seeds / FIRST
    return EXTENDED if any(count >= often for count in errors.values()) else cell.seeds


def pending(
    every: Sequence[Cell], done: Mapping[str, Sequence[records.Record]]
) -> Iterator[tuple[Cell, int]]:
    """Yield cells and seeds to run, the least deep first; ``done`` may grow meanwhile.

    Whether a cell is extended is asked once its first seeds have been yielded; where some of them
    are still running, the next run asks again.
    """
    ran = {(name, row["seed"]) for name, rows in done.items() for row in rows}
    target: dict[str, int] = {}
    for depth in range(EXTENDED):
        for cell in every:
            if depth == cell.seeds:
                target[cell.name] = wanted(cell, done.get(cell.name, ()))
            seed = FIRST_SEED + depth
            if depth < target.get(cell.name, cell.seeds) and (cell.name, seed) not in ran:
                yield cell, seed


def study(every: Sequence[Cell], path: Path, minutes: float, jobs: int, retry: bool = False) -> int:
    """Run what is pending until the time is over; return how many audits were run.

    With ``retry`` audits that failed are run again; the later record counts.
    """
    end, number = time.monotonic() + 60 * minutes, 0
    done: dict[str, list[records.Record]] = defaultdict(list)
    with records.appending(path) as file:
        for row in records.read(path):
            if not (retry and "failed" in row):
                done[row["cell"]].append(row)

        def until() -> Iterator[Any]:
            for cell, seed in pending(every, done):
                if time.monotonic() >= end:
                    return
                yield delayed(measured)(cell, seed)

        finished: Any = Parallel(n_jobs=jobs, return_as="generator_unordered")(until())
        for row in finished:
            records.append(file, row)
            done[row["cell"]].append(row)
            number += 1
    return number


def estimate(every: Sequence[Cell]) -> None:
    """Run one seed of each cell, written nowhere, and print hours on one core."""
    total = 0.0
    for cell in every:
        row = measured(cell, FIRST_SEED)
        total += row[TIME] * cell.seeds
        ends = row.get("refused") or row.get("failed") or ""
        said = {name: (c["holds"], c["takes"]) for name, c in row.get("claims", {}).items()}
        print(f"{row[TIME]:7.2f} s x {cell.seeds:3} {cell.name:60} {said or ends}", flush=True)
    print(f"{total / 3600:.1f} hours on one core, before extensions")


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--records", type=Path, default=records.PATH)
    parser.add_argument("--only", action="append", help="part of the names of cells; repeatable")
    parser.add_argument("--retry", action="store_true", help="run again what failed")
    parser.add_argument("--estimate", action="store_true", help="one seed a cell; writes nothing")
    a = parser.parse_args()
    every = [c for c in cells() if not a.only or any(part in c.name for part in a.only)]
    if a.estimate:
        estimate(every)
        return
    number = study(every, a.records, a.minutes, a.jobs, a.retry)
    rows = records.read(a.records)
    depth = Counter(row["cell"] for row in rows)
    left = sum(1 for _ in pending(every, _by_cell(rows)))
    least = min((depth[cell.name] for cell in every), default=0)
    print(f"{number} audits; every cell has {least} seeds or more; {left} audits are left")


def _by_cell(rows: Iterable[records.Record]) -> dict[str, list[records.Record]]:
    done: dict[str, list[records.Record]] = defaultdict(list)
    for row in rows:
        done[row["cell"]].append(row)
    return done


if __name__ == "__main__":
    main()
