"""Tasks that are to run at certain times: were they received in time, and if not, why?

Beat leaves no trace of itself in the broker, so all there is to see is what it sends. A task
that was sent and not received tells of workers, one that was not sent tells of beat.
"""

from collections.abc import Callable, Iterable
from zoneinfo import ZoneInfo

from msgspec import Struct

from monitor.facts.scopes import UP_STATES
from monitor.facts.settings import ScheduleSettings
from monitor.facts.snapshot import ScheduleFacts, WorkerFacts
from monitor.facts.tasks.cron import parse_cron

_EARLY_SECONDS = 5.0
"""How far the clock of beat's host may be ahead of ours."""


class LastSeen(Struct, frozen=True):
    """When a task was last heard of, in Unix seconds; 0: not since the monitor started."""

    sent_at: float
    received_at: float


class ScheduleBook:
    """The schedules of one broker."""

    def __init__(self, broker: str, schedules: Iterable[ScheduleSettings]) -> None:
        self._broker = broker
        self._schedules = [_Schedule(settings) for settings in schedules]
        self._listening_from: float | None = None

    def listen(self, connected: bool, now: float) -> None:
        """Note that the event feed came up or went down."""
        self._listening_from = now if connected else None

    def facts(
        self, now: float, last_seen: Callable[[str], LastSeen], workers: Iterable[WorkerFacts]
    ) -> tuple[ScheduleFacts, ...]:
        """Return a row a schedule; `last_seen` takes the name of a task."""
        if not self._schedules:
            return ()
        heard = [worker.task_events for worker in workers if worker.state in UP_STATES]
        all_tell = bool(heard) and all(heard)
        rows = []
        for schedule in self._schedules:
            seen = last_seen(schedule.settings.task)
            due_at = schedule.due_at(now, seen, self._listening_from or now)
            missed, reason = _judge(due_at, seen, self._listening_from, all_tell)
            rows.append(
                ScheduleFacts(
                    broker=self._broker,
                    schedule=schedule.settings.label,
                    task=schedule.settings.task,
                    period_seconds=schedule.settings.every,
                    due_at=due_at,
                    last_received_at=seen.received_at or None,
                    missed=missed,
                    reason=reason,
                )
            )
        return tuple(rows)


class _Schedule:
    """One schedule, and when it was due last."""

    def __init__(self, settings: ScheduleSettings) -> None:
        self.settings = settings
        self._zone = ZoneInfo(settings.timezone)
        self._cron = parse_cron(settings.cron) if settings.cron else None
        self._minute = -1
        self._due_at: float | None = None

    def due_at(self, now: float, seen: LastSeen, listening_from: float) -> float | None:
        """Return when it was due last, its grace being over by `now`; None: not yet."""
        by = now - self.settings.grace
        if self._cron is None:
            every = self.settings.every or 0.0
            due_at = max(seen.received_at, listening_from) + every
            return due_at if due_at <= by else None
        if int(by // 60) != self._minute:
            self._minute = int(by // 60)
            self._due_at = self._cron.last_due(by, self._zone)
        return self._due_at


def _judge(
    due_at: float | None, seen: LastSeen, listening_from: float | None, all_tell: bool
) -> tuple[bool | None, str]:
    """Return whether it was missed and why; `all_tell`: all workers are known to send events."""
    if listening_from is None:
        return None, "the event feed is down"
    if due_at is None:
        return False, "it is not overdue"
    since = due_at - _EARLY_SECONDS
    if seen.received_at >= since:
        return False, "a worker received it"
    if due_at < listening_from:
        return None, "the monitor did not listen when it was due"
    # Who told of it before would have told of it this time too.
    if not (seen.received_at or all_tell):
        return None, "its workers may have task events off"
    return True, _why_missed(seen, since)


def _why_missed(seen: LastSeen, since: float) -> str:
    if seen.sent_at >= since:
        return "it was sent, and no worker has received it: nobody takes from its queue"
    if seen.sent_at:
        return "it was not sent: beat is silent"
    return "no worker has received it; whether beat sent it only task-sent events would tell"
