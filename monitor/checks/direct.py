"""Looks at a broker once, without a daemon: one poll and one round of questions to the workers.

What only time tells is not known then: rates, verdicts, tasks, alerts, whether a worker that
does not answer is dead, hung or busy, and the age of messages without a stamp.
"""

import asyncio
import contextlib
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from monitor import __version__
from monitor.broker.address import parse_url
from monitor.broker.control import ANSWER_SECONDS, Answers, Control
from monitor.broker.discovery import Discovery
from monitor.broker.failure import BrokerError
from monitor.broker.keys import Keys
from monitor.broker.poll import Poller
from monitor.broker.settings import BrokerSettings
from monitor.broker.wire import Wire
from monitor.facts.books import Books
from monitor.facts.readings import PollFailure
from monitor.facts.settings import QueueLimits, WorkerSettings
from monitor.facts.snapshot import MonitorFacts, QueueFacts, Snapshot, WorkerFacts

_SEARCH_PART = 0.5
"""Of the time there is, to look for queues that nobody named."""
_ANSWER_PART = 0.25
"""Of the time there is, for the workers' answers: one that gives none must not cost the rest."""


def look(
    broker: BrokerSettings, kind: str, names: Sequence[str], timeout_seconds: float
) -> Snapshot:
    """Return what one look says, as far as a check of `kind` needs it; a broker that cannot be
    read is down in it. `names` are those of the queues asked for.
    """
    return asyncio.run(_Look(broker, kind, names, timeout_seconds).snapshot())


class _Look:
    def __init__(
        self, broker: BrokerSettings, kind: str, names: Sequence[str], timeout_seconds: float
    ) -> None:
        self._settings = broker
        self._kind = kind
        self._names = {name for name in names if not set(name) & set("*?[")}
        self._timeout_seconds = timeout_seconds
        options = broker.transport_options
        self._keys = Keys(options, parse_url(broker.url).db)
        self._found: set[str] | None = None
        """The queues that a binding names; None: the search was not finished."""
        self._workers: tuple[WorkerFacts, ...] | None = None
        """Who listens for commands; None: they could not be asked."""
        self._books = Books(
            broker.name,
            limits=QueueLimits(),
            workers=WorkerSettings(),
            steps=options.priority_steps,
            visibility_timeout_seconds=options.visibility_timeout,
            now=time.time(),
        )

    async def snapshot(self) -> Snapshot:
        """Look, and return what was seen."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                await self._read()
        except TimeoutError:
            text = f"no answer within {self._timeout_seconds:g} s"
            self._books.poll_failed(PollFailure(time.time(), "timeout", text))
        except BrokerError as error:
            self._books.poll_failed(PollFailure(time.time(), error.reason, str(error)))
        now = time.time()
        part = self._books.part(now)
        consumers = self._consumers()
        rows = (_seen_once(queue, consumers) for queue in part.queues if self._exists(queue))
        return Snapshot(
            at=now,
            brokers=(replace(part.broker, settled=self._workers is not None),),
            queues=tuple(rows),
            workers=self._workers or (),
            monitor=MonitorFacts(version=__version__),
        )

    async def _read(self) -> None:
        """Poll, and ask the workers. Raises BrokerError."""
        wire = await Wire.open(self._settings, self._timeout_seconds)
        try:
            discovery = Discovery(self._keys)
            if self._kind == "queues":
                await self._find_queues(wire, discovery)
            poller = Poller(self._keys, discovery.route)
            self._books.polled(await poller.poll(wire, self._books.queues.names, time.time))
            if self._kind == "workers":
                await self._ask(wire)
            elif self._kind == "queues":
                # A queue has its length, whether or not this login may ask the workers.
                with contextlib.suppress(BrokerError):
                    await self._ask(wire)
        finally:
            wire.close()

    async def _find_queues(self, wire: Wire, discovery: Discovery) -> None:
        until = time.time() + self._timeout_seconds * _SEARCH_PART
        found: set[str] = set()
        while not (discovery.complete or discovery.refused) and time.time() < until:
            found = await discovery.queues(wire, until, time.time)
        self._found = found if discovery.complete else None
        self._books.watch_queues(found | self._names, time.time())

    async def _ask(self, wire: Wire) -> None:
        control = Control(
            self._keys,
            f"queue-monitor.reply.check-{os.getpid()}",
            min(ANSWER_SECONDS, self._timeout_seconds * _ANSWER_PART),
        )
        try:
            answers = await control.ask(wire, ("stats", "active_queues"), None, time.time)
            await control.clear(wire)
        except asyncio.CancelledError:
            await control.clean_up(lambda: Wire.open(self._settings, self._timeout_seconds))
            raise
        self._workers = tuple(_workers(self._settings.name, answers))

    def _exists(self, queue: QueueFacts) -> bool:
        """Return whether there is such a queue: Redis does not tell an empty one from none."""
        return self._found is None or queue.queue_name in self._found or queue.length != 0

    def _consumers(self) -> Counter[str] | None:
        """Return how many workers consume each queue; None: not all of them have said."""
        found: Counter[str] = Counter()
        for worker in self._workers or ():
            if worker.queues is None:
                return None
            found.update(set(worker.queues))
        return None if self._workers is None else found


def _seen_once(queue: QueueFacts, consumers: Counter[str] | None) -> QueueFacts:
    """Return the row without what a single look cannot know, and with how many consume it."""
    exact = queue.oldest_age_exact
    return replace(
        queue,
        oldest_age_seconds=queue.oldest_age_seconds if exact else None,
        oldest_age_exact=exact or None,
        workers=queue.workers if consumers is None else consumers[queue.queue_name],
    )


def _workers(broker: str, answers: Answers) -> Iterator[WorkerFacts]:
    """Yield a row for each worker that answered, and for each listener that did not."""
    queues = {each.hostname: each.queues for each in answers.replies if each.queues is not None}
    processes = [each for each in answers.replies if each.queues is None]
    shared = Counter(each.hostname for each in processes)
    for each in processes:
        several = shared[each.hostname] > 1
        yield WorkerFacts(
            broker=broker,
            hostname=f"{each.hostname}#{each.pid}" if several else each.hostname,
            state="online",
            last_seen_at=each.at,
            queues=queues.get(each.hostname),
            concurrency=each.concurrency,
            pool=each.pool,
        )
    listeners = answers.count.listeners if answers.count else 0
    for number in range(1, listeners - len(processes) + 1):
        yield WorkerFacts(
            broker=broker,
            hostname=f"silent listener {number}",
            state="unknown",
            reason="it listens for commands and answers none: busy, hung, or no worker",
        )
