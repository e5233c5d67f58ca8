import os
import sys
import warnings
from contextlib import ExitStack

import pytest

from nullprobe._core import workers


def faults(megabytes: int) -> int:
    """Return how many pages the system was asked for by the third of three equal pieces."""
    import resource

    import numpy as np

    counts = []
    for _ in range(4):
        counts.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
        a = np.ones(megabytes * 2**17)
        b = a + a
        del a, b
    return counts[3] - counts[2]


def here(_: int) -> int:
    return os.getpid()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs glibc")
def test_processes_keep_the_memory_that_they_free(monkeypatch):
    monkeypatch.setattr(workers, "Parallel", lambda n_jobs, **o: _parallel(2, **o))
    stages = []
    with ExitStack() as stack:
        shared = workers.Workers(stack, 2**30, lambda *seen: stages.append(seen))
        pages = shared.map("noise", faults, [16, 16])
        assert os.getpid() not in shared.map("noise", here, [0, 1])
    assert max(pages) < 100  # 32 MiB are 8,192 pages
    assert stages[:2] == [("noise", 1, 2), ("noise", 2, 2)]


HELD = []


def grow(megabytes: int) -> int:
    """Keep memory, for longer than joblib waits between two looks at it."""
    import time

    import numpy as np

    HELD.append(np.ones(megabytes * 2**17))
    time.sleep(1.1)
    return megabytes


@pytest.mark.slow
def test_a_process_that_grows_is_replaced_without_a_warning(monkeypatch):
    monkeypatch.setattr(workers, "Parallel", lambda n_jobs, **o: _parallel(2, **o))
    with ExitStack() as stack, warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        shared = workers.Workers(stack, 2**30, lambda *_: None)
        assert shared.map("noise", grow, [250] * 8) == [250] * 8
    assert [str(one.message) for one in seen] == []


def _parallel(n_jobs: int, **options):
    import joblib

    return joblib.Parallel(n_jobs=n_jobs, **options)
