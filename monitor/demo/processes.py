"""Starting and stopping processes exactly: by pid, with their children, and never outliving us.

Used by everything in the demo that starts a program, and by tests.
"""

import os
import signal
import subprocess
import sys
import threading
import time
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


def stop(*processes: Process, patience_seconds: float = 5.0) -> None:
    """End `processes` by SIGTERM, and what is left of their groups by SIGKILL.

    They have `patience_seconds` together. One that has ended already is no error.
    """
    deadline = time.monotonic() + patience_seconds
    for process in processes:
        process.terminate()
    for process in processes:
        with suppress(subprocess.TimeoutExpired):  # then it is killed
            process.wait(max(0.0, deadline - time.monotonic()))
        kill(process)


def kill(process: Process) -> None:
    """End `process` and its children by SIGKILL, and wait for it."""
    with suppress(ProcessLookupError):  # nobody of its group is left
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
