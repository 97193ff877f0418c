"""A Celery app whose one task holds everything up, and whose settings come from the environment."""

# Celery ships no types, so that mypy knows nothing of its decorator.
# mypy: disable-error-code="untyped-decorator"

import ctypes
import os

from celery import Celery

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
