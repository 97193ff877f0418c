"""Somebody sends lines that cannot be imported: the task fails on each."""

import time
from collections.abc import Callable

from monitor.demo.fault import Fault, Outcome, observe
from monitor.demo.installation import Installation

BAD = 25
"""TaskFailureRatio wants 20 runs to judge by."""
GOOD = 4 * BAD


async def play(installation: Installation, say: Callable[[str], None]) -> Outcome:
    """Send bad lines and, once they are alerted on, so many good ones that they are few."""

    async def sender_is_mended() -> None:
        await installation.send("import_contact", "--queue", "high", "--count", str(GOOD))

    say(f"sending {BAD} lines that cannot be imported ...")
    begun_at = time.monotonic()
    await installation.send("poison", "--queue", "high", "--count", str(BAD))
    fault = Fault(
        name="lines poisoned",
        alertname="TaskFailureRatio",
        metric="celery_task_failure_ratio",
        object_labels={"name": "monitor.reference_app.faults.import_contact"},
        lasts=lambda ratio: ratio > 0.25,
        over=lambda ratio: ratio <= 0.25,
        end=sender_is_mended,
    )
    return await observe(installation, fault, begun_at)
