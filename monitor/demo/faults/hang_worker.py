"""A worker's main process is stopped, as if it were wedged: connected, silent, useless."""

import time
from collections.abc import Callable

from monitor.demo.fault import Fault, Outcome, observe
from monitor.demo.installation import Installation
from monitor.demo.waiting import hostname, wait_until

WORKER = "normal"


async def play(installation: Installation, say: Callable[[str], None]) -> Outcome:
    """Let it hang and, once that is alerted on, go on."""

    async def go_on() -> None:
        installation.supervisor.thaw(WORKER)

    say(f"letting the worker {WORKER} hang ...")
    begun_at = time.monotonic()
    installation.supervisor.freeze(WORKER)
    fault = Fault(
        name=f"worker {WORKER} hung",
        alertname="WorkerHung",
        metric="celery_worker_up",
        object_labels={"hostname": hostname(WORKER)},
        lasts=lambda up: up == 0,
        over=lambda up: up == 1,
        end=go_on,
        alerted_within_seconds=60.0,  # its rule waits for 30 of them
    )
    return await observe(installation, fault, begun_at)


async def seen(installation: Installation) -> None:
    """Return when the monitor has seen that it hangs."""
    await wait_until(
        installation,
        lambda metrics: metrics.value("celery_worker_up", hostname=hostname(WORKER)) == 0,
        f"{WORKER} is not seen to hang",
    )
