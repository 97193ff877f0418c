"""Faults done to real workers, and what the monitor made of each."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence, Set
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from celery import Celery

from monitor.alerts.engine import Engine
from monitor.alerts.rules import rules_of
from monitor.alerts.settings import AlertSettings
from monitor.demo import processes
from monitor.demo.broker import EmbeddedBroker
from monitor.facts.snapshot import MonitorFacts, Snapshot, WorkerFacts
from tests.broker.conftest import Watched, watching

SHIPPED_POLL_SECONDS = 5.0
START_SECONDS = 90.0
_LOOK_EVERY_SECONDS = 0.1


@dataclass(frozen=True, kw_only=True)
class Worker:
    """A worker to start."""

    name: str
    queue: str = ""
    """Left out: one of its own name."""
    pool: str = "prefork"
    options: tuple[str, ...] = ()
    clock_ahead_seconds: float = 0.0
    remote_control: bool = True
    holds_seconds: int = 0
    """A task of so long is sent to it before anything is done to it."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is done to a worker, and the states that it must reach one after the other."""

    worker: Worker
    what: str
    do: Callable[["Site", processes.Process], Awaitable[None]]
    states: tuple[tuple[str, float], ...] = ()
    """Each with the seconds that it may take."""
    passing: frozenset[str] = frozenset({"online", "late"})
    """States that it may be seen in besides."""
    alerts: frozenset[str] = frozenset()
    """Alerts that must be raised, and no others."""
    watch_seconds: float = 0.0
    """For how long to look on after the last state."""


@dataclass
class Site:
    """A broker, workers on it, and the monitor's books and rules."""

    broker: EmbeddedBroker
    watched: Watched
    folder: Path
    url: str
    started: list[tuple[str, processes.Process]] = field(default_factory=list)
    engine: Engine = field(default_factory=lambda: Engine(rules_of(AlertSettings())))
    seen: dict[str, set[str]] = field(default_factory=dict)
    raised: dict[str, set[str]] = field(default_factory=dict)
    """Alerts that have fired, by the worker or queue that they are of."""

    def start(self, worker: Worker) -> processes.Process:
        command = [sys.executable, "-m", "tests.broker.faulty_worker"]
        command += [str(worker.clock_ahead_seconds), "-A", "tests.broker.holding_app", "worker"]
        command += [
            "-n",
            f"{worker.name}@h",
            "-Q",
            worker.queue or worker.name,
            "-P",
            worker.pool,
            "-c",
            "1",
        ]
        environ = os.environ | {
            "CELERY_BROKER_URL": self.url,
            "REMOTE_CONTROL": "on" if worker.remote_control else "off",
        }
        log_file = self.folder / f"{worker.name}{len(self.started)}.log"
        process = processes.start(
            [*command, "--without-gossip", "--without-mingle", *worker.options],
            log_file=log_file,
            environ=environ,
        )
        self.started.append((worker.name, process))
        return process

    def process(self, name: str) -> processes.Process:
        """Return the process that was started under the name last."""
        return next(process for other, process in reversed(self.started) if other == name)

    def row(self, name: str) -> WorkerFacts | None:
        rows = [row for row in self.watched.part().workers if row.hostname == f"{name}@h"]
        return rows[0] if rows else None

    def state(self, name: str) -> str | None:
        row = self.row(name)
        return row.state if row else None

    async def reaches(self, name: str, states: str | Set[str], within_seconds: float) -> None:
        wanted = {states} if isinstance(states, str) else states
        await self.watched.until(lambda _: self.state(name) in wanted, within_seconds)

    def send(self, name: str, seconds: int) -> None:
        with Celery(broker=self.broker.url, set_as_current=False) as app:
            app.send_task("hold", (seconds,), queue=name)

    async def look(self) -> None:
        """Take note of states and alerts for ever."""
        while True:
            part, now = self.watched.part(), time.time()
            snapshot = Snapshot(
                at=now,
                brokers=(part.broker,),
                queues=part.queues,
                workers=part.workers,
                gone=part.gone,
                monitor=MonitorFacts(version="0"),
            )
            for worker in part.workers:
                if worker.state:
                    self.seen.setdefault(worker.hostname, set()).add(worker.state)
            for alert in self.engine.evaluate(snapshot, now):
                if alert.state == "firing":
                    labels = dict(alert.labels)
                    of = labels.get("hostname") or labels.get("queue_name") or labels["broker"]
                    self.raised.setdefault(of, set()).add(alert.alertname)
            await asyncio.sleep(_LOOK_EVERY_SECONDS)

    async def introduced(self, workers: Sequence[Worker]) -> None:
        """Wait until all workers have started: they beat, or told of themselves if they can."""
        hello_at: dict[str, float] = {}

        def ready(worker: Worker) -> bool:
            if "--without-heartbeat" in worker.options:
                return True  # not known before its first task, or the next census
            row = self.row(worker.name)
            if row is None or row.state != "online" or row.last_seen_at is None:
                return False
            beats = row.last_seen_at > hello_at.setdefault(worker.name, row.last_seen_at)
            return bool(row.pool) if worker.remote_control else beats

        await self.watched.until(lambda w: all(map(ready, workers)), START_SECONDS)


class Proxy:
    """Stands between workers and broker, and can drop everything without closing anything."""

    def __init__(self) -> None:
        self._port = 0
        self._healed = asyncio.Event()
        self._healed.set()
        self._pipes: set[asyncio.Task[None]] = set()
        self.listens_on = 0

    def to(self, port: int) -> str:
        """Lead to the server on `port` from now on; return the URL for the workers."""
        self._port = port
        return f"redis://127.0.0.1:{self.listens_on}/0"

    def drop(self) -> None:
        """Let nothing through."""
        self._healed.clear()

    def heal(self) -> None:
        """Let everything through again; what was held back comes late, as on a network."""
        self._healed.set()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a connection of a worker."""
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        for source, sink in ((reader, back), (there, writer)):
            pipe = asyncio.create_task(self._pipe(source, sink))
            self._pipes.add(pipe)
            pipe.add_done_callback(self._pipes.discard)

    async def _pipe(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                await self._healed.wait()
                sink.write(data)
                await sink.drain()
        except ConnectionError:
            pass  # one end has gone; the other is told by the close
        finally:
            sink.close()

    def close(self) -> None:
        """Break all connections."""
        for pipe in self._pipes:
            pipe.cancel()


@asynccontextmanager
async def proxy() -> AsyncIterator[Proxy]:
    """Start a proxy on a port that the kernel chose."""
    between = Proxy()
    server = await asyncio.start_server(between.connected, "127.0.0.1", 0)
    between.listens_on = server.sockets[0].getsockname()[1]
    try:
        yield between
    finally:
        server.close()
        between.close()


@asynccontextmanager
async def site(
    folder: Path,
    workers: Sequence[Worker],
    behind: "Proxy | None" = None,
    config: tuple[str, ...] = (),
) -> AsyncIterator[Site]:
    """Start a broker in `folder`, and the workers, who reach it through `behind` if given."""
    with EmbeddedBroker(folder, config=config) as broker:
        async with watching(broker.url, SHIPPED_POLL_SECONDS) as watched:
            url = behind.to(broker.port) if behind else broker.url
            running = Site(broker, watched, folder, url)
            looking = asyncio.create_task(running.look())
            try:
                for worker in workers:
                    running.start(worker)
                await running.introduced(workers)
                yield running
                assert not looking.done(), looking.exception()
            finally:
                looking.cancel()
                for _, process in running.started:
                    processes.kill(process)


async def hold(running: Site, fault: Fault, report: Callable[[str], None]) -> None:
    """Do the fault, and hold the monitor to what it has to say of it."""
    name = fault.worker.name
    if fault.worker.holds_seconds:
        running.send(name, fault.worker.holds_seconds)
        await asyncio.sleep(1.0)
    await fault.do(running, running.process(name))
    began = time.monotonic()
    for state, within_seconds in fault.states:
        await running.reaches(name, state, within_seconds)
        row = running.row(name)
        reason = row.reason if row else ""
        report(f"{fault.what}: {state} after {time.monotonic() - began:.1f} s ({reason})")
        began = time.monotonic()
    await asyncio.sleep(fault.watch_seconds)
    raised = running.raised.get(f"{name}@h", set()) | running.raised.get(name, set())
    report(f"{fault.what}: seen {sorted(running.seen[f'{name}@h'])}, alerts {sorted(raised)}")
    assert raised == fault.alerts, f"{fault.what}: {raised}"
    allowed = fault.passing | {state for state, _ in fault.states}
    assert running.seen[f"{name}@h"] <= allowed, f"{fault.what}: {running.seen}"


def signalling(number: signal.Signals) -> Callable[[Site, processes.Process], Awaitable[None]]:
    """Return what sends a signal to the worker's main process."""

    async def do(_running: Site, process: processes.Process) -> None:
        os.kill(process.pid, number)

    return do


async def nothing(_running: Site, _process: processes.Process) -> None:
    """Leave the worker alone."""
