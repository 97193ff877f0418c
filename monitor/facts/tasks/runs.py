"""The runs that are followed, by uuid: from the first event of one to a while after its last.

Kept by `book.py`, on the event path. Bounded, for uuids are anybody's to make up.
"""

from collections.abc import Callable

from monitor.facts.tasks.running import Run

_RUNS_MOST = 100_000
_UUID_MOST = 256
_ENDED_MOST = 5_000
_KEPT_SECONDS = 86_400.0
"""A run that has not ended by then is taken for lost when its place is needed."""


class Runs:
    """Every run by its uuid."""

    def __init__(self, lost: Callable[[str], None]) -> None:
        """Take whom to tell the uuid of a run that is given up."""
        self.open: dict[str, Run] = {}
        """Those that have not ended; read directly, as a call is felt on the event path."""
        self._lost = lost
        self._ended: dict[str, Run] = {}
        self._ended_before: dict[str, Run] = {}
        self._look_for_lost_at = 0.0

    def reopen(self, uuid: str, name: str | None, at: float) -> Run:
        """Return a run that is not open: one that ended lately, else a new one."""
        return self.ended(uuid) or self.start(uuid, name, at)

    def ended(self, uuid: str) -> Run | None:
        """Return a run that ended lately: a late task-sent or task-rejected belongs to it."""
        return self._ended.get(uuid) or self._ended_before.get(uuid)

    def start(self, uuid: str, name: str | None, at: float) -> Run:
        """Return a new run; it is open unless too many are, or its uuid is none."""
        run = Run(name, at)
        if len(uuid) <= _UUID_MOST and (len(self.open) < _RUNS_MOST or self._made_room(at)):
            self.open[uuid] = run
        return run

    def end(self, uuid: str) -> None:
        """Note that a run has ended for good."""
        run = self.open.pop(uuid, None)
        if run is None:
            return
        if len(self._ended) >= _ENDED_MOST:
            self._ended_before, self._ended = self._ended, {}
        self._ended[uuid] = run

    def _made_room(self, at: float) -> bool:
        """Give up the oldest run if it is lost; else the oldest are kept, for they are next."""
        if at < self._look_for_lost_at:
            return False
        oldest = next(iter(self.open))
        if at - self.open[oldest].first_seen_at < _KEPT_SECONDS:
            self._look_for_lost_at = at + 1.0
            return False
        del self.open[oldest]
        self._lost(oldest)
        return True
