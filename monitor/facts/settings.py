"""Settings of the books: bounds of queues and tasks, and how patient to be with workers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from monitor.values.units import Seconds

LEAST_EVERY_SECONDS = 10.0
"""Of a schedule's `every`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLimits:
    """Bounds for the built-in queue rules, by glob of the queue name; the first match counts."""

    max_age: Mapping[str, Seconds] = field(default_factory=lambda: {"*": 900.0})
    """How long the oldest message may wait; past it QueueTooOld holds."""
    max_length: Mapping[str, int] = field(default_factory=dict)
    """How many messages may wait; past it QueueTooLong holds."""
    forget_after: Seconds = 604_800.0
    """A queue of which no binding, message or worker has spoken for so long is shown no more."""
    target_drain: Mapping[str, Seconds] = field(default_factory=lambda: {"*": 600.0})
    """How soon a backlog should be worked off: what `processes_needed` aims at. A queue that grows
    and needs longer is told of by QueueBacklogGrowing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """How patient to be with workers."""

    forget_after: Seconds = 3600.0
    """A dead worker that nobody replaced is forgotten, and its alert resolved, after this."""
    patience: Seconds = 600.0
    """How long a solo, gevent or eventlet worker may be silent while something says that it
    runs a task; after that it is hung."""
    expected: Mapping[str, int] = field(default_factory=dict)
    """How many live workers each queue must have, by its name; WorkersMissing holds below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSettings:
    """Bounds for the built-in task rules, by glob of the task name; the first match counts."""

    max_runtime: Mapping[str, Seconds] = field(default_factory=dict)
    """How long a run may take; past it, and confirmed by its worker, TaskStuck holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSettings:
    """A task that is to run at certain times, as Celery's beat sends it."""

    task: str
    """The name of the task."""
    name: str = ""
    """What the schedule is called in metrics and alerts; left out: the name of the task."""
    cron: str | None = None
    """When: minute, hour, day of the month, month, day of the week, as Celery's crontab."""
    every: Seconds | None = None
    """How often, in place of `cron`."""
    timezone: str = "UTC"
    """Of `cron`: Celery's `timezone`."""
    grace: Seconds = 60.0
    """How late a worker may receive it; past that ScheduleMissed holds."""
    broker: str | None = None
    """The name of the broker that it runs on; left out: the first."""

    @property
    def label(self) -> str:
        """What it is called."""
        return self.name or self.task
