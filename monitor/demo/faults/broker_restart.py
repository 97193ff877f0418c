"""The broker is stopped, and started again."""

import time
from collections.abc import Callable

from monitor.demo.fault import Fault, Outcome, observe
from monitor.demo.installation import BEAT, Installation
from monitor.demo.waiting import drain, workers_seen_since


async def play(installation: Installation, say: Callable[[str], None]) -> Outcome:
    """Stop it until that is alerted on, and wait until the workers have found it again."""
    # Celery 5.7.0 workers that hold unacknowledged messages exit when the broker goes away.
    await installation.supervisor.stop(BEAT)
    await drain(installation)
    say("stopping the broker until that is alerted on ...")
    stopped_at = time.monotonic()
    installation.broker.stop()

    async def start_again() -> None:
        installation.broker.start()

    fault = Fault(
        name="broker stopped",
        alertname="BrokerDown",
        metric="celery_broker_up",
        object_labels={"broker": "demo"},
        lasts=lambda up: up == 0,
        over=lambda up: up == 1,
        end=start_again,
    )
    outcome = await observe(installation, fault, stopped_at)
    say("waiting for the workers to find the broker again ...")
    await workers_seen_since(installation, time.time(), "the workers did not come back")
    installation.supervisor.start(BEAT)
    return outcome
