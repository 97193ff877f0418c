"""How many tasks the workers of a broker have taken, from all that tells of it.

Called by the books; `facts/broker/resets.py` compares it with messages that are no longer there.
"""

from collections.abc import Collection, Iterable

from monitor.facts.snapshot import WorkerFacts


class Taken:
    """A count that only grows; where sources disagree it believes in more work, not in less."""

    def __init__(self) -> None:
        self._by_worker: dict[str, int] = {}
        self._processed = 0
        self._started = 0
        self.by_queue: dict[str, int] = {}
        """Tasks begun by workers that consume this queue alone; of others nobody can tell."""

    def heard(self, workers: Collection[WorkerFacts], started: int) -> None:
        """Take the workers' own counts, and `started`, the task-started events so far."""
        self._started = started
        counts = {w.hostname: w.processed for w in workers if w.processed is not None}
        self._split(workers, counts)
        for hostname, processed in counts.items():
            before = self._by_worker.get(hostname, 0)
            # A worker that was restarted counts from 0.
            self._processed += processed - before if processed >= before else processed
        self._by_worker = counts

    def _split(self, workers: Iterable[WorkerFacts], counts: dict[str, int]) -> None:
        for worker in workers:
            # What it did before it was first heard of is no news.
            before = self._by_worker.get(worker.hostname)
            if before is None or worker.queues is None or len(worker.queues) != 1:
                continue
            processed = counts.get(worker.hostname, before)
            rise = processed - before if processed >= before else processed
            if rise:
                queue = worker.queues[0]
                self.by_queue[queue] = self.by_queue.get(queue, 0) + rise

    @property
    def total(self) -> int:
        """The count, of which only differences mean anything."""
        return self._processed + self._started
