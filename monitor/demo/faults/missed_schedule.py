"""Beat ends and nobody notices, for beat leaves no trace of itself in the broker."""

import time
from collections.abc import Callable

from monitor.demo.daemon_process import CANARY
from monitor.demo.fault import Fault, Outcome, observe
from monitor.demo.installation import BEAT, Installation
from monitor.demo.metrics import Metrics
from monitor.demo.waiting import wait_until


async def play(installation: Installation, say: Callable[[str], None]) -> Outcome:
    """End beat and, once what it should have sent is missed, start it again."""

    async def start_again() -> None:
        installation.supervisor.start(BEAT)

    # A task that was never heard of may as well have workers that send no events.
    await wait_until(installation, _received, "the canary was not received")
    say("ending beat ...")
    begun_at = time.monotonic()
    await installation.supervisor.stop(BEAT)
    fault = Fault(
        name="beat ended",
        alertname="ScheduleMissed",
        metric="celery_schedule_missed",
        object_labels={"schedule": CANARY},
        lasts=lambda missed: missed == 1,
        over=lambda missed: missed == 0,
        end=start_again,
        alerted_within_seconds=50.0,  # ten until it is due, and 18 of grace
    )
    return await observe(installation, fault, begun_at)


def _received(metrics: Metrics) -> bool:
    received_at = metrics.value("celery_schedule_last_received_timestamp_seconds", schedule=CANARY)
    return received_at is not None
