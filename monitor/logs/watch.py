"""Watching one log: reads it every so often, and keeps its book. Made by `daemon.py`."""

import asyncio
import logging
from collections.abc import Callable

from monitor.facts.logs import LogBook, LogFacts
from monitor.journal import event
from monitor.logs.follower import Follower
from monitor.logs.settings import LogSettings

_log = logging.getLogger(__name__)


class LogWatch:
    """Keeps the book of one log current."""

    def __init__(
        self, settings: LogSettings, interval_seconds: float, clock: Callable[[], float]
    ) -> None:
        self._label = settings.label
        self._interval_seconds = interval_seconds
        self._clock = clock
        self._follower = Follower(settings)
        self._book = LogBook(
            settings.label,
            by_pattern=settings.pattern is not None,
            max_silence_seconds=settings.max_silence,
            now=clock(),
        )
        self._said = ""

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            # In a thread: a log may have grown by a gigabyte, or lie on a disk that hangs.
            reading = await asyncio.to_thread(self._follower.read, self._clock())
            self._book.take(reading)
            self._say(reading.problem)
            await asyncio.sleep(self._interval_seconds)

    def facts(self, now: float) -> LogFacts:
        """Return what is true of it now."""
        return self._book.facts(now)

    def _say(self, problem: str) -> None:
        """Log when it cannot be read, for another reason, or again."""
        if problem == self._said:
            return
        self._said = problem
        if problem:
            event(_log, logging.WARNING, "log cannot be read", log=self._label, reason=problem)
        else:
            event(_log, logging.INFO, "log can be read", log=self._label)
