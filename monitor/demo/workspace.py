"""The demo's folder and processes, which go away together; used by `installation`."""

import asyncio
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from monitor.demo import guardian, processes
from monitor.demo.processes import Process


class Workspace:
    """A folder of our own, and processes that log into it.

    However this process ends, even by SIGKILL, the processes, their children and the folder
    are gone a moment later: the kernel ends the processes, and the guardian does the rest.
    """

    def __init__(self) -> None:
        self._guardian = subprocess.Popen(
            [sys.executable, "-I", "-S", guardian.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self._guardian.stdout is not None  # noqa: S101 - for the type checker
        self.folder = Path(self._guardian.stdout.readline().rstrip("\n"))
        self._processes: set[Process] = set()

    def start(
        self, name: str, command: Sequence[str], environ: Mapping[str, str] | None = None
    ) -> Process:
        """Start `command`, logging to `log_file(name)`; from the main thread only."""
        process = processes.start(command, log_file=self.log_file(name), environ=environ)
        self._processes.add(process)
        self._tell_guardian()
        return process

    def log_file(self, name: str) -> Path:
        """Return where the process called `name` logs to."""
        return self.folder / f"{name}.log"

    async def stop(self, *stopped: Process) -> None:
        """End processes in order, and their children."""
        await asyncio.to_thread(processes.stop, *stopped)
        self._forget(*stopped)

    def kill(self, process: Process) -> None:
        """End a process and its children by SIGKILL; also what an ended process left behind."""
        processes.kill(process)
        self._forget(process)

    def close(self) -> None:
        """End what still runs and remove the folder."""
        for process in [*self._processes]:
            self.kill(process)
        self._guardian.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.close()

    def _forget(self, *ended: Process) -> None:
        self._processes.difference_update(ended)
        self._tell_guardian()

    def _tell_guardian(self) -> None:
        assert self._guardian.stdin is not None  # noqa: S101 - for the type checker
        # One short write arrives whole or not at all, even when we are killed in the middle.
        self._guardian.stdin.write(" ".join(str(p.pid) for p in self._processes) + "\n")
        self._guardian.stdin.flush()
