"""The whole zoo is counted, goes on where it was cut off, and leaves out wrong networks."""

from types import SimpleNamespace

import pytest

pytest.importorskip("transformers")

from nullprobe import InputError
from nullprobe.worlds.zoo import building
from nullprobe.worlds.zoo.building import build
from nullprobe.worlds.zoo.kinds import KINDS
from nullprobe.worlds.zoo.trained import ATTEMPTS, PROGRAMS, Refused


@pytest.fixture
def asked(monkeypatch):
    """Return the trained networks that were asked for; the second of each program is refused."""
    calls = []

    def trained(name, *, random_state, cache):
        calls.append((name, random_state, cache))
        if random_state == 1:
            raise Refused(name, random_state)
        return SimpleNamespace(attempt=int(random_state == 2))

    monkeypatch.setattr(building, "trained", trained)
    return calls


def test_one_network_of_each_kind_is_the_least(asked, tmp_path):
    stages = []
    census = build(tmp_path, share=1e-6, progress=lambda *stage: stages.append(stage))
    assert census.networks == dict.fromkeys([*KINDS, *PROGRAMS], 1)
    assert not any(census.refused.values())
    assert asked == [(name, 0, tmp_path) for name in PROGRAMS]
    assert stages[-1] == ("networks", len(KINDS) + len(PROGRAMS), len(KINDS) + len(PROGRAMS))
    assert str(census).endswith(f"{len(KINDS) + len(PROGRAMS)}")


def test_refused_networks_are_counted_apart(asked, tmp_path, monkeypatch):
    monkeypatch.setattr(building, "_set_by_hand", lambda kind, seed: None)
    census = build(tmp_path, share=0.1)
    assert census.networks["learned disuse"] == 5
    assert census.refused["learned disuse"] == 1 + ATTEMPTS
    assert (census.networks["learned use"], census.networks["unused"]) == (2, 6)
    assert census.networks["parity"] == 1


def test_all_networks_are_sixty_of_an_unused_kind_and_thirty_of_a_used_one(asked, tmp_path):
    planned = list(building._planned(1.0))
    counts = {name: sum(one == name for one, _ in planned) for name in [*KINDS, *PROGRAMS]}
    for name, kind in KINDS.items():
        assert counts[name] == (30 if kind.used else 60)
    assert (counts["learned disuse"], counts["learned use"], counts["parity"]) == (60, 30, 10)
    assert len(planned) == len({*planned})


def test_a_network_set_by_hand_that_is_wrong_stops_the_building(asked, tmp_path, monkeypatch):
    monkeypatch.setattr(building, "flipped", lambda *_: 1.0)
    with pytest.raises(RuntimeError):
        build(tmp_path, share=1e-6)


@pytest.mark.parametrize("share", [0.0, -1.0, 1.1])
def test_a_share_that_cannot_be_is_refused(share, tmp_path):
    with pytest.raises(InputError):
        build(tmp_path, share=share)
