"""Plots of audits: what is drawn, where, and what is refused."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from matplotlib import pyplot
from support import comparisons, documents

from nullprobe import Audit, InputError, Layers, plot
from nullprobe.report.audit_document import AuditDocument


def audit_of(document):
    return Audit.from_document(AuditDocument.model_validate(document))


@pytest.fixture(scope="module")
def result():
    return audit_of(documents.sample(claims=documents.all_claims()))


@pytest.fixture(scope="module")
def layered():
    return Layers({f"layer {i}": audit_of(one) for i, one in enumerate(documents.layers(3))})


def plots(result, layered):
    return {
        "verdicts": lambda **k: plot.verdicts(result, **k),
        "verdicts of layers": lambda **k: plot.verdicts(layered, **k),
        "nulls": lambda **k: plot.nulls(result, "readable", **k),
        "removals": lambda **k: plot.removals(result, **k),
        "layers": lambda **k: plot.layers(layered, "readable", **k),
        "transfer": lambda **k: plot.transfer(result, **k),
        "erasers": lambda **k: plot.erasers(comparisons.sample(), **k),
        "damage": lambda **k: plot.erasers(comparisons.sample(), "damage", **k),
    }


def test_every_plot_draws_on_axes_that_are_passed_and_returns_them(result, layered):
    for draw in plots(result, layered).values():
        _, ax = pyplot.subplots()
        assert draw(ax=ax) is ax
        assert ax.has_data()
        pyplot.close("all")
    _, axes = pyplot.subplots(1, 2)
    assert [*plot.before_and_after(result, ax=axes)] == [*axes]


def test_new_axes_have_the_size_and_the_letters_that_are_asked_for(result, layered, tmp_path):
    for name, draw in plots(result, layered).items():
        ax = draw(size=(4, 3), font_size=7)
        assert ax.figure.get_size_inches().tolist() == [4, 3]
        assert ax.xaxis.label.get_size() == 7
        sizes = [label.get_size() for label in (*ax.get_xticklabels(), *ax.get_yticklabels())]
        assert max(sizes) < 7
        ax.figure.savefig(tmp_path / f"{name}.png")
        assert pyplot.get_fignums()  # a notebook shows it
        pyplot.close("all")


def test_nulls_are_of_the_claim_that_is_named(result):
    for shown in (plot.nulls(result, "erasure_holds"), plot.nulls(result["erasure_holds"])):
        (observed,) = [one for one in shown.lines if one.get_label() == "observed"]
        assert observed.get_xdata()[0] == pytest.approx(0.61)
        (legend,) = shown.figure.legends
        names = [text.get_text() for text in legend.get_texts()]
        assert names == ["labels permuted", "same class means and covariances", "observed"]


def test_a_plot_of_transfer_has_both_matrices(result):
    read = plot.transfer(result)
    erased = plot.transfer(result, "erased")
    assert (read.get_ylabel(), erased.get_ylabel()) == ("fitted in", "erased in")
    assert [t.get_text() for t in read.texts] != [t.get_text() for t in erased.texts]


def test_what_is_not_shown_is_noted_below_the_axis(result):
    claim = result["readable"]
    null = replace(claim.nulls[0], values=np.append(claim.nulls[0].values, [200.0, 300.0]))
    ax = plot.nulls(replace(claim, nulls=(null,)))
    first, note = ax.get_xlabel().split("\n")
    assert first == "AUC"
    assert note.startswith("2 draws above")


@pytest.mark.parametrize("name", ["_hidden", "$x$ 100 % \\frac{", "<b>bold</b>"])
def test_names_of_users_are_drawn_letter_by_letter(name):
    labels = np.array([name, "other"])
    sample = documents.sample(labels=labels, portrait=documents.portrait(20, 2, labels=labels))
    axes = plot.before_and_after(audit_of(sample))
    (legend,) = axes[0].figure.legends
    names = [text.get_text() for text in legend.get_texts()]
    assert sorted(one.strip() for one in names) == sorted([name, "other"])
    assert not any(text.get_parse_math() for text in legend.get_texts())
    axes[0].figure.canvas.draw()


def test_a_claim_without_the_picture_is_refused(result, layered):
    few = audit_of(documents.sample(portrait=None))
    for call in (
        lambda: plot.nulls(result),
        lambda: plot.nulls(result, "used"),
        lambda: plot.removals(few),
        lambda: plot.removals(result["readable"]),
        lambda: plot.transfer(result["readable"]),
        lambda: plot.transfer(result, "both"),
        lambda: plot.layers(layered, "used"),
        lambda: plot.before_and_after(few),
        lambda: plot.erasers(comparisons.sample(), "all"),
    ):
        with pytest.raises(InputError):
            call()


def test_another_result_is_a_type_error(result, layered):
    for call in (
        lambda: plot.verdicts(result["readable"]),
        lambda: plot.nulls(layered, "readable"),
        lambda: plot.removals(3),
        lambda: plot.transfer(None),
        lambda: plot.layers(result, "readable"),
        lambda: plot.before_and_after(layered),
        lambda: plot.erasers(result),
        lambda: plot.pairs(result),
    ):
        with pytest.raises(TypeError) as caught:
            call()
        assert isinstance(caught.value, InputError)
        assert caught.value.received


@pytest.mark.parametrize(
    "wrong",
    [{"size": (0, 3)}, {"size": (4,)}, {"size": 4}, {"size": "ab"}, {"font_size": 0},
     {"font_size": "big"}, {"ax": 3}, {"ax": "axes"}],
)  # fmt: skip
def test_sizes_and_axes_that_cannot_be_are_refused(result, wrong):
    with pytest.raises(InputError):
        plot.verdicts(result, **wrong)
    _, ax = pyplot.subplots()
    with pytest.raises(InputError):
        plot.verdicts(result, ax=ax, size=(4, 3))
    with pytest.raises(InputError):
        plot.before_and_after(result, ax=[ax])


def test_importing_the_package_and_auditing_load_no_matplotlib():
    code = """
import sys
from nullprobe import audit, plot, worlds
import nullprobe.report.figures.sheet, nullprobe.report.figures.nulls
w = worlds.gaussian(n=90, d=2, gap=3.0, random_state=0)
audit(w.X, w.y, claims=["readable"], draws=39)
print("matplotlib" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
