"""Schedules: missed only on evidence, and by whom."""

import pytest

from monitor.facts.settings import ScheduleSettings
from monitor.facts.snapshot import ScheduleFacts, WorkerFacts
from monitor.facts.tasks.schedules import LastSeen, ScheduleBook

NOON = 1_795_348_800.0
"""2026-11-22 12:00 UTC, when it is due."""
DAILY = ScheduleSettings(task="app.report", cron="0 13 * * *", timezone="Europe/Berlin", grace=60.0)
OFTEN = ScheduleSettings(task="app.report", every=600.0, grace=60.0)
NEVER = LastSeen(0.0, 0.0)


def row(
    at: float,
    seen: LastSeen = NEVER,
    *,
    schedule: ScheduleSettings = DAILY,
    task_events: bool | None = True,
    listening_from: float = NOON - 7200,
) -> ScheduleFacts:
    book = ScheduleBook("default", [schedule])
    book.listen(True, listening_from)
    worker = WorkerFacts(broker="b", hostname="w", state="online", task_events=task_events)
    (only,) = book.facts(at, lambda _name: seen, [worker])
    return only


def test_it_is_due_by_the_clock_of_its_time_zone_once_its_grace_is_over() -> None:
    assert row(NOON + 59).due_at == NOON - 86_400
    assert row(NOON + 60).due_at == NOON


@pytest.mark.parametrize(
    ("what", "seen", "missed", "reason"),
    [
        ("received in time", LastSeen(NOON, NOON + 1), False, "a worker received it"),
        ("by a fast clock", LastSeen(NOON - 2, NOON - 2), False, "a worker received it"),
        ("received late", LastSeen(NOON + 70, NOON + 75), False, "a worker received it"),
        ("only yesterday", LastSeen(NOON - 86_400, NOON - 86_399), True,
         "it was not sent: beat is silent"),
        ("sent only", LastSeen(NOON, NOON - 86_399), True,
         "it was sent, and no worker has received it: nobody takes from its queue"),
        ("no task-sent ever", LastSeen(0.0, NOON - 86_399), True,
         "no worker has received it; whether beat sent it only task-sent events would tell"),
    ],
)  # fmt: skip
def test_a_run_that_was_due(what: str, seen: LastSeen, missed: bool, reason: str) -> None:
    told = row(NOON + 80, seen)
    assert (told.missed, told.reason) == (missed, reason)


def test_nothing_is_claimed_of_a_time_when_nobody_listened() -> None:
    assert row(NOON + 80, listening_from=NOON + 10).missed is None
    # Whoever came late and has heard it all the same knows.
    assert row(NOON + 80, LastSeen(0, NOON + 20), listening_from=NOON + 10).missed is False


@pytest.mark.parametrize("task_events", [None, False])
def test_nothing_is_claimed_while_its_workers_may_not_tell(task_events: bool | None) -> None:
    assert row(NOON + 80, task_events=task_events).missed is None
    assert row(NOON + 80, LastSeen(NOON, 0.0), task_events=task_events).missed is None
    # They told of it before.
    assert row(NOON + 80, LastSeen(0.0, NOON - 86_400), task_events=task_events).missed is True


def test_without_the_feed_nothing_is_known() -> None:
    book = ScheduleBook("default", [DAILY])
    (only,) = book.facts(NOON + 80, lambda _name: NEVER, [])
    assert (only.missed, only.reason) == (None, "the event feed is down")


def test_an_interval_runs_from_when_it_was_received_last() -> None:
    received = LastSeen(NOON, NOON)
    assert row(NOON + 659, received, schedule=OFTEN).missed is False
    assert row(NOON + 660, received, schedule=OFTEN).missed is True
    assert row(NOON + 660, LastSeen(NOON + 600, NOON), schedule=OFTEN).reason.startswith(
        "it was sent"
    )


def test_an_interval_runs_from_when_the_monitor_began_to_listen() -> None:
    assert row(NOON + 659, schedule=OFTEN, listening_from=NOON).missed is False
    assert row(NOON + 660, schedule=OFTEN, listening_from=NOON).missed is True


def test_the_next_run_ends_it() -> None:
    book = ScheduleBook("default", [DAILY])
    book.listen(True, NOON - 7200)
    seen = LastSeen(NOON - 86_400, NOON - 86_400)
    told = []
    for at in (NOON + 80, NOON + 86_400, NOON + 86_430, NOON + 86_470):
        if at > NOON + 86_400:
            seen = LastSeen(NOON + 86_400, NOON + 86_401)
        (only,) = book.facts(at, lambda _name, seen=seen: seen, [])
        told.append(only.missed)
    assert told == [True, True, False, False]
