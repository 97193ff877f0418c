"""Tasks of one broker: counters and histograms by task name and queue.

Only task-sent names the queue, only task-sent and task-received name the task, and the two
race; started, succeeded and failed carry nothing but the uuid. So each uuid has a run that
remembers its series; what is counted before the queue is known waits in the run, for up to
two seconds. Every state of one uuid counts under the same series. This is the event path:
each handler does as little as it can.
"""

from collections import deque
from collections.abc import Callable

from msgspec.structs import replace

from monitor.facts.readings import Event
from monitor.facts.series import OTHER, UNKNOWN, TaskSeries
from monitor.facts.snapshot import TaskFacts
from monitor.facts.times import parse_time
from monitor.facts.window import MARK_EVERY_SECONDS
from monitor.values.names import bounded

_SENT_MAY_LAG_SECONDS = 2.0
_RUNS_MOST = 100_000
_UUID_MOST = 256
_ENDED_MOST = 5_000
_SERIES_MOST = 10_000
_RUN_KEPT_SECONDS = 86_400.0
"""A run that has not ended by then is taken for lost when its place is needed."""


class _Run:
    """One uuid on its way."""

    __slots__ = ("due_at", "first_seen_at", "hostname", "name", "pending", "series")

    def __init__(self, name: str | None, at: float) -> None:
        self.name = name
        self.first_seen_at = at
        self.series: TaskSeries | None = None
        self.due_at: float | None = None
        """When it was sent, or its ETA when that is later; None: not seen being sent."""
        self.hostname: str | None = None
        self.pending: list[tuple[Event, float]] | None = None
        """What happened before its queue was known."""


class TaskBook:
    """All task series of one broker."""

    def __init__(self, broker: str) -> None:
        self._broker = broker
        self._series: dict[tuple[str, str], TaskSeries] = {}
        self._runs: dict[str, _Run] = {}
        self._ended: dict[str, _Run] = {}
        self._ended_before: dict[str, _Run] = {}
        self._waiting: deque[tuple[float, _Run]] = deque()
        self._look_for_lost_at = 0.0
        self._mark_at = float("-inf")
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
        run = self._runs.get(uuid) or self._find_ended(uuid) or self._start(uuid, name, at)
        # First of all: a started that came before it waits for this time.
        eta_at = parse_time(event.eta) if event.eta else None
        run.due_at = at if eta_at is None or eta_at < at else eta_at
        series = run.series
        if series is None:
            series = self._name(run, name, event.queue or UNKNOWN)
        series.counts["task-sent"] += 1
        series.last_sent_at = at
        series.frozen = None

    def received(self, event: Event, at: float) -> None:
        """Take a task-received: it names the task, but not the queue."""
        uuid = event.uuid
        if uuid is None:
            return
        run = self._runs.get(uuid)
        if run is None:
            run = self._find_ended(uuid) or self._start(uuid, event.name, at)
            if uuid not in self._runs and run.first_seen_at == at:
                self.left_out += 1
        run.hostname = event.hostname
        series = run.series
        if series is None:
            run.name = event.name or run.name
            self._wait_for_queue(run, event, at)
            return
        series.counts["task-received"] += 1
        series.frozen = None

    def _counted(self, event: Event, at: float) -> None:
        """Take any event that carries nothing but the uuid."""
        uuid = event.uuid
        if uuid is None:
            return
        run = self._runs.get(uuid)
        if run is None:
            run = self._find_ended(uuid) or self._start(uuid, None, at)
        if run.series is None:
            if run.hostname is None:
                run.hostname = event.hostname
            self._wait_for_queue(run, event, at)
        else:
            _count(run.series, run, event, at)
        if event.type in _FINAL and self._runs.pop(uuid, None) is not None:
            self._end(uuid, run)

    # -- runs --------------------------------------------------------------------------

    def _start(self, uuid: str, name: str | None, at: float) -> _Run:
        run = _Run(name, at)
        if len(uuid) <= _UUID_MOST and (len(self._runs) < _RUNS_MOST or self._made_room(at)):
            self._runs[uuid] = run
        return run

    def _made_room(self, at: float) -> bool:
        """Give up the oldest run if it is lost; else the oldest are kept, for they are next."""
        if at < self._look_for_lost_at:
            return False
        oldest = next(iter(self._runs))
        if at - self._runs[oldest].first_seen_at < _RUN_KEPT_SECONDS:
            self._look_for_lost_at = at + 1.0
            return False
        del self._runs[oldest]
        return True

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

    def _name(self, run: _Run, name: str | None, queue_name: str) -> TaskSeries:
        """Decide for good under which series the run counts, and count what waited."""
        series = run.series = self._of(name or run.name or UNKNOWN, queue_name)
        for event, at in run.pending or ():
            _count(series, run, event, at)
        run.pending = None
        return series

    def _of(self, name: str, queue_name: str) -> TaskSeries:
        name, queue_name = bounded(name), bounded(queue_name)
        series = self._series.get((name, queue_name))
        if series is None:
            if len(self._series) >= _SERIES_MOST:
                name = queue_name = OTHER  # names made of arguments would grow for ever
            series = self._series.setdefault((name, queue_name), TaskSeries(name, queue_name))
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

    def mark(self, now: float) -> None:
        """Let the windows move on; not called while nothing can be heard."""
        if now < self._mark_at:
            return
        self._mark_at = now + MARK_EVERY_SECONDS
        for series in self._series.values():
            series.mark()

    def queue_names(self) -> set[str]:
        """Return every queue that a task-sent named."""
        return {queue_name for _, queue_name in self._series} - {UNKNOWN, OTHER}

    # -- what is true ------------------------------------------------------------------

    def facts(self, *, listening: bool) -> tuple[TaskFacts, ...]:
        """Return a row a task name and queue; without the gauges while nothing can be heard."""
        rows = tuple(series.facts(self._broker) for series in self._series.values())
        return rows if listening else tuple(map(_blind, rows))


def _blind(row: TaskFacts) -> TaskFacts:
    return replace(row, recently_failed=None, recently_finished=None)


def _count(series: TaskSeries, run: _Run, event: Event, at: float) -> None:
    series.count(event)
    if event.type == "task-started" and run.due_at is not None:
        series.wait.observe(max(0.0, at - run.due_at))
        run.due_at = None  # a retry did not wait since the first sending


_FINAL = frozenset({"task-succeeded", "task-failed", "task-revoked", "task-rejected"})
