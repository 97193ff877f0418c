"""What work takes: the processor time of a call, and the memory of a process."""

import gc
import time
from collections.abc import Callable
from pathlib import Path


def cpu_seconds(measured: Callable[[], object]) -> float:
    """Return the processor time that a call takes, without the garbage of what was before."""
    gc.collect()
    before = time.process_time()
    measured()
    return time.process_time() - before


def resident_bytes(pid: int) -> int:
    """Return how much of a process is in memory, from Linux' /proc."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024
