"""Real workers: task events that are off, a long task, and one whose end nobody heard."""

import asyncio
import base64
import json
import sys
import time
import uuid

import redis

from monitor.demo.broker import EmbeddedBroker
from monitor.facts.settings import TaskSettings
from monitor.facts.snapshot import TaskFacts
from tests.broker.conftest import Watched, Workers, watching
from tests.broker.test_queues_real import send

CELERY = (sys.executable, "-m", "celery", "-A", "monitor.reference_app.app")
PAUSE = "monitor.reference_app.faults.pause"


async def celery(broker: EmbeddedBroker, *arguments: str) -> None:
    """Run a command of Celery's own."""
    process = await asyncio.create_subprocess_exec(
        *CELERY, "-b", broker.url, *arguments, stdout=asyncio.subprocess.DEVNULL
    )
    assert await process.wait() == 0


def events(watched: Watched) -> bool | None:
    (worker,) = watched.part().workers
    return worker.task_events


def pausing(watched: Watched) -> TaskFacts | None:
    return next((task for task in watched.part().tasks if task.name == PAUSE), None)


def stuck(watched: Watched) -> int | None:
    task = pausing(watched)
    return task.stuck if task else None


def listening(watched: Watched) -> bool:
    """Whether the worker has answered; one that just came online does not listen yet."""
    return [worker.queues for worker in watched.part().workers] == [("normal",)]


async def test_rates_come_from_heartbeats_where_task_events_are_off(
    broker: EmbeddedBroker, workers: Workers
) -> None:
    off = "worker.send_task_events=no"
    workers.start("-n", "a@web1", "-Q", "normal", "--concurrency=1", off)
    async with watching(broker.url, interval=1.0) as watched:
        await watched.until(listening)
        began, sent = time.monotonic(), 0
        while time.monotonic() - began < 13:
            send(broker.url, "normal", count=5, name=PAUSE, args=(0,))
            sent += 5
            await asyncio.sleep(0.2)
        rate = sent / (time.monotonic() - began)
        await watched.until(lambda w: (w.part().queues[0].dispatch_rate or 0) > 0.5 * rate)
        (queue,) = watched.part().queues
        print(f"{rate:.1f} sent a second: {queue.arrival_rate:.1f}, {queue.dispatch_rate:.1f} seen")
        assert (queue.dispatch_rate or 0) < 1.5 * rate
        assert not any("task" in kind for kind in watched.part().broker.events_received)


async def test_a_worker_with_task_events_off_is_told_from_an_idle_one(
    broker: EmbeddedBroker, workers: Workers
) -> None:
    off = "worker.send_task_events=no"
    workers.start("-n", "a@web1", "-Q", "normal", "--concurrency=1", off)
    async with watching(broker.url) as watched:
        await watched.until(listening)
        assert watched.part().broker.workers_without_events == 0
        began = time.monotonic()
        while events(watched) is not False:
            assert time.monotonic() - began < 60
            await celery(broker, "call", PAUSE, "--args", "[0]", "--queue", "normal")
        assert watched.part().broker.workers_without_events == 1
        await celery(broker, "control", "enable_events")
        await celery(broker, "call", PAUSE, "--args", "[0]", "--queue", "normal")
        await watched.until(events)
        assert watched.part().broker.workers_without_events == 0


async def test_a_long_task_is_stuck_and_one_whose_end_was_lost_is_not(
    broker: EmbeddedBroker, workers: Workers, client: "redis.Redis"
) -> None:
    worker = workers.start("-n", "a@web1", "-Q", "normal", "--concurrency=2")
    bound = TaskSettings(max_runtime={"*": 3.0})
    async with watching(broker.url, tasks=bound) as watched:
        await watched.until(listening)
        await celery(broker, "call", PAUSE, "--args", "[60]", "--queue", "normal")
        lost = {"uuid": str(uuid.uuid4()), "hostname": "a@web1", "pid": worker.pid}
        for kind in ("task-received", "task-started"):
            tell(client, {"type": kind, "name": "app.lost", **lost})
        await watched.until(lambda w: running(w) == {PAUSE, "app.lost"})
        await watched.until(stuck)
        assert running(watched) == {PAUSE}
        task = pausing(watched)
        assert task is not None
        assert (task.longest_running_on, task.queue_name) == ("a@web1", "normal")
    # A monitor that starts now never heard of its beginning, and learns of it all the same.
    async with watching(broker.url, tasks=bound) as watched:
        await watched.until(stuck)
        task = pausing(watched)
        assert task is not None
        assert (task.longest_running_seconds or 0) > 3


def running(watched: Watched) -> set[str]:
    return {task.name for task in watched.part().tasks if task.longest_running_seconds}


def tell(client: "redis.Redis", event: dict[str, object]) -> None:
    """Publish an event as kombu does."""
    body = base64.b64encode(json.dumps(event).encode()).decode()
    client.publish("/0.celeryev/task.multi", json.dumps({"body": body}))
