"""Geometry: the numbers that a picture draws are the numbers that it was given."""

import re
from itertools import pairwise

import matplotlib
import numpy as np
import pytest
from support import comparisons, documents, pictures, saved_results

from nullprobe.report import histograms
from nullprobe.report.document import plain
from nullprobe.report.figures import axis, groups, nulls, planes, roles, sheet
from nullprobe.report.figures.layers import shortened_names
from nullprobe.report.limits import limits


def line(ax, label):
    """Return the places of the marks of this name."""
    (found,) = [one for one in ax.lines if one.get_label() == label]
    return found.get_xydata()


def segments(ax):
    """Return all intervals: pairs of ends (n, 2, 2)."""
    lines = [one for one in ax.collections if hasattr(one, "get_segments")]
    return np.concatenate([np.array(one.get_segments()) for one in lines if one.get_segments()])


def draw(kind, *given, **more):
    _, (ax, *_), notes = pictures.drawn(kind, *given, **more)
    return ax, notes


def test_the_observation_is_marked_with_its_interval_above_the_nulls():
    given = pictures.one()
    ax, notes = draw("nulls", given)
    ((x, y),) = line(ax, "observed")
    assert x == 0.8
    ends = [pair for pair in segments(ax) if pair[0, 1] == y and pair[1, 1] == y]
    np.testing.assert_allclose(ends[0][:, 0], [0.75, 0.85])
    bars = [patch.get_data() for patch in ax.patches]
    assert len(bars) == 2
    assert y > max(bar.values.max() for bar in bars)
    assert notes == []


def test_bars_are_shares_of_the_draws():
    given = pictures.one()
    ax, _ = draw("nulls", given)
    for null, bar in zip(given["nulls"], (patch.get_data() for patch in ax.patches), strict=True):
        counts = np.histogram(null["values"], bar.edges)[0]
        np.testing.assert_allclose(bar.values, counts / len(null["values"]))
        assert bar.values.sum() == pytest.approx(1)


def test_two_outliers_do_not_stretch_the_axis():
    draws = [*np.random.default_rng(0).normal(0.5, 0.03, 197), 200.0, 150.0]
    ax, notes = draw("nulls", pictures.one(nulls=[pictures.null(draws)], observed=0.854))
    low, high = ax.get_xlim()
    assert 0.3 < low
    assert high < 1
    assert ax.patches[0].get_data().values.sum() == pytest.approx(197 / 199)
    assert len(notes) == 1
    assert notes[0].startswith("2 draws above")


def test_what_two_distributions_share_is_not_decided_by_an_outlier():
    rng = np.random.default_rng(0)
    low, high = rng.normal(0, 0.1, 500), rng.normal(1, 0.1, 500)
    bins = histograms.binned([low, [*high, 200.0, -200.0]])
    assert bins.overlap(0, 1) < 0.05
    assert (bins.shown.below, bins.shown.above) == (1, 1)


def test_a_rare_class_far_away_is_shown():
    common, rare = np.random.default_rng(0).normal(0, 1, 2000), [30.0, 31.0, 32.0] * 5
    labels = ["common"] * 2000 + ["rare"] * 15
    ax, notes = draw("scores", [*common, *rare], labels, ["common", "rare"])
    assert ax.get_xlim()[1] > 32
    assert not any("above" in note for note in notes)


def test_constants_are_a_line_with_words_and_no_histogram():
    given = pictures.one(nulls=[pictures.null([0.0] * 99)], observed=0.0, interval=None)
    ax, _ = draw("nulls", given)
    assert len(ax.patches) == 0
    assert any("all 99 draws are 0" in words.get_text() for words in ax.texts)
    assert len(ax.get_yticks()) == 0
    rounding = 1e-16 * np.arange(9)
    residual = {**pictures.AUC, "kind": "residual", "chance": 0.0}
    given = pictures.one(nulls=[pictures.null(rounding)], observed=2e-16, metric=residual)
    ax, _ = draw("nulls", given)
    assert len(ax.patches) == 0
    assert ax.get_xlim()[1] > 1


def test_simpler_readers_are_open_circles_below_the_observation():
    ax, _ = draw("nulls", pictures.one())
    (circle,) = [one for one in ax.lines if one.get_label() == "lengths"]
    assert circle.get_markerfacecolor() == "none"
    ((x, y),) = circle.get_xydata()
    assert x == 0.6
    assert 0 < y < line(ax, "observed")[0, 1]
    assert circle.get_color() == roles.LIGHT["rung-inputs"]


def test_readings_far_below_zero_end_at_minus_one():
    given = pictures.one(metric=pictures.R_SQUARED, observed=-30.0, interval=[-40.0, -20.0],
                         nulls=[pictures.null(np.linspace(-0.1, 0.1, 39))], beside=[])  # fmt: skip
    ax, notes = draw("nulls", given)
    assert -1.2 < ax.get_xlim()[0] < -1
    assert line(ax, "observed")[0, 0] == -1
    assert "−30.000" in " ".join(notes)


def test_a_claim_with_two_statistics_has_two_ladders():
    claim = documents.sample(claims=documents.all_claims())["claims"][-2]
    ladders = nulls.ladders(claim)
    assert [one["metric"]["name"] for one in ladders] == ["AUC across groups", "AUC after erasing"]
    assert [len(one["nulls"]) for one in ladders] == [1, 1]


@pytest.mark.parametrize("n_classes", [2, 3, 4, 40])
def test_scores_of_each_class_are_shares(n_classes):
    rng = np.random.default_rng(0)
    names = [f"c{i}" for i in range(n_classes)]
    labels = names * 50
    values = rng.normal(size=len(labels))
    ax, _ = draw("scores", values, labels, names)
    assert len(ax.patches) == n_classes
    for name, patch in zip(names, ax.patches, strict=True):
        bar = patch.get_data()
        mine = values[np.array(labels) == name]
        inside = (mine >= bar.edges[0]) & (mine <= bar.edges[-1])
        np.testing.assert_allclose(bar.values * 50, np.histogram(mine[inside], bar.edges)[0])
        assert patch.get_label() == name


def test_scores_of_numbers_are_points_and_undefined_ones_are_left_out():
    ax, notes = draw("scores_numeric", [0.1, None, 0.3], [[1.0, 9.0], [2.0, 9.0], [3.0, 9.0]])
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), [[1.0, 0.1], [3.0, 0.3]])
    assert notes == []
    _, notes = draw("scores_numeric", np.zeros(5000), np.arange(5000))
    assert notes == ["1,200 of 5,000 rows are shown."]


def test_the_curve_is_drawn_with_its_intervals_over_the_band():
    curve = pictures.curve()
    ax, notes = draw("removals", curve)
    np.testing.assert_allclose(line(ax, "observed")[:, 1], curve["values"])
    np.testing.assert_allclose(segments(ax)[:, :, 1], curve["intervals"])
    band = ax.collections[0].get_paths()[0].vertices
    for x, (low, high) in enumerate(zip(curve["low"], curve["high"], strict=True)):
        assert {round(v, 9) for v in band[band[:, 0] == x][:, 1]} == {round(low, 9), round(high, 9)}
    low, high = ax.get_ylim()
    assert low < min(0.5, *curve["low"])
    assert high > max(curve["high"])
    assert notes == []


def test_a_matrix_has_rows_where_fitted_and_columns_where_scored():
    found = plain(documents.matrices("abc"))
    ax, _ = draw("matrix", found["groups"], found["read"], pictures.AUC, "fitted")
    assert ax.yaxis.get_inverted()
    cells = {(round(p.get_x() + p.get_width() / 2), round(p.get_y() + p.get_height() / 2)): p
             for p in ax.patches}  # fmt: skip
    for y, row in enumerate(found["read"]):
        for x, value in enumerate(row):
            assert cells[x, y].get_facecolor()[3] == pytest.approx((value - 0.5) / 0.5)
    written = {text.get_position(): text.get_text() for text in ax.texts}
    assert written[2, 0] == groups.cell_text(found["read"][0][2])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b", "c"]


@pytest.mark.parametrize(("n", "written", "scales"), [(2, 4, 0), (12, 144, 0), (13, 0, 1)])
def test_many_groups_have_a_scale_in_place_of_numbers(n, written, scales):
    found = plain(documents.matrices([f"g{i}" for i in range(n)]))
    ax, _ = draw("matrix", found["groups"], found["read"], pictures.AUC, "fitted")
    assert (len(ax.texts), len(ax.child_axes)) == (written, scales)


def test_layers_are_drawn_in_order_with_bands_and_marked_by_verdict():
    sets = pictures.audits(3, documents.claims())
    for one, (observed, holds) in zip(sets, [(0.5, "no"), (0.7, "unclear"), (0.9, "yes")],
                                      strict=True):  # fmt: skip
        first = {**one["claims"][0], "observed": observed, "holds": holds}
        one["claims"] = [{**first, "interval": [observed - 0.05, observed + 0.05]}]
    ax, notes = draw("layers", sets, "readable")
    places = {
        label: line(ax, f"observed: {label}")[0].tolist() for label in ("no", "unclear", "yes")
    }
    assert places == {"no": [0, 0.5], "unclear": [1, 0.7], "yes": [2, 0.9]}
    fills = {one.get_label(): one.get_fillstyle() for one in ax.lines}
    assert fills["observed: yes"] == "full"
    assert fills["observed: no"] == "none"
    np.testing.assert_allclose(segments(ax)[:, :, 1].mean(axis=1), [0.5, 0.7, 0.9])
    band = ax.patches[0].get_data()
    draws = sets[0]["claims"][0]["nulls"][0]["values"]
    low, high = np.quantile(draws, [0.025, 0.975])
    np.testing.assert_allclose(band.baseline, [low] * 3)
    np.testing.assert_allclose(band.values, [high] * 3)
    assert notes == []


def test_a_layer_that_was_not_judged_leaves_a_gap_and_a_note():
    sets = pictures.audits(3, documents.claims())
    sets[1] = sets[1] | {"claims": []}
    ax, notes = draw("layers", sets, "readable")
    assert line(ax, "observed: yes")[:, 0].tolist() == [0, 2]
    assert len(notes) == 1


@pytest.mark.parametrize("n", [3, 12, 80])
def test_the_names_of_layers_do_not_overlap(n):
    figure, (ax,), _ = pictures.drawn("layers", pictures.audits(n), "consistent")
    figure.draw_without_rendering()
    boxes = [label.get_window_extent() for label in ax.get_xticklabels()]
    assert all(one.x1 < other.x0 for one, other in pairwise(boxes))
    assert ax.get_xlabel() == "layers.*.output"


@pytest.mark.parametrize(
    ("names", "common", "short"),
    [
        (["layers.0.output", "layers.47.output"], "layers.*.output", ["0", "47"]),
        (["h.1.mlp", "h.1.attn"], "h.1.*", ["mlp", "attn"]),
        (["embed", "layers.1.out"], "representation", ["embed", "layers.1.out"]),
        (["a", "a"], "representation", ["a", "a"]),
        (["only one"], "representation", ["only one"]),
        ([], "representation", []),
    ],
)
def test_names_are_shortened_by_what_they_have_in_common(names, common, short):
    assert shortened_names(names) == (common, short)


def test_verdicts_of_one_audit_stand_in_the_column_of_what_they_take():
    document = documents.sample(claims=documents.all_claims())
    ax, _ = draw("verdicts", [document])
    columns = ["linear_algebra", "chance", "moments", "noise", "structure"]
    solid = [text for text in ax.texts if text.get_text() in ("is enough", "needed")]
    drawn = {int(text.get_position()[1]): columns[int(text.get_position()[0])] for text in solid}
    takes = {y: claim["takes"] for y, claim in enumerate(document["claims"])}
    assert drawn == {y: key for y, key in takes.items() if key != "undecided"}
    assert ax.get_yticklabels()[0].get_text() == "Readable ✓"


def test_verdicts_of_several_audits_have_a_cell_for_each_claim():
    sets = pictures.audits(4)
    ax, notes = draw("verdicts", sets)
    cells = {text.get_position(): text.get_text() for text in ax.texts}
    assert len(cells) == len(ax.patches) == 4 * len(sets[0]["claims"])
    names = [claim["name"] for claim in sets[0]["claims"]]
    assert cells[names.index("one_direction"), 0] == "✓ 1"
    assert cells[names.index("one_feature"), 3] == "✕ 5"
    assert cells[names.index("gone"), 0] == "?"
    assert len(notes) == 1


@pytest.mark.parametrize("n_axes", [1, 2, 3])
def test_before_and_after_share_their_axes_and_hold_every_point(n_axes):
    shown = documents.sample(n_axes=n_axes)["portrait"]
    _, axes, _ = pictures.drawn("planes", shown, False)
    assert axes[0].get_xlim() == axes[1].get_xlim()
    assert axes[0].get_ylim() == axes[1].get_ylim()
    for ax, view in zip(axes, ("raw", "erased"), strict=True):
        drawn = np.concatenate([one.get_xydata() for one in ax.lines])
        np.testing.assert_allclose(np.sort(drawn[:, 0]), np.sort([row[0] for row in shown[view]]))
    assert [one.get_label() for one in axes[0].lines] == ["no", "yes"]


def test_points_that_coincide_are_fanned_out_and_the_others_stay():
    points = np.array([[0.0, 0.0]] * 30 + [[1.0, 1.0]])
    fanned = planes.fanned(points, np.ones(2))
    assert len(np.unique(fanned, axis=0)) == 31
    assert np.abs(fanned - points).max() < 0.07
    np.testing.assert_array_equal(fanned[-1], points[-1])


def test_readings_stand_on_the_line_of_their_eraser():
    document = comparisons.sample().document().plain()
    ax, _ = draw("readings", document["rows"], document["probes"], "read_back")
    for column in document["probes"]:
        drawn = line(ax, column["name"])
        for y, row in enumerate(document["rows"]):
            cell = row["read_back"].get(column["name"])
            value = np.nan if not cell or cell["value"] is None else cell["value"]
            np.testing.assert_equal(drawn[y, 0], value)
            assert round(drawn[y, 1]) == y
    low, high = ax.get_ylim()
    assert low > high  # the first at the top


def test_distances_are_multiples_of_what_leace_moves():
    document = comparisons.sample().document().plain()
    ax, _ = draw("damage", document["rows"])
    moved = [
        np.nan if row["damage"] is None else row["damage"]["ratio"] for row in document["rows"]
    ]
    np.testing.assert_allclose(line(ax, "moved")[:, 0], moved)
    assert "LEACE" in [text.get_text() for text in ax.texts]
    still = comparisons.numeric().document().plain()
    ax, _ = draw("damage", still["rows"])
    assert "LEACE" not in [text.get_text() for text in ax.texts]


def test_agreements_are_drawn_with_random_directions_last():
    document = saved_results.pairs()
    ax, _ = draw("pairs", document)
    for name in document["labels"]:
        shares = [row["agreements"][name]["share"] for row in document["rows"]]
        np.testing.assert_allclose(
            line(ax, name)[:, 0], [*shares, np.percentile(document["random"][name], 50)]
        )


def test_numbers_can_be_read_back_from_the_svg():
    figure, (ax,), _ = pictures.drawn("removals", pictures.curve())
    figure.set_dpi(72)
    svg = sheet.svg(figure, "key")
    assert [words for words, _ in pictures.texts(svg)][:4] == ["0", "1", "2", "3"]
    (path,) = re.findall(r'<path d="M ([^"]+)"[^>]*stroke: var\(--ink, #1b1d22\); '
                         r'stroke-width: 1\.3', svg)  # fmt: skip
    places = np.array([float(number) for number in re.findall(r"[\d.]+", path)]).reshape(-1, 2)
    height = figure.bbox.height
    data = ax.transData.inverted().transform(np.column_stack([places[:, 0], height - places[:, 1]]))
    np.testing.assert_allclose(data[:, 1], pictures.curve()["values"], atol=1e-3)


def test_limits_keep_what_must_be_shown():
    found = limits([[*range(100), 1e6]], shown=[500.0], least=10.0)
    assert (found.low, found.high, found.below, found.above) == (10.0, 500.0, 10, 1)
    assert limits([[1.0, 2.0, 1e6]]).high == 1e6  # too few to call one an outlier
    assert limits([]).ends[0] < limits([]).ends[1]


def test_settings_of_the_user_do_not_change_a_sheet():
    plainly = sheet.svg(pictures.drawn("nulls", pictures.one())[0], "key")
    before = dict(matplotlib.rcParams)
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "black", "lines.linewidth": 9}):
        changed = sheet.svg(pictures.drawn("nulls", pictures.one())[0], "key")
        assert matplotlib.rcParams["font.size"] == 30
    assert changed == plainly
    assert dict(matplotlib.rcParams) == before


def test_rows_are_thinned_evenly():
    assert axis.thinned(10, 100).tolist() == list(range(10))
    assert axis.thinned(0, 5).tolist() == []
