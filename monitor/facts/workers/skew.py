"""How far a worker's clock is ahead of ours, by the beats that travelled fastest."""

_WINDOW_BEATS = 30


class Skew:
    """The skew of one worker's clock."""

    __slots__ = ("_best", "_count", "_last_best")

    def __init__(self) -> None:
        self._best: float | None = None
        self._last_best: float | None = None
        self._count = 0

    def note(self, ahead_seconds: float) -> None:
        """Keep the largest of the last beats: the one that travelled fastest."""
        if self._count >= _WINDOW_BEATS:
            self._last_best, self._best, self._count = self._best, None, 0
        self._count += 1
        if self._best is None or ahead_seconds > self._best:
            self._best = ahead_seconds

    @property
    def seconds(self) -> float | None:
        """How far the clock is ahead, as far as the fastest recent beat tells."""
        bests = [best for best in (self._best, self._last_best) if best is not None]
        return max(bests, default=None)
