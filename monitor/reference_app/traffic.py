"""Made-up work for each task, and traffic of it: steady, or by a profile. Used by `command`.

It stands apart from `tasks`, so that the command line knows the names without loading Celery.
"""

import math
import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NoReturn

Arguments = tuple[str | float, ...]

_rng = random.Random()  # noqa: S311 - made-up people, no secrets

_NAMES = ("Ada", "Bao", "Carla", "Dmitri", "Esi", "Farid", "Grace", "Hiro", "Ines", "Jonas")


def _somebody() -> str:
    return f"user{_rng.randrange(10_000)}@mail.example"


def _record_follow() -> Arguments:
    return (_somebody(), f"{_rng.choice(_NAMES).lower()}@mail.example")


def _send_welcome() -> Arguments:
    name = _rng.choice(_NAMES)
    # One in fifty mistypes the address, as people do: the task fails.
    at = "@" if _rng.random() > 0.02 else "."
    return (f"{name.lower()}{_rng.randrange(10_000)}{at}mail.example", name)


ARGUMENTS: Mapping[str, Callable[[], Arguments]] = {
    "record_follow": _record_follow,
    "send_welcome": _send_welcome,
    "update_leader_board": lambda: (),
    "record_metric": lambda: ("visitors", _rng.randrange(100)),
    "deactivate_idle": lambda: (),
    "write_report": lambda: (),
    "import_photo": lambda: ("holiday", f"photo{_rng.randrange(20)}"),
    "look_up_city": lambda: (_somebody(),),
    "import_contact": lambda: (f"Esi <{_somebody()}>",),
    "poison": lambda: ("no address",),
    "pause": lambda: (0.1,),
    "hang": lambda: (20.0,),
    "overrun": lambda: (60.0,),
    "eat_memory": lambda: (200, 5.0),
}
"""How to make up arguments, by the name of the task; `poison` is `import_contact` with bad ones."""

_MODULES = {
    "import_photo": "pictures",
    "look_up_city": "partner",
    **dict.fromkeys(
        ("import_contact", "poison", "pause", "hang", "overrun", "eat_memory"), "faults"
    ),
}

STEADY_PER_SECOND: Mapping[str, float] = {
    "record_follow": 0.8,
    "send_welcome": 0.4,
    "record_metric": 0.8,
    "import_photo": 0.2,
    "update_leader_board": 0.1,
}
"""A quiet afternoon: far below what the workers can do."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Traffic with a beginning and an end."""

    summary: str
    rate: Callable[[float], float]
    """How many times the steady rate, at a part of the time from 0 to 1."""
    mixture: Mapping[str, float]
    """How often each task is sent, in proportion to the others."""


PROFILES: Mapping[str, Profile] = {
    "day": Profile(
        "quiet after midnight, a rise, a peak in the afternoon",
        lambda part: 1.0 - 0.9 * math.cos(2 * math.pi * (part - 0.1)),
        STEADY_PER_SECOND,
    ),
    "spike": Profile(
        "quiet, and in the middle twenty times as much, as after a mention on television",
        lambda part: 20.0 if 0.4 <= part < 0.5 else 1.0,
        STEADY_PER_SECOND,
    ),
    "slow-drip": Profile(
        "little, but of what takes long, reports and photos",
        lambda _part: 0.3,
        {"write_report": 1.0, "import_photo": 3.0, "record_follow": 1.0},
    ),
    "poison": Profile(
        "half of all lines that are imported are bad, as after a change at the sender's",
        lambda _part: 2.0,
        {"import_contact": 1.0, "poison": 1.0},
    ),
}


def send(task_name: str, count: int, queue: str | None = None, priority: int | None = None) -> None:
    """Send `count` tasks to `queue`, or to where the routes say.

    Raises kombu.exceptions.OperationalError when the broker does not take them.
    """
    from monitor.reference_app.app import app

    module = _MODULES.get(task_name, "tasks")
    name = "import_contact" if task_name == "poison" else task_name
    options = {"queue": queue, "priority": priority}
    chosen = {name: value for name, value in options.items() if value is not None}
    app.loader.import_default_modules()
    task = app.tasks[f"monitor.reference_app.{module}.{name}"]
    with app.producer_or_acquire() as producer:
        for _ in range(count):
            task.apply_async(ARGUMENTS[task_name](), producer=producer, **chosen)


def send_steadily(report: Callable[[str], None]) -> NoReturn:
    """Send tasks at `STEADY_PER_SECOND` until interrupted; `report` hears of a lost broker."""
    per_second = sum(STEADY_PER_SECOND.values())
    while True:
        # Independent arrivals, as from many users who do not know of each other.
        time.sleep(_rng.expovariate(per_second))
        _send_one_of(STEADY_PER_SECOND, report)


def send_profile(
    profile: Profile, seconds: float, report: Callable[[str], None]
) -> Iterator[float]:
    """Send as the profile says for so long; yield the seconds that have passed, after each."""
    per_second = sum(STEADY_PER_SECOND.values())
    began = time.monotonic()
    while (passed := time.monotonic() - began) < seconds:
        yield passed
        # Looked at again after half a second at the latest, for the rate may have risen.
        pause = _rng.expovariate(per_second * max(0.01, profile.rate(passed / seconds)))
        time.sleep(min(pause, 0.5))
        if pause <= 0.5:
            _send_one_of(profile.mixture, report)
    yield seconds


def _send_one_of(mixture: Mapping[str, float], report: Callable[[str], None]) -> None:
    from kombu.exceptions import OperationalError

    (task_name,) = _rng.choices(*zip(*mixture.items(), strict=True))
    try:
        send(task_name, 1)
    except OperationalError as error:
        report(f"the broker does not take tasks: {error}")
