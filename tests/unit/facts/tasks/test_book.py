"""The book of tasks: every state of one uuid counts once, under one name and queue."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.facts.queues.flow import Traffic
from monitor.facts.readings import Event
from monitor.facts.snapshot import TaskFacts
from monitor.facts.tasks import book as tasks_module
from monitor.facts.tasks import runs
from monitor.facts.tasks.book import TaskBook
from monitor.facts.tasks.series import COUNTED

AT = 100.0


def nobody_knows(_hostname: str) -> str | None:
    return None


def take(book: TaskBook, kind: str, at: float = AT, uuid: str = "u1", **fields: object) -> None:
    book.handlers[kind](Event(type=kind, uuid=uuid, hostname="high@web1", **fields), at)


def sent(book: TaskBook, at: float = AT, **fields: object) -> None:
    take(book, "task-sent", at, **({"name": "app.add", "queue": "high"} | fields))


def received(book: TaskBook, at: float = AT, **fields: object) -> None:
    take(book, "task-received", at, **({"name": "app.add"} | fields))


def only(book: TaskBook) -> TaskFacts:
    (row,) = book.facts(AT, listening=True)
    return row


LIFE = ("task-sent", "task-received", "task-started", "task-succeeded")


@pytest.mark.parametrize("order", list(permutations(LIFE)), ids="-".join)
def test_events_in_any_order_count_under_the_queue_of_task_sent(order: tuple[str, ...]) -> None:
    book = TaskBook("default")
    fields = {
        "task-sent": {"name": "app.add", "queue": "high"},
        "task-received": {"name": "app.add"},
        "task-succeeded": {"runtime": 0.2},
    }
    for kind in order:
        take(book, kind, **fields.get(kind, {}))
    book.settle(AT + 5, nobody_knows)
    row = only(book)
    assert (row.name, row.queue_name) == ("app.add", "high")
    assert (row.sent, row.received, row.started, row.succeeded) == (1, 1, 1, 1)
    assert (row.runtime.count, row.runtime.sum) == (1, pytest.approx(0.2))


def test_counts_wait_two_seconds_for_task_sent() -> None:
    book = TaskBook("default")
    received(book)
    book.settle(AT + 1.9, nobody_knows)
    assert book.facts(AT, listening=True) == ()
    book.settle(AT + 2.0, nobody_knows)
    assert (only(book).queue_name, only(book).received) == ("unknown", 1)


def test_without_task_sent_the_only_queue_of_the_worker_counts() -> None:
    book = TaskBook("default")
    received(book)
    book.settle(AT + 2, {"high@web1": "high"}.get)
    assert (only(book).queue_name, only(book).received) == ("high", 1)


def test_a_task_sent_that_comes_too_late_does_not_split_the_task() -> None:
    book = TaskBook("default")
    received(book)
    book.settle(AT + 2, nobody_knows)
    sent(book, AT + 3)
    assert (only(book).queue_name, only(book).sent, only(book).received) == ("unknown", 1, 1)


def test_a_retry_counts_under_the_same_queue() -> None:
    book = TaskBook("default")
    sent(book)
    received(book)
    take(book, "task-started")
    received(book)  # the next try is received before the last one reports
    take(book, "task-retried", exception="KeyError('x')")
    take(book, "task-started")
    take(book, "task-succeeded", runtime=0.1)
    row = only(book)
    assert (row.received, row.started, row.retried, row.succeeded) == (2, 2, 1, 1)


def test_a_rejected_event_after_the_failure_counts_under_the_same_queue() -> None:
    book = TaskBook("default")
    sent(book)
    take(book, "task-failed", exception="ValueError('secret')")
    take(book, "task-rejected")
    assert (only(book).failed, only(book).rejected) == ({"ValueError": 1}, 1)


@pytest.mark.parametrize(
    ("exception", "name"),
    [
        ("ValueError('boom')", "ValueError"),
        ("billiard.exceptions.WorkerLostError('signal 9')", "billiard.exceptions.WorkerLostError"),
        ("Timeout", "Timeout"),
        (None, "unknown"),
        ("", "unknown"),
        ("<weird>", "unknown"),
    ],
)
def test_only_the_class_of_an_exception_is_kept(exception: str | None, name: str) -> None:
    book = TaskBook("default")
    sent(book)
    take(book, "task-failed", exception=exception)
    assert only(book).failed == {name: 1}


def test_the_wait_runs_from_the_sending_to_the_start() -> None:
    book = TaskBook("default")
    sent(book, AT)
    received(book, AT + 1)
    take(book, "task-started", AT + 4)
    assert (only(book).wait.count, only(book).wait.sum) == (1, 4.0)


def test_a_task_that_started_before_it_was_seen_sent_did_not_wait() -> None:
    book = TaskBook("default")
    received(book)
    take(book, "task-started")
    sent(book)
    assert (only(book).wait.count, only(book).wait.sum) == (1, 0.0)


def test_a_name_of_any_size_takes_a_bounded_place() -> None:
    book = TaskBook("default")
    sent(book, uuid="u" * 10_000, name="n" * 10_000, queue="q" * 10_000)
    assert len(only(book).name) <= 256
    assert len(only(book).queue_name) <= 256


def test_a_countdown_is_no_wait() -> None:
    book = TaskBook("default")
    sent(book, AT, eta="1970-01-01T00:03:20+00:00")  # 200 s
    take(book, "task-started", 203.0)
    assert only(book).wait.sum == 3.0


def test_a_task_that_was_never_named_is_counted_all_the_same() -> None:
    book = TaskBook("default")
    take(book, "task-succeeded", runtime=0.1)
    book.settle(AT + 2, nobody_knows)
    assert (only(book).name, only(book).queue_name, only(book).succeeded) == (
        "unknown",
        "unknown",
        1,
    )


def test_the_window_forgets_what_is_more_than_ten_minutes_old() -> None:
    book = TaskBook("default")
    sent(book)
    take(book, "task-failed", exception="ValueError()")
    told = {}
    for seconds in range(0, 1200, 30):
        book.mark(AT + seconds)
        row = only(book)
        told[seconds] = (row.recently_failed, row.recently_finished, row.failure_ratio)
    assert told[30] == told[540] == (1, 1, 1.0)
    assert told[630] == told[1170] == (0, 0, None)


def test_a_failure_ratio_is_of_what_finished_lately() -> None:
    book = TaskBook("default")
    for i, kind in enumerate(["task-failed"] + ["task-succeeded"] * 3):
        sent(book, uuid=f"u{i}")
        take(book, kind, uuid=f"u{i}")
    assert (only(book).recently_finished, only(book).failure_ratio) == (4, 0.25)


def test_without_the_feed_nothing_is_said_of_what_happened_lately() -> None:
    book = TaskBook("default")
    sent(book)
    take(book, "task-failed", exception="ValueError()")
    (row,) = book.facts(AT, listening=False)
    assert (row.failed, row.recently_failed, row.failure_ratio) == ({"ValueError": 1}, None, None)


def test_memory_stays_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "_RUNS_MOST", 10)
    monkeypatch.setattr(runs, "_ENDED_MOST", 10)
    monkeypatch.setattr(tasks_module, "_SERIES_MOST", 10)
    book = TaskBook("default")
    for i in range(200):
        sent(book, uuid=f"u{i}", name=f"app.task{i}")
        received(book, uuid=f"u{i}", name=f"app.task{i}")
        if i % 2:
            take(book, "task-succeeded", uuid=f"u{i}")
    assert len(book.facts(AT, listening=True)) <= 11
    assert book.left_out > 0
    assert sum(row.sent for row in book.facts(AT, listening=True)) == 200


def test_the_oldest_runs_are_kept_for_they_are_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "_RUNS_MOST", 2)
    book = TaskBook("default")
    for i in range(4):
        sent(book, uuid=f"u{i}")
    take(book, "task-succeeded", uuid="u0", runtime=0.1)
    assert only(book).succeeded == 1


def test_a_lost_run_gives_its_place_away_after_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "_RUNS_MOST", 1)
    book = TaskBook("default")
    sent(book, AT, uuid="lost")
    sent(book, AT + 90_000, uuid="new")
    take(book, "task-succeeded", AT + 90_001, uuid="new")
    assert only(book).succeeded == 1


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(COUNTED),
            st.sampled_from([None, "u1", "u2", "u3"]),
            st.sampled_from([None, "app.a", "app.b"]),
            st.sampled_from([None, "high", "low"]),
            st.floats(0, 10),
        ),
        max_size=50,
    )
)
def test_every_event_with_a_uuid_is_counted_once(
    events: list[tuple[str, str | None, str | None, str | None, float]],
) -> None:
    book = TaskBook("default")
    countable = 0
    for kind, uuid, name, queue, at in events:
        event = Event(type=kind, uuid=uuid, name=name, queue=queue, hostname="w@h")
        book.handlers[kind](event, at)
        # A task-sent without a name says nothing.
        countable += uuid is not None and (kind != "task-sent" or name is not None)
    book.settle(1000, nobody_knows)
    counted = sum(
        row.sent
        + row.received
        + row.started
        + row.succeeded
        + row.retried
        + row.revoked
        + row.rejected
        + sum(row.failed.values())
        for row in book.facts(AT, listening=True)
    )
    assert counted == countable


def test_the_traffic_of_a_queue_is_that_of_all_its_tasks() -> None:
    book = TaskBook("default")
    for uuid, name in (("u1", "app.add"), ("u2", "app.mul"), ("u3", "app.mul")):
        sent(book, uuid=uuid, name=name)
    for uuid in ("u1", "u2"):
        received(book, uuid=uuid)
        take(book, "task-succeeded", uuid=uuid, runtime=1.5)
    assert book.traffic() == {"high": Traffic(3, 2, runtime_seconds=3.0, runs=2)}
