"""The runs of one broker that began and have not ended: how long the longest has been at it.

What is known comes from events, and one lost event makes a run that never ends. So a run that
is at it for long is doubted: `broker/questions.py` asks its worker what it runs, and what the
worker does not name is over. Kept by `book.py`, on the event path.
"""

from collections.abc import Callable, Iterable, Mapping, Set

from msgspec import Struct

from monitor.facts.readings import Event
from monitor.facts.settings import TaskSettings
from monitor.facts.tasks.series import TaskSeries
from monitor.values.globs import first_match

_DOUBTED_AFTER_SECONDS = 600.0
"""How long a run without a bound may be at it before its worker is asked."""
_ASK_AGAIN_SECONDS = 60.0


class Run(Struct, gc=False):
    """One uuid on its way.

    Not tracked by the garbage collector, as nothing that it refers to refers to it: a hundred
    thousand of them under way would be walked through again and again.
    """

    name: str | None
    first_seen_at: float
    series: TaskSeries | None = None
    due_at: float | None = None
    """When it was sent, or its ETA when that is later; None: not seen being sent."""
    hostname: str | None = None
    pid: int | None = None
    """Of the worker that runs it; None: not known, where `active` told of it."""
    pending: list[tuple[Event, float]] | None = None
    """What happened before its queue was known."""
    started_at: float = 0.0
    ask_at: float = 0.0
    """When its worker may be asked next whether it still runs."""
    confirmed: bool = False
    """Whether its worker said that it still ran when it was past its bound."""


class Longest(Struct, frozen=True):
    """The runs of one series that are under way."""

    uuid: str
    hostname: str | None
    started_at: float
    stuck: int | None
    """How many are past the bound and were confirmed; None: none was, and some are past it."""


class Running:
    """The runs that are under way."""

    def __init__(self, settings: TaskSettings) -> None:
        self._max_runtime = settings.max_runtime
        self._bounds: dict[str, float | None] = {}
        """By task name, as they were looked up."""
        self._runs: dict[str, Run] = {}

    def __contains__(self, uuid: str) -> bool:
        return uuid in self._runs

    @property
    def bounded(self) -> bool:
        """Whether any bound is set, so that it matters what runs since before the monitor."""
        return bool(self._max_runtime)

    def bound(self, name: str) -> float | None:
        """Return how long runs of the task may take; None: there is no bound."""
        if name not in self._bounds:
            self._bounds[name] = first_match(self._max_runtime, name)
        return self._bounds[name]

    # -- what is heard -----------------------------------------------------------------

    def begin(self, uuid: str, run: Run, at: float) -> None:
        """Note that a run began on the worker that it names."""
        run.started_at, run.ask_at, run.confirmed = at, 0.0, False
        self._runs[uuid] = run

    def end(self, uuid: str) -> None:
        """Note that a run ended, for now or for good; it need not have begun."""
        self._runs.pop(uuid, None)

    def lose(self, may_run: Callable[[str, int | None], bool]) -> None:
        """Drop the runs whose process, by node name and pid, can run nothing any more."""
        for uuid, run in tuple(self._runs.items()):
            if run.hostname is not None and not may_run(run.hostname, run.pid):
                del self._runs[uuid]

    # -- what is doubted ---------------------------------------------------------------

    def doubted(self, now: float) -> tuple[str, ...]:
        """Return the workers to ask what they run. They are taken as being asked."""
        hostnames = set()
        for run in self._runs.values():
            if run.hostname is not None and now >= run.ask_at and self._overdue(run, now):
                run.ask_at = now + _ASK_AGAIN_SECONDS
                hostnames.add(run.hostname)
        return tuple(sorted(hostnames))

    def told(self, hostname: str, running: Set[str], asked_at: float, *, complete: bool) -> None:
        """Take the uuids of what a worker said, asked at `asked_at`, that it runs.

        `complete`: all processes of that name have answered.
        """
        for uuid, run in tuple(self._runs.items()):
            if run.hostname != hostname or run.started_at >= asked_at:
                continue
            if uuid in running:
                run.confirmed = run.confirmed or self._overdue(run, asked_at)
            elif complete:
                del self._runs[uuid]

    def _overdue(self, run: Run, now: float) -> bool:
        bound = self.bound(run.series.name) if run.series else None
        return now - run.started_at > (_DOUBTED_AFTER_SECONDS if bound is None else bound)

    # -- what is true ------------------------------------------------------------------

    def longest(self, now: float) -> Mapping[TaskSeries, Longest]:
        """Return for each series with a run under way the one that is at it for longest."""
        of_series: dict[TaskSeries, list[tuple[str, Run]]] = {}
        for uuid, run in self._runs.items():
            if run.series is not None:
                of_series.setdefault(run.series, []).append((uuid, run))
        return {series: self._longest(runs, now) for series, runs in of_series.items()}

    def _longest(self, runs: Iterable[tuple[str, Run]], now: float) -> Longest:
        uuid, run = min(runs, key=lambda each: each[1].started_at)
        return Longest(uuid, run.hostname, run.started_at, self._stuck(runs, now))

    def _stuck(self, runs: Iterable[tuple[str, Run]], now: float) -> int | None:
        overdue = [run for _, run in runs if self._overdue(run, now)]
        confirmed = sum(1 for run in overdue if run.confirmed)
        return None if overdue and not confirmed else confirmed
