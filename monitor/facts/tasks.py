"""Tasks of one broker: counters and histograms by task name and queue.

Only task-sent names the queue, only task-sent and task-received name the task, and the two
race; started, succeeded and failed carry nothing but the uuid. So each uuid has a run that
remembers its series; what is counted before the queue is known waits in the run, for up to
two seconds. Every state of one uuid counts under the same series. This is the event path:
each handler does as little as it can.
"""

import re
from collections import deque
from collections.abc import Callable

from monitor.facts.histogram import Histogram
from monitor.facts.readings import Event
from monitor.facts.snapshot import TaskFacts
from monitor.facts.times import parse_time

RUNTIME_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)
WAIT_BOUNDS = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)

UNKNOWN = "unknown"

_SENT_MAY_LAG_SECONDS = 2.0
_RUNS_MOST = 100_000
_ENDED_MOST = 5_000
_SERIES_MOST = 10_000
_EXCEPTIONS_MOST = 50
_CLASS_NAME = re.compile(r"[A-Za-z_][\w.]*")


class _Series:
    """What is counted of one task name on one queue."""

    __slots__ = (
        "failed",
        "frozen",
        "last_sent_at",
        "name",
        "queue_name",
        "received",
        "rejected",
        "retried",
        "revoked",
        "runtime",
        "sent",
        "started",
        "succeeded",
        "wait",
    )

    def __init__(self, name: str, queue_name: str) -> None:
        self.name = name
        self.queue_name = queue_name
        self.sent = self.received = self.started = self.succeeded = 0
        self.retried = self.revoked = self.rejected = 0
        self.failed: dict[str, int] = {}
        self.runtime = Histogram(RUNTIME_BOUNDS)
        self.wait = Histogram(WAIT_BOUNDS)
        self.last_sent_at: float | None = None
        self.frozen: TaskFacts | None = None
        """The row as it was last made; None since something was counted."""


class _Run:
    """One uuid on its way."""

    __slots__ = ("due_at", "hostname", "name", "pending", "series")

    def __init__(self, name: str | None) -> None:
        self.name = name
        self.series: _Series | None = None
        self.due_at: float | None = None
        """When it was sent, or its ETA when that is later; None: not seen being sent."""
        self.hostname: str | None = None
        self.pending: list[tuple[Event, float]] | None = None
        """What happened before its queue was known."""


class TaskBook:
    """All task series of one broker."""

    def __init__(self, broker: str) -> None:
        self._broker = broker
        self._series: dict[tuple[str, str], _Series] = {}
        self._runs: dict[str, _Run] = {}
        self._ended: dict[str, _Run] = {}
        self._ended_before: dict[str, _Run] = {}
        self._waiting: deque[tuple[float, _Run]] = deque()
        self.left_out = 0
        """Runs that were not followed because too many were under way."""
        self.handlers: dict[str, Callable[[Event, float], None]] = {
            "task-sent": self.sent,
            "task-received": self.received,
            "task-started": self._counted,
            "task-succeeded": self._counted,
            "task-failed": self._counted,
            "task-retried": self._counted,
            "task-revoked": self._counted,
            "task-rejected": self._counted,
        }
        """By event type: what to call with the event and its time of receipt."""

    # -- events ------------------------------------------------------------------------

    def sent(self, event: Event, at: float) -> None:
        """Take a task-sent: it names the task and the queue."""
        uuid, name = event.uuid, event.name
        if uuid is None or name is None:
            return
        run = self._runs.get(uuid) or self._find_ended(uuid) or self._start(uuid, name)
        series = run.series
        if series is None:
            series = self._name(run, name, event.queue or UNKNOWN)
        eta_at = parse_time(event.eta) if event.eta else None
        run.due_at = at if eta_at is None or eta_at < at else eta_at
        series.sent += 1
        series.last_sent_at = at
        series.frozen = None

    def received(self, event: Event, at: float) -> None:
        """Take a task-received: it names the task, but not the queue."""
        uuid = event.uuid
        if uuid is None:
            return
        run = self._runs.get(uuid)
        if run is None:
            run = self._find_ended(uuid) or self._start(uuid, event.name)
        run.hostname = event.hostname
        series = run.series
        if series is None:
            run.name = event.name or run.name
            self._wait_for_queue(run, event, at)
            return
        series.received += 1
        series.frozen = None

    def _counted(self, event: Event, at: float) -> None:
        """Take any event that carries nothing but the uuid."""
        uuid = event.uuid
        if uuid is None:
            return
        run = self._runs.get(uuid)
        if run is None:
            run = self._find_ended(uuid) or self._start(uuid, None)
        if run.series is None:
            if run.hostname is None:
                run.hostname = event.hostname
            self._wait_for_queue(run, event, at)
        else:
            _APPLY[event.type](run.series, run, event, at)
            run.series.frozen = None
        if event.type in _FINAL and self._runs.pop(uuid, None) is not None:
            self._end(uuid, run)

    # -- runs --------------------------------------------------------------------------

    def _start(self, uuid: str, name: str | None) -> _Run:
        run = _Run(name)
        if len(self._runs) < _RUNS_MOST:
            self._runs[uuid] = run
        else:
            # The oldest are kept: they are the next to run.
            self.left_out += 1
        return run

    def _end(self, uuid: str, run: _Run) -> None:
        """Keep an ended run for a while: a late task-sent or task-rejected belongs to it."""
        if len(self._ended) >= _ENDED_MOST:
            self._ended_before, self._ended = self._ended, {}
        self._ended[uuid] = run

    def _find_ended(self, uuid: str) -> _Run | None:
        return self._ended.get(uuid) or self._ended_before.get(uuid)

    def _wait_for_queue(self, run: _Run, event: Event, at: float) -> None:
        if run.pending is None:
            run.pending = []
            self._waiting.append((at + _SENT_MAY_LAG_SECONDS, run))
        run.pending.append((event, at))

    def _name(self, run: _Run, name: str | None, queue_name: str) -> _Series:
        """Decide for good under which series the run counts, and count what waited."""
        series = run.series = self._of(name or run.name or UNKNOWN, queue_name)
        for event, at in run.pending or ():
            _APPLY[event.type](series, run, event, at)
        run.pending = None
        series.frozen = None
        return series

    def _of(self, name: str, queue_name: str) -> _Series:
        series = self._series.get((name, queue_name))
        if series is None:
            if len(self._series) >= _SERIES_MOST:
                name = queue_name = "other"  # names made of arguments would grow for ever
            series = self._series.setdefault((name, queue_name), _Series(name, queue_name))
        return series

    def settle(self, now: float, only_queue: Callable[[str], str | None]) -> None:
        """Stop waiting for a task-sent where it is too late for one.

        `only_queue` names the queue of a worker that consumes a single one; of any other the
        queue is unknown, and not guessed.
        """
        waiting = self._waiting
        while waiting and waiting[0][0] <= now:
            run = waiting.popleft()[1]
            if run.series is None:
                queue_name = only_queue(run.hostname) if run.hostname else None
                self._name(run, run.name, queue_name or UNKNOWN)

    # -- what is true ------------------------------------------------------------------

    def facts(self) -> tuple[TaskFacts, ...]:
        """Return a row a task name and queue."""
        return tuple(series.frozen or self._freeze(series) for series in self._series.values())

    def _freeze(self, series: _Series) -> TaskFacts:
        series.frozen = TaskFacts(
            broker=self._broker,
            name=series.name,
            queue_name=series.queue_name,
            sent=series.sent,
            received=series.received,
            started=series.started,
            succeeded=series.succeeded,
            failed=dict(series.failed),
            retried=series.retried,
            revoked=series.revoked,
            rejected=series.rejected,
            runtime=series.runtime.facts(),
            wait=series.wait.facts(),
            last_sent_at=series.last_sent_at,
        )
        return series.frozen


def _apply_received(series: _Series, run: _Run, event: Event, at: float) -> None:
    series.received += 1


def _apply_started(series: _Series, run: _Run, event: Event, at: float) -> None:
    series.started += 1
    if run.due_at is not None:
        series.wait.observe(max(0.0, at - run.due_at))
        run.due_at = None  # a retry did not wait since the first sending


def _apply_succeeded(series: _Series, run: _Run, event: Event, at: float) -> None:
    series.succeeded += 1
    if event.runtime is not None:
        series.runtime.observe(event.runtime)


def _apply_failed(series: _Series, run: _Run, event: Event, at: float) -> None:
    match = _CLASS_NAME.match(event.exception or "")
    name = match[0] if match else UNKNOWN
    if name not in series.failed and len(series.failed) >= _EXCEPTIONS_MOST:
        name = "other"
    series.failed[name] = series.failed.get(name, 0) + 1


def _apply_retried(series: _Series, run: _Run, event: Event, at: float) -> None:
    series.retried += 1


def _apply_revoked(series: _Series, run: _Run, event: Event, at: float) -> None:
    series.revoked += 1


def _apply_rejected(series: _Series, run: _Run, event: Event, at: float) -> None:
    series.rejected += 1


_APPLY: dict[str, Callable[[_Series, _Run, Event, float], None]] = {
    "task-received": _apply_received,
    "task-started": _apply_started,
    "task-succeeded": _apply_succeeded,
    "task-failed": _apply_failed,
    "task-retried": _apply_retried,
    "task-revoked": _apply_revoked,
    "task-rejected": _apply_rejected,
}
_FINAL = frozenset({"task-succeeded", "task-failed", "task-revoked", "task-rejected"})
