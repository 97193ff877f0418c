"""Since when silence means something."""

from math import sqrt

_RECONNECT_MOST_SECONDS = 32.0
"""Celery's longest pause between two tries to reach the broker is 30 s."""

_START_SECONDS = 3.0
"""A feed that comes up this soon after the monitor's start was not waited for."""


class Hearing:
    """Whether the event feed is up, and from when on silence counts."""

    def __init__(self, now: float) -> None:
        self.began_at = now
        """When this run of the monitor began."""
        self._lost_at: float | None = now
        self._was_up = False
        self.since = now
        """Silence before this proves nothing."""

    @property
    def up(self) -> bool:
        """Whether the event feed is up."""
        return self._lost_at is None

    def feed(self, connected: bool, now: float) -> bool:
        """Note that the event feed came up or went down; return whether it has just come up."""
        if not connected:
            if self._lost_at is None:
                self._lost_at = now
            return False
        if self._lost_at is None:
            return False
        lost_for = now - self._lost_at
        self._lost_at = None
        # Workers pause 2, 4, 6 .. 30 s between tries, so after an outage of D seconds the
        # next try is at most 2 * (sqrt(D) + 1) away (kombu `ensure_connection`).
        grace = 2 * (sqrt(lost_for) + 1)
        if not self._was_up and lost_for < _START_SECONDS:
            grace = 0.0  # the monitor started beside a broker that was there all along
        self.since = now + min(grace, _RECONNECT_MOST_SECONDS)
        self._was_up = True
        return True

    def deaf(self, now: float) -> None:
        """Note that nothing could be heard until now."""
        self.since = max(self.since, now)

    def silent_seconds(self, last_seen_at: float, now: float) -> float:
        """Return how long somebody has been silent while he could have been heard."""
        return now - max(last_seen_at, self.since)
