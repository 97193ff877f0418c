"""Workers that are in the mailbox registry and have never been heard.

A worker that is killed stays in the registry, with older versions of kombu for ever. So most of
these are long dead; one may hang, or work silently, since before the monitor started. They are
told of together and once, and are no reason to doubt who consumes a queue, but for one case: as
long as somebody listens who has never answered, one of them may be at its first long task.
"""

from collections.abc import Callable, Set

_NAMES_MOST = 10_000
_GRACE_SECONDS = 30.0
"""A worker that is starting is registered before it is heard."""


class Unheard:
    """The names in the registry of one broker of which nothing else is known."""

    def __init__(self) -> None:
        self.known = False
        """Whether the registry was read."""
        self.names: tuple[str, ...] = ()
        """Those that have had their time to be heard, in order."""
        self._since: dict[str, float] = {}
        """When each was first met there, in order of their names."""
        self._heard: set[str] = set()
        self._told: set[str] = set()

    def registered(self, names: Set[str], now: float) -> None:
        """Take the names in the registry."""
        self.known = True
        kept = sorted(names)[:_NAMES_MOST]
        self._heard.intersection_update(kept)
        self._told.intersection_update(kept)
        unheard = (name for name in kept if name not in self._heard)
        self._since = {name: self._since.get(name, now) for name in unheard}

    def step(self, now: float, is_heard: Callable[[str], object]) -> None:
        """Note who was heard meanwhile, if only to be forgotten later."""
        self._heard.update(name for name in self._since if is_heard(name))
        for name in self._heard.intersection(self._since):
            del self._since[name]
        waited = (name for name, since in self._since.items() if now - since >= _GRACE_SECONDS)
        self.names = tuple(waited)

    def lately(self, now: float, seconds: float) -> tuple[str, ...]:
        """Return those that were first met within the last `seconds`."""
        return tuple(name for name in self.names if now - self._since[name] <= seconds)

    def newly(self) -> tuple[str, ...]:
        """Return those that were not returned before."""
        new = tuple(name for name in self.names if name not in self._told)
        self._told.update(new)
        return new
