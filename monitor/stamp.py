"""Makes message ages exact. An app that publishes tasks adds one line:

    import monitor.stamp

Celery's messages do not say when they were sent, so a monitor can only tell since when it has
seen them. From here on each carries the header `x_enqueued_at`, Unix seconds by the
publisher's clock. It needs nothing but Celery; workers need not know of it.
"""

import time
from typing import Any

from celery.signals import before_task_publish

HEADER = "x_enqueued_at"


def stamp(headers: dict[str, Any] | None = None, **_signal: object) -> None:
    """Note in the `headers` of a message that is about to be sent when that is."""
    if headers is not None:
        # A retry is sent with the headers of the try before: the task has waited since then.
        headers.setdefault(HEADER, time.time())


before_task_publish.connect(stamp, weak=False, dispatch_uid="queue-monitor.stamp")
