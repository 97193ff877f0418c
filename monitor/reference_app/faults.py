"""Tasks that go wrong on demand, one for each way: to see what the monitor says about it."""

# Celery ships no types, so that mypy knows nothing of its decorator.
# mypy: disable-error-code="untyped-decorator"

import time

from monitor.reference_app.app import app
from monitor.reference_app.settings import data_folder
from monitor.reference_app.site import Site


@app.task(acks_late=True)
def import_contact(line: str) -> None:
    """Sign up somebody who is given as `Name <address>`; bad lines are what poisons a queue.

    Raises ValueError for a line that is none. It will be none the next time too, so it is not
    tried again.
    """
    name, bracket, address = line.partition(" <")
    if not (name and bracket and address.endswith(">")):
        raise ValueError("the line is not of the form: Name <address>")
    Site(data_folder()).sign_up(address.removesuffix(">"))


@app.task
def pause(seconds: float) -> None:
    """Keep a pool process busy for a while: many of them fill a queue."""
    time.sleep(seconds)


@app.task
def hang(seconds: float) -> None:
    """Wait for something that does not come, without a time limit: a bound tells of it."""
    time.sleep(seconds)


# What it cannot have in time is given up: at 5 seconds the exception, at 8 the process.
@app.task(soft_time_limit=5, time_limit=8)
def overrun(seconds: float) -> None:
    """Take longer than the time limit allows."""
    time.sleep(seconds)


@app.task
def eat_memory(megabytes: int, seconds: float) -> int:
    """Hold so much memory for a while; `worker_max_memory_per_child` is made for that."""
    held = bytearray(megabytes * 1_000_000)
    time.sleep(seconds)
    return len(held)
