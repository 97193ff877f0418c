"""One queue: what is remembered of it between polls."""

from collections.abc import Mapping

from monitor.facts.inflight import Share
from monitor.facts.queues.flow import Flow, Sample, Traffic
from monitor.facts.queues.marks import Marks
from monitor.facts.readings import MessageHead, QueueReading
from monitor.facts.snapshot import QueueFacts

NO_TRAFFIC = Traffic()


class Queue:
    """All priority lists of a queue together."""

    __slots__ = (
        "age_exact",
        "age_seconds",
        "counted",
        "dispatched_at",
        "flow",
        "length",
        "lengths",
        "marks",
        "max_age_seconds",
        "max_length",
        "oldest",
        "polled_at",
        "row",
        "shown",
        "target_drain_seconds",
        "traffic",
        "unacked",
    )

    def __init__(
        self,
        max_age_seconds: float | None,
        max_length: int | None,
        target_drain_seconds: float | None,
    ) -> None:
        self.max_age_seconds = max_age_seconds
        self.max_length = max_length
        self.target_drain_seconds = target_drain_seconds
        self.polled_at = 0.0
        self.traffic = NO_TRAFFIC
        self.unacked: int | None = None
        self.flow: Flow | None = None
        """None while it is quiet."""
        self.counted: dict[int, int] = {}
        """By index of the step: the length of its list when its messages were last counted."""
        self.length: int | None = None
        self.lengths: tuple[int, ...] = ()
        self.age_seconds: float | None = None
        self.age_exact: bool | None = None
        self.oldest: dict[int, list[tuple[MessageHead, float]]] = {}
        """By index of the step: the oldest messages, and since when each has been in the list."""
        self.marks: dict[int, Marks] = {}
        """By index of the step: what entered its list."""
        self.dispatched_at = float("-inf")
        self.shown: tuple[int | None, int | None, Share | None] = (None, None, None)
        """Workers, processes and share in flight as they are in the row."""
        self.row: QueueFacts | None = None
        """The row as it was last made; made anew only when something in it changed."""

    def idles(self, length: int, traffic: Traffic) -> bool:
        """Return whether a poll has nothing to say of it: empty as before, and no events."""
        return length == 0 == self.length and self.flow is None and traffic == self.traffic

    def apply(self, reading: QueueReading, sample: Sample) -> None:
        """Take what a good poll says of it."""
        at, length = sample.at, sample.length
        if self.length is not None and length < self.length:
            self.dispatched_at = at
        moved = self._follow(reading, at)
        self._flow(reading, sample, moved=moved)
        self.length, self.lengths = length, reading.lengths
        self.polled_at, self.traffic, self.unacked = at, sample.traffic, sample.unacked
        self._measure(at)
        self.row = None

    def blind(self) -> None:
        """Note that it cannot be read: nothing read before is true any more."""
        if self.length is not None:
            self.length = self.age_seconds = self.age_exact = self.row = self.flow = None
            self.lengths = ()

    def by_priority(self, steps: tuple[int, ...]) -> Mapping[int, int] | None:
        """Return the length of the list of each step; None while it cannot be read."""
        return dict(zip(steps, self.lengths, strict=True)) if self.lengths else None

    def _flow(self, reading: QueueReading, sample: Sample, *, moved: bool) -> None:
        """Count what came and went since the last poll; `moved`: something was seen to go."""
        entered, left, given_back = self._count(reading)
        if self.length is None:
            self.flow = Flow(sample) if sample.length else None
            return
        if self.flow is None:
            self.flow = Flow(Sample(self.polled_at, 0, traffic=self.traffic, unacked=self.unacked))
        self.flow.take(sample, entered=entered, left=max(left, int(moved)))
        if given_back:
            self.flow.restart()
        elif self.flow.quiet:
            self.flow = None

    def _count(self, reading: QueueReading) -> tuple[int, int, bool]:
        """Return how many came, how many went, each at least, and whether some were given back."""
        before, self.counted = self.counted, {}
        entered, left, given_back = 0, 0, False
        for step, length in enumerate(reading.lengths):
            seen = reading.entered[step] if reading.entered else None
            then, now = before.get(step, 0), seen.length if seen else length
            if now:
                self.counted[step] = now
            known = None if seen is None else seen.messages
            came = max(0, now - then) if known is None else known
            entered += came
            left += max(0, then + came - now)
            given_back = given_back or then + came < now
        return entered, left, given_back

    def _follow(self, reading: QueueReading, at: float) -> bool:
        """Remember since when each list's oldest messages have been there.

        Return whether an oldest message was taken.
        """
        moved = False
        before, self.oldest = self.oldest, {}
        marks_before, self.marks = self.marks, {}
        for step, heads in enumerate(reading.heads):
            if not heads:
                continue
            marks = self.marks[step] = marks_before.get(step) or Marks()
            since = _taken(marks, reading, step, len(heads), at)
            known = before.get(step, [])
            first_seen = {head.tag: seen_at for head, seen_at in known}
            if known and heads[0].tag != known[0][0].tag and not heads[0].redelivered:
                self.dispatched_at = at
                moved = True
            self.oldest[step] = [
                (head, min(seen_at, first_seen.get(head.tag, seen_at)))
                for head, seen_at in zip(heads, since, strict=True)
            ]
        return moved

    def _measure(self, at: float) -> None:
        """Find the age of the oldest message that is due.

        A stamped message's age is exact; another's is at least the time since it is known to
        have been there. A list of which all that was read waits for an ETA tells nothing of
        what is behind, if anything is.
        """
        ages: list[tuple[float, bool]] = []
        known = True
        for step, length in enumerate(self.lengths):
            oldest = self.oldest.get(step, [])
            due = [
                (max(0.0, at - _waiting_since(head, since)), head.enqueued_at is not None)
                for head, since in oldest
                if head.eta_at is None or head.eta_at <= at
            ]
            ages += due
            known = known and (bool(due) or len(oldest) >= length)
        self.age_seconds = max(age for age, _ in ages) if ages else 0.0 if known else None
        exact = known and all(stamped for _, stamped in ages)
        self.age_exact = None if self.age_seconds is None else exact


def _taken(
    marks: Marks, reading: QueueReading, step: int, oldest: int, at: float
) -> tuple[float, ...]:
    """Let `marks` take what entered the list of `step`.

    Return since when each of its `oldest` messages waits.
    """
    entered = reading.entered[step] if reading.entered else None
    length = reading.lengths[step] if entered is None else entered.length
    if entered is None:
        most = None
    else:
        most = entered.most if entered.messages is None else entered.messages
    first = marks.take(most, length, at)
    return (first, *(marks.since(place, length) for place in range(1, oldest)))


def _waiting_since(head: MessageHead, seen_at: float) -> float:
    """Return since when the message could have run; before its ETA nobody kept it waiting."""
    entered_at = seen_at if head.enqueued_at is None else head.enqueued_at
    return entered_at if head.eta_at is None else max(entered_at, head.eta_at)
