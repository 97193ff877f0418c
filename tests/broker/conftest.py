"""Real servers and real workers, watched in this very process."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
from celery.signals import before_task_publish

from monitor.broker.address import parse_url
from monitor.broker.keys import Keys
from monitor.broker.settings import BrokerSettings, PollSettings
from monitor.broker.watch import BrokerWatch
from monitor.demo import processes
from monitor.demo.broker import EmbeddedBroker
from monitor.facts.books import Books, BrokerPart
from monitor.facts.settings import QueueLimits, ScheduleSettings, TaskSettings, WorkerSettings
from monitor.stamp import stamp
from monitor.values.secret import Secret

STAMP = "queue-monitor.stamp"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker(tmp_path) as server:
        yield server


@pytest.fixture
def client(broker: EmbeddedBroker) -> Iterator["redis.Redis"]:
    with redis.Redis(port=broker.port) as connected:
        yield connected


@pytest.fixture(autouse=True)
def unstamped() -> Iterator[None]:
    """Let messages that a test sends itself be unstamped, whoever imported the stamp before:
    importing it is for the whole process."""
    before_task_publish.disconnect(dispatch_uid=STAMP)
    yield
    before_task_publish.connect(stamp, weak=False, dispatch_uid=STAMP)


class Workers:
    """Celery workers of the reference app."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder
        self._environ = os.environ | {"CELERY_BROKER_URL": url}
        self._started: list[processes.Process] = []

    def start(self, *options: str, app: str = "monitor.reference_app.app") -> processes.Process:
        return self._start(app, "worker", "--without-gossip", *options)

    def beat(self, app: str) -> processes.Process:
        """Start beat for an application that stands in the folder of the test."""
        return self._start(app, "beat", "--schedule", str(self._folder / "beat"))

    def _start(self, app: str, *arguments: str) -> processes.Process:
        process = processes.start(
            [sys.executable, "-m", "celery", "-A", app, *arguments],
            log_file=self._folder / f"worker{len(self._started)}.log",
            environ=self._environ | {"PYTHONPATH": f"{self._folder}:{Path.cwd()}"},
        )
        self._started.append(process)
        return process

    def stop(self) -> None:
        for process in self._started:
            processes.kill(process)


@pytest.fixture
def workers(tmp_path: Path, broker: EmbeddedBroker) -> Iterator[Workers]:
    started = Workers(tmp_path, broker.url)
    yield started
    started.stop()


class Watched:
    """A broker being watched; what is true of it now."""

    def __init__(self, books: Books) -> None:
        self.books = books

    def part(self) -> BrokerPart:
        self.books.step(time.time())
        return self.books.part(time.time())

    def lengths(self) -> dict[str, int | None]:
        return {queue.queue_name: queue.length for queue in self.part().queues}

    def states(self) -> dict[str, str | None]:
        return {worker.hostname: worker.state for worker in self.part().workers}

    async def until(self, true: Callable[["Watched"], object], seconds: float = 20.0) -> float:
        """Wait until it is so; return the seconds that it took."""
        began = time.monotonic()
        while not true(self):
            if time.monotonic() - began > seconds:
                raise AssertionError(f"not within {seconds} s: {self.part()}")
            await asyncio.sleep(0.05)
        return time.monotonic() - began

    async def polled(self, times: int) -> float:
        """Wait for so many good polls more; return the seconds that they took."""

        def polls() -> int:
            duration = self.part().broker.poll_duration
            return duration.count if duration else 0

        target = polls() + times
        return await self.until(lambda _: polls() >= target)


@asynccontextmanager
async def watching(
    url: str,
    interval: float = 0.5,
    *,
    tasks: TaskSettings | None = None,
    schedules: Iterable[ScheduleSettings] = (),
    **settings: Any,
) -> AsyncIterator[Watched]:
    """Watch the broker at `url` as the daemon does; `settings` are those of `BrokerSettings`."""
    chosen = BrokerSettings(url=Secret(url), **settings)
    options = chosen.transport_options
    keys = Keys(options, parse_url(chosen.url).db)
    books = Books(
        chosen.name,
        limits=QueueLimits(),
        workers=WorkerSettings(),
        tasks=tasks,
        schedules=schedules,
        steps=options.priority_steps,
        visibility_timeout_seconds=None,
        now=time.time(),
    )
    watch = BrokerWatch(
        chosen,
        PollSettings(interval=interval, timeout=0.8 * interval),
        keys=keys,
        books=books,
        clock=time.time,
        changed=lambda: None,
        reply_name="queue-monitor.reply.test",
    )
    task = asyncio.create_task(watch.run())
    try:
        yield Watched(books)
        assert not task.done(), task.exception()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
