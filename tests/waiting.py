"""Waiting for what comes true by itself."""

import time
from collections.abc import Callable


def eventually(condition: Callable[[], bool], timeout_seconds: float = 10.0) -> bool:
    """Return whether `condition` comes true within the time."""
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
