"""What two polls next to each other tell of a reset, and what is claimed to be lost."""

from typing import Any

import pytest

from monitor.facts.broker.resets import ResetBook, reset_between
from monitor.facts.readings import Poll, QueueReading, ServerReading
from monitor.facts.snapshot import WorkerFacts
from monitor.facts.tasks.taken import Taken

OLD = ServerReading(run_id="old", role="master", started_at=10.0)
RESTARTED = ServerReading(run_id="new", role="master", started_at=102.0)
REPLICA_OF_OLD = ServerReading(run_id="new", role="master", started_at=50.0)
ALLKEYS = ServerReading(run_id="old", role="master", maxmemory_policy="allkeys-lru")
VOLATILE = ServerReading(run_id="old", role="master", maxmemory_policy="volatile-lru")


def poll(
    at: float, server: ServerReading, unacked: int | None = 0, tables: int | None = 2, **queues: int
) -> Poll:
    readings = {name: QueueReading((length, 0)) for name, length in queues.items()}
    return Poll(at, 0.001, readings, unacked, None, server, tables)


BEFORE = poll(100.0, OLD, high=40, low=2)


@pytest.mark.parametrize(
    ("after", "evicted", "told"),
    [
        (poll(105.0, OLD, high=0, low=2), 0, None),
        (poll(105.0, RESTARTED, tables=0, high=0, low=0), 0,
         ("restarted", {"high": (40, 0), "low": (2, 0)}, 42)),
        # It came back with everything.
        (poll(105.0, RESTARTED, high=40, low=2), 0, ("restarted", {}, 0)),
        # Messages that were in flight are back in their queue, or new ones have come.
        (poll(105.0, RESTARTED, high=45, low=2), 0, ("restarted", {}, 0)),
        (poll(105.0, REPLICA_OF_OLD, high=39, low=2), 0, ("failed_over", {"high": (40, 39)}, 1)),
        # Delivered, not lost.
        (poll(105.0, RESTARTED, unacked=4, high=36, low=2), 0,
         ("restarted", {"high": (40, 36)}, 0)),
        (poll(105.0, OLD, tables=0, high=0, low=0), 0,
         ("flushed", {"high": (40, 0), "low": (2, 0)}, 42)),
        # kombu drops tables that nobody has refreshed for long.
        (poll(105.0, OLD, tables=0, high=40, low=2), 0, None),
        (poll(105.0, OLD, tables=None, high=0, low=0), 0, None),
        (poll(105.0, OLD, tables=1, high=0, low=0), 0, None),
        (poll(105.0, ALLKEYS, high=0, low=2), 1, ("evicted", {"high": (40, 0)}, 40)),
        # Eviction takes a list whole.
        (poll(105.0, ALLKEYS, high=38, low=2), 1, None),
        (poll(105.0, ALLKEYS, unacked=40, high=0, low=2), 1, None),
        # What has no time to live is spared.
        (poll(105.0, VOLATILE, high=0, low=2), 1, None),
        # INFO is forbidden: nothing is known of the server.
        (poll(105.0, ServerReading(), high=0, low=2), 0, None),
        # A queue that is not watched any more says nothing.
        (poll(105.0, RESTARTED, low=2), 0, ("restarted", {}, 0)),
    ],
)  # fmt: skip
def test_what_two_polls_tell(after: Poll, evicted: int, told: Any) -> None:
    reset = reset_between(BEFORE, after, evicted)
    assert (reset and (reset.reason, reset.fell, reset.missing)) == told


def test_a_loss_is_claimed_once_the_workers_have_been_heard_and_only_what_none_took() -> None:
    book = ResetBook()
    after = poll(105.0, RESTARTED, tables=0, high=0, low=0)
    book.polled(BEFORE, after, evicted=0, taken_before=1000)
    book.settle(109.0, taken=1000)
    assert book.lost_lately(109.0) == 0
    book.settle(110.0, taken=1030)
    assert (book.lost_lately(110.0), book.counts["restarted"]) == (12, 1)
    assert book.lost_lately(711.0) == 0


def test_what_workers_took_is_never_lost() -> None:
    book = ResetBook()
    book.polled(BEFORE, poll(105.0, RESTARTED, high=0, low=0), evicted=0, taken_before=1000)
    book.settle(111.0, taken=1100)
    assert book.lost_lately(111.0) == 0


def test_a_queue_says_why_it_is_empty_until_something_new_comes() -> None:
    book = ResetBook()
    after = poll(105.0, RESTARTED, high=0, low=2)
    book.polled(BEFORE, after, evicted=0, taken_before=0)
    assert book.fell == {"high": "the broker was restarted: 40 messages before, 0 after"}
    book.polled(after, poll(110.0, RESTARTED, high=0, low=2), evicted=0, taken_before=0)
    assert "high" in book.fell
    book.polled(after, poll(115.0, RESTARTED, high=1, low=2), evicted=0, taken_before=0)
    assert book.fell == {}


def test_tasks_taken_are_counted_over_restarts_of_workers_and_by_events() -> None:
    def row(processed: int | None) -> list[WorkerFacts]:
        return [WorkerFacts(broker="b", hostname="high@web1", processed=processed)]

    taken = Taken()
    totals = []
    for processed, started in ((5, 0), (9, 0), (2, 0), (None, 1), (3, 4)):
        taken.heard(row(processed), started)
        totals.append(taken.total)
    assert totals == [5, 9, 11, 12, 18]
