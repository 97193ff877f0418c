"""The books of one broker together: what a poll, its failure and the feed make of the row."""

from monitor.facts.books import Books
from monitor.facts.readings import Event, Poll, PollFailure, QueueReading, ServerReading
from monitor.facts.settings import QueueLimits, WorkerSettings
from monitor.facts.snapshot import BrokerFacts

SERVER = ServerReading(
    version="9.1.2",
    role="master",
    memory_used_bytes=1000,
    memory_max_bytes=0,
    evicted_keys=3,
    connected_clients=7,
)
POLL = Poll(100.0, 0.01, {"high": QueueReading((1,), (None,))}, 4, 90.0, SERVER)


def books() -> Books:
    return Books(
        "default",
        limits=QueueLimits(),
        workers=WorkerSettings(),
        steps=(0,),
        visibility_timeout_seconds=3600.0,
        now=99.0,
        queues=["high"],
    )


def broker(of: Books) -> BrokerFacts:
    return of.part(101.0).broker


def test_before_the_first_poll_nothing_is_claimed() -> None:
    row = broker(books())
    assert (row.up, row.unacked, row.version, row.last_poll_at) == (None, None, None, None)


def test_a_poll_fills_the_row_and_no_limit_is_no_maximum() -> None:
    watched = books()
    watched.polled(POLL)
    row = broker(watched)
    assert (row.up, row.unacked, row.oldest_unacked_age_seconds) == (True, 4, 10.0)
    assert (row.memory_used_bytes, row.memory_max_bytes) == (1000, None)


def test_a_failed_poll_takes_the_gauges_away_and_keeps_counters_and_timestamp() -> None:
    watched = books()
    watched.polled(POLL)
    watched.poll_failed(PollFailure(105.0, "timeout", "no answer within 4 s"))
    row = broker(watched)
    assert (row.up, row.error) == (False, "no answer within 4 s")
    assert (row.unacked, row.memory_used_bytes, row.connected_clients) == (None, None, None)
    assert (row.evicted_keys, row.last_poll_at, row.poll_errors) == (3, 100.0, {"timeout": 1})
    assert watched.part(106.0).queues[0].length is None


def test_a_lost_feed_is_a_gap_and_makes_workers_unknown() -> None:
    watched = books()
    watched.feed(True, 100.0)
    watched.workers.event(Event(type="worker-online", hostname="high@web1", pid=1, active=0), 100.0)
    watched.feed(False, 101.0)
    watched.feed(False, 102.0)
    part = watched.part(103.0)
    assert (part.broker.event_gaps, part.broker.events_connected) == (1, False)
    assert part.workers[0].state is None
