"""Time a piece of work; write a benchmark's result as JSON, with versions and machine."""

from __future__ import annotations

import json
import os
import platform
import time
from pathlib import Path

import numpy as np
import scipy
import sklearn

import nullprobe

RESULTS = Path(__file__).parent / "results"


def timed(work):
    """Return what ``work`` returned, and the seconds it took."""
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


def _plain(value):
    if isinstance(value, dict):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    names = (
        [line for line in info.read_text().splitlines() if line.startswith("model name")]
        if info.exists()
        else []
    )
    return names[0].split(":", 1)[1].strip() if names else platform.processor()


def record(name: str, settings: dict, rows: list[dict], **versions: str) -> None:
    """Write ``results/<name>.json``."""
    RESULTS.mkdir(exist_ok=True)
    result = {
        "benchmark": name,
        "settings": settings,
        "rows": _plain(rows),
        "machine": {"processor": _processor(), "cores": len(os.sched_getaffinity(0))},
        "versions": {
            "nullprobe": nullprobe.__version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "scikit-learn": sklearn.__version__,
            **versions,
        },
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
