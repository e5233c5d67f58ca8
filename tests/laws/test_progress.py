"""`progress` has one meaning wherever it is an argument."""

import inspect
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from support import tiny_models as tiny
from support import tiny_vision

import nullprobe
from nullprobe import ContrastPairs, InputError, leace, models, nulls, probes, worlds
from nullprobe.models.progress_bars import without_bars
from nullprobe.moments import Moments

rng = np.random.default_rng(0)
N = 60
X, Y = rng.standard_normal((N, 3)), np.arange(N) % 2
LAYERS = {"a\x1b[2J": X, "b": X + 1.0}
TEXTS = tiny.texts(16, longest=4)
LABELS = np.arange(len(TEXTS)) % 2
WORDS = ["w1"] * len(TEXTS)
SITE = "layers.0.output"
FEW = {"draws": 39, "n_splits": 1}


@cache
def model():
    return tiny.model_of("gpt2"), tiny.word_tokenizer()


@cache
def vision():
    """Return a vision encoder, its processor and images, in a folder that outlives a test."""
    folder = Path(tempfile.mkdtemp())
    with without_bars():
        tiny_vision.save(folder / "vit", "vit")
    images = tiny_vision.draw_folder(folder / "images")
    return *models.load_vision(folder / "vit"), images


def eraser():
    states = models.capture(*model(), TEXTS, SITE)[SITE]
    return leace(Moments.of(states, LABELS))


def to_a_folder(tmp_path, **options):
    return models.capture_to(tmp_path / "states", *model(), TEXTS, SITE, shard_size=10, **options)


# Entry point → calls of it, each with a folder and the argument.
CALLS: dict[str, list[Callable]] = {
    "audit": [
        lambda _, **o: nullprobe.audit(X, Y, claims=["readable", "erasure_holds"], **FEW, **o),
        lambda _, **o: nullprobe.audit(LAYERS, Y, claims=["readable"], **FEW, **o),
    ],
    "audit_attributes": [
        lambda _, **o: nullprobe.audit_attributes(
            X, {"one": Y, "other": X[:, 0] > 0}, claims=["readable"], alpha=0.1, **FEW, **o
        )
    ],
    "audit_model": [
        lambda _, **o: nullprobe.audit_model(
            *model(),
            {"text": TEXTS, "y": LABELS},
            concept="y",
            sites=SITE,
            tokens="mean:every",
            untrained=0,
            deep=0,
            draws=39,
            **o,
        )
    ],
    "capture_images": [lambda _, **o: models.capture_images(*vision(), SITE, **o)],
    "capture_images_to": [
        lambda folder, **o: models.capture_images_to(folder / "states", *vision(), SITE, **o)
    ],
    "audit_use": [
        lambda _, **o: nullprobe.audit_use(
            *model(),
            [*TEXTS, *TEXTS],
            [*LABELS, *LABELS],
            SITE,
            answers=[*WORDS, *WORDS],
            neutral=TEXTS[:3],
            n_draws=39,
            **o,
        )
    ],
    "calibrate": [
        lambda _, **o: nullprobe.calibrate(X, Y, claims=["readable"], n_audits=2, **FEW, **o)
    ],
    "compare": [lambda _, **o: nullprobe.compare(X, Y, erasers=["leace"], probes=["linear"], **o)],
    "compare_pairs": [
        lambda _, **o: nullprobe.compare_pairs(ContrastPairs(X, -X, Y), n_permutations=9, **o)
    ],
    "pipeline_null": [
        lambda _, **o: nullprobe.pipeline_null(X, Y, probes.LDAProbe(), n_permutations=3, **o)
    ],
    "same_concept": [lambda _, **o: nullprobe.same_concept(X, Y, X[:, 0] > 0, **FEW, **o)],
    "capture": [lambda _, **o: models.capture(*model(), TEXTS, SITE, batch_size=8, **o)],
    "capture_moments": [lambda _, **o: models.capture_moments(*model(), TEXTS, LABELS, SITE, **o)],
    "capture_to": [to_a_folder],
    "effect": [
        lambda _, **o: models.effect(*[model()[0]] * 2, model()[1], TEXTS, LABELS, **o),
        lambda _, **o: models.effect(*[model()[0]] * 2, model()[1], TEXTS, answers=WORDS, **o),
    ],
    "generate": [
        lambda _, **o: models.generate(
            *model(), TEXTS[:2], erasers={SITE: eraser()}, max_new_tokens=2, **o
        )
    ],
    "scrub": [lambda _, **o: models.scrub(*model(), TEXTS, LABELS, [SITE, "final_norm"], **o)],
    "language": [lambda _, **o: worlds.language(n_entities=12, steps=2, cache=False, **o)],
}
SLOW = {
    "audit_attributes",
    "audit_model",
    "capture_images",
    "capture_images_to",
    "audit_use",
    "calibrate",
}
EACH = [
    pytest.param(call, id=f"{name}-{i}", marks=[pytest.mark.slow] if name in SLOW else [])
    for name, calls in CALLS.items()
    for i, call in enumerate(calls)
]


def test_every_entry_point_that_takes_progress_is_tried():
    takes = {
        name
        for package in (nullprobe, models, nulls, probes, worlds)
        for name in package.__all__
        for value in [getattr(package, name)]
        if inspect.isfunction(value) and "progress" in inspect.signature(value).parameters
    }
    assert takes == {*CALLS}
    for package in (nullprobe, models, worlds):
        for name in takes & {*package.__all__}:
            parameter = inspect.signature(getattr(package, name)).parameters["progress"]
            assert parameter.default is False, name
            assert parameter.annotation == "Progress", name
            assert parameter.kind is inspect.Parameter.KEYWORD_ONLY, name


@pytest.mark.slow
@pytest.mark.parametrize("call", EACH)
def test_a_function_is_called_with_growing_amounts_up_to_the_total(call, tmp_path, capfd):
    seen: list[tuple[str, int, int]] = []
    call(tmp_path, progress=lambda *step: seen.append(step))
    assert seen
    for stage, done, total in seen:
        assert isinstance(stage, str)
        assert (type(done), type(total)) == (int, int)
        assert 0 <= done <= total
    for (stage, done, total), (following, more, of) in zip(
        seen, [*seen[1:], ("", 0, 0)], strict=True
    ):
        # A stage grows to its total; then it may begin again, in the next round of draws.
        assert done == total or (following == stage and more > done and of == total)
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
@pytest.mark.parametrize("call", EACH)
def test_false_prints_nothing_and_true_writes_to_stderr_alone(call, tmp_path, capfd, request):
    if request.node.callspec.id.rsplit("-", 1)[0] not in SLOW:  # one path: of the cheap calls
        call(tmp_path / "1", progress=False)
        assert capfd.readouterr() == ("", "")
    call(tmp_path / "2", progress=True)
    out, err = capfd.readouterr()
    assert out == ""
    assert "%|" in err
    assert "\x1b[2J" not in err


@pytest.mark.parametrize("wrong", [None, 1, "yes"])
@pytest.mark.parametrize("call", EACH)
def test_anything_else_is_refused(call, wrong, tmp_path):
    with pytest.raises(InputError) as caught:
        call(tmp_path, progress=wrong)
    assert "progress" in caught.value.required
    assert repr(wrong) in caught.value.received
    assert not any(tmp_path.iterdir())
