"""The last hour of every queue and worker, for the page's charts. In memory, bounded, pure.

Time is cut into steps of half a minute, and of each step the highest value is kept: a short
flood must not fall between two points. The daemon is the only writer, once a tick. Whoever
draws gets copies, and may do so in another thread.
"""

import math
from array import array
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from monitor.facts.snapshot import QueueFacts, Snapshot, WorkerFacts

STEP_SECONDS = 30.0
STEPS = 120
"""An hour."""

MAX_OBJECTS = 2_000
"""Of each scope. With `STEPS` this bounds the memory: all tracks together stay under 8 MB.
Beyond it, an object has no history until another's has ended."""

STATES_BY_GRAVITY = (
    "offline", "online", "busy", "draining", "unknown", "late", "hung", "dead",
)  # fmt: skip
"""The number of a state is its place here, so that the highest of a step is the worst."""

_GRAVITY = {state: float(place) for place, state in enumerate(STATES_BY_GRAVITY)}

_UNKNOWN = float("nan")

Key = tuple[str, ...]


def _in_flight(queue: QueueFacts) -> float | None:
    return None if queue.in_flight is None else queue.in_flight.unacked


def _state(worker: WorkerFacts) -> float | None:
    return None if worker.state is None else _GRAVITY[worker.state]


SERIES: Mapping[str, Mapping[str, Callable[[Any], float | None]]] = {
    "queue": {
        "length": lambda queue: queue.length,
        "unacked": _in_flight,
        "oldest_age": lambda queue: queue.oldest_age_seconds,
        "arrival_rate": lambda queue: queue.arrival_rate,
        "dispatch_rate": lambda queue: queue.dispatch_rate,
    },
    "worker": {"active": lambda worker: worker.active, "state": _state},
}
"""What is kept of each scope, by the names of the catalogue's facts, in its units."""


class Line(Struct, frozen=True):
    """One fact of one object over the last hour."""

    values: tuple[float | None, ...]
    """`STEPS` of them, the oldest first; None where it was not known. Single precision."""
    end_at: float
    """When the last step ends, in Unix seconds."""

    @property
    def known(self) -> list[float]:
        """The values that are known."""
        return [value for value in self.values if value is not None]


class History:
    """The lines of all objects."""

    def __init__(self) -> None:
        self._tracks: dict[str, dict[Key, _Track]] = {scope: {} for scope in SERIES}
        self._step = 0

    def record(self, snapshot: Snapshot) -> None:
        """Take what is true now."""
        self._step = int(snapshot.at // STEP_SECONDS)
        for scope, series in SERIES.items():
            tracks, readers = self._tracks[scope], tuple(series.values())
            for thing in snapshot.of(scope):
                track = tracks.get(thing.key)
                if track is None:
                    if len(tracks) >= MAX_OBJECTS:
                        continue
                    track = tracks[thing.key] = _Track(len(readers), self._step)
                track.note(self._step, [read(thing) for read in readers])
            ended = [k for k, t in tracks.items() if t.step <= self._step - STEPS]
            for key in ended:
                del tracks[key]

    def lines(self, scope: str, key: Key) -> Mapping[str, Line]:
        """Return the lines of one object by the names in `SERIES`; none: it has no history."""
        track = self._tracks[scope].get(key)
        if track is None:
            return {}
        end_at = (self._step + 1) * STEP_SECONDS
        return {
            name: Line(track.values(column, self._step), end_at)
            for column, name in enumerate(SERIES[scope])
        }


class _Track:
    """The rings of one object, a row of `width` values a step."""

    __slots__ = ("_rows", "_width", "step")

    def __init__(self, width: int, step: int) -> None:
        self._width = width
        self._rows = array("f", [_UNKNOWN]) * (width * STEPS)
        self.step = step

    def note(self, step: int, values: list[float | None]) -> None:
        if step > self.step:
            self._clear(self.step + 1, step)
            self.step = step
        start = step % STEPS * self._width
        for place, value in enumerate(values, start):
            # A value that is infinite (a rate never is) or not known leaves a gap.
            if value is not None and math.isfinite(value) and not self._rows[place] >= value:
                self._rows[place] = value

    def _clear(self, first: int, last: int) -> None:
        for step in range(max(first, last - STEPS + 1), last + 1):
            start = step % STEPS * self._width
            for place in range(start, start + self._width):
                self._rows[place] = _UNKNOWN

    def values(self, column: int, end: int) -> tuple[float | None, ...]:
        rows = self._rows[:]
        found: list[float | None] = []
        for step in range(end - STEPS + 1, end + 1):
            value = rows[step % STEPS * self._width + column]
            within = self.step - STEPS < step <= self.step
            found.append(value if within and not math.isnan(value) else None)
        return tuple(found)
