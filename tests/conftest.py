"""One Hypothesis profile for all tests: the same examples on every machine and every run."""

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
