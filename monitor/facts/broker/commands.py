"""What the monitor itself asks of a broker: its own commands, counted. Kept by the books.

A pipeline counts as what is in it, a script as one command; what redis-py says when it connects
is not counted.
"""

from collections.abc import Callable, Mapping

from monitor.facts.broker.increase import Increase

PARTS = ("poll", "events", "control")


class Commands:
    """The commands sent to one broker."""

    def __init__(self) -> None:
        self._sent = dict.fromkeys(PARTS, 0)
        self._by_poll = 0
        self._minute = Increase(60.0)
        self._minute.note(0, 0.0)
        self.per_poll: int | None = None
        """How many the latest poll took, with its look for new queues."""

    def counter(self, part: str) -> Callable[[int], None]:
        """Return what counts commands of `part`, one of `PARTS`."""

        def count(commands: int) -> None:
            self._sent[part] += commands

        return count

    def polled(self) -> None:
        """Note that a poll is over."""
        self.per_poll, self._by_poll = self._sent["poll"] - self._by_poll, self._sent["poll"]

    def per_minute(self, now: float) -> int:
        """Return how many were sent within the last minute; call it at every tick."""
        self._minute.note(sum(self._sent.values()), now)
        return self._minute.within(now) or 0

    @property
    def sent(self) -> Mapping[str, int]:
        """How many were sent so far, by part."""
        return dict(self._sent)
