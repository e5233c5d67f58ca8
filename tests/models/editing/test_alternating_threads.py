"""Work goes on when it has the turn, and only then."""

import contextvars
import threading

import pytest

from nullprobe.models.editing.alternating_threads import Turn


def test_work_runs_from_stop_to_stop():
    seen = []

    def work(turn):
        for at in ("first", "second"):
            seen.append(at)
            turn.stop(at)
        seen.append("rest")

    one, other = Turn(work), Turn(work)
    assert [one.go_on(), other.go_on(), one.go_on()] == ["first", "first", "second"]
    assert [one.go_on(), one.go_on()] == [None, None]  # there is nothing more
    assert seen == ["first", "first", "second", "rest"]
    other.end()
    one.end()
    assert seen[3:] == ["rest"]


def test_work_that_is_ended_unwinds_and_cannot_catch_it():
    unwound, before = [], threading.active_count()

    def work(turn):
        try:
            turn.stop("here")
        except Exception:
            unwound.append("caught")
        finally:
            unwound.append("unwound")

    turn, never = Turn(work), Turn(work)
    turn.go_on()
    turn.end()
    never.end()
    assert unwound == ["unwound"]
    assert threading.active_count() == before


def test_a_last_stop_lets_go_of_everything():
    left = []

    def work(turn):
        try:
            turn.stop_for_good("last")
        finally:
            left.append(True)

    turn = Turn(work)
    assert turn.go_on() == "last"
    assert left == [True]
    assert turn.go_on() is None
    turn.end()


def test_errors_reach_whoever_gave_the_turn():
    def work(turn):
        turn.stop("before")
        raise KeyError("gone")

    turn = Turn(work)
    turn.go_on()
    with pytest.raises(KeyError, match="gone"):
        turn.go_on()
    turn.end()


def test_context_variables_go_along():
    variable = contextvars.ContextVar("variable", default="not set")
    variable.set("set")
    seen = []
    turn = Turn(lambda turn: seen.append(variable.get()))
    turn.go_on()
    turn.end()
    assert seen == ["set"]
