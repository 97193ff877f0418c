"""Messages in flight that no live worker can hold, by when each was delivered."""

import pytest

from monitor.facts.readings import InFlight, InFlightEntry
from monitor.facts.workers.process import Process
from monitor.facts.workers.stranded import holders, stranded

NOW = 10_000.0


def worker(
    started_at: float | None,
    state: str = "online",
    *,
    queue: str = "high",
    ahead_seconds: float = 0.0,
    moved: bool = False,
) -> Process:
    made = Process("a@h", 1, 0.0)
    made.state, made.queues, made.moved = state, (queue,), moved
    made.started_at = started_at
    made.skew.note(ahead_seconds)
    return made


def in_flight(*delivered_at: float | None) -> InFlight:
    entries = tuple(InFlightEntry("high", delivered_at=at) for at in delivered_at)
    return InFlight(total=len(entries), entries=entries, complete=True)


@pytest.mark.parametrize(
    ("what", "workers", "count"),
    [
        ("nobody is there", [], 2),
        ("all who are there are younger", [worker(9000.0)], 2),
        ("one is older than one message", [worker(6000.0)], 1),
        ("one is older than all", [worker(9000.0), worker(4000.0)], 0),
        ("the older consumes something else", [worker(9000.0), worker(4000.0, queue="low")], 2),
        ("the older consumed something else", [worker(4000.0, queue="low", moved=True)], 0),
        ("the older is dead", [worker(4000.0, "dead")], 2),
        ("the older hangs and holds what it had", [worker(4000.0, "hung")], 0),
        ("the older is ending its tasks", [worker(4000.0, "draining")], 0),
        ("one did not say when it started", [worker(None)], 0),
        ("one's clock is behind", [worker(9000.0, ahead_seconds=-6000.0)], 0),
        ("one's clock is ahead", [worker(4000.0, ahead_seconds=5000.0)], 2),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_message_is_stranded_when_all_who_could_hold_it_are_younger(
    what: str, workers: list[Process], count: int
) -> None:
    held = holders(workers, (), known=True)
    assert stranded(in_flight(5000.0, 8000.0), held, NOW) == count


def test_of_workers_that_share_a_name_any_may_hold_any() -> None:
    held = holders([worker(4000.0, queue="low")], {"a@h"}, known=True)
    assert stranded(in_flight(5000.0), held, NOW) == 0


def test_a_message_just_taken_may_be_in_the_hands_of_one_not_heard_yet() -> None:
    assert stranded(in_flight(NOW - 30, None), holders([], (), known=True), NOW) == 0


def test_nothing_is_said_until_all_workers_have_told() -> None:
    assert stranded(in_flight(5000.0), holders([], (), known=False), NOW) is None
    assert stranded(None, holders([], (), known=True), NOW) is None
