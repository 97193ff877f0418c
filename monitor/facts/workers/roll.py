"""The roll of a broker's worker processes: by name and pid, and who came after whom.

Three workers started without `-n` on one host share a node name, and a worker that is started
again has its old name and a new pid. The two look alike until the older process is heard
again, so the roll keeps for each process whom it may have followed.
"""

from collections.abc import Iterable, Iterator, Sequence, Set

from monitor.facts.scopes import UP_STATES
from monitor.facts.workers.process import LEFT, Process

Key = tuple[str, int | None]

_START_SECONDS = 0.5
"""Celery needs longer than this to start: who is first heard sooner after another lived beside
it, and was not started in its place."""

_PROCESSES_MOST = 10_000
_OF_A_NAME_MOST = 200
"""More than anybody runs; events with made-up names or pids would grow for ever."""


class Roll:
    """The processes there are."""

    def __init__(self, known: Iterable[Process], shared: Iterable[str]) -> None:
        """Take those known of an earlier run, in the order in which they were first heard."""
        self._processes: dict[Key, Process] = {}
        self._by_name: dict[str, list[Process]] = {}
        """The processes of each name, in the order in which they were first heard."""
        self.left_out = 0
        """How often one was heard that is not on the roll because it is full."""
        for process in known:
            self._enter(process)
            for other in self._by_name[process.hostname]:
                other.followed = other.followed or other.pid in process.may_follow
        # Of some who shared a name, all but one may have said goodbye by now.
        self._shared = set(filter(self.crowded, shared))

    def __iter__(self) -> Iterator[Process]:
        """Go over the processes; the roll may change meanwhile."""
        return iter(tuple(self._processes.values()))

    @property
    def shared(self) -> Set[str]:
        """Names under which more than one process was heard at the same time."""
        return self._shared

    def newest(self, hostname: str) -> Process | None:
        """Return the process of the name that was first heard last."""
        of_name = self._by_name.get(hostname)
        return of_name[-1] if of_name else None

    def named(self, hostname: str) -> Sequence[Process]:
        """Return the processes of the name, in the order in which they were first heard."""
        return self._by_name.get(hostname, ())

    def crowded(self, hostname: str) -> bool:
        """Return whether more than one process may answer to the name."""
        return len(self._by_name.get(hostname, ())) > 1

    def heard(self, hostname: str, pid: int | None, at: float) -> Process:
        """Return the process that was heard, which may be new."""
        process = self._processes.get((hostname, pid))
        if process is None and pid is None:
            process = self.newest(hostname)  # an event without a pid says nothing of another
        if process is None:
            return self._born(Process(hostname, pid, at))
        if process.followed and process.state not in LEFT:
            self._outlived(process)
        return process

    def _born(self, process: Process) -> Process:
        of_name = self._by_name.get(process.hostname, ())
        if len(self._processes) >= _PROCESSES_MOST or len(of_name) >= _OF_A_NAME_MOST:
            self.left_out += 1
            return process
        for other in of_name:
            silent = process.first_seen_at - other.last_seen_at
            if other.state in LEFT or silent >= _START_SECONDS:
                process.may_follow.add(other.pid)
                other.followed = True
            else:
                self._shared.add(process.hostname)
        self._enter(process)
        return process

    def _outlived(self, process: Process) -> None:
        """Note that a process is heard although a younger one of its name has been."""
        process.followed = False
        for other in self._by_name[process.hostname]:
            if process.pid in other.may_follow:
                other.may_follow.discard(process.pid)
                self._shared.add(process.hostname)

    def started(self, process: Process, at: float) -> None:
        """Note that a process had started by `at`: whom it may have followed was silent then."""
        for pid in tuple(process.may_follow):
            other = self._processes.get((process.hostname, pid))
            if other is not None and other.last_seen_at > at:
                process.may_follow.discard(pid)
                self._shared.add(process.hostname)

    def _enter(self, process: Process) -> None:
        self._processes[process.hostname, process.pid] = process
        self._by_name.setdefault(process.hostname, []).append(process)

    def successor(self, process: Process) -> Process | None:
        """Return who was started in its place, for once."""
        for other in self._by_name[process.hostname]:
            if process.pid in other.may_follow and other.state in UP_STATES:
                # One process follows one: of the others it did not take the place.
                other.may_follow.clear()
                return other
        return None

    def remove(self, process: Process) -> None:
        """Strike a process off."""
        del self._processes[process.hostname, process.pid]
        of_name = self._by_name[process.hostname]
        of_name.remove(process)
        if not of_name:
            del self._by_name[process.hostname]
        if len(of_name) < 2:
            self._shared.discard(process.hostname)

    def label(self, process: Process) -> str:
        """Return its name, with the pid where the name alone would mean several."""
        shared = process.hostname in self._shared
        return f"{process.hostname}#{process.pid}" if shared else process.hostname

    def rows(self) -> Iterator[Process]:
        """Go over those that stand for a worker: of a name that is not shared, the newest."""
        for hostname, of_name in self._by_name.items():
            yield from of_name if hostname in self._shared else of_name[-1:]
