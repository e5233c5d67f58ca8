"""How many cores are used: in Python as joblib is told, on the command line all, or --jobs."""

import joblib
import numpy as np
import pytest

from nullprobe import InputError, audit, audit_attributes, calibrate, compare
from nullprobe._core import workers
from nullprobe.cli import main
from nullprobe.comparing import trials

X, Y = np.random.default_rng(0).normal(size=(60, 3)), np.arange(60) % 2
CALLS = {
    "audit": lambda **jobs: audit(X, Y, claims=["erasure_holds"], draws=39, n_splits=1, **jobs),
    "calibrate": lambda **jobs: calibrate(
        X, Y, claims=["readable"], n_audits=1, draws=39, n_splits=1, **jobs
    ),
    "compare": lambda **jobs: compare(X, Y, erasers=["leace"], probes=["linear"], **jobs),
}


@pytest.fixture
def used(monkeypatch):
    """Return the numbers of jobs that work was shared out among."""
    numbers = []

    def parallel(n_jobs, **options):
        numbers.append(n_jobs)
        return joblib.Parallel(n_jobs=1, return_as="generator")

    for module in (workers, trials):
        monkeypatch.setattr(module, "Parallel", parallel)
    return numbers


@pytest.mark.slow
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_one_job_is_used_unless_another_number_is_passed_or_configured(call, used):
    call()
    assert {*used} == {1}
    used.clear()
    call(n_jobs=3)
    assert {*used} == {3}
    used.clear()
    with joblib.parallel_config(n_jobs=2):
        call()
    assert {*used} == {2}


@pytest.mark.parametrize("n_jobs", [0, 1.5, "2", True])
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_other_numbers_of_jobs_are_refused(call, n_jobs):
    with pytest.raises(InputError) as caught:
        call(n_jobs=n_jobs)
    assert "n_jobs" in caught.value.required
    assert repr(n_jobs) in caught.value.received


@pytest.mark.slow
@pytest.mark.parametrize(("options", "expected"), [([], None), (["--jobs", "3"], 3)])
def test_a_command_uses_all_cores_or_as_many_as_it_is_given(
    options, expected, used, tmp_path, monkeypatch
):
    monkeypatch.delenv("LOKY_MAX_CPU_COUNT", raising=False)  # the calibration study sets it
    expected = expected or joblib.cpu_count()
    path = tmp_path / "rows.npz"
    np.savez(path, X=X, y=Y)
    few = ["--claims", "readable", "--draws", "39", "--n-splits", "1", "--out", str(tmp_path)]
    assert main(["audit", str(path), "--concept", "y", *few, *options]) == 0
    assert {*used} == {expected}
    assert joblib.effective_n_jobs(None) == 1  # afterwards all is as before


def test_no_jobs_are_refused(capsys):
    assert main(["audit", "--world", "two_features", "--jobs", "0"]) == 2
    assert "--jobs" in capsys.readouterr().err


@pytest.mark.slow
def test_results_of_several_audits_do_not_depend_on_the_number_of_jobs():
    few = {"claims": ["readable", "erasure_holds"], "draws": 39, "n_splits": 1}
    one, two = (calibrate(X, Y, n_audits=2, n_jobs=jobs, **few) for jobs in (1, 2))
    assert [*one] == [*two]
    labels = {"one": Y, "other": X[:, 0] > 0}
    one, two = (audit_attributes(X, labels, alpha=0.1, n_jobs=jobs, **few) for jobs in (1, 2))
    assert one.to_json() == two.to_json()
