"""Rhythms: tasks that come on a steady period, learned from when they came.

Called by the books at every good poll with what `book.py` has counted, so that no event costs more
for it. A rhythm is shown among the schedules and kept over restarts. It pages nobody: who did
not declare a schedule never said that it matters.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from statistics import median_low

from msgspec import Struct

from monitor.facts.settings import ScheduleSettings
from monitor.facts.snapshot import ScheduleFacts
from monitor.facts.tasks.series import OTHER, UNKNOWN, TaskSeries

_GAPS = 6
"""So many in a row must fit to learn a period; of as many, all but two to keep it."""

_GAPS_OFF_MOST = 2
"""One is late, or one more was sent by hand: that cuts a gap in two."""

_SHORTEST_SECONDS = 10.0
"""What comes faster is traffic, and between two looks more than one may have come."""

_OFF_SECONDS = 0.5
_OFF_PART = 0.05
"""By how much a gap may be off its period: the larger of the two."""

_FOLLOWED_MOST = 2_000
_SHOWN_MOST = 200

_FORGET_SECONDS = 86_400.0
_FORGET_PERIODS = 10
"""What did not come for so long, and for so many of its periods, has no rhythm any more."""


class Came(Struct, frozen=True, gc=False):
    """How often a task came, and when it did last (Unix seconds)."""

    kind: str
    """Whether that is said of its sending or of its being received."""
    times: int
    last_at: float
    received_at: float = 0.0
    """When it was last received; 0: not since the monitor started."""


class Known(Struct, frozen=True, gc=False):
    """A rhythm as it is kept over a restart of the monitor."""

    period_seconds: float
    last_at: float


def came(series: Iterable[TaskSeries]) -> dict[str, Came]:
    """Return how often each task was sent, or received where nobody tells of its sending."""
    sums: dict[str, tuple[int, float, int, float]] = {}
    for each in series:
        sent, sent_at, received, received_at = sums.get(each.name, (0, 0.0, 0, 0.0))
        sums[each.name] = (
            sent + each.counts["task-sent"],
            max(sent_at, each.last_sent_at or 0.0),
            received + each.counts["task-received"],
            max(received_at, each.last_received_at or 0.0),
        )
    return {
        task: Came("sent", sent, sent_at, received_at)
        if sent
        else Came("received", received, received_at, received_at)
        for task, (sent, sent_at, received, received_at) in sums.items()
        if task not in (UNKNOWN, OTHER)
    }


class _Follower:
    """What is remembered of one task."""

    __slots__ = ("came", "gaps", "last_at", "period_seconds", "seen_at")

    def __init__(self, known: Known | None) -> None:
        self.came: Came | None = None
        self.last_at: float | None = None
        """None: nobody listened since, so that the next gap tells nothing."""
        self.gaps: deque[float] = deque(maxlen=_GAPS)
        self.period_seconds = known.period_seconds if known else None
        self.seen_at = known.last_at if known else 0.0

    def take(self, came: Came) -> None:
        """Take what is known of it now."""
        before, self.came = self.came, came
        new = before is None or before.kind != came.kind
        times = came.times if before is None or new else came.times - before.times
        if not times:
            return
        if self.last_at is not None and not new:
            # Of several since the last look only the last one's time is known: no rhythm at all.
            self._note(came.last_at - self.last_at if times == 1 else 0.0)
        self.last_at = self.seen_at = came.last_at

    def _note(self, gap_seconds: float) -> None:
        self.gaps.append(gap_seconds)
        if self.period_seconds is None:
            period = round(median_low(self.gaps), 1)
            long_enough = len(self.gaps) == _GAPS and period >= _SHORTEST_SECONDS
            if long_enough and all(_fits(gap, period) for gap in self.gaps):
                self.period_seconds = period
        elif sum(not _fits(gap, self.period_seconds) for gap in self.gaps) > _GAPS_OFF_MOST:
            self.period_seconds = None


def _fits(gap_seconds: float, period_seconds: float) -> bool:
    return abs(gap_seconds - period_seconds) <= _allowance(period_seconds)


def _allowance(period_seconds: float) -> float:
    return max(_OFF_SECONDS, _OFF_PART * period_seconds)


class RhythmBook:
    """The rhythms of one broker."""

    def __init__(
        self,
        broker: str,
        declared: Iterable[ScheduleSettings],
        known: Mapping[str, Known] | None = None,
    ) -> None:
        self._broker = broker
        self._declared = {name for each in declared for name in (each.task, each.label)}
        self._followed = {task: _Follower(each) for task, each in (known or {}).items()}
        self._listening_from: float | None = None

    def listen(self, connected: bool, now: float) -> None:
        """Note that the event feed came up or went down: what came meanwhile is not known."""
        self._listening_from = now if connected else None
        for follower in self._followed.values():
            follower.last_at = None

    def take(self, tasks: Mapping[str, Came], now: float) -> None:
        """Take what came of each task so far."""
        if self._listening_from is None:
            return
        for task, came in tasks.items():
            follower = self._followed.get(task)
            if follower is None:
                if len(self._followed) >= _FOLLOWED_MOST:
                    continue
                follower = self._followed[task] = _Follower(None)
            follower.take(came)
        self._forget(now, now - self._listening_from)

    @property
    def known(self) -> Mapping[str, Known]:
        """What is to be kept over a restart, by task."""
        return {
            task: Known(period, self._followed[task].seen_at)
            for task, period in self._periods().items()
        }

    def facts(self, now: float) -> tuple[ScheduleFacts, ...]:
        """Return a row a rhythm, except where its name is that of a schedule or of its task."""
        shown = [task for task in sorted(self._periods()) if task not in self._declared]
        return tuple(self._row(task, now) for task in shown[:_SHOWN_MOST])

    def _row(self, task: str, now: float) -> ScheduleFacts:
        follower = self._followed[task]
        period = follower.period_seconds or 0.0
        due_at = None if follower.last_at is None else follower.last_at + period
        overdue = due_at is not None and now > due_at + _allowance(period)
        what = "it is overdue" if overdue else "it is not overdue"
        if follower.last_at is None:
            what = "it has not come since the monitor began to listen"
        return ScheduleFacts(
            broker=self._broker,
            schedule=task,
            task=task,
            learned=True,
            period_seconds=period,
            due_at=due_at if overdue else None,
            last_received_at=(follower.came.received_at or None) if follower.came else None,
            reason=f"learned from when it came, never alerted on: {what}",
        )

    def _forget(self, now: float, listened_seconds: float) -> None:
        for task, period in self._periods().items():
            silent = now - self._followed[task].seen_at
            had_its_chance = listened_seconds > 2 * period
            if had_its_chance and silent > max(_FORGET_SECONDS, _FORGET_PERIODS * period):
                del self._followed[task]

    def _periods(self) -> dict[str, float]:
        return {
            task: follower.period_seconds
            for task, follower in self._followed.items()
            if follower.period_seconds is not None
        }
