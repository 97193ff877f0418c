"""The API of a partner no longer answers in time: its process is stopped, its port still open."""

import time
from collections.abc import Callable

from monitor.demo.fault import Fault, Outcome, observe
from monitor.demo.installation import PARTNER, Installation

CALLS = 5
"""So few, and so many good ones, that TaskFailureRatio, which wants 20 runs, has nothing to say."""
GOOD_CALLS = 20


async def play(installation: Installation, say: Callable[[str], None]) -> Outcome:
    """Let calls time out until they give up and, once that is alerted on, let others succeed."""

    async def answers_again() -> None:
        installation.supervisor.thaw(PARTNER)
        await installation.send("look_up_city", "--queue", "high", "--count", str(GOOD_CALLS))

    say("letting the partner's API hang ...")
    begun_at = time.monotonic()
    installation.supervisor.freeze(PARTNER)
    await installation.send("look_up_city", "--queue", "high", "--count", str(CALLS))
    fault = Fault(
        name="partner's API slow",
        alertname="PartnerTooSlow",
        metric="celery_task_failure_ratio",
        object_labels={"name": "monitor.reference_app.partner.look_up_city"},
        lasts=lambda ratio: ratio > 0.5,
        over=lambda ratio: ratio <= 0.5,
        end=answers_again,
    )
    return await observe(installation, fault, begun_at)
