"""Keeps the workers and the traffic running; used by `installation`."""

import signal
from collections.abc import Mapping, Sequence

from monitor.demo.processes import Process
from monitor.demo.workspace import Workspace

RESTART_AFTER_SECONDS = 1.0
RESTART_KILLED_AFTER_SECONDS = 30.0
"""Somebody kills a worker to see the alert: it must stay dead until that has come."""


class Supervisor:
    """Starts each of `commands` again when it exits, as systemd or Kubernetes would.

    Celery 5.7.0 workers that hold unacknowledged messages exit when the broker goes away.
    """

    def __init__(
        self,
        workspace: Workspace,
        commands: Mapping[str, Sequence[str]],
        environ: Mapping[str, str],
    ) -> None:
        self._workspace = workspace
        self._commands = commands
        self._environ = environ
        self._running: dict[str, Process] = {}
        self._restart_at: dict[str, float] = {}

    def pid(self, name: str) -> int | None:
        """Return the process id; None while it does not run."""
        process = self._running.get(name)
        return None if process is None else process.pid

    def start(self, name: str) -> None:
        """Start one that does not run; from the main thread only."""
        self._restart_at.pop(name, None)
        self._running[name] = self._workspace.start(name, self._commands[name], self._environ)

    def kill(self, name: str) -> None:
        """End one and its children by SIGKILL; it stays dead until `start`."""
        self._workspace.kill(self._running.pop(name))

    def freeze(self, name: str) -> None:
        """Let one hang (SIGSTOP), as if its main loop were wedged; its children go on."""
        self._running[name].send_signal(signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """Let one that hangs go on."""
        self._running[name].send_signal(signal.SIGCONT)

    async def stop(self, *names: str) -> None:
        """End some in order; they stay ended until `start`."""
        for name in names:
            self._restart_at.pop(name, None)
        stopped = [self._running.pop(name) for name in names if name in self._running]
        await self._workspace.stop(*stopped)

    async def stop_all(self) -> None:
        """End all in order."""
        await self.stop(*self._commands)

    def look(self, now: float) -> None:
        """Note what has exited, and start again what is due; `now` is of the monotonic clock."""
        for name, process in [*self._running.items()]:
            if process.poll() is not None:
                self._note_exit(name, process, now)
        for name, at in [*self._restart_at.items()]:
            if now >= at:
                self.start(name)

    def _note_exit(self, name: str, process: Process, now: float) -> None:
        self._workspace.kill(process)  # Its children may have outlived it.
        del self._running[name]
        killed = process.returncode == -signal.SIGKILL
        self._restart_at[name] = now + (
            RESTART_KILLED_AFTER_SECONDS if killed else RESTART_AFTER_SECONDS
        )
