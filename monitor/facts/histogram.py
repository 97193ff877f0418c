"""A histogram as Prometheus means it: cumulative buckets, a sum and a count."""

from bisect import bisect_left

from msgspec import Struct


class HistogramFacts(Struct, frozen=True):
    """A histogram at one moment."""

    bounds: tuple[float, ...]
    """Upper bounds of the buckets, rising, without +Inf."""
    counts: tuple[int, ...]
    """Observations in each bucket alone (not cumulative); one more than bounds, for +Inf."""
    sum: float

    @property
    def count(self) -> int:
        """How many observations there were."""
        return sum(self.counts)


class Histogram:
    """Counts observations into buckets; cheap enough for the event path."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """Count one observation of `value`, in the unit of the bounds."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def facts(self) -> HistogramFacts:
        """Return what has been observed so far."""
        return HistogramFacts(self.bounds, tuple(self.counts), self.sum)
