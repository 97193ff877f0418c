"""The queues of one broker: which are watched, and what successive polls say of them."""

from collections.abc import Iterable, Mapping, Sequence
from math import inf
from types import MappingProxyType

from msgspec.structs import replace

from monitor.facts.inflight import Split, split_by_queue
from monitor.facts.queues.flow import (
    Rates,
    Sample,
    Traffic,
    drain_seconds,
    mean_runtime_seconds,
    processes_needed,
    rates,
)
from monitor.facts.queues.queue import NO_TRAFFIC, Queue
from monitor.facts.queues.verdict import judge
from monitor.facts.readings import Poll
from monitor.facts.settings import QueueLimits
from monitor.facts.snapshot import QueueFacts
from monitor.facts.workers.consumers import Consumers
from monitor.values.globs import first_match

_NOBODY_TOLD = Consumers(known=False, workers={}, processes={})
_NONE: Mapping[str, Traffic] = MappingProxyType({})

_DISPATCH_REMEMBERED_SECONDS = 60.0
"""How long a message seen taken proves that somebody consumes the queue."""


class QueueBook:
    """All watched queues of one broker."""

    def __init__(
        self,
        broker: str,
        limits: QueueLimits,
        steps: tuple[int, ...],
        names: Iterable[str] = (),
        *,
        expected_workers: Mapping[str, int] | None = None,
    ) -> None:
        self._broker = broker
        self._expected_workers = expected_workers or {}
        self._limits = limits
        self._steps = steps
        self._queues: dict[str, Queue] = {}
        self._split: Split | None = None
        self.watch(names)

    def watch(self, names: Iterable[str]) -> None:
        """Watch these queues from now on."""
        for name in names:
            if name not in self._queues:
                self._queues[name] = Queue(
                    first_match(self._limits.max_age, name),
                    first_match(self._limits.max_length, name),
                    first_match(self._limits.target_drain, name),
                )

    def forget(self, name: str) -> None:
        """Watch it no more."""
        self._queues.pop(name, None)

    def __contains__(self, name: str) -> bool:
        return name in self._queues

    @property
    def names(self) -> tuple[str, ...]:
        """The watched queues, in the order in which they were found."""
        return tuple(self._queues)

    def apply(
        self,
        poll: Poll,
        consumers: Consumers = _NOBODY_TOLD,
        traffic: Mapping[str, Traffic] = _NONE,
    ) -> None:
        """Take a good poll, with who consumes what and what events have said of each queue."""
        self._split = None if poll.in_flight is None else split_by_queue(poll.in_flight, poll.at)
        for name, queue in self._queues.items():
            reading = poll.queues.get(name)
            if reading is None:
                queue.blind()
                continue
            length, of_events = sum(reading.lengths), traffic.get(name, NO_TRAFFIC)
            if queue.idles(length, of_events):
                queue.polled_at, queue.unacked = poll.at, self._unacked(name)
                continue
            sample = Sample(
                poll.at,
                length,
                slot_free=consumers.slot_free.get(name),
                traffic=of_events,
                unacked=self._unacked(name),
                passed_by=name in consumers.passed_by,
            )
            queue.apply(reading, sample)

    def _unacked(self, name: str) -> int | None:
        share = self._split.of(name) if self._split else None
        return share.unacked if share and share.exact else None

    def blind(self) -> None:
        """Note that the broker cannot be read: nothing read from it is true any more."""
        self._split = None
        for queue in self._queues.values():
            queue.blind()

    def facts(self, consumers: Consumers | None, now: float) -> tuple[QueueFacts, ...]:
        """Return a row a queue; `consumers` is None while nobody can tell who lives."""
        rows = []
        for name, queue in self._queues.items():
            workers, processes = _consuming(queue, name, consumers, now)
            share = self._split.of(name) if self._split else None
            row = queue.row
            shown = (workers, processes, share)
            if row is None or queue.shown != shown:
                queue.shown = shown
                row = queue.row = self._row(name, queue)
            rows.append(row)
        return tuple(rows)

    def _row(self, name: str, queue: Queue) -> QueueFacts:
        workers, processes, share = queue.shown
        row = QueueFacts(
            broker=self._broker,
            queue_name=name,
            length=queue.length,
            priority_length=queue.by_priority(self._steps),
            oldest_age_seconds=queue.age_seconds,
            oldest_age_exact=queue.age_exact,
            in_flight=share,
            workers=workers,
            processes=processes,
            max_age_seconds=queue.max_age_seconds,
            max_length=queue.max_length,
            target_drain_seconds=queue.target_drain_seconds,
            expected_workers=self._expected_workers.get(name),
        )
        return row if queue.length is None else _with_flow(row, queue)


def _with_flow(row: QueueFacts, queue: Queue) -> QueueFacts:
    """Add the rates, and what follows from them, of a queue that can be read."""
    if queue.flow is None:
        samples: Sequence[Sample] = (Sample(queue.polled_at, 0, traffic=queue.traffic),)
        flow: Rates | None = Rates(0.0, 0.0)
    else:
        samples = queue.flow.samples
        flow = rates(samples)
    length = row.length or 0
    return replace(
        row,
        arrival_rate=flow and flow.arrival,
        dispatch_rate=flow and flow.dispatch,
        drain_seconds=drain_seconds(length, flow),
        processes_needed=processes_needed(
            length,
            row.in_flight.unacked if row.in_flight else 0,
            flow,
            mean_runtime_seconds(samples),
            row.target_drain_seconds or inf,
        ),
        verdict=judge(samples, row.workers),
    )


def _consuming(
    queue: Queue, name: str, consumers: Consumers | None, now: float
) -> tuple[int | None, int | None]:
    """Return the live workers and pool slots that consume the queue; None: not known."""
    if consumers is None or not consumers.known:
        return None, None
    workers = consumers.workers.get(name, 0)
    if workers == 0 and now - queue.dispatched_at <= _DISPATCH_REMEMBERED_SECONDS:
        # Somebody takes messages: a worker that answers no questions, or a plain kombu consumer.
        return None, None
    return workers, consumers.processes.get(name, 0)
