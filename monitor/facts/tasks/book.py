"""Tasks of one broker: counters and histograms by task name and queue.

Only task-sent names the queue, only task-sent and task-received name the task, and the two
race; started, succeeded and failed carry nothing but the uuid. So each uuid has a run that
remembers its series; what is counted before the queue is known waits in the run, for up to
two seconds. Every state of one uuid counts under the same series. This is the event path:
each handler does as little as it can.
"""

from collections import deque
from collections.abc import Callable, Collection

from msgspec.structs import replace

from monitor.facts.queues.flow import Traffic
from monitor.facts.readings import Event, RunningTask
from monitor.facts.settings import TaskSettings
from monitor.facts.snapshot import TaskFacts
from monitor.facts.tasks.running import Longest, Run, Running
from monitor.facts.tasks.runs import Runs
from monitor.facts.tasks.schedules import LastSeen
from monitor.facts.tasks.series import OTHER, UNKNOWN, TaskSeries
from monitor.facts.tasks.window import MARK_EVERY_SECONDS
from monitor.facts.times import parse_time
from monitor.values.names import bounded

_SENT_MAY_LAG_SECONDS = 2.0
_SERIES_MOST = 10_000
_LONGEST_RUN_SECONDS = 30 * 86_400.0


class TaskBook:
    """All task series of one broker."""

    def __init__(self, broker: str, settings: TaskSettings | None = None) -> None:
        self._broker = broker
        self.running = Running(settings or TaskSettings())
        self._series: dict[tuple[str, str], TaskSeries] = {}
        self._by_name: dict[str, list[TaskSeries]] = {}
        self._runs = Runs(lost=self.running.end)
        self._open = self._runs.open
        self._waiting: deque[tuple[float, Run]] = deque()
        self._mark_at = float("-inf")
        self.left_out = 0
        """Runs that were not followed because too many were under way."""
        self.handlers: dict[str, Callable[[Event, float], None]] = {
            "task-sent": self.sent,
            "task-received": self.received,
            "task-started": self._started,
            "task-succeeded": self._stopped,
            "task-failed": self._stopped,
            "task-retried": self._stopped,
            "task-revoked": self._stopped,
            "task-rejected": self._stopped,
        }
        """By event type: what to call with the event and its time of receipt."""

    # -- events ------------------------------------------------------------------------

    def sent(self, event: Event, at: float) -> None:
        """Take a task-sent: it names the task and the queue."""
        uuid, name = event.uuid, event.name
        if uuid is None or name is None:
            return
        run = self._open.get(uuid) or self._runs.reopen(uuid, name, at)
        # First of all: a started that came before it waits for this time.
        run.due_at = at if event.eta is None else max(at, parse_time(event.eta) or at)
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
        run = self._open.get(uuid)
        if run is None:
            run = self._runs.reopen(uuid, event.name, at)
            if uuid not in self._open and run.first_seen_at == at:
                self.left_out += 1
        run.hostname = event.hostname
        series = run.series
        if series is None:
            run.name = event.name or run.name
            self._wait_for_queue(run, event, at)
            return
        series.counts["task-received"] += 1
        series.last_received_at = at
        series.frozen = None

    def _started(self, event: Event, at: float) -> None:
        """Take a task-started."""
        uuid = event.uuid
        if uuid is None:
            return
        run = self._open.get(uuid) or self._runs.reopen(uuid, None, at)
        series = run.series
        if series is None:
            run.hostname = run.hostname or event.hostname
            self._wait_for_queue(run, event, at)
        else:
            _count_started(series, run, at)
        if uuid in self._open:
            run.hostname, run.pid = event.hostname, event.pid
            self.running.begin(uuid, run, at)

    def _stopped(self, event: Event, at: float) -> None:
        """Take an event that says how a run, or a try of it, came to its end."""
        uuid = event.uuid
        if uuid is None:
            return
        run = self._open.get(uuid) or self._runs.reopen(uuid, None, at)
        series = run.series
        if series is None:
            run.hostname = run.hostname or event.hostname
            self._wait_for_queue(run, event, at)
        else:
            series.count(event)
        self.running.end(uuid)
        if event.type in _FINAL:
            self._runs.end(uuid)

    def told_running(
        self,
        hostname: str,
        running: Collection[RunningTask],
        asked_at: float,
        *,
        ahead_seconds: float,
        complete: bool,
    ) -> None:
        """Take what a worker said it runs: end what it does not name, begin what is news.

        `ahead_seconds` is how far its clock is ahead of ours; `complete`: all processes of that
        name have answered.
        """
        for task in running:
            if task.uuid not in self.running and not self._runs.ended(task.uuid):
                self._adopt(task, hostname, asked_at, ahead_seconds)
        uuids = {task.uuid for task in running}
        self.running.told(hostname, uuids, asked_at, complete=complete)

    # -- runs --------------------------------------------------------------------------

    def _adopt(
        self, task: RunningTask, hostname: str, asked_at: float, ahead_seconds: float
    ) -> None:
        """Follow a run that began while nobody listened."""
        run = self._open.get(task.uuid) or self._runs.start(task.uuid, task.name, asked_at)
        if task.uuid not in self._open:
            return
        run.hostname = hostname
        if run.series is None and run.pending is None:
            run.pending = []
            self._waiting.append((asked_at + _SENT_MAY_LAG_SECONDS, run))
        # Celery 4 says when by a clock that did not start in 1970.
        started_at = (task.started_at or asked_at) - ahead_seconds
        sane = asked_at - _LONGEST_RUN_SECONDS < started_at < asked_at
        self.running.begin(task.uuid, run, started_at if sane else asked_at)

    def _wait_for_queue(self, run: Run, event: Event, at: float) -> None:
        if run.pending is None:
            run.pending = []
            self._waiting.append((at + _SENT_MAY_LAG_SECONDS, run))
        run.pending.append((event, at))

    def _name(self, run: Run, name: str, queue_name: str) -> TaskSeries:
        """Decide for good under which series the run counts, and count what waited."""
        series = self._series.get((name, queue_name)) or self._new_series(name, queue_name)
        run.series = series
        if run.pending is not None:
            for event, at in run.pending:
                _count(series, run, event, at)
            run.pending = None
        return series

    def _new_series(self, name: str, queue_name: str) -> TaskSeries:
        """Return the series of these names, which may be too long to be had as they are."""
        key = bounded(name), bounded(queue_name)
        if key not in self._series and len(self._series) >= _SERIES_MOST:
            key = OTHER, OTHER  # names made of arguments would grow for ever
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = TaskSeries(*key, self.running.bound(key[0]))
            series.queue_known = queue_name == series.queue_name and queue_name != UNKNOWN
            self._by_name.setdefault(series.name, []).append(series)
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
                self._name(run, run.name or UNKNOWN, queue_name or UNKNOWN)

    def mark(self, now: float) -> None:
        """Let the windows move on; not called while nothing can be heard."""
        if now < self._mark_at:
            return
        self._mark_at = now + MARK_EVERY_SECONDS
        for series in self._series.values():
            series.mark()

    def traffic(self) -> dict[str, Traffic]:
        """Return what events have said of each queue."""
        sums: dict[str, list[float]] = {}
        for (_, queue_name), series in self._series.items():
            total = sums.setdefault(queue_name, [0, 0, 0.0, 0])
            total[0] += series.counts["task-sent"]
            total[1] += series.counts["task-received"]
            total[2] += series.runtime.sum
            total[3] += sum(series.runtime.counts)
        return {
            queue_name: Traffic(int(sent), int(received), seconds, int(runs))
            for queue_name, (sent, received, seconds, runs) in sums.items()
        }

    def queue_names(self, since: float) -> set[str]:
        """Return every queue that a task-sent named at `since` or later."""
        sent = (each for each in self._series.values() if (each.last_sent_at or 0.0) >= since)
        return {each.queue_name for each in sent if each.queue_known}

    @property
    def series(self) -> Collection[TaskSeries]:
        """All that is counted."""
        return self._series.values()

    def last_seen(self, name: str) -> LastSeen:
        """Return when a task of the name was last sent, and received, on any queue."""
        of_name = self._by_name.get(name, ())
        return LastSeen(
            sent_at=max((each.last_sent_at or 0.0 for each in of_name), default=0.0),
            received_at=max((each.last_received_at or 0.0 for each in of_name), default=0.0),
        )

    # -- what is true ------------------------------------------------------------------

    def facts(self, now: float, *, listening: bool) -> tuple[TaskFacts, ...]:
        """Return a row a task name and queue; without the gauges while nothing can be heard."""
        series = self._series.values()
        if not listening:
            return tuple(_blind(each.facts(self._broker)) for each in series)
        longest = self.running.longest(now)
        return tuple(self._row(each, longest.get(each), now) for each in series)

    def _row(self, series: TaskSeries, longest: Longest | None, now: float) -> TaskFacts:
        row = series.facts(self._broker)
        if longest is None:
            return row
        return replace(
            row,
            longest_running_seconds=max(0.0, now - longest.started_at),
            longest_running_on=longest.hostname,
            longest_running_id=longest.uuid,
            stuck=None if row.max_runtime_seconds is None else longest.stuck,
        )


def _blind(row: TaskFacts) -> TaskFacts:
    return replace(
        row,
        recently_failed=None,
        recently_finished=None,
        longest_running_seconds=None,
        stuck=None,
    )


def _count(series: TaskSeries, run: Run, event: Event, at: float) -> None:
    """Count an event that had to wait for its queue."""
    if event.type == "task-started":
        _count_started(series, run, at)
        return
    series.count(event)
    if event.type == "task-received":
        series.last_received_at = at


def _count_started(series: TaskSeries, run: Run, at: float) -> None:
    series.counts["task-started"] += 1
    series.frozen = None
    due_at = run.due_at
    if due_at is not None:
        series.wait.observe(at - due_at if at > due_at else 0.0)
        run.due_at = None  # a retry did not wait since the first sending


_FINAL = frozenset({"task-succeeded", "task-failed", "task-revoked", "task-rejected"})
