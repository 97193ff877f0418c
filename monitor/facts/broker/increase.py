"""How much a counter of somebody else rose within the last minutes."""

from collections import deque


class Increase:
    """The rises of one counter, kept for `window_seconds`."""

    def __init__(self, window_seconds: float) -> None:
        self._window_seconds = window_seconds
        self._count: int | None = None
        self._rises: deque[tuple[float, int]] = deque()

    def note(self, count: int | None, at: float) -> int:
        """Take the counter's value at `at`; None: not known. Return by how much it rose.

        What it counted before the first look is nobody's news, and a counter that fell began
        anew at 0.
        """
        before, self._count = self._count, count if count is not None else self._count
        if count is None or before is None:
            return 0
        rise = count if count < before else count - before
        if rise:
            self._rises.append((at, rise))
        return rise

    def within(self, now: float) -> int | None:
        """Return how much it rose in the window that ends now; None: it was never known."""
        while self._rises and now - self._rises[0][0] > self._window_seconds:
            self._rises.popleft()
        return None if self._count is None else sum(rise for _, rise in self._rises)
