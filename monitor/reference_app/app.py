"""The Celery application: its broker, its queues, which task goes to which, and what beat sends.

Workers load it by `celery -A monitor.reference_app.app worker`; publishers import it.
"""

import os

from celery import Celery
from celery.schedules import crontab

import monitor.stamp  # noqa: F401 - each message carries from here on when it was sent
from monitor.reference_app import errors, settings

app = Celery(
    "reference_app",
    # The environment variable CELERY_BROKER_URL, which Celery itself reads, beats this.
    broker=settings.DEFAULT_BROKER_URL,
    include=[
        "monitor.reference_app.tasks",
        "monitor.reference_app.pictures",
        "monitor.reference_app.partner",
        "monitor.reference_app.faults",
    ],
)

_TASKS = "monitor.reference_app.tasks"
_PICTURES = "monitor.reference_app.pictures"

# A queue says how long its tasks may wait, not how important their subject is.
ROUTES = {
    # -- high: within seconds
    # The user looks at the number that this changes.
    f"{_TASKS}.record_follow": {"queue": "high"},
    # It measures how long quick work waits, so it must wait where quick work does.
    f"{_TASKS}.canary": {"queue": "high"},
    # -- normal: within a minute
    # The user expects the mail soon after signing up.
    f"{_TASKS}.send_welcome": {"queue": "normal"},
    # Being followed is news, but nobody waits for it in front of a screen.
    f"{_TASKS}.mail_followed": {"queue": "normal"},
    # The photo is there already; its small versions are missed on the next visit.
    f"{_PICTURES}.import_photo": {"queue": "normal"},
    f"{_PICTURES}.make_thumbnail": {"queue": "normal"},
    f"{_PICTURES}.publish_photo": {"queue": "normal"},
    # The profile shows the city when it is known.
    "monitor.reference_app.partner.look_up_city": {"queue": "normal"},
    # A poll's result is awaited, but by nobody who looks at an hourglass.
    f"{_TASKS}.count_ballots": {"queue": "normal"},
    f"{_TASKS}.announce_winner": {"queue": "normal"},
    # -- low: any time today
    # It is a picture of the last hour anyway.
    f"{_TASKS}.update_leader_board": {"queue": "low"},
    # Figures are looked at tomorrow; better a lost one than a late mail.
    f"{_TASKS}.record_metric": {"queue": "low"},
    # Who has been away for a year can stay a night longer.
    f"{_TASKS}.deactivate_idle": {"queue": "low"},
    # It takes minutes, and whoever asked for it has gone for a coffee.
    f"{_TASKS}.write_report": {"queue": "low"},
    # Thousands at once, which must not stand in front of a welcome.
    f"{_TASKS}.send_newsletter": {"queue": "low"},
}

app.conf.update(
    task_routes=ROUTES,
    task_default_queue="normal",
    # Without these two a monitor sees queue lengths only: no counts, no runtimes, no waits.
    worker_send_task_events=True,
    task_send_sent_event=True,
    # Most tasks have no result that anybody reads, and a result that nobody reads costs a write.
    # Those that do say so themselves.
    task_ignore_result=True,
    # A chunk of many small tasks is a task of Celery's own, which cannot say so itself.
    task_annotations={"celery.starmap": {"ignore_result": False}},
    result_backend=os.environ.get("CELERY_BROKER_URL") or settings.DEFAULT_BROKER_URL,
    result_expires=3600,
    # No more unacknowledged messages than pool processes: behind a report, which is acknowledged
    # late, waits nothing. By default it is four times as many, and a welcome could be among them
    # while another worker is idle.
    worker_prefetch_multiplier=1,
    # A worker may be started before its broker.
    broker_connection_retry_on_startup=True,
    # In the local time of the people who read what comes of it.
    timezone="UTC",
    beat_schedule={
        # Every job of the world starts at minute 0; so does this one, to show what that does.
        "leader board": {
            "task": f"{_TASKS}.update_leader_board",
            "schedule": crontab(minute=0),
        },
        # When the fewest people are up; not at minute 0, when everybody else is at it.
        "clean-up": {
            "task": f"{_TASKS}.deactivate_idle",
            "schedule": crontab(hour=3, minute=17),
        },
        # One that comes a minute late is superseded by the next.
        "canary": {
            "task": f"{_TASKS}.canary",
            "schedule": settings.canary_seconds(),
            "options": {"expires": settings.canary_seconds()},
        },
    },
    # For a debugger and for tests: the sender runs the task itself, there is no queue.
    task_always_eager=settings.eager(),
    task_eager_propagates=settings.eager(),
)

errors.report_to_sentry()
