"""The books of one broker together: what a poll, its failure and the feed make of the row."""

import pytest
from msgspec.structs import replace

from monitor.facts.books import Books
from monitor.facts.readings import (
    Event,
    Headcount,
    Poll,
    PollFailure,
    QueueReading,
    ServerReading,
    WorkerReply,
)
from monitor.facts.settings import QueueLimits, ScheduleSettings, WorkerSettings
from monitor.facts.snapshot import BrokerFacts
from monitor.facts.tasks.rhythms import Known

SERVER = ServerReading(
    version="9.1.2",
    role="master",
    memory_used_bytes=1000,
    memory_max_bytes=0,
    evicted_keys=3,
    connected_clients=7,
)
POLL = Poll(100.0, 0.01, {"high": QueueReading((1,), ((),))}, 4, 90.0, SERVER)


def books() -> Books:
    return Books(
        "default",
        limits=QueueLimits(),
        workers=WorkerSettings(),
        steps=(0,),
        visibility_timeout_seconds=3600.0,
        now=99.0,
        queues={"high": 98.0},
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


def test_a_deploy_during_a_failover_is_no_death() -> None:
    watched = books()
    watched.polled(replace(POLL, server=replace(SERVER, run_id="master", started_at=1.0)))
    watched.feed(True, 100.0)
    introduce(watched, "old@web1", 100.0)
    watched.feed(False, 101.0)
    replica = replace(SERVER, run_id="replica", started_at=2.0)
    watched.polled(replace(POLL, at=105.0, server=replica))
    watched.feed(True, 105.0)
    introduce(watched, "new@web1", 106.0)
    for now in range(106, 170):
        watched.workers.event(beat("new@web1"), float(now))
        watched.step(float(now))
        ask(watched, float(now))
        assert all(worker.up for worker in watched.part(float(now)).workers), now
    assert [worker.hostname for worker in watched.part(170.0).workers] == ["new@web1"]


def beat(hostname: str) -> Event:
    return Event(type="worker-heartbeat", hostname=hostname, pid=1, active=0)


def introduce(of: Books, hostname: str, at: float) -> None:
    of.workers.event(beat(hostname), at)
    of.workers.reply(WorkerReply(at, hostname, pid=1, concurrency=2, pool="prefork"))
    of.workers.reply(WorkerReply(at, hostname, queues=("high",)))


def ask(of: Books, at: float) -> None:
    """Ask whom the books want asked; only the new worker answers, all are registered."""
    wanted = of.workers.wanted(at)
    if wanted:
        of.workers.reply(WorkerReply(at, "new@web1", pid=1, concurrency=2, pool="prefork"))
        of.workers.asked(wanted, at, {}, Headcount(1, {"new@web1": 1}))


DAY = 86_400.0


def watch(of: Books, *bound: str, now: float, waiting: int = 0) -> list[str]:
    """Poll, look for queues, and return those that are shown."""
    readings = dict.fromkeys(of.queues.names, QueueReading((waiting,), ((),)))
    of.polled(replace(POLL, at=now, queues=readings))
    of.find_queues(bound, now)
    return [queue.queue_name for queue in of.part(now).queues]


def test_a_queue_of_which_nothing_speaks_is_forgotten_with_its_alerts() -> None:
    watched = books()
    assert watch(watched, "high", now=100.0) == ["high"]
    assert watch(watched, now=7 * DAY) == ["high"]
    assert watch(watched, now=7 * DAY + 101) == []
    reason = watched.part(7 * DAY + 102).gone["queue", ("default", "high")]
    assert reason == "forgotten: nothing has spoken of it for long"
    assert watched.queues_seen_at == {}
    watched.watch_queues(["high"], 7 * DAY + 110)
    assert watched.part(7 * DAY + 111).gone == {}


def test_a_message_keeps_a_queue() -> None:
    watched = books()
    watch(watched, now=6 * DAY, waiting=1)
    assert watch(watched, now=8 * DAY) == ["high"]
    assert watched.queues_seen_at == {"high": 6 * DAY}


def test_a_binding_or_a_worker_keeps_a_queue() -> None:
    watched = books()
    watch(watched, "high", now=6 * DAY)
    assert watched.queues_seen_at == {"high": 6 * DAY}
    watched.feed(True, 6 * DAY)
    watched.workers.event(Event("worker-online", hostname="a@web1", pid=1), 7 * DAY)
    watched.workers.reply(WorkerReply(7 * DAY, "a@web1", queues=("high",)))
    watch(watched, now=7 * DAY)
    assert watched.queues_seen_at == {"high": 7 * DAY}


@pytest.mark.parametrize(
    ("queue", "found"),
    [
        ("low", {"low"}),
        ("other", {"other"}),
        ("q" * 10_000, set()),
        ("caf\udce9", set()),
        (None, set()),
    ],
    ids=["a name", "other", "10 kB", "not UTF-8", "none"],
)
def test_a_queue_is_found_by_task_sent_under_its_own_name_only(
    queue: str | None, found: set[str]
) -> None:
    watched = books()
    sent = Event("task-sent", uuid="a", name="app.add", queue=queue)
    watched.handlers()["task-sent"](sent, 100.0)
    assert watched.find_queues((), 100.0) == found


def test_what_could_not_be_looked_for_is_not_forgotten() -> None:
    watched = books()
    watched.poll_failed(PollFailure(8 * DAY, "timeout", "no answer within 4 s"))
    assert watch(watched, now=8 * DAY + 1) == ["high"]
    assert watch(watched, now=8 * DAY + 601) == []


def test_what_was_due_while_this_process_was_stopped_is_not_missed() -> None:
    watched = Books(
        "default",
        limits=QueueLimits(),
        workers=WorkerSettings(),
        schedules=[ScheduleSettings(task="app.report", every=300.0)],
        steps=(0,),
        visibility_timeout_seconds=3600.0,
        now=1.0,
    )
    watched.feed(True, 1.0)
    received = Event("task-received", hostname="one@web1", pid=1, uuid="a", name="app.report")
    watched.handlers()["task-received"](received, 2.0)
    watched.workers.task_event("one@web1", 1, "task-received", 2.0)

    assert [row.missed for row in watched.part(3600.0).schedules] == [True]
    watched.deaf(3600.0)
    assert [row.missed for row in watched.part(3600.0).schedules] == [False]


def test_a_schedule_that_is_called_like_a_task_is_no_second_row_of_that_name() -> None:
    watched = Books(
        "default",
        limits=QueueLimits(),
        workers=WorkerSettings(),
        schedules=[ScheduleSettings(task="app.clean_up", name="cleanup", every=300.0)],
        steps=(0,),
        visibility_timeout_seconds=3600.0,
        now=1.0,
        rhythms={name: Known(60.0, 0.0) for name in ("cleanup", "app.clean_up", "app.report")},
    )
    shown = [row.schedule for row in watched.part(2.0).schedules]
    assert shown == ["cleanup", "app.report"]


def test_a_run_that_was_cancelled_runs_no_more() -> None:
    watched = books()
    watched.feed(True, 100.0)
    run = {"hostname": "one@web1", "pid": 1, "uuid": "a"}
    for event in (
        Event("task-sent", uuid="a", name="app.report", queue="high"),
        Event("task-started", **run),
    ):
        watched.handlers()[event.type](event, 100.0)
    assert watched.part(107.0).tasks[0].longest_running_seconds == 7.0
    watched.handlers()["task-cancelled"](Event("task-cancelled", **run), 108.0)
    assert watched.part(109.0).tasks[0].longest_running_seconds == 0.0
