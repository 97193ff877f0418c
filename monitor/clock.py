"""The time, read in one place. Owned by `daemon.py`, which hands it down."""

import time
from collections.abc import Callable

_TOLERATED_LAG_SECONDS = 1.0
"""Behind the wall clock: as much is slewed away by whoever sets it, and need not be followed."""


class Clock:
    """Unix seconds that never go back: the wall clock at the start, advanced by the monotonic.

    The monotonic clock stands still while the machine is suspended, and the wall clock may be set
    right after the start. So where the wall clock is ahead, it is followed. Where it is set back,
    durations matter more than dates: nothing is repeated, and the dates stay ahead until the next
    start.

    Whoever is the first to ask after a time in which nobody did has `overslept` called before the
    answer, with that answer: this process was stopped or its machine suspended, so that nothing
    could be heard.
    """

    def __init__(
        self,
        most_between_seconds: float,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """It is asked every `most_between_seconds` at least, where the process runs."""
        self._most_between_seconds = most_between_seconds
        self._wall = wall
        self._monotonic = monotonic
        self._offset = wall() - monotonic()
        self._asked_at = wall()
        self.overslept: Callable[[float], None] = lambda _now: None

    def __call__(self) -> float:
        """Return now in Unix seconds."""
        now = self._offset + self._monotonic()
        behind = self._wall() - now
        if behind > _TOLERATED_LAG_SECONDS:
            self._offset += behind
            now += behind
        before, self._asked_at = self._asked_at, now
        if now - before > self._most_between_seconds:
            self.overslept(now)
        return now
