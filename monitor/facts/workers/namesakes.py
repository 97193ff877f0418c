"""Which queues the workers of one name consume together, when several share the name.

An answer about queues does not say which process gave it. But when each process of the name
has answered once, how many of them consume a queue is known all the same.
"""

from collections.abc import Container, Iterable, Sequence

from monitor.facts.readings import WorkerReply
from monitor.facts.scopes import TAKING_STATES
from monitor.facts.workers.process import Process

Pids = frozenset[int | None]
Queues = tuple[str, ...]


class Namesakes:
    """What the workers told whose names are shared."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[Pids, tuple[Queues, ...]]] = {}
        self._followed: dict[str, Pids] = {}
        self._pids: dict[str, set[int | None]] = {}
        self._queues: dict[str, list[Queues]] = {}

    def asked(self) -> None:
        """Begin anew with the answers to the next question."""
        self._pids.clear()
        self._queues.clear()

    def answered(self, reply: WorkerReply) -> None:
        """Take an answer to the question."""
        if reply.pid is not None:
            self._pids.setdefault(reply.hostname, set()).add(reply.pid)
        if reply.queues is not None:
            self._queues.setdefault(reply.hostname, []).append(reply.queues)

    def conclude(self, hostname: str, processes: Sequence[Process]) -> None:
        """Believe the answers to the question if each of the name's processes gave one of each."""
        taking = _taking(processes)
        queues = self._queues.get(hostname, [])
        if len(queues) == len(taking) and self._pids.get(hostname, set()) == set(taking):
            self._told[hostname] = taking, tuple(queues)
            for process in processes:
                process.told_enough()

    def queues(self, hostname: str, processes: Iterable[Process]) -> tuple[Queues, ...] | None:
        """Return the queues of each of them, in no order; None: not known of just these."""
        pids, queues = self._told.get(hostname, (frozenset(), ()))
        return queues if _taking(processes) == pids else None

    def follow(self, hostname: str, processes: Sequence[Process]) -> None:
        """Have them asked again when one has come or gone: what was told is no longer true."""
        taking = _taking(processes)
        if self._followed.get(hostname) != taking:
            self._followed[hostname] = taking
            for process in processes:
                process.ask_again()

    def keep(self, shared: Container[str]) -> None:
        """Forget the names that are shared no more."""
        self._told = {name: told for name, told in self._told.items() if name in shared}
        self._followed = {name: pids for name, pids in self._followed.items() if name in shared}


def _taking(processes: Iterable[Process]) -> Pids:
    """Return the pids of those that consume."""
    return frozenset(process.pid for process in processes if process.state in TAKING_STATES)
