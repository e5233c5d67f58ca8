"""Compare all erasers on real data: digits, breast cancer, embeddings of a pretrained encoder.

No competitor has this; what is recorded is what each eraser leaves to fresh probes on new data.

    pip install -e ".[dev]" && python benchmarks/compare.py
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from record import record, timed
from sklearn.datasets import load_breast_cancer, load_digits

from nullprobe import compare

sys.path.append(str(Path(__file__).parent.parent / "tests"))


def data() -> dict[str, tuple[np.ndarray, np.ndarray, dict]]:
    """Return name -> X, y, other labels that should stay readable."""
    from support.pretrained_encoder import embeddings

    digits, cancer = load_digits(), load_breast_cancer()
    odd = np.array(["even", "odd"])[digits.target % 2]
    large = np.array(["small", "large"])[(digits.target >= 5).astype(int)]
    X, package = embeddings()
    return {
        "digits, odd or even": (digits.data, odd, {"at least 5": large}),
        "digits, which of ten": (digits.data, digits.target, {}),
        "breast cancer": (cancer.data, cancer.target, {}),
        "all-MiniLM-L6-v2, package of a docstring": (X, package, {}),
    }


def shown(cell) -> str:
    """Return a reading with its interval."""
    if cell.value is None:
        return cell.reason
    low, high = cell.interval
    return f"{cell.value:.3f} [{low:.3f}, {high:.3f}]"


def main() -> None:
    rows, whole = [], {}
    for name, (X, y, others) in data().items():
        result, seconds = timed(lambda X=X, y=y, others=others: compare(X, y, others=others))
        print(name, X.shape, f"{seconds:.0f} s", flush=True)
        whole[name] = {"seconds": seconds, **result.document().plain()}
        for row in result.rows:
            cells = {k: shown(cell) for k, cell in (row.read_back | row.others).items()}
            text = row.reason or "; ".join(f"{k} {v}" for k, v in cells.items())
            cost = "" if row.damage is None else f"; rank {max(row.ranks)}"
            rows.append({"what": f"{name}: {row.eraser}", "result": text + cost, "target": "—"})
            print("  ", row.eraser, rows[-1]["result"], flush=True)
    record("compare", {}, rows)


if __name__ == "__main__":
    main()
