"""One followed log: what successive readings of it say."""

from collections import deque

from msgspec import Struct

_MINUTE_SECONDS = 60.0


class LogReading(Struct, frozen=True):
    """What was new in a log."""

    at: float
    written_at: float | None
    """When one of its files was last written to, by the file system; None: not known."""
    matches: int
    """New lines that count."""
    problem: str = ""
    """Why not all of it could be read, in words."""


class LogFacts(Struct, frozen=True, kw_only=True):
    """A log that tasks write."""

    log: str
    readable: bool | None = None
    """None until it was tried."""
    problem: str = ""
    """Why not all of it can be read, in words."""
    last_write_at: float | None = None
    last_match_at: float | None = None
    """When a line that counts was last read; None: not since the monitor started."""
    matches: int = 0
    matches_per_minute: int | None = None
    """In the last minute; None until it has been watched for one."""
    silence_seconds: float | None = None
    """Since the last line that counts, at least; None: not known."""
    max_silence_seconds: float | None = None

    @property
    def key(self) -> tuple[str, ...]:
        """Its identity: the values of the labels in `IDENTITY`."""
        return (self.log,)


class LogBook:
    """What is known of one log; `by_pattern`: only lines that match count."""

    def __init__(
        self, log: str, *, by_pattern: bool, max_silence_seconds: float | None, now: float
    ) -> None:
        self._log = log
        self._by_pattern = by_pattern
        self._max_silence_seconds = max_silence_seconds
        self._watched_since = now
        self._reading: LogReading | None = None
        self._matches = 0
        self._matched_at: float | None = None
        self._lately: deque[tuple[float, int]] = deque()

    def take(self, reading: LogReading) -> None:
        """Take a reading."""
        self._reading = reading
        self._matches += reading.matches
        if reading.matches:
            self._matched_at = reading.at
            self._lately.append((reading.at, reading.matches))

    def facts(self, now: float) -> LogFacts:
        """Return what is true now."""
        while self._lately and now - self._lately[0][0] >= _MINUTE_SECONDS:
            self._lately.popleft()
        reading = self._reading
        watched_seconds = now - self._watched_since
        return LogFacts(
            log=self._log,
            readable=None if reading is None else not reading.problem,
            problem=reading.problem if reading else "",
            last_write_at=reading.written_at if reading else None,
            last_match_at=self._matched_at,
            matches=self._matches,
            matches_per_minute=(
                sum(count for _, count in self._lately)
                if watched_seconds >= _MINUTE_SECONDS
                else None
            ),
            silence_seconds=self._silence_seconds(now),
            max_silence_seconds=self._max_silence_seconds,
        )

    def _silence_seconds(self, now: float) -> float | None:
        """Return for how long nothing has come that counts, at least.

        Until something comes it is not known what was before the monitor watched, unless that
        was too long ago already.
        """
        by_write = self._reading.written_at if self._reading and not self._by_pattern else None
        heard_at = max(filter(None, (by_write, self._matched_at)), default=None)
        if heard_at is not None:
            return max(0.0, now - heard_at)
        watched_seconds = now - self._watched_since
        bound = self._max_silence_seconds
        return watched_seconds if bound is not None and watched_seconds > bound else None
