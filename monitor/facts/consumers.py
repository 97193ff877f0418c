"""Who consumes which queue, as far as the workers have told."""

from collections.abc import Iterable, Mapping, Set

from msgspec import Struct

from monitor.facts.process import Process
from monitor.facts.snapshot import UP_STATES


class Consumers(Struct, frozen=True):
    """Who consumes what."""

    known: bool
    """False: there may be consumers that nobody has told of; counts are then lower bounds."""
    workers: Mapping[str, int]
    """Live workers by queue."""
    processes: Mapping[str, int | None]
    """Their pool slots by queue; None where one did not say how many it has."""


def count_consumers(
    processes: Iterable[Process], shared: Set[str], *, everybody: bool
) -> Consumers:
    """Count the live processes that consume each queue.

    `everybody` says whether all workers have been asked; `shared` are the node names under
    which several processes run, whose replies cannot be told apart.
    """
    workers: dict[str, int] = {}
    slots: dict[str, int | None] = {}
    known = everybody
    for process in processes:
        if process.state not in UP_STATES:
            known = known and process.state != "unknown"
        elif process.state == "draining":
            continue  # it ends its tasks and takes no more
        elif process.queues is None or process.hostname in shared:
            known = False
        else:
            for queue in process.queues:
                workers[queue] = workers.get(queue, 0) + 1
                before = slots.get(queue, 0)
                more = process.concurrency
                slots[queue] = None if before is None or more is None else before + more
    return Consumers(known, workers, slots)
