"""How much counters grew lately: a bounded number of marks of what they were.

`book.py` marks every series as time passes; nothing is done when an event is counted.
"""

from collections import deque

WINDOW_SECONDS = 600.0
MARK_EVERY_SECONDS = 30.0
"""How exactly the window is kept: what happened so much earlier may count still, or no more."""


class Window:
    """Counters that only grow, over the last `WINDOW_SECONDS`."""

    __slots__ = ("_marks",)

    def __init__(self, *zero: int) -> None:
        marks = round(WINDOW_SECONDS / MARK_EVERY_SECONDS)
        self._marks: deque[tuple[int, ...]] = deque([zero], maxlen=marks)

    def mark(self, *counts: int) -> bool:
        """Note what the counters are, once in `MARK_EVERY_SECONDS`.

        Return whether that changes how much they grew.
        """
        before = self._marks[0]
        self._marks.append(counts)
        return self._marks[0] != before

    def growth(self, *counts: int) -> tuple[int, ...]:
        """Return by how much the counters, which are `counts` now, grew over the window."""
        return tuple(now - then for now, then in zip(counts, self._marks[0], strict=True))
