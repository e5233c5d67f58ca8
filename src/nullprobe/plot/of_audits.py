"""Plots of audits: verdicts, nulls, layers, removals, groups, and rows before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from nullprobe._core import parameters
from nullprobe._core.validation import complain
from nullprobe.auditing.document import claim_document
from nullprobe.auditing.layers import Layers
from nullprobe.auditing.result import Audit
from nullprobe.claims import Claim
from nullprobe.plot.canvas import canvas, finish, wrong
from nullprobe.report.figures import groups, ladder, planes
from nullprobe.report.figures import layers as layer_figures
from nullprobe.report.figures import nulls as null_figures
from nullprobe.report.figures import removals as removal_figures

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INCH = 100  # pixels of the heights that pictures ask for
MATRICES = {"read": "fitted", "erased": "erased"}


def verdicts(
    result: Audit | Layers,
    *,
    ax: Axes | None = None,
    size: tuple[float, float] | None = None,
    font_size: float | None = None,
) -> Axes:
    """Plot the verdicts: of an audit, claims by explanations; of layers, layers by claims.

    Parameters
    ----------
    result : Audit or Layers
    ax : Axes, optional
        Where to draw; new axes by default.
    size : tuple of two floats, optional
        Width and height of a new figure in inches.
    font_size : float, optional
        Points of the letters.

    Returns
    -------
    Axes

    Raises
    ------
    InputError
        If the result is of another kind, or a size is not positive.

    Examples
    --------
    >>> from nullprobe import audit, plot, worlds
    >>> w = worlds.gaussian(n=90, d=4, gap=3.0, random_state=0)
    >>> result = audit(w.X, w.y, claims=["readable", "one_direction"], draws=39)
    >>> ax = plot.verdicts(result)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['Readable ✓', 'One direction ✓']
    """
    documents = _documents("verdicts", result)
    claims = {claim["name"] for document in documents for claim in document["claims"]}
    columns = 5 if len(documents) == 1 else len(claims)
    usual = (1.8 + 1.05 * columns, ladder.height(len(documents), len(claims)) / INCH)
    axes = canvas(ax, size, font_size, usual)
    finish(axes, ladder.verdicts(documents, axes[0]), legend=False, new=ax is None)
    return axes[0]


def nulls(
    result: Claim | Audit,
    claim: str | None = None,
    *,
    ax: Axes | None = None,
    size: tuple[float, float] | None = None,
    font_size: float | None = None,
) -> Axes:
    """Plot the draws of a claim's nulls, with the observation and simpler readers.

    Parameters
    ----------
    result : Claim or Audit
    claim : str, optional
        Name of a claim of the audit; needed if it has several.
    ax, size, font_size
        As for :func:`verdicts`.

    Returns
    -------
    Axes

    Raises
    ------
    InputError
        If there is no such claim, or it has no nulls.

    Notes
    -----
    If nulls of a claim have several metrics, the nulls with the claim's metric are shown.

    Examples
    --------
    >>> from nullprobe import audit, plot, worlds
    >>> w = worlds.gaussian(n=90, d=4, gap=3.0, random_state=0)
    >>> result = audit(w.X, w.y, claims=["readable"], draws=39)
    >>> plot.nulls(result, "readable").get_xlabel()
    'AUC'
    >>> plot.nulls(result["readable"], size=(3, 2), font_size=8).get_xlabel()
    'AUC'
    """
    chosen = _claim("nulls", result, claim)
    shown = next((one for one in null_figures.ladders(chosen) if one["nulls"]), None)
    if shown is None:
        complain("plot.nulls needs a claim with nulls", f"{chosen['name']!r} has no draws")
    axes = canvas(ax, size, font_size, (5.0, 3.0))
    finish(axes, null_figures.nulls(shown, axes[0]), legend=True, new=ax is None)
    return axes[0]


def removals(
    result: Claim | Audit,
    *,
    ax: Axes | None = None,
    size: tuple[float, float] | None = None,
    font_size: float | None = None,
) -> Axes:
    """Plot readings as direction after direction is removed, over the band of the draws.

    Parameters
    ----------
    result : Claim or Audit
        The claim "one_feature", or an audit that has it.
    ax, size, font_size
        As for :func:`verdicts`.

    Returns
    -------
    Axes

    Raises
    ------
    InputError
        If there is no curve.

    Examples
    --------
    >>> from nullprobe import audit, plot, worlds
    >>> w = worlds.gaussian(n=90, d=3, gap=2.0, random_state=0)
    >>> result = audit(w.X, w.y, claims=["one_feature"], draws=39)
    >>> plot.removals(result).get_xlabel()
    'directions removed'
    """
    chosen = _claim("removals", result, "one_feature")
    if chosen["curve"] is None:
        complain("plot.removals needs a claim with a curve", f"{chosen['name']!r} has none")
    axes = canvas(ax, size, font_size, (5.0, 3.2))
    finish(axes, removal_figures.removals(chosen["curve"], axes[0]), legend=True, new=ax is None)
    return axes[0]


def layers(
    result: Layers,
    claim: str,
    *,
    ax: Axes | None = None,
    size: tuple[float, float] | None = None,
    font_size: float | None = None,
) -> Axes:
    """Plot a claim over representations, with intervals, bands of draws and simpler readers.

    Parameters
    ----------
    result : Layers
    claim : str
        Name of a claim, such as "readable".
    ax, size, font_size
        As for :func:`verdicts`.

    Returns
    -------
    Axes

    Raises
    ------
    InputError
        If no representation has this claim.

    Examples
    --------
    >>> from nullprobe import audit, plot, worlds
    >>> w = worlds.gaussian(n=90, d=4, gap=3.0, random_state=0)
    >>> X = {f"layers.{i}.output": w.X[:, : i + 1] for i in range(4)}
    >>> result = audit(X, w.y, claims=["readable"], draws=39)
    >>> ax = plot.layers(result, "readable")
    >>> ax.get_xlabel(), [label.get_text() for label in ax.get_xticklabels()]
    ('layers.*.output', ['0', '1', '2', '3'])
    """
    if not isinstance(result, Layers):
        raise wrong("layers", "Layers", result)
    documents = _documents("layers", result)
    names = dict.fromkeys(one["name"] for document in documents for one in document["claims"])
    parameters.choice("claim", claim, list(names))
    width = min(10.0, max(5.0, 2.0 + 0.16 * len(documents)))
    axes = canvas(ax, size, font_size, (width, 3.4))
    finish(axes, layer_figures.layers(documents, claim, axes[0]), legend=True, new=ax is None)
    return axes[0]


def transfer(
    result: Claim | Audit,
    show: Literal["read", "erased"] = "read",
    *,
    ax: Axes | None = None,
    size: tuple[float, float] | None = None,
    font_size: float | None = None,
) -> Axes:
    """Plot what carries over between groups: rows are fitted groups, columns are scored groups.

    Parameters
    ----------
    result : Claim or Audit
        The claim "transfers", or an audit that has it.
    show : {"read", "erased"}
        Readings of probes, or readings of fresh probes after an eraser.
    ax, size, font_size
        As for :func:`verdicts`.

    Returns
    -------
    Axes

    Raises
    ------
    InputError
        If there are no readings by group.

    Examples
    --------
    >>> from nullprobe import audit, plot, worlds
    >>> w = worlds.shared(n=90, d=3, n_groups=3, random_state=0)
    >>> result = audit(w.X, w.y, groups=w.groups, claims=["transfers"], draws=39)
    >>> ax = plot.transfer(result)
    >>> ax.get_ylabel(), ax.get_xlabel()
    ('fitted in', 'scored in')
    """
    parameters.choice("show", show, list(MATRICES))
    chosen = _claim("transfer", result, "transfers")
    matrices = chosen["matrices"]
    if matrices is None:
        complain("plot.transfer needs a claim with groups", f"{chosen['name']!r} has none")
    side = groups.height(len(matrices["groups"])) / INCH + 0.5
    axes = canvas(ax, size, font_size, (side + 1.0, side))
    notes = groups.matrix(
        matrices["groups"], matrices[show], matrices["metric"], MATRICES[show], axes[0]
    )
    finish(axes, notes, legend=False, new=ax is None)
    return axes[0]


def before_and_after(
    result: Audit,
    *,
    standardised: bool = False,
    ax: Sequence[Axes] | None = None,
    size: tuple[float, float] | None = None,
    font_size: float | None = None,
) -> Sequence[Axes]:
    """Plot a sample of the rows before and after erasure, on the same axes.

    Parameters
    ----------
    result : Audit
    standardised : bool
        Whether features are standardised.
    ax : sequence of two Axes, optional
        Where to draw; new axes by default.
    size, font_size
        As for :func:`verdicts`.

    Returns
    -------
    sequence of two Axes

    Raises
    ------
    InputError
        If the audit has no sample of rows.

    Examples
    --------
    >>> from nullprobe import audit, plot, worlds
    >>> w = worlds.gaussian(n=90, d=4, gap=3.0, random_state=0)
    >>> result = audit(w.X, w.y, claims=["readable"], draws=39)
    >>> [ax.get_title(loc="left") for ax in plot.before_and_after(result)]
    ['before erasure', 'after erasure']
    """
    if not isinstance(result, Audit):
        raise wrong("before_and_after", "an Audit", result)
    document = result.document().plain()
    if document["portrait"] is None:
        complain("plot.before_and_after needs a sample of rows", "the audit has none")
    axes = canvas(ax, size, font_size, (8.0, 3.8), columns=2)
    numeric = document["concept"] == "numeric"
    notes = planes.before_and_after(document["portrait"], numeric, axes, standardised=standardised)
    finish(axes, notes, legend=not numeric, new=ax is None)
    return axes


def _documents(function: str, result: Any) -> list[dict[str, Any]]:
    """Return the documents of an audit or of several."""
    if isinstance(result, Layers):
        return [one.plain() for one in result.documents()]
    if isinstance(result, Audit):
        return [result.document().plain()]
    raise wrong(function, "an Audit or Layers", result)


def _claim(function: str, result: Any, name: str | None) -> Mapping[str, Any]:
    """Return the document of a claim, which is passed, or a claim of an audit."""
    if isinstance(result, Claim):
        return claim_document(result)
    if not isinstance(result, Audit):
        raise wrong(function, "a Claim or an Audit", result)
    if name is None and len(result.claims) != 1:
        complain(
            f"plot.{function} shows one claim",
            f"the audit has {len(result.claims)}",
            "pass claim=, or a claim such as result['readable']",
        )
    return claim_document(result.claims[0] if name is None else result[name])
