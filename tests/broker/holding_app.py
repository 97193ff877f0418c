"""A Celery app whose one task holds everything up, and whose settings come from the environment.

Its workers can be told to leave their queues without noticing, as after a lost connection.
"""

# Celery ships no types, so that mypy knows nothing of its decorator.
# mypy: disable-error-code="untyped-decorator"

import ctypes
import os
from typing import Any

from celery import Celery
from celery.worker.control import control_command

app = Celery("holding_app")
app.conf.update(
    worker_send_task_events=True,
    task_ignore_result=True,
    broker_connection_retry_on_startup=True,
    worker_enable_remote_control=os.environ.get("REMOTE_CONTROL") != "off",
)


@app.task(name="hold")
def hold(seconds: int) -> None:
    """Sleep in C, where no green thread gives way, and no processor time is used."""
    ctypes.CDLL(None).sleep(seconds)


@control_command()
def leave_queues(state: Any) -> None:
    """Take no more messages, and go on beating and naming the queues."""
    state.consumer.task_consumer.cancel()
