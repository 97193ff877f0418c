"""When something last spoke of each queue, so that one that is gone for long is forgotten.

An empty queue is no key in Redis, so it is only there as far as a binding, a message or a
worker speaks of it. Kept by `facts/books.py`, and over a restart of the monitor.
"""

from collections.abc import Iterable, Mapping

_LOOKED_SECONDS = 600.0
"""How long the monitor must have looked without a break before a silence means anything: to
find all bindings of a large keyspace takes a while."""


class Presence:
    """The queues of one broker, by when they were last seen."""

    def __init__(
        self, forget_after_seconds: float, now: float, known: Mapping[str, float] | None = None
    ) -> None:
        self.forget_after_seconds = forget_after_seconds
        self._looking_from = now
        # The clock may have been set back since an earlier run.
        self._seen_at = {name: min(at, now) for name, at in (known or {}).items()}

    @property
    def seen_at(self) -> Mapping[str, float]:
        """By name, in Unix seconds."""
        return self._seen_at

    def seen(self, names: Iterable[str], now: float) -> None:
        """Note that something speaks of these queues."""
        self._seen_at.update(dict.fromkeys(names, now))

    def blind(self, now: float) -> None:
        """Note that nothing could be seen until now."""
        self._looking_from = now

    def forget(self, now: float) -> list[str]:
        """Forget the queues that were not seen for long; return their names."""
        if now - self._looking_from < min(_LOOKED_SECONDS, self.forget_after_seconds):
            return []
        since = now - self.forget_after_seconds
        gone = [name for name, at in self._seen_at.items() if at < since]
        for name in gone:
            del self._seen_at[name]
        return gone
