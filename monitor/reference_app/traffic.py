"""Made-up work for each task, and steady traffic of it. Used by `command`.

It stands apart from `tasks`, so that the command line knows the names without loading Celery.
"""

import random
import time
from collections.abc import Callable, Mapping
from typing import NoReturn

Arguments = tuple[str | float, ...]

_rng = random.Random()  # noqa: S311 - made-up people, no secrets

_NAMES = ("Ada", "Bao", "Carla", "Dmitri", "Esi", "Farid", "Grace", "Hiro", "Ines", "Jonas")


def _record_follow() -> Arguments:
    return (f"user{_rng.randrange(10_000)}", _rng.choice(_NAMES).lower())


def _send_welcome() -> Arguments:
    name = _rng.choice(_NAMES)
    # One in fifty mistypes the address, as people do: the task fails.
    at = "@" if _rng.random() > 0.02 else "."
    return (f"{name.lower()}{_rng.randrange(10_000)}{at}mail.example", name)


ARGUMENTS: Mapping[str, Callable[[], Arguments]] = {
    "record_follow": _record_follow,
    "send_welcome": _send_welcome,
    "update_leader_board": lambda: (),
    "pause": lambda: (0.1,),
}
"""How to make up arguments, by the name of the task."""

STEADY_PER_SECOND: Mapping[str, float] = {
    "record_follow": 2.0,
    "send_welcome": 1.0,
    "update_leader_board": 0.2,
}
"""A quiet afternoon: far below what the workers can do."""


def send(task_name: str, count: int, queue: str | None = None, priority: int | None = None) -> None:
    """Send `count` tasks to `queue`, or to where the routes say.

    Raises kombu.exceptions.OperationalError when the broker does not take them.
    """
    from monitor.reference_app import tasks

    task = getattr(tasks, task_name)
    options = {"queue": queue, "priority": priority}
    chosen = {name: value for name, value in options.items() if value is not None}
    with task.app.producer_or_acquire() as producer:
        for _ in range(count):
            task.apply_async(ARGUMENTS[task_name](), producer=producer, **chosen)


def send_steadily(report: Callable[[str], None]) -> NoReturn:
    """Send tasks at `STEADY_PER_SECOND` until interrupted; `report` hears of a lost broker."""
    from kombu.exceptions import OperationalError

    total_per_second = sum(STEADY_PER_SECOND.values())
    while True:
        # Independent arrivals, as from many users who do not know of each other.
        time.sleep(_rng.expovariate(total_per_second))
        (task_name,) = _rng.choices(*zip(*STEADY_PER_SECOND.items(), strict=True))
        try:
            send(task_name, 1)
        except OperationalError as error:
            report(f"the broker does not take tasks: {error}")
