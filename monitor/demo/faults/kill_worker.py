"""A worker is killed, as for want of memory."""

import time
from collections.abc import Callable

from monitor.demo.fault import Fault, Outcome, observe
from monitor.demo.installation import Installation
from monitor.demo.waiting import hostname

WORKER = "low"


async def play(installation: Installation, say: Callable[[str], None]) -> Outcome:
    """Kill it and, once that is alerted on, start it again."""

    async def start_again() -> None:
        installation.supervisor.start(WORKER)

    say(f"killing the worker {WORKER} ...")
    begun_at = time.monotonic()
    installation.supervisor.kill(WORKER)
    fault = Fault(
        name=f"worker {WORKER} killed",
        alertname="WorkerDead",
        metric="celery_worker_up",
        object_labels={"hostname": hostname(WORKER)},
        lasts=lambda up: up == 0,
        over=lambda up: up == 1,
        end=start_again,
    )
    return await observe(installation, fault, begun_at)
