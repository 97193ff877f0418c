"""What a broker lost other than by work: restarts, failovers, flushes, evictions.

A queue that is suddenly empty is good news only if somebody has worked it off. Two polls next
to each other tell of a reset; that messages were lost is claimed only as far as fewer are there
than before, in lists and in flight together, and workers took none of them meanwhile.
"""

from collections.abc import Mapping

from msgspec import Struct

from monitor.facts.broker.increase import Increase
from monitor.facts.readings import UPTIME_OFF_SECONDS, Poll

RESETS: Mapping[str, str] = {
    "restarted": "the broker was restarted",
    "failed_over": "the broker failed over to another server",
    "flushed": "the broker was flushed",
    "evicted": "the broker evicted keys",
}
"""The label value, and the words for people."""

ANOTHER_PROCESS = frozenset({"restarted", "failed_over"})
"""Those after which another server process is the broker."""

_SETTLE_SECONDS = 5.0
"""After so long what workers did before the reset has been heard: they beat every 2 s."""

_TOLD_SECONDS = 600.0


class Reset(Struct, frozen=True):
    """One reset, found at the poll after it."""

    reason: str
    """One of `RESETS`."""
    at: float
    fell: Mapping[str, tuple[int, int]]
    """Messages before and after of each queue that has fewer now."""
    missing: int
    """By how many there are fewer now, of all queues and in flight; never below 0."""


def reset_between(before: Poll, after: Poll, evicted: int) -> Reset | None:
    """Return the reset between two polls next to each other; None: there was none.

    `evicted` is the number of keys that the server evicted between them.
    """
    reason = _reason(before, after, evicted)
    if reason is None:
        return None
    both = before.queues.keys() & after.queues.keys()
    held = {name: sum(before.queues[name].lengths) for name in both}
    left = {name: sum(after.queues[name].lengths) for name in both}
    missing = sum(held.values()) - sum(left.values())
    missing += (before.unacked or 0) - (after.unacked or 0)
    fell = {name: (n, left[name]) for name, n in held.items() if left[name] < n}
    if reason == "evicted":
        # Eviction takes a list whole; one that is merely shorter was worked on.
        fell = {name: (n, now) for name, (n, now) in fell.items() if now == 0}
        missing = min(missing, sum(n for n, _ in fell.values()))
    if missing <= 0 and reason not in ANOTHER_PROCESS:
        return None
    return Reset(reason, after.at, fell, max(0, missing))


def _reason(before: Poll, after: Poll, evicted: int) -> str | None:
    """Return what may have happened; what `flushed` and `evicted` need besides is losses."""
    old, new = before.server, after.server
    if old.run_id and new.run_id and old.run_id != new.run_id:
        was_there = new.started_at is not None and new.started_at < before.at - UPTIME_OFF_SECONDS
        return "failed_over" if was_there else "restarted"
    # Before a flush: the binding tables may be among what was evicted.
    if evicted and new.maxmemory_policy.startswith("allkeys-"):
        return "evicted"
    # kombu 5.7 drops a table that nobody has refreshed for an hour, and leaves messages alone.
    if before.binding_tables and after.binding_tables == 0:
        return "flushed"
    return None


class _Told(Struct, frozen=True):
    at: float
    left: int
    """Messages of the queue after the reset."""
    text: str


class ResetBook:
    """The resets of one broker."""

    def __init__(self) -> None:
        self.counts = dict.fromkeys(RESETS, 0)
        self._settling: list[tuple[Reset, int]] = []
        """With how many tasks workers had taken by the poll before."""
        self._lost = 0
        self._lost_lately = Increase(_TOLD_SECONDS)
        self._lost_lately.note(0, 0.0)
        self._queues: dict[str, _Told] = {}
        self._latest: Reset | None = None

    def polled(self, before: Poll, after: Poll, *, evicted: int, taken_before: int) -> Reset | None:
        """Take two polls next to each other, and return the reset between them, if any.

        `taken_before` as in `settle`, at the first.
        """
        self._forget(after)
        reset = reset_between(before, after, evicted)
        if reset is None:
            return None
        self.counts[reset.reason] += 1
        self._latest = reset
        if reset.missing:
            self._settling.append((reset, taken_before))
        for name, (held, left) in reset.fell.items():
            text = f"{RESETS[reset.reason]}: {held} messages before, {left} after"
            self._queues[name] = _Told(after.at, left, text)
        return reset

    def settle(self, now: float, taken: int) -> None:
        """Claim what is lost for sure; `taken` counts the tasks that workers took, ever."""
        due = [each for each in self._settling if now - each[0].at >= _SETTLE_SECONDS]
        for reset, taken_before in due:
            self._settling.remove((reset, taken_before))
            self._lost += max(0, reset.missing - (taken - taken_before))
            self._lost_lately.note(self._lost, now)

    def lost_lately(self, now: float) -> int:
        """Return how many messages were lost within the last ten minutes, at least."""
        return self._lost_lately.within(now) or 0

    @property
    def latest(self) -> str:
        """What the latest reset was, in words; empty: there was none."""
        return RESETS[self._latest.reason] if self._latest else ""

    @property
    def fell(self) -> Mapping[str, str]:
        """Why each queue that has nothing new since a reset has fewer messages, in words."""
        return {name: told.text for name, told in self._queues.items()}

    def _forget(self, poll: Poll) -> None:
        """Drop what was said of queues that have new messages, or had their time."""
        for name, told in list(self._queues.items()):
            reading = poll.queues.get(name)
            grew = reading is not None and sum(reading.lengths) > told.left
            if grew or poll.at - told.at > _TOLD_SECONDS:
                del self._queues[name]
