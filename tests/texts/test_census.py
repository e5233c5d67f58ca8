"""Lexical concepts, control tasks, and where a concept stands among them."""

import numpy as np
import polars
import pytest

from nullprobe import InputError, census, control_labels, lexical_concepts
from nullprobe.data.concept import concept
from nullprobe.heldout.factored_rows import Part
from nullprobe.stats.metrics import auc
from nullprobe.texts.labellings import BinaryLabels

THINGS = "cat dog owl elk ant bee cow hen pig fox bat eel".split()
SEES = "sees likes finds draws".split()


def sentences(n, rng):
    return [
        f"{rng.choice(['A', 'The'])} {rng.choice(THINGS)} {rng.choice(SEES)} "
        f"{rng.choice(['a', 'the'])} {rng.choice(THINGS)}"
        for _ in range(n)
    ]


RNG = np.random.default_rng(0)
TEXTS = sentences(300, RNG)
Y = RNG.permutation(300) % 2
LAST = np.array([text.split()[-1] for text in TEXTS])
ONE_HOT = (LAST[:, None] == np.array(THINGS)).astype(float)
NOISE = RNG.normal(size=(300, 4))
LEXICAL, CONTROL = lexical_concepts(TEXTS, 0.5), control_labels(TEXTS, 12)
NONE = BinaryLabels((), np.zeros((300, 0), dtype=bool))


@pytest.mark.parametrize("share", [0.5, 0.3, 0.7, 0.1])
def test_lexical_concepts_are_as_frequent_as_asked_and_differ(share):
    labels = lexical_concepts(TEXTS, share)
    means = labels.values.mean(axis=0)
    assert len(labels) >= 8
    assert (np.minimum(abs(means - share), abs(means - (1 - share))) <= 0.1 + 1e-9).all()
    assert ((means > 0) & (means < 1)).all()
    flipped = labels.values ^ labels.values[0]
    assert len(np.unique(flipped, axis=1).T) == len(labels) == len(set(labels.names))


def test_a_lexical_concept_is_what_its_name_says():
    names = dict(zip(LEXICAL.names, LEXICAL.values.T, strict=True))
    has = np.array([" the " in f" {text.lower()} " for text in TEXTS])
    (word,) = [
        name for name in lexical_concepts(TEXTS, has.mean()).names if name == "the word 'the'"
    ]
    values = lexical_concepts(TEXTS, has.mean())
    assert (values.values[:, values.names.index(word)] == has).all()
    counted = 0
    for name, of_name in names.items():
        if name.startswith("the letter") and name.endswith(" x"):
            letter, least = name.split("'")[1], int(name.split()[-2])
            assert (of_name == [text.lower().count(letter) >= least for text in TEXTS]).all()
            counted += 1
    assert counted > 5


def test_control_labels_are_functions_of_the_word_alone():
    for word, chosen in ((None, LAST), (1, np.array([text.split()[1] for text in TEXTS]))):
        labels = control_labels(TEXTS, 30, seed=1, word=word)
        for name in np.unique(chosen):
            assert (np.ptp(labels.values[chosen == name].astype(int), axis=0) == 0).all()
        assert abs(labels.values.mean(axis=0) - 0.5).max() < 0.1
        assert len(np.unique(labels.values, axis=1).T) > 20
    again = control_labels(TEXTS, 30, seed=1, word=1)
    assert (again.values == labels.values).all()


def test_the_auc_of_each_labelling_is_that_of_a_probe_of_its_own():
    X = np.hstack([ONE_HOT, NOISE])
    result = census({"a": X}, Y, LEXICAL, CONTROL, random_state=3)
    z = concept(Y)
    # The folds are drawn first from the generator of the seed.
    from nullprobe.texts.census import _folds

    parts = _folds(z, None, np.random.default_rng(3))
    areas = []
    for j in range(parts.n_parts):
        fit, rows = np.flatnonzero(parts.part != j), parts.rows(j)
        labels = CONTROL.values[:, 4].astype(int)
        one = Part.of(X, concept(labels), fit)
        weights = one.solve(one.cross(labels[:, None].astype(float)))
        areas.append(auc((X[rows] @ weights).T, labels[rows][None] == 1)[0])
    assert result["a"].control[4] == pytest.approx(np.mean(areas), abs=1e-9)


def test_a_representation_of_words_reads_control_tasks_and_not_random_labels():
    lexical = lexical_concepts(TEXTS, 0.25)
    layer = census({"words": ONE_HOT}, Y, lexical, CONTROL)["words"]
    assert layer.control.min() > 0.99
    assert layer.selectivity < -0.3
    assert layer.selectivity_interval[1] < 0
    of_last = [
        j for j, values in enumerate(lexical.values.T)
        if all(np.ptp(values[LAST == name].astype(int)) == 0 for name in THINGS)
    ]  # fmt: skip
    assert of_last
    assert layer.lexical[of_last].min() > 0.99
    assert layer.n_below < layer.n_lexical


def test_a_representation_of_the_concept_is_selective_and_stands_first():
    X = np.column_stack([Y + 0.3 * NOISE[:, 0], NOISE[:, 1:]])
    result = census({"noise": NOISE, "truth": X}, Y, LEXICAL, CONTROL, concept="truth")
    layer = result.best
    assert layer.name == "truth"
    assert layer.n_below == layer.n_lexical == len(LEXICAL)
    assert layer.selectivity_interval[0] > 0.4
    assert layer.interval[0] <= layer.auc <= layer.interval[1]
    assert str(result).startswith(f"Truth is read better than {len(LEXICAL)} of {len(LEXICAL)}")


@pytest.mark.slow
def test_noise_stands_anywhere_and_its_interval_covers_no_selectivity():
    inside = 0
    for seed in range(100):
        X = np.random.default_rng(seed).normal(size=(300, 6))
        low, high = census({"X": X}, Y, LEXICAL, CONTROL, random_state=seed)[
            "X"
        ].selectivity_interval
        inside += low <= 0 <= high
    assert inside >= 90


def test_groups_are_in_one_fold_and_are_drawn_together():
    # The group decides the label, and the representation is the group.
    groups = np.repeat(np.arange(30), 10)
    y = np.random.default_rng(5).permutation(30)[groups] % 2
    X = (groups[:, None] == np.arange(30)).astype(float) + 0.01 * NOISE[:, :1]
    apart = census({"X": X}, y, NONE, NONE, groups=groups)["X"]
    rows = census({"X": X}, y, NONE, NONE)["X"]
    assert rows.auc > 0.99
    assert apart.auc < 0.7
    assert np.ptp(apart.interval) > 3 * np.ptp(rows.interval)


def test_a_labelling_that_is_constant_in_folds_is_left_out():
    rare = np.zeros((300, 2), dtype=bool)
    rare[0, 0] = True  # in one fold's scores, and then not in its fit
    rare[:2, 1] = True
    result = census({"X": NOISE}, Y, BinaryLabels(("one row", "two rows"), rare), NONE)
    assert np.isnan(result["X"].lexical[0])
    assert result["X"].n_lexical <= 1
    assert np.isnan(result["X"].selectivity)
    assert "nan" not in str(result)
    assert "no lexical concept" in census({"X": NOISE}, Y, NONE, NONE).conclusion


def test_few_groups_make_few_folds():
    groups = np.arange(300) % 3
    assert census({"X": NOISE}, Y, NONE, NONE, groups=groups).n_folds == 3
    with pytest.raises(InputError):
        census({"X": NOISE}, Y, NONE, NONE, groups=np.zeros(300, dtype=int))


def test_the_same_seed_gives_the_same_census_and_frames_hold_it():
    layers = {"a": NOISE, "b": NOISE.astype("f4")}
    one, two = (census(layers, Y, LEXICAL, CONTROL, random_state=7) for _ in range(2))
    frame = one.to_frame(kind="polars")
    assert frame.equals(two.to_frame(kind="polars"))
    assert isinstance(frame, polars.DataFrame)
    assert frame["layer"].to_list() == ["a", "b"]
    # float32 rows are read like float64 ones.
    assert frame["auc"][0] == pytest.approx(frame["auc"][1], abs=1e-4)
    every = one.to_frame("labellings", kind="polars")
    assert len(every) == 2 * (1 + len(LEXICAL) + len(CONTROL))
    assert every["kind"].unique().sort().to_list() == ["concept", "control", "lexical"]


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"representations": {}}, "mapping"),
        ({"representations": NOISE}, "mapping"),
        ({"representations": {"X": NOISE[:5]}}, "300 rows"),
        ({"representations": {"X": NOISE * np.nan}}, "finite"),
        ({"y": np.arange(300) % 3}, "two classes"),
        ({"control": control_labels(TEXTS[:20], 2)}, "300 rows"),
    ],
)
def test_a_census_refuses_what_does_not_fit(change, part):
    arguments = {"representations": {"X": NOISE}, "y": Y, "lexical": LEXICAL, "control": CONTROL}
    with pytest.raises(InputError) as refusal:
        census(**(arguments | change))
    assert part in refusal.value.required


def test_labels_of_texts_refuse_what_does_not_fit():
    with pytest.raises(InputError):
        lexical_concepts(TEXTS, 1.5)
    with pytest.raises(InputError):
        control_labels(["a cat", "a dog"] * 5)
    with pytest.raises(InputError):
        control_labels(TEXTS, 0)
