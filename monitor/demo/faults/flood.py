"""More work comes than is done: 300 messages at once in `high`."""

import time
from collections.abc import Callable

from monitor.demo.fault import Fault, Outcome, observe
from monitor.demo.installation import Installation
from monitor.demo.waiting import wait_until

COUNT = 300


async def play(installation: Installation, say: Callable[[str], None]) -> Outcome:
    """Flood the queue, and wait until it is worked off."""

    async def worked_off() -> None:
        await wait_until(
            installation,
            lambda metrics: (metrics.value("celery_queue_length", queue_name="high") or 0) < 20,
            "the queue high is not worked off",
        )

    say(f"flooding the queue high with {COUNT} messages ...")
    begun_at = time.monotonic()
    await installation.send("pause", "--queue", "high", "--count", str(COUNT))
    fault = Fault(
        name="queue high flooded",
        alertname="HighQueueBacklog",
        metric="celery_queue_length",
        object_labels={"queue_name": "high"},
        lasts=lambda length: length > 100,
        over=lambda length: length < 20,
        end=worked_off,
        alerted_within_seconds=25.0,  # by then it is worked off
    )
    return await observe(installation, fault, begun_at)
