"""Starting and stopping processes exactly: by pid, with their children, and never outliving us.

Used by everything in the demo that starts a program, and by tests.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from monitor.demo import leash

Process = subprocess.Popen[bytes]


def start(
    command: Sequence[str], *, log_file: Path, environ: Mapping[str, str] | None = None
) -> Process:
    """Start `command` as the leader of its own session; its output goes to `log_file`.

    It is killed by the kernel when this process ends, however that comes about. Raises
    RuntimeError outside the main thread: the kernel would kill it when that thread ends.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("processes are started from the main thread, which lives longest")
    leashed = [sys.executable, "-I", "-S", leash.__file__, str(os.getpid()), *command]
    with log_file.open("ab") as log:
        return subprocess.Popen(
            leashed,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environ,
            start_new_session=True,
        )


def stop(process: Process, *, patience_seconds: float = 5.0) -> None:
    """End `process` by SIGTERM, and what is left of its group after `patience_seconds` by SIGKILL.

    Does nothing to a process that was waited for already.
    """
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience_seconds)
    kill(process)


def kill(process: Process) -> None:
    """End `process` and its children by SIGKILL, and wait for it."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
