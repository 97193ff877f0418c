"""Which workers one server with four cores runs: three of them, so that no work starves.

Quick work has two processes of its own and never waits behind slow work. The last worker
takes `low` work, and helps with `normal` when that piles up. Used by `command`.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Worker:
    """One Celery worker: its name before the @, the queues it consumes, its pool processes."""

    name: str
    queues: tuple[str, ...]
    concurrency: int

    def command(self) -> list[str]:
        """Return the Celery command that runs it."""
        return [
            *(sys.executable, "-m", "celery", "-A", "monitor.reference_app.app", "worker"),
            *("-n", f"{self.name}@%h", "-Q", ",".join(self.queues)),
            *(f"--concurrency={self.concurrency}", "--loglevel=INFO"),
        ]


WORKERS: Mapping[str, Worker] = {
    worker.name: worker
    for worker in (
        Worker("high", ("high",), concurrency=2),
        Worker("normal", ("normal",), concurrency=1),
        Worker("low", ("low", "normal"), concurrency=1),
    )
}
