"""The queues of one broker: which are watched, and what successive polls say of them."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import TypeVar

from monitor.facts.consumers import Consumers
from monitor.facts.inflight import Share, Split, split_by_queue
from monitor.facts.marks import Marks
from monitor.facts.readings import MessageHead, Poll, QueueReading
from monitor.facts.settings import QueueLimits
from monitor.facts.snapshot import QueueFacts

_Bound = TypeVar("_Bound", float, int)

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
        self._queues: dict[str, _Queue] = {}
        self._split: Split | None = None
        self.watch(names)

    def watch(self, names: Iterable[str]) -> None:
        """Watch these queues from now on."""
        for name in names:
            if name not in self._queues:
                self._queues[name] = _Queue(
                    _first_match(self._limits.max_age, name),
                    _first_match(self._limits.max_length, name),
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

    def apply(self, poll: Poll) -> None:
        """Take a good poll."""
        self._split = None if poll.in_flight is None else split_by_queue(poll.in_flight, poll.at)
        for name, reading in poll.queues.items():
            queue = self._queues.get(name)
            if queue is not None:
                queue.apply(reading, poll.at)

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
                row = queue.row = QueueFacts(
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
                    expected_workers=self._expected_workers.get(name),
                )
            rows.append(row)
        return tuple(rows)


class _Queue:
    """What is remembered of one queue between polls."""

    __slots__ = (
        "age_exact",
        "age_seconds",
        "dispatched_at",
        "length",
        "lengths",
        "marks",
        "max_age_seconds",
        "max_length",
        "oldest",
        "row",
        "shown",
    )

    def __init__(self, max_age_seconds: float | None, max_length: int | None) -> None:
        self.max_age_seconds = max_age_seconds
        self.max_length = max_length
        self.length: int | None = None
        self.lengths: tuple[int, ...] = ()
        self.age_seconds: float | None = None
        self.age_exact: bool | None = None
        self.oldest: dict[int, tuple[MessageHead, float]] = {}
        """By index of the step: the oldest message, and since when it has been in the list."""
        self.marks: dict[int, Marks] = {}
        """By index of the step: what entered its list."""
        self.dispatched_at = float("-inf")
        self.shown: tuple[int | None, int | None, Share | None] = (None, None, None)
        """Workers, processes and share in flight as they are in the row."""
        self.row: QueueFacts | None = None
        """The row as it was last made; made anew only when something in it changed."""

    def apply(self, reading: QueueReading, at: float) -> None:
        length = sum(reading.lengths)
        if length == 0 and self.length == 0:
            return
        if self.length is not None and length < self.length:
            self.dispatched_at = at
        self.length, self.lengths = length, reading.lengths
        self._follow(reading, at)
        self._measure(at)
        self.row = None

    def blind(self) -> None:
        if self.length is not None:
            self.length = self.age_seconds = self.age_exact = self.row = None
            self.lengths = ()

    def by_priority(self, steps: tuple[int, ...]) -> Mapping[int, int] | None:
        return dict(zip(steps, self.lengths, strict=True)) if self.lengths else None

    def _follow(self, reading: QueueReading, at: float) -> None:
        """Remember since when each list's oldest message has been there."""
        before, self.oldest = self.oldest, {}
        marks_before, self.marks = self.marks, {}
        for step, head in enumerate(reading.heads):
            if head is None:
                continue
            marks = self.marks[step] = marks_before.get(step) or Marks()
            since = _taken(marks, reading, step, at)
            known = before.get(step)
            if known is not None and known[0].tag == head.tag:
                since = min(known[1], since)
            elif known is not None and not head.redelivered:
                self.dispatched_at = at
            self.oldest[step] = (head, since)

    def _measure(self, at: float) -> None:
        """Find the age of the oldest message that is due.

        A stamped message's age is exact; another's is at least the time since it is known to
        have been there. A list whose oldest message waits for its ETA tells nothing of those
        behind it.
        """
        if self.length == 0:
            self.age_seconds, self.age_exact = 0.0, True
            return
        ages = [
            (max(0.0, at - _waiting_since(head, since)), head.enqueued_at is not None)
            for head, since in self.oldest.values()
            if head.eta_at is None or head.eta_at <= at
        ]
        if not ages:
            self.age_seconds = self.age_exact = None
            return
        waiting = sum(1 for n in self.lengths if n)
        self.age_seconds = max(age for age, _ in ages)
        self.age_exact = len(ages) == waiting and all(exact for _, exact in ages)


def _taken(marks: Marks, reading: QueueReading, step: int, at: float) -> float:
    """Let `marks` take what entered the list of `step`; return since when its oldest waits."""
    entered = reading.entered[step] if reading.entered else None
    if entered is None:
        return marks.take(None, reading.lengths[step], at)
    return marks.take(entered.messages, entered.length, at)


def _waiting_since(head: MessageHead, seen_at: float) -> float:
    """Return since when the message could have run; before its ETA nobody kept it waiting."""
    entered_at = seen_at if head.enqueued_at is None else head.enqueued_at
    return entered_at if head.eta_at is None else max(entered_at, head.eta_at)


def _consuming(
    queue: _Queue, name: str, consumers: Consumers | None, now: float
) -> tuple[int | None, int | None]:
    """Return the live workers and pool slots that consume the queue; None: not known."""
    if consumers is None or not consumers.known:
        return None, None
    workers = consumers.workers.get(name, 0)
    if workers == 0 and now - queue.dispatched_at <= _DISPATCH_REMEMBERED_SECONDS:
        # Somebody takes messages: a worker that answers no questions, or a plain kombu consumer.
        return None, None
    return workers, consumers.processes.get(name, 0)


def _first_match(bounds: Mapping[str, _Bound], name: str) -> _Bound | None:
    return next((bound for glob, bound in bounds.items() if fnmatchcase(name, glob)), None)
