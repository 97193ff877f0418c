"""Which workers one server with four cores runs: three of them, so that no work starves.

Quick work has two processes of its own and never waits behind slow work. The last worker takes
from `low` and `normal` in turn: it helps when `normal` piles up, and `low` goes on all the same.
Used by `command`.

How many processes a worker has depends on what its tasks wait for. Work that computes gains
nothing beyond the number of cores. Work that waits, for a mail server or an API, does: a task
that computes for 10 ms and waits for 390 leaves its core free 39 times out of 40, so that one
core could run 40 of them. Threads or gevent (`--pool`) do that in one process.
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

    def command(self, log_folder: str | None = None) -> list[str]:
        """Return the Celery command that runs it, its log in a file of `log_folder` if given."""
        log_file = [f"--logfile={log_folder}/{self.name}.log"] if log_folder else []
        return [
            *(sys.executable, "-m", "celery", "-A", "monitor.reference_app.app", "worker"),
            *("-n", f"{self.name}@%h", "-Q", ",".join(self.queues)),
            *(f"--concurrency={self.concurrency}", "--loglevel=INFO", *log_file),
        ]


WORKERS: Mapping[str, Worker] = {
    worker.name: worker
    for worker in (
        Worker("high", ("high",), concurrency=2),
        Worker("normal", ("normal",), concurrency=1),
        Worker("low", ("low", "normal"), concurrency=1),
    )
}
