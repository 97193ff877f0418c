"""A Celery worker whose clock is wrong by the seconds that the first argument says.

Run as `python -m tests.broker.faulty_worker AHEAD_SECONDS worker -A tests.broker.holding_app ..`.
"""

import sys
import time

if __name__ == "__main__":
    ahead_seconds = float(sys.argv.pop(1))
    if ahead_seconds:
        right = time.time
        time.time = lambda: right() + ahead_seconds
    # Whoever imports `time.time` by name must find the wrong clock.
    from celery.__main__ import main

    main()
