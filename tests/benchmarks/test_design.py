"""The design of the calibration study: its worlds, what is asked of them, and what is true."""

import itertools

import design
import numpy as np
import pytest
import worlds
from cells import ABSENT, RUNGS, SAYS_SO, bare
from listed import LISTED
from scipy.stats import norm
from second import SECOND

from nullprobe.data.concept import concept
from nullprobe.heldout.factored_rows import Part

CHOSEN = design.chosen()
CELLS = design.cells()
LEVEL = [cell for cell in CELLS if cell.kind == "level"]


def by_name(one):
    return one.name


@pytest.mark.slow
def test_there_are_at_least_sixty_cells_and_no_two_are_the_same():
    assert len(CHOSEN) >= 60
    assert len(set(CHOSEN)) == len(CHOSEN)
    assert len({cell.name for cell in CELLS}) == len(CELLS)
    assert design.chosen() == CHOSEN


def test_each_pair_of_levels_that_makes_sense_occurs():
    """Counted anew from the factors, without the sets that the greedy choice used."""
    for i, j in itertools.combinations(range(len(design.FACTORS)), 2):
        sensible = {(one[i], one[j]) for one in design.possible()}
        assert {(one[i], one[j]) for one in CHOSEN} == sensible


@pytest.mark.parametrize("factor", ["noise", "dependence"])
def test_each_question_meets_each_noise_and_dependence_in_both_truths(factor):
    j = [*design.FACTORS].index(factor)
    sensible = {(one[0], one[1], one[j]) for one in design.possible()}
    assert {(one[0], one[1], one[j]) for one in CHOSEN} == sensible


def test_pairs_that_are_left_out_are_those_of_rare_classes_and_numbers():
    names = [*design.FACTORS]
    for k, name in enumerate(names):
        assert {one[k] for one in CHOSEN} == set(design.FACTORS[name])
    for i, j in itertools.combinations(range(len(names)), 2):
        every = set(itertools.product(design.FACTORS[names[i]], design.FACTORS[names[j]]))
        for pair in every - {(one[i], one[j]) for one in CHOSEN}:
            assert {"1%", "numeric"} & set(pair)


@pytest.mark.parametrize("cell", CELLS, ids=by_name)
def test_each_cell_has_a_truth_for_each_claim(cell):
    assert cell.truth
    for claim, truth in cell.truth.items():
        assert bare(claim) in SAYS_SO
        assert bare(claim) in ABSENT
        assert truth.rung in (*RUNGS, "carries", "tilted")
        assert truth.right
        assert truth.effect == 0 or truth.rung != "chance"
    if cell.kind == "level":
        assert tuple(cell.truth) == design.QUESTIONS[cell.levels["question"]]
        assert cell.settings["n"] <= 600
        assert (cell.settings["gap"] > 0) == (cell.levels["truth"] == "shift")
    assert (cell.before is not None) == (cell.kind == "power")


@pytest.mark.parametrize("cell", LEVEL, ids=by_name)
def test_worlds_of_the_design_are_as_their_levels_say(cell):
    data, levels, n = cell.data(3), cell.levels, cell.settings["n"]
    X, y = data["X"], data["y"]
    np.testing.assert_array_equal(X, cell.data(3)["X"])
    assert not np.array_equal(X, cell.data(4)["X"])
    assert len(X) == len(y) == n
    assert np.isfinite(X).all()
    k = {"two": 2, "five": 5}.get(levels["concept"])
    assert (len(np.unique(y)) == k) if k else len(np.unique(y)) > 10
    if levels["balance"] == "1%":
        assert (y == y.max()).sum() == 6
    named = levels["dependence"] in ("constant", "mixed", "series")
    assert ("groups" in data) == named
    assert ("order" in data) == (levels["dependence"] == "series")
    if named:
        within = [len(np.unique(y[data["groups"] == g])) for g in np.unique(data["groups"])]
        assert (max(within) == 1) == (levels["dependence"] == "constant")
    if k and levels["dependence"] not in ("independent", "copies"):
        blocks = data.get("groups", np.arange(n) // cell.settings["size"])
        for c in range(k):
            assert len(np.unique(blocks[y == c])) >= worlds.IN_BLOCKS


@pytest.mark.parametrize("noise", worlds.LOCATION)
def test_noise_has_variance_one_and_a_shift_moves_the_mean_alone(noise):
    G, shift = np.random.default_rng(0).standard_normal((200_000, 2)), np.array([1.5, 0.0])
    moved = worlds.shaped(noise, G, 0 * G + shift, np.random.default_rng(1))
    still = worlds.shaped(noise, G, 0 * G, np.random.default_rng(1))
    step = worlds.STEP if noise == "int8" else 1.0
    np.testing.assert_allclose((moved - still) * step, 0 * G + shift, atol=1e-9)
    if noise not in ("t3", "lognormal"):  # whose sample variances hardly settle
        ordinary = still[np.abs(still).max(axis=1) < 300] * step
        np.testing.assert_allclose(ordinary.var(axis=0), 1.0, atol=0.03)


def test_copies_are_exact_and_near_and_share_their_label():
    cell = next(c for c in LEVEL if c.levels["dependence"] == "copies" and "t3" in c.name)
    X, y = (cell.data(0)[key] for key in "Xy")
    apart = ((X[:, None] - X[None]) ** 2).sum(2)
    np.fill_diagonal(apart, np.inf)
    nearest = apart.argmin(1)
    np.testing.assert_array_equal(nearest[nearest], np.arange(len(X)))
    np.testing.assert_array_equal(y[nearest], y)
    assert 0.4 < np.mean(apart.min(1) == 0) < 0.6
    assert apart.min(1).max() < 1e-3


def test_series_and_groups_depend_and_labels_run_with_them():
    rng = np.random.default_rng(0)
    rows = worlds.latent("series", 600, 8, 10, rng)
    inside = rows.time[1:] > 0
    assert np.mean((rows.latent[1:] * rows.latent[:-1])[inside]) == pytest.approx(0.9, abs=0.15)
    y = worlds.labels("series", worlds.HALF, rows, rng)
    assert np.mean(y[1:][inside] == y[:-1][inside]) > 0.85
    grouped = worlds.latent("unnamed", 6000, 8, 10, rng)
    sums = grouped.latent.reshape(600, 10, 8).mean(1)
    assert sums.var() == pytest.approx(0.55, abs=0.1)  # 1/2 + 1/2 of a tenth


def test_listed_cells_can_be_drawn_and_sufficient_ones_have_2000_rows():
    assert {cell.kind for cell in LISTED} == {"sufficient", "power", "fault"}
    for cell in LISTED:
        if cell.draw.__name__ in ("founding", "pairs", "asked"):
            continue  # of nullprobe itself
        data = cell.data(0)
        assert len(data["X"]) == len(data["y"])
        assert np.isfinite(data["X"]).all()
        assert len(data["y"]) == 2000 or cell.kind != "sufficient"


def test_cells_of_the_second_part_can_be_drawn_and_differ_by_seed():
    for cell in SECOND:
        one, other = (cell.data(seed)["X"] for seed in (0, 1))
        layers = [one] if isinstance(one, np.ndarray) else list(one.values())
        assert all(np.isfinite(X).all() for X in layers)
        assert np.any(
            layers[0] != (other if isinstance(other, np.ndarray) else next(iter(other.values())))
        )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["AUC .57, d 40", "AUC .598, d 300", "AUC .638, d 300"])
def test_what_probes_of_a_third_of_the_rows_read_is_as_the_cell_says(name):
    """Of weights w and a gap along the first feature, new Gaussian rows read Φ(gap w₁ / |w| √2)."""
    (cell,) = [cell for cell in LISTED if cell.name == f"sufficient/{name}"]
    n, d, gap = (cell.settings[key] for key in ("n", "d", "gap"))
    y, read = np.arange(n // 3) % 2, []
    for seed in range(40):
        X = np.random.default_rng([seed, d]).normal(size=(n // 3, d))
        X[:, 0] += gap * y
        part = Part.of(X, concept(y), np.arange(n // 3))
        w = part.solve(part.cross(y[:, None].astype(np.float64)))[:, 0]
        read.append(norm.cdf(gap * w[0] / np.linalg.norm(w) / np.sqrt(2)) - 0.5)
    assert np.mean(read) == pytest.approx(cell.truth["readable"].effect, abs=0.005)
