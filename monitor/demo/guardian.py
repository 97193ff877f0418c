"""Cleans up after the demo, also when that is killed; run by `workspace.Workspace`.

    python -I -S guardian.py

It makes the demo's folder, prints its path, and reads which process groups there are: each
line is the list of all their ids at that moment. The end of its input is the end of the demo,
however that came about: the groups are killed and the folder is removed. It imports nothing of
ours, so that it starts in no time.
"""

import os
import shutil
import signal
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

REMOVE_TIMEOUT_SECONDS = 5.0


def main() -> None:
    """Outlive the demo, and leave nothing of it."""
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # Whoever ends the demo with one of these often means us too; our end comes with its own.
        signal.signal(ending, signal.SIG_IGN)
    folder = Path(tempfile.mkdtemp(prefix="queue-monitor-demo-"))
    with suppress(BrokenPipeError):  # the demo has ended already
        print(folder, flush=True)
    groups = ""
    for line in sys.stdin:
        groups = line
    for group in groups.split():
        with suppress(ProcessLookupError):  # all of it has ended
            os.killpg(int(group), signal.SIGKILL)
    _remove(folder)


def _remove(folder: Path) -> None:
    """Remove `folder`; a process that is being killed may still write into it for a moment."""
    deadline = time.monotonic() + REMOVE_TIMEOUT_SECONDS
    while folder.exists() and time.monotonic() < deadline:
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(0.01)


if __name__ == "__main__":
    main()
