"""The Celery application: its broker, its queues, and which task goes to which.

Workers load it by `celery -A monitor.reference_app.app worker`; publishers import it.
"""

from celery import Celery

import monitor.stamp  # noqa: F401 - each message carries from here on when it was sent

# The environment variable CELERY_BROKER_URL, which Celery itself reads, beats this.
DEFAULT_BROKER_URL = "redis://127.0.0.1:6379/0"

app = Celery(
    "reference_app",
    broker=DEFAULT_BROKER_URL,
    include=["monitor.reference_app.tasks"],
)

app.conf.update(
    # A queue says how long its tasks may wait, not how important their subject is.
    task_routes={
        # The user looks at the number that this changes: within seconds.
        "monitor.reference_app.tasks.record_follow": {"queue": "high"},
        # The user expects the mail soon after signing up: within a minute.
        "monitor.reference_app.tasks.send_welcome": {"queue": "normal"},
        # Nobody waits for it: any time today.
        "monitor.reference_app.tasks.update_leader_board": {"queue": "low"},
    },
    task_default_queue="normal",
    # Without these two a monitor sees queue lengths only: no counts, no runtimes, no waits.
    worker_send_task_events=True,
    task_send_sent_event=True,
    # No caller asks for a result here, and a result that nobody reads costs a write.
    task_ignore_result=True,
    # A worker may be started before its broker.
    broker_connection_retry_on_startup=True,
)
