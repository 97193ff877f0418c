"""Messages in flight that no live worker holds.

Nothing in the broker says who holds a message. But a message is in the hands of whoever took it
last, and the index says when that was, by that worker's clock: a worker which started later does
not hold it. So a message is stranded when every live worker that consumes its queue is younger than
its delivery. Where one is older nothing is claimed, so the count is a lower bound.
"""

from collections.abc import Container, Iterable
from math import inf

from msgspec import Struct

from monitor.facts.readings import InFlight
from monitor.facts.workers.process import Process

_MARGIN_SECONDS = 5.0
"""What a clock may be off by beyond the skew that was measured."""
_SETTLED_SECONDS = 60.0
"""So long after its delivery the worker that took a message has been heard, if it lives."""

_HOLD_NOTHING = frozenset({"dead", "offline"})


class Holders(Struct, frozen=True):
    """Since when the live workers have been taking messages, each by its own clock."""

    known: bool
    """Whether all workers have told what they consume."""
    since: dict[str, float]
    """By queue, when the oldest worker that consumes it started; -inf: not known."""
    any_since: float = inf
    """When the oldest worker started that may have taken from any queue."""


def holders(processes: Iterable[Process], shared: Container[str], *, known: bool) -> Holders:
    """Return who may hold messages; `shared` are the names that several processes have."""
    since: dict[str, float] = {}
    any_since = inf
    for process in processes:
        if process.state in _HOLD_NOTHING:
            continue
        began_at = _began_at(process)
        if process.queues is None or process.moved or process.hostname in shared:
            any_since = min(any_since, began_at)
        for queue in process.queues or ():
            since[queue] = min(since.get(queue, inf), began_at)
    return Holders(known, since, any_since)


def stranded(in_flight: InFlight | None, held: Holders, at: float) -> int | None:
    """Return how many of the messages that were read are stranded; None: that is not known."""
    if in_flight is None or not held.known:
        return None
    settled_at = at - _SETTLED_SECONDS
    return sum(
        1
        for entry in in_flight.entries
        if entry.queue_name is not None
        and entry.delivered_at is not None
        and entry.delivered_at
        < min(settled_at, held.any_since, held.since.get(entry.queue_name, inf))
    )


def _began_at(process: Process) -> float:
    """Return when it started at the earliest, by its own clock; -inf: not known."""
    started_at, ahead_seconds = process.started_at, process.skew.seconds
    if started_at is None or ahead_seconds is None:
        return -inf
    return started_at + ahead_seconds - _MARGIN_SECONDS
