"""Seeds: numbers, generators and None are taken, and what else arrives is refused in words."""

import inspect
from collections.abc import Mapping
from enum import Enum

import numpy as np
import pytest

import nullprobe
from nullprobe import (
    CRC,
    INLP,
    InputError,
    LDAProbe,
    LogisticProbe,
    RandomProbe,
    audit,
    audit_attributes,
    calibrate,
    census,
    compare,
    compare_pairs,
    control_labels,
    permutation_null,
    pipeline_null,
    reliability,
    same_concept,
    stratified_rows,
    successive,
    usable_information,
    worlds,
)
from nullprobe._core import random_state
from nullprobe.probes.base.pairs import PairEstimator


def test_a_number_gives_the_same_generator_each_time():
    for seed in (0, 7, np.int32(7), 2**70):
        assert random_state.generator(seed).random() == np.random.default_rng(seed).random()
    assert random_state.generator(None).random() != random_state.generator(None).random()


def test_a_generator_is_used_as_it_is():
    rng = np.random.default_rng(3)
    assert random_state.generator(rng) is rng


def test_one_number_repeats_a_run_however_it_was_seeded():
    one = random_state.integer_seed
    assert [one(np.int64(4)), one(random_state.MOST)] == [4, random_state.MOST]
    rng = np.random.default_rng(3)
    first, second = one(rng), one(rng)
    assert first == one(np.random.default_rng(3)) != second
    assert one(None) != one(None)
    drawn = [one(source) for source in (rng, None) for _ in range(50)]
    assert all(type(seed) is int and 0 <= seed <= random_state.MOST for seed in drawn)


@pytest.mark.parametrize("wrong", ["a", -1, 1.0, True, [0, 1], np.random.RandomState(0)])
def test_what_cannot_seed_is_refused(wrong):
    for function in (random_state.generator, random_state.integer_seed):
        with pytest.raises(InputError) as caught:
            function(wrong)
        assert caught.value.required.startswith("random_state must be a whole number ")
        assert repr(wrong) in caught.value.received


def test_what_only_numpy_takes_is_refused_where_scikit_learn_needs_it():
    with pytest.raises(InputError, match="from 0 to 4294967295"):
        random_state.integer_seed(2**32)


X = np.random.default_rng(0).standard_normal((90, 2))
Y = np.arange(90) % 2
X[:, 0] += Y
PAIRS = worlds.contrast(n=60, d=3).pairs


def fits(estimator):
    data = (PAIRS,) if issubclass(estimator, PairEstimator | RandomProbe) else (X, Y)
    return lambda seed: estimator(random_state=seed).fit(*data)


FEW = {"draws": 39, "claims": ["readable"]}
FEWER = {**FEW, "n_audits": 2, "n_splits": 1}
ESTIMATORS = [
    one
    for one in (getattr(nullprobe, name) for name in nullprobe.__all__)
    if hasattr(one, "get_params") and "random_state" in inspect.signature(one).parameters
]
WORDS = control_labels([f"a {i % 9}" for i in range(len(Y))], 3)
USES = {
    **{one.__name__: fits(one) for one in ESTIMATORS},
    "LogisticProbe": lambda s: LogisticProbe(C=None, random_state=s).fit(X, Y),
    **{f"worlds.{name}": lambda s, w=w: w(random_state=s) for name, w in worlds.WORLDS.items()},
    "audit": lambda s: audit(X, Y, random_state=s, **FEW),
    "stratified_rows": lambda s: stratified_rows(Y, 20, random_state=s),
    "census": lambda s: [
        *census({"X": X}, Y, WORDS, WORDS, random_state=s).to_frame(kind="pandas")["auc"]
    ],
    "audit_attributes": lambda s: audit_attributes(
        X, {"a": Y, "b": np.roll(Y, 15)}, random_state=s, **{**FEW, "draws": 79, "depth": "quick"}
    ),
    "calibrate": lambda s: [float(one.wrong) for one in calibrate(X, Y, **FEWER, random_state=s)],
    "compare": lambda s: compare(
        X, Y, erasers={"inlp": INLP()}, probes={"lda": LDAProbe()}, random_state=s
    ),
    "compare_pairs": lambda s: compare_pairs(
        PAIRS, probes={"CRC": CRC()}, n_permutations=0, n_random=9, random_state=s
    ),
    "permutation_null": lambda s: permutation_null(X, Y, n_permutations=39, random_state=s),
    "pipeline_null": lambda s: pipeline_null(X, Y, LDAProbe(), random_state=s),
    "reliability": lambda s: reliability(np.linspace(0, 1, 90), Y, random_state=s),
    "same_concept": lambda s: same_concept(X, Y, np.roll(Y, 15), draws=39, random_state=s),
    "successive": lambda s: successive(LDAProbe(), 1, X, Y, random_state=s),
    "usable_information": lambda s: usable_information(LDAProbe(), X, Y, random_state=s),
}

SLOW = (
    "CCS", "MLPProbe", "StrongestProbe", "audit", "audit_attributes", "calibrate", "pipeline_null",
    "same_concept",
)  # fmt: skip


def test_the_table_has_all_that_takes_a_seed():
    functions = {
        name
        for name in set(nullprobe.__all__) - {"InputError", "audit_model", "audit_use", "models"}
        if "random_state" in _parameters(getattr(nullprobe, name))
    }
    assert {one.__name__ for one in ESTIMATORS} <= functions <= set(USES)


def _parameters(one):
    return inspect.signature(one).parameters if callable(one) else ()


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in USES]
)
def test_wherever_a_seed_is_taken_it_is_none_a_number_or_a_generator(name):
    use = USES[name]
    made = [use(seed) for seed in (None, 3, 3, *map(np.random.default_rng, (3, 3)))]
    assert b"" != digest(made[1]) == digest(made[2])
    assert digest(made[3]) == digest(made[4])
    with pytest.raises(InputError, match="random_state must be a whole number"):
        use("a")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["audit", "compare", "compare_pairs"])
def test_the_seed_that_was_drawn_is_recorded_and_repeats_the_run(name):
    for seed in (None, np.random.default_rng(3)):
        first = USES[name](seed)
        recorded = first.provenance["random_state"]
        assert type(recorded) is int
        assert digest(USES[name](recorded)) == digest(first)


def digest(result):
    """Return the numbers of a result, times aside, as bytes."""
    if isinstance(result, np.ndarray | float):
        return np.asarray(result).tobytes()
    if isinstance(result, Enum):
        return b""
    if isinstance(result, tuple | list):
        return b"".join(map(digest, result))
    fields = result if isinstance(result, Mapping) else getattr(result, "__dict__", {})
    return b"".join(digest(value) for name, value in fields.items() if "seconds" not in str(name))
