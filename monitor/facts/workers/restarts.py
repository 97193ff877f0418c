"""How often a worker was started again, after a goodbye or without."""

from collections import deque

CRASH_WINDOW_SECONDS = 900.0
_CRASHES_MOST = 100


class Restarts:
    """The restarts under one node name, handed on from each process to the next."""

    __slots__ = ("_crashes", "counts")

    def __init__(self) -> None:
        self.counts = {"true": 0, "false": 0}
        """By whether a goodbye came first."""
        self._crashes: deque[float] = deque(maxlen=_CRASHES_MOST)
        """When those without one were found."""

    def note(self, at: float, *, clean: bool) -> None:
        """Count that it was started again, by whether a goodbye came first."""
        self.counts["true" if clean else "false"] += 1
        if not clean:
            self._crashes.append(at)

    def crashes_since(self, at: float) -> int:
        """Return how often it was started again without a goodbye since then."""
        return sum(1 for crash_at in self._crashes if crash_at >= at)
