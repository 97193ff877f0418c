"""How long what failed waits for its next try. Used by `outbox.py` and `mirror.py`."""

from random import Random

FIRST_RETRY_SECONDS = 1.0
MAX_RETRY_SECONDS = 60.0


def backoff_seconds(failures: int, random: Random) -> float:
    """Return how long to wait after so many `failures` in a row, at least one.

    Twice as long each time, up to a cap, and spread, so that a receiver that comes back is not
    run over by all who wait for it.
    """
    doubled = FIRST_RETRY_SECONDS * 2.0 ** min(failures - 1, 16)
    return min(doubled, MAX_RETRY_SECONDS) * random.uniform(0.5, 1.0)
