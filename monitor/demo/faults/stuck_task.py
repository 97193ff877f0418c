"""A task waits for something that does not come, longer than the demo's bound of five seconds."""

import time
from collections.abc import Callable

from monitor.demo.fault import Fault, Outcome, observe
from monitor.demo.installation import Installation


async def play(installation: Installation, say: Callable[[str], None]) -> Outcome:
    """Send a task that hangs for 20 seconds, and wait until it is over."""

    async def gives_up_by_itself() -> None:
        """Wait for nothing: the task sleeps no longer than that."""

    say("sending a task that hangs ...")
    begun_at = time.monotonic()
    # To two processes, of which one stays free.
    await installation.send("hang", "--queue", "high")
    fault = Fault(
        name="task stuck",
        alertname="TaskStuck",
        metric="celery_task_stuck",
        object_labels={"name": "monitor.reference_app.faults.hang"},
        lasts=lambda stuck: stuck == 1,
        over=lambda stuck: stuck == 0,
        end=gives_up_by_itself,
    )
    return await observe(installation, fault, begun_at)
