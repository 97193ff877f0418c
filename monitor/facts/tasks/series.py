"""What is counted of one task name on one queue."""

import re

from monitor.facts.histogram import Histogram
from monitor.facts.readings import Event
from monitor.facts.snapshot import TaskFacts
from monitor.facts.tasks.window import Window

UNKNOWN = "unknown"
OTHER = "other"
"""Where there are more names than can be counted."""

RUNTIME_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)
WAIT_BOUNDS = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
"""Seconds. Waits get no finer than 10 ms at the low end: there, waiting is no trouble."""

COUNTED = (
    "task-sent",
    "task-received",
    "task-started",
    "task-succeeded",
    "task-failed",
    "task-retried",
    "task-revoked",
    "task-rejected",
)

_EXCEPTIONS_MOST = 50
_CLASS_NAME = re.compile(r"[A-Za-z_][\w.]{0,199}")


class TaskSeries:
    """Counters and histograms of one task name on one queue."""

    __slots__ = (
        "counts",
        "failed",
        "frozen",
        "last_received_at",
        "last_sent_at",
        "max_runtime_seconds",
        "name",
        "queue_known",
        "queue_name",
        "recent",
        "runtime",
        "wait",
    )

    def __init__(
        self, name: str, queue_name: str, max_runtime_seconds: float | None = None
    ) -> None:
        self.name = name
        self.queue_name = queue_name
        self.queue_known = True
        """Whether that is how the queue is called, and not a word that stands for some name."""
        self.max_runtime_seconds = max_runtime_seconds
        self.counts = dict.fromkeys(COUNTED, 0)
        """By event type."""
        self.failed: dict[str, int] = {}
        """Failures by exception class."""
        self.runtime = Histogram(RUNTIME_BOUNDS)
        self.wait = Histogram(WAIT_BOUNDS)
        self.last_sent_at: float | None = None
        self.last_received_at: float | None = None
        self.recent = Window(0, 0)
        """Failures, and successes."""
        self.frozen: TaskFacts | None = None
        """The row as it was last made; whoever counts sets it to None."""

    def count(self, event: Event) -> None:
        """Count one event of a type in `COUNTED`."""
        kind = event.type
        self.counts[kind] += 1
        self.frozen = None
        if kind == "task-succeeded":
            if event.runtime is not None:
                self.runtime.observe(event.runtime)
        elif kind == "task-failed":
            self._count_failure(event.exception)

    def _count_failure(self, exception: str | None) -> None:
        """Count by the class name; the rest of the text may hold secrets."""
        match = _CLASS_NAME.match(exception or "")
        name = match[0] if match else UNKNOWN
        if name not in self.failed and len(self.failed) >= _EXCEPTIONS_MOST:
            name = OTHER
        self.failed[name] = self.failed.get(name, 0) + 1

    def mark(self) -> None:
        """Let the window move on."""
        if self.recent.mark(*self._outcomes()):
            self.frozen = None

    def _outcomes(self) -> tuple[int, int]:
        return self.counts["task-failed"], self.counts["task-succeeded"]

    def facts(self, broker: str) -> TaskFacts:
        """Return the row of this series."""
        if self.frozen is None:
            counts = self.counts
            recently_failed, recently_succeeded = self.recent.growth(*self._outcomes())
            self.frozen = TaskFacts(
                broker=broker,
                name=self.name,
                queue_name=self.queue_name,
                sent=counts["task-sent"],
                received=counts["task-received"],
                started=counts["task-started"],
                succeeded=counts["task-succeeded"],
                failed=dict(self.failed),
                retried=counts["task-retried"],
                revoked=counts["task-revoked"],
                rejected=counts["task-rejected"],
                runtime=self.runtime.facts(),
                wait=self.wait.facts(),
                last_sent_at=self.last_sent_at,
                recently_failed=recently_failed,
                recently_finished=recently_failed + recently_succeeded,
                max_runtime_seconds=self.max_runtime_seconds,
                stuck=None if self.max_runtime_seconds is None else 0,
            )
        return self.frozen
