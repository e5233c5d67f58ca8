"""One Hypothesis profile for all tests: the same examples on every machine and every run."""

import os

# Before NumPy or torch: workers share the cores, and threads of each would wait for the others'.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

from hypothesis import HealthCheck, settings

settings.register_profile(
    "same-every-time",
    derandomize=True,
    deadline=None,
    max_examples=12,
    suppress_health_check=[HealthCheck.too_slow],
)
# For a longer search: pytest --hypothesis-profile=search
settings.register_profile("search", deadline=None, max_examples=300)
settings.load_profile("same-every-time")


def pytest_collection_modifyitems(items):
    """Mark the example of README.md as slow: it audits a thousand rows."""
    for item in items:
        if item.path.name == "README.md":
            item.add_marker("slow")
