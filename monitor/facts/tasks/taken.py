"""How many tasks the workers of a broker have taken, from all that tells of it.

Called by the books; `facts/broker/resets.py` compares it with messages that are no longer there.
"""

from collections.abc import Iterable

from monitor.facts.snapshot import WorkerFacts


class Taken:
    """A count that only grows; where sources disagree it believes in more work, not in less."""

    def __init__(self) -> None:
        self._by_worker: dict[str, int] = {}
        self._processed = 0
        self._started = 0
        self.by_queue: dict[str, int] = {}
        """Tasks begun by workers that consume this queue alone; of others nobody can tell."""

    def heard(self, workers: Iterable[WorkerFacts], started: int) -> None:
        """Take the workers' own counts, and `started`, the task-started events so far."""
        self._started = started
        before, self._by_worker = self._by_worker, {}
        for worker in workers:
            if worker.processed is not None:
                self._by_worker[worker.hostname] = worker.processed
                self._count(worker, worker.processed, before.get(worker.hostname))

    def _count(self, worker: WorkerFacts, processed: int, before: int | None) -> None:
        # A worker that was restarted counts from 0.
        new = processed if before is None or processed < before else processed - before
        self._processed += new
        # What it did before it was first heard of is no news of its queue.
        if new and before is not None and worker.queues is not None and len(worker.queues) == 1:
            queue = worker.queues[0]
            self.by_queue[queue] = self.by_queue.get(queue, 0) + new

    @property
    def total(self) -> int:
        """The count, of which only differences mean anything."""
        return self._processed + self._started
