"""Real workers, killed, stopped and started again."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from celery import Celery

from monitor.demo import processes
from monitor.demo.broker import EmbeddedBroker
from monitor.facts.workers import stranded, unheard
from tests.broker.conftest import Watched, Workers, watching

CLASSIC_LAYOUT = (
    ("-Q", "high", "--concurrency=2"),
    ("-Q", "normal", "--concurrency=1"),
    ("-Q", "low,normal", "--concurrency=1"),
)


def online(count: int) -> object:
    return lambda w: [*w.states().values()].count("online") == count


def heard_since(at: float, watched: Watched) -> list[bool]:
    return [(row.last_seen_at or 0) > at for row in watched.part().workers]


def consuming(watched: Watched) -> dict[str, int | None]:
    return {queue.queue_name: queue.workers for queue in watched.part().queues}


def named(hostname: str) -> tuple[str, ...]:
    return ("-n", hostname, "--concurrency=1")


async def test_workers_tell_their_queues_and_slots(
    broker: EmbeddedBroker, workers: Workers
) -> None:
    for name, options in zip("abc", CLASSIC_LAYOUT, strict=True):
        workers.start("-n", f"{name}@web1", *options)

    def told(watched: Watched) -> bool:
        rows = {q.queue_name: (q.workers, q.processes) for q in watched.part().queues}
        return rows == {"high": (1, 2), "normal": (2, 2), "low": (1, 1)}

    async with watching(broker.url) as watched:
        await watched.until(told)
        rows = watched.part().workers
        assert {row.pool for row in rows} == {"prefork"}
        assert all(abs(row.clock_skew_seconds or 9) < 1 for row in rows)


@pytest.mark.parametrize(("options", "seconds"), [({}, 3600), ({"visibility_timeout": 77}, 77)])
async def test_workers_tell_their_visibility_timeout(
    broker: EmbeddedBroker,
    workers: Workers,
    tmp_path: Path,
    options: dict[str, float],
    seconds: float,
) -> None:
    (tmp_path / "patient_app.py").write_text(
        "from celery import Celery\n"
        "app = Celery()\n"
        f"app.conf.broker_transport_options = {options!r}\n"
    )
    workers.start(*named("high@web1"), app="patient_app")
    async with watching(broker.url) as watched:
        await watched.until(lambda w: w.part().broker.visibility_timeout_seconds == seconds)


async def test_of_three_workers_without_a_name_the_dead_one_is_seen(
    broker: EmbeddedBroker, workers: Workers
) -> None:
    started = [workers.start(*options) for options in CLASSIC_LAYOUT]
    async with watching(broker.url) as watched:
        await watched.until(online(3))
        all_here_at = time.time()
        # A process that dies before it was heard beside its younger neighbour looks restarted.
        await watched.until(lambda w: all(heard_since(all_here_at, w)))
        await watched.until(lambda w: consuming(w) == {"high": 1, "normal": 2, "low": 1})
        processes.kill(started[1])
        assert await watched.until(lambda w: "dead" in w.states().values()) <= 15
        by_pid = {row.pid: (row.state, row.up) for row in watched.part().workers}
        assert by_pid == {
            started[0].pid: ("online", True),
            started[1].pid: ("dead", False),
            started[2].pid: ("online", True),
        }
        await watched.until(lambda w: consuming(w) == {"high": 1, "normal": 1, "low": 1})


async def test_a_goodbye_is_no_death_and_leaves_no_key(
    broker: EmbeddedBroker, workers: Workers, client: "redis.Redis"
) -> None:
    worker = workers.start(*named("a@web1"))
    async with watching(broker.url) as watched:
        await watched.until(online(1))
        os.kill(worker.pid, signal.SIGTERM)
        await watched.until(lambda w: w.states() == {"a@web1": "offline"})
    assert client.keys("queue-monitor*") == []


async def test_a_killed_worker_that_comes_back_is_no_death(
    broker: EmbeddedBroker, workers: Workers
) -> None:
    first = workers.start(*named("a@web1"))
    async with watching(broker.url) as watched:
        await watched.until(online(1))
        processes.kill(first)
        second = workers.start(*named("a@web1"))
        await watched.until(lambda w: [row.pid for row in w.part().workers] == [second.pid])
        await watched.until(lambda w: w.part().workers[0].restarts["false"] == 1)
        assert watched.states() == {"a@web1": "online"}


async def test_a_worker_that_beats_and_takes_nothing_stalls_its_queue(
    broker: EmbeddedBroker, workers: Workers, client: "redis.Redis"
) -> None:
    workers.start(*named("a@web1"), "-Q", "q", app="tests.broker.holding_app")
    async with watching(broker.url) as watched:
        await watched.until(lambda w: [row.queues for row in w.part().workers] == [("q",)])
        with Celery(broker=broker.url, set_as_current=False) as app:
            app.control.broadcast("leave_queues")
            await asyncio.sleep(1.5)  # the worker's last BRPOP ends
            for _ in range(3):
                app.send_task("hold", (0,), queue="q")
        await watched.until(lambda w: w.part().workers[0].consuming is False)
        await watched.until(lambda w: w.part().queues[0].verdict == "stalled")
        (row,), (queue,) = watched.part().workers, watched.part().queues
        assert (row.state, queue.length, queue.workers) == ("online", 3, 1)
    assert client.keys("queue-monitor*") == []


async def test_what_a_killed_worker_held_is_stranded(
    broker: EmbeddedBroker, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stranded, "_SETTLED_SECONDS", 1.0)
    on_q = (*named("a@web1"), "-Q", "q")
    first = workers.start(*on_q, app="tests.broker.holding_app")

    def holding(count: int, left_behind: int) -> Callable[[Watched], bool]:
        return lambda w: (w.part().broker.unacked, w.part().broker.stranded) == (count, left_behind)

    async with watching(broker.url) as watched:
        await watched.until(lambda w: [row.queues for row in w.part().workers] == [("q",)])
        with Celery(broker=broker.url, set_as_current=False) as app:
            for _ in range(5):
                app.send_task("hold", (600,), queue="q")
        # One runs and is acknowledged, four are reserved.
        await watched.until(holding(4, 0))
        await watched.until(lambda w: w.part().workers[0].active == 1)
        processes.kill(first)
        await watched.until(lambda w: w.states() == {"a@web1": "dead"})
        await watched.until(holding(4, 4))
        workers.start(*on_q, app="tests.broker.holding_app")
        await watched.until(lambda w: w.states() == {"a@web1": "online"})
        await watched.until(lambda w: w.part().workers[0].queues is not None)
        await watched.until(holding(4, 4))


async def test_answers_that_nobody_reads_are_counted(
    broker: EmbeddedBroker, client: "redis.Redis"
) -> None:
    client.mset({f"celery-task-meta-{i}": "{}" for i in range(3000)})
    client.lpush("celery", "not.reply.celery.pidbox")
    async with watching(broker.url) as watched:
        await watched.until(lambda w: w.part().broker.orphan_reply_lists == 0)
        for i in range(80):
            client.lpush(f"{i}-77.reply.celery.pidbox", "x" * 10_000)
        await watched.until(lambda w: w.part().broker.orphan_reply_lists == 80)
        taken_bytes = watched.part().broker.orphan_reply_bytes
        assert taken_bytes == pytest.approx(80 * 10_000, rel=0.5)
        client.delete(*client.keys("*.reply.celery.pidbox"))
        await watched.until(lambda w: w.part().broker.orphan_reply_lists == 0)


async def test_names_left_by_the_dead_are_told_of_once(
    broker: EmbeddedBroker,
    workers: Workers,
    client: "redis.Redis",
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(unheard, "_GRACE_SECONDS", 1.0)
    registry, between = "_kombu.binding.celery.pidbox", "\x06\x16" * 2
    client.sadd(registry, *(f"{between}gone{i}@web1.celery.pidbox" for i in range(30)))
    worker = workers.start(*named("a@web1"))
    async with watching(broker.url) as watched:
        await watched.until(lambda w: w.part().broker.workers_unheard == 30)
        assert list(watched.states().values()).count("unknown") == 20
        await watched.until(lambda w: w.part().workers[0].pool)
        assert watched.states()["a@web1"] == "online"
        processes.kill(worker)
        await watched.until(lambda w: w.states()["a@web1"] == "dead")
        assert watched.part().broker.workers_unheard == 30
    told = [record for record in caplog.records if "never heard" in record.message]
    assert len(told) == 1


async def test_a_hung_control_does_not_stop_the_polls(
    broker: EmbeddedBroker, workers: Workers
) -> None:
    worker = workers.start(*named("a@web1"))
    async with watching(broker.url) as watched:
        await watched.until(lambda w: [row.pool for row in w.part().workers] == ["prefork"])
        worker.send_signal(signal.SIGSTOP)
        await watched.until(lambda w: w.states()["a@web1"] == "hung")
        assert watched.part().broker.poll_errors == {}
        worker.send_signal(signal.SIGCONT)
        await watched.until(online(1))


async def test_a_broker_restart_is_no_death(broker: EmbeddedBroker, workers: Workers) -> None:
    workers.start(*named("a@web1"))
    async with watching(broker.url) as watched:
        await watched.until(online(1))
        broker.stop()
        await watched.until(lambda w: w.part().broker.up is False)
        (row,) = watched.part().workers
        assert (row.state, row.up) == (None, None)
        broker.start()
        assert await watched.until(lambda w: w.part().broker.up) < 2
        seen = set()

        def beats_again(w: Watched) -> bool:
            (now,) = w.part().workers
            seen.add(now.state)
            return (now.last_seen_at or 0) > (row.last_seen_at or 0) + 1 and now.state == "online"

        await watched.until(beats_again, seconds=40)
        assert "dead" not in seen
        assert watched.part().broker.event_gaps == 1


async def test_a_paused_broker_kills_nobody(broker: EmbeddedBroker, workers: Workers) -> None:
    workers.start(*named("a@web1"))
    async with watching(broker.url) as watched:
        await watched.until(online(1))
        broker.pause()
        await watched.until(lambda w: w.part().broker.up is False)
        assert "timeout" in watched.part().broker.poll_errors
        broker.resume()
        await watched.until(lambda w: w.part().broker.up)
        assert watched.states()["a@web1"] in ("online", None)
        await watched.until(online(1))


async def test_tasks_are_counted_by_name_and_queue(
    broker: EmbeddedBroker, workers: Workers
) -> None:
    workers.start("-n", "a@web1", "-Q", "high,normal,low", "--concurrency=1")
    async with watching(broker.url) as watched:
        await watched.until(online(1))
        sender = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "monitor", "reference-app", "send", "send_welcome"),
            *("--count", "20", "--broker", broker.url),
        )
        assert await sender.wait() == 0
        # Some of the made-up people have an address that no mail can go to.
        await watched.until(
            lambda w: sum(t.succeeded + sum(t.failed.values()) for t in w.part().tasks) == 20
        )
        (task,) = watched.part().tasks
        assert (task.sent, task.received, task.started) == (20, 20, 20)
        assert task.queue_name == "normal"
        assert (task.runtime.count, task.wait.count) == (task.succeeded, 20)
