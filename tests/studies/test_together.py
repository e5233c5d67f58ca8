"""Where CUDA is available, a study trains at once, says so, and keeps its numbers apart."""

import pytest

from nullprobe.corpora import Mess3
from nullprobe.studies import Study, library, run
from nullprobe.studies import together as room
from nullprobe.studies.definition import Budget
from nullprobe.studies.training import Training
from nullprobe.worlds.language_models import cached_training


def trainings(cell, seed, budget):
    """One training for each cell and seed, and one that all cells share."""
    return [
        Training(Mess3(length=5, x=cell.x), seed, 8, batch=3),
        Training(Mess3(length=5), 7, 4, batch=3, in_full=True),
    ]


def measure(cell, seed, budget):
    made = [one.made(budget) for one in trainings(cell, seed, budget)]
    return {"weights": float(sum(one.model.lm_head.weight.detach().abs().sum() for one in made))}


def small(**changes):
    fields = {"factors": {"x": (0.05, 0.2)}, "trainings": trainings, **changes}
    return Study("small", measure, "How large?", "size", **fields)


@pytest.fixture
def device(monkeypatch):
    """A CPU in the place of CUDA, which tests do not have."""
    monkeypatch.setattr(room, "device", lambda: "cpu")


def test_without_cuda_nothing_is_trained_at_once(monkeypatch):
    monkeypatch.setattr(room.import_module("torch").cuda, "is_available", lambda: False)
    assert room.device() is None
    assert room.at_once(small(), [], Budget()) == room.Ready()


def test_with_cuda_it_is_asked_for(monkeypatch):
    monkeypatch.setattr(room.import_module("torch").cuda, "is_available", lambda: True)
    assert room.device() == "cuda"


@pytest.mark.slow
@pytest.mark.usefixtures("device")
@pytest.mark.parametrize("quick", [False, True])
def test_a_study_takes_models_that_were_trained_at_once_and_says_so(tmp_path, monkeypatch, quick):
    loops = []
    monkeypatch.setattr(cached_training, "learn", lambda *_, **__: loops.append(1))
    how = {"seeds": [0, 1], "quick": quick}
    result = run(small(), out=tmp_path / "out", cache=tmp_path / "cache", **how)
    assert not loops  # all are ready: two cells, two seeds, and the shared one
    assert result.provenance["training"].startswith("5 of 5 models at once on cpu")
    monkeypatch.undo()
    alone = run(small(trainings=None), out=tmp_path / "out", cache=tmp_path / "cache", **how)
    assert "training" not in alone.provenance
    # Other weights, measured anew: near those of the loop, and not the same.
    for one, other in zip(result.records, alone.records, strict=True):
        assert one.values["weights"] == pytest.approx(other.values["weights"], rel=1e-5)
    assert len(list((tmp_path / "out" / "parts").iterdir())) == 8
    result.to_html(tmp_path / "page.html")
    assert "models at once on cpu" in (tmp_path / "page.html").read_text("utf-8")


@pytest.mark.slow
def test_on_a_cpu_a_study_that_says_what_it_trains_gives_the_same_bytes(tmp_path):
    one, other = (run(small(trainings=t), seeds=[0], cache=False) for t in (trainings, None))
    assert one.to_json() == other.to_json()


@pytest.mark.slow
@pytest.mark.usefixtures("device")
def test_a_study_whose_models_depart_is_measured_as_without_cuda(monkeypatch):
    monkeypatch.setattr(room.module("many"), "departure", lambda *_, **__: 1.0)
    with pytest.warns(UserWarning, match="one by one"):
        result = run(small(), seeds=[0], cache=False)
    monkeypatch.undo()
    assert result.to_json() == run(small(), seeds=[0], cache=False).to_json()


@pytest.mark.parametrize(
    "study",
    [
        one
        for name in library.STUDIES
        for one in (library.by_name(name), *library.by_name(name).parts.values())
        if one.trainings is not None
    ],
    ids=lambda one: one.name,
)
def test_a_study_asks_for_what_it_says_that_it_trains(study, monkeypatch):
    """What `measure` asks for first is what it announced; nothing is trained here."""
    asked = []

    class Stop(Exception):
        pass

    def made(training, budget):
        asked.append(training.task(budget))
        raise Stop

    monkeypatch.setattr(Training, "made", made)
    for quick in (False, True):
        budget, cell = Budget(quick=quick), study.cells[-1]
        with pytest.raises(Stop):
            study.measure(cell, 3, budget)
        announced = [one.task(budget) for one in study.trainings(cell, 3, budget)]
        corpus, lessons, seed = asked[-1]
        assert (repr(corpus), lessons, seed) in [(repr(c), one, s) for c, one, s in announced]
