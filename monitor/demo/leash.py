"""Turns into another program that dies with its parent; run by `processes.start`.

    python -I -S leash.py PARENT_PID PROGRAM [ARGUMENT]...

A program of its own instead of a `preexec_fn`, because Python code between fork and exec can
deadlock in a parent that has threads. It imports nothing of ours, so that it starts in no time.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Bind this process's life to its parent's, then become the program."""
    parent_pid, program = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        # The kernel keeps this over exec. It follows the thread that forked: see processes.start.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        sys.exit(1)  # The parent died before the line above; nobody will tell us any more.
    os.execvp(program[0], program)  # noqa: S606 - the command is the demo's own


if __name__ == "__main__":
    main()
