"""Messages in flight, by queue. Where only a sample was read, with the error that has."""

from math import sqrt

from msgspec import Struct

from monitor.facts.readings import InFlight, InFlightEntry


class Share(Struct, frozen=True, gc=False):
    """What one queue has in flight."""

    unacked: int
    redelivered: int
    """Of these, messages that a worker had before and gave back, or lost."""
    scheduled: int
    """Of these, messages that wait in a worker for an ETA that lies ahead."""
    exact: bool
    error: float
    """Standard error of `unacked`, in messages; 0 when it is exact."""


class Split(Struct, frozen=True):
    """What every queue has in flight."""

    shares: dict[str, Share]
    rest: Share
    """The share of a queue that was not met: nothing, as far as was read."""

    def of(self, queue_name: str) -> Share:
        """Return the share of the queue."""
        return self.shares.get(queue_name, self.rest)


def split_by_queue(in_flight: InFlight, at: float) -> Split:
    """Return what each queue has in flight at `at`, scaled up where a sample was read.

    It is exact when every entry was read and each could be told to belong to one queue.
    """
    by_queue: dict[str, list[InFlightEntry]] = {}
    for entry in in_flight.entries:
        if entry.queue_name is not None:
            by_queue.setdefault(entry.queue_name, []).append(entry)
    told = sum(map(len, by_queue.values()))
    exact = in_flight.complete and told == len(in_flight.entries)

    def share(entries: list[InFlightEntry]) -> Share:
        later = sum(entry.eta_at is not None and entry.eta_at > at for entry in entries)
        counts = (len(entries), sum(entry.redelivered for entry in entries), later)
        if not in_flight.complete and in_flight.entries:
            scale = in_flight.total / len(in_flight.entries)
            counts = (round(counts[0] * scale), round(counts[1] * scale), round(counts[2] * scale))
        return Share(*counts, exact, 0.0 if exact else _standard_error(len(entries), in_flight))

    shares = {queue_name: share(entries) for queue_name, entries in by_queue.items()}
    return Split(shares, share([]))


def _standard_error(found: int, in_flight: InFlight) -> float:
    """Return by how many messages a scaled count of `found` in the sample is off, typically.

    One is added to either side (Laplace), so that a queue the sample missed has an error too.
    """
    read, total = len(in_flight.entries), in_flight.total
    share = (found + 1) / (read + 2)
    unread = max(0.0, 1 - read / total) if total else 0.0
    return total * sqrt(share * (1 - share) / max(1, read) * unread)


def oldest_due_age_seconds(in_flight: InFlight, at: float) -> float | None:
    """Return for how long the oldest message whose ETA does not lie ahead has been in flight.

    0 where there is none; None where none is at the old end, and more are there.
    """
    for since, eta_at in in_flight.oldest:
        if eta_at is None or eta_at <= at:
            return max(0.0, at - since)
    return 0.0 if in_flight.oldest_complete else None
