"""Who scrapes, so that each of them sees a new counter at 0 once. Called by `Exposition`.

`increase()` needs a sample before the first increment. Were the zero written to whoever comes
first, the second Prometheus of a pair would miss the first failure of a task; were it written
for a while, nobody could see the failure so long. So it is written to each reader, at the first
scrape since its last in which the series stands.

A reader who was not here before, or not for long, gets the zero of what is young, and the true
value of all else: a Prometheus that comes back under another address would take a zero in the
middle of a series for a reset, and count everything a second time.
"""

from typing import NamedTuple

_YOUNG_SECONDS = 300.0
"""As far back as Prometheus looks for a sample: whoever scrapes more rarely sees gaps anyway."""
_REMEMBERED = 64
"""Readers; more than scrape one monitor."""


class Scrape(NamedTuple):
    """One scrape among the others; times are those of the snapshots that were shown."""

    before_at: float
    """Of the scrape before, whoever asked: what it did not show has begun since."""
    since_at: float
    """Of the last one of who asks now: what began then, or later, was not shown to them."""


class Readers:
    """When each reader was here last; `started_at` is when anything began."""

    def __init__(self, started_at: float) -> None:
        self._before_at = started_at
        self._last_at: dict[str, float] = {}

    def scraped(self, reader: str, at: float) -> Scrape:
        """Return what a scrape by `reader` of the snapshot of `at` is to be measured by."""
        last_at = self._last_at.pop(reader, 0.0)
        scrape = Scrape(self._before_at, max(last_at, at - _YOUNG_SECONDS))
        self._before_at = self._last_at[reader] = at
        if len(self._last_at) > _REMEMBERED:
            del self._last_at[next(iter(self._last_at))]
        return scrape
