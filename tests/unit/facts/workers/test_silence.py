"""What the silence of a worker means."""

import pytest

from monitor.facts.readings import Headcount
from monitor.facts.workers.silence import Silence, judge, listening, strangers


def silence(**fields: object) -> Silence:
    known = {
        "seconds": 20.0,
        "heard_seconds": 20.0,
        "pool": "prefork",
        "listening": True,
        "cut_off": False,
        "asked": True,
        "introduced": True,
        "left": False,
        "task": None,
    }
    return Silence(**(known | fields))


WORKING_CUT_OFF = {
    "pool": "solo",
    "task": "1 started and not ended",
    "listening": False,
    "cut_off": True,
}


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({}, "hung"),
        ({"listening": False}, "dead"),
        ({"listening": None}, "dead"),
        ({"listening": None, "asked": False}, "dead"),
        ({"introduced": False}, "unknown"),
        ({"left": True, "listening": False}, "offline"),
        ({"pool": "solo", "task": "1 started and not ended"}, "busy"),
        ({"pool": "gevent", "task": "1 started and not ended"}, "busy"),
        ({"pool": "eventlet", "task": "1 started and not ended"}, "busy"),
        ({"pool": "solo"}, "hung"),
        ({"pool": "solo", "task": "1 started and not ended", "heard_seconds": 601.0}, "hung"),
        ({"pool": "solo", "task": "1 started and not ended", "seconds": 601.0}, "busy"),
        ({"pool": "solo", "task": "1 started and not ended", "listening": False}, "dead"),
        (WORKING_CUT_OFF, "busy"),
        (WORKING_CUT_OFF | {"heard_seconds": 601.0}, "dead"),
        (WORKING_CUT_OFF | {"task": None}, "dead"),
        (WORKING_CUT_OFF | {"pool": "prefork"}, "dead"),
        ({"pool": "thread", "task": "1 started and not ended"}, "hung"),
        ({"pool": "prefork", "task": "1 started and not ended"}, "hung"),
        ({"pool": None, "task": "1 started and not ended"}, "hung"),
    ],
)
def test_what_a_silence_means(fields: dict[str, object], state: str) -> None:
    judged, reason = judge(silence(**fields), patience_seconds=600.0)
    assert judged == state
    assert reason


@pytest.mark.parametrize("listening", [True, False])
def test_a_guess_does_not_claim_to_know_of_the_connection(listening: bool) -> None:
    _, reason = judge(silence(listening=listening, guessed=True), patience_seconds=600.0)
    assert "which cannot be told" in reason
    assert "its connection" not in reason


ABC = {"a": 1, "b": 1, "c": 1}


@pytest.mark.parametrize(
    ("listeners", "answered", "expected", "silent", "foreign", "sure", "still"),
    [
        # One of three is silent: its connection is there, or it is not.
        (3, {"a": 1, "b": 1}, ABC, 1, 0, 0, (1, 1)),
        (2, {"a": 1, "b": 1}, ABC, 1, 0, 0, (0, 0)),
        # Somebody else listens and never answers.
        (3, {"a": 1, "b": 1}, ABC, 1, 1, 0, (0, 0)),
        (4, {"a": 1, "b": 1}, ABC, 1, 1, 0, (1, 1)),
        # Another hung one, judged before, keeps its connection.
        (2, {"a": 1}, ABC, 1, 0, 1, (0, 0)),
        (3, {"a": 1}, ABC, 1, 0, 1, (1, 1)),
        # Another did not answer and may be gone as well.
        (2, {"a": 1}, ABC, 1, 0, 0, (0, 1)),
        (3, {"a": 1}, ABC, 1, 0, 0, (1, 1)),
        (1, {"a": 1}, ABC, 1, 0, 0, (0, 0)),
        # Two at once, one of them gone.
        (2, {"a": 1}, ABC, 2, 0, 0, (1, 1)),
        # Three share a name.
        (3, {"a": 2}, {"a": 3}, 1, 0, 0, (1, 1)),
        (2, {"a": 2}, {"a": 3}, 1, 0, 0, (0, 0)),
        # One that nobody knew answers.
        (2, {"a": 1, "new": 1}, {"a": 1, "b": 1}, 1, 0, 0, (0, 0)),
        # One leaves between hearing and answering, and more answer than were counted.
        (0, {"a": 1}, {"a": 1, "b": 1}, 1, 0, 0, (0, 0)),
    ],
)
def test_who_still_listens_is_what_is_left_of_the_listeners(
    listeners: int,
    answered: dict[str, int],
    expected: dict[str, int],
    silent: int,
    foreign: int,
    sure: int,
    still: tuple[int, int],
) -> None:
    count = Headcount(listeners, answered)
    assert listening(count, expected, silent, foreign, sure) == still


@pytest.mark.parametrize(
    ("listeners", "answered", "expected", "foreign"),
    [
        (2, {"a": 1, "b": 1}, {"a": 1, "b": 1}, 0),
        (3, {"a": 1, "b": 1}, {"a": 1, "b": 1}, 1),
        # A known worker that is silent may be the one that listens.
        (2, {"a": 1}, {"a": 1, "b": 1}, 0),
        (1, {"a": 1}, {"a": 1, "b": 1}, 0),
    ],
)
def test_a_stranger_listens_and_is_no_known_worker(
    listeners: int, answered: dict[str, int], expected: dict[str, int], foreign: int
) -> None:
    assert strangers(Headcount(listeners, answered), expected) == foreign
