"""Failures of tasks go to Sentry, where SENTRY_DSN names one: used by `app`.

An event carries the name of the task and its queue, and not the arguments, which are other
people's addresses.
"""

import os
from typing import Any

from celery import current_task
from celery.signals import celeryd_init


def report_to_sentry() -> None:
    """Have each worker that starts report what its tasks raise, once they give up."""
    celeryd_init.connect(_start, weak=False, dispatch_uid="reference-app.sentry")


def _start(**_signal: object) -> None:
    if not os.environ.get("SENTRY_DSN"):
        return
    import sentry_sdk
    from sentry_sdk.integrations.celery import CeleryIntegration

    sentry_sdk.init(
        # The DSN comes from the environment, as Sentry's own SDK reads it.
        integrations=[CeleryIntegration()],
        before_send=_finish,
        # Local variables of a traceback are the arguments again.
        include_local_variables=False,
        send_default_pii=False,
    )


def _finish(event: Any, _hint: Any) -> Any:
    job = event.get("extra", {}).get("celery-job", {})
    job.pop("args", None)
    job.pop("kwargs", None)
    if current_task:
        delivery = current_task.request.delivery_info or {}
        event.setdefault("tags", {}).update(
            task=current_task.name, queue=delivery.get("routing_key") or "unknown"
        )
    return event
