"""Who consumes which queue, as far as the workers have told."""

import itertools
from collections.abc import Iterable, Mapping, Sequence, Set

from msgspec import Struct

from monitor.facts.scopes import TAKING_STATES, UP_STATES
from monitor.facts.workers.process import Process


class Consumers(Struct, frozen=True):
    """Who consumes what."""

    known: bool
    """False: there may be consumers that nobody has told of; counts are then lower bounds."""
    workers: Mapping[str, int]
    """Live workers by queue."""
    processes: Mapping[str, int | None]
    """Their pool slots by queue; None where one did not say how many it has."""
    slot_free: Mapping[str, bool | None] = {}
    """Whether one of these workers has a free pool slot; None: not known."""
    passed_by: Set[str] = frozenset()
    """Queues from which one of these workers takes nothing although it could."""


def count_consumers(
    processes: Iterable[Process],
    shared: Mapping[str, Sequence[Sequence[str]] | None],
    *,
    everybody: bool,
) -> Consumers:
    """Count the live processes that consume each queue.

    `everybody` says whether all workers have been asked; `shared` has, by node name under
    which several processes run, the queues of each of them in no order, None if not known.
    """
    workers: dict[str, int] = {}
    slots: dict[str, int | None] = {}
    free: dict[str, bool | None] = {}
    passed_by: set[str] = set()
    known = everybody
    for process in processes:
        if process.state not in UP_STATES:
            known = known and process.state != "unknown"
        elif process.state not in TAKING_STATES or process.hostname in shared:
            continue
        elif process.queues is None:
            known = False
        else:
            more, has_free_slot = process.concurrency, _has_free_slot(process)
            for queue in process.queues:
                workers[queue] = workers.get(queue, 0) + 1
                before = slots.get(queue, 0)
                slots[queue] = None if before is None or more is None else before + more
                free[queue] = _either(free.get(queue, False), has_free_slot)
            if process.consuming is False:
                passed_by.update(process.queues)
    for each in shared.values():
        known = known and each is not None
        for queue in itertools.chain.from_iterable(each or ()):
            workers[queue] = workers.get(queue, 0) + 1
            slots[queue] = free[queue] = None  # whose they are, nobody knows
    return Consumers(known, workers, slots, free, passed_by)


def _has_free_slot(process: Process) -> bool | None:
    """Return whether it could take a message now; a worker that is silent does not say."""
    if process.state == "busy":
        return False
    if process.state != "online" or process.active is None or process.concurrency is None:
        return None
    return process.active < process.concurrency


def _either(one: bool | None, other: bool | None) -> bool | None:
    """Return whether at least one of two holds."""
    if one or other:
        return True
    return None if one is None or other is None else False
