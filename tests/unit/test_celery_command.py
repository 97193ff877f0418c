"""What `celery -A proj queue-monitor` takes from the app."""

from datetime import timedelta

from celery import Celery
from celery.schedules import crontab

from monitor.celery_command import schedules_of
from monitor.config.load import load


def test_the_beat_schedule_of_the_app_is_declared() -> None:
    app = Celery("proj", broker="redis://localhost:6379/0")
    app.conf.timezone = "Europe/Berlin"
    app.conf.beat_schedule = {
        "daily": {"task": "app.daily", "schedule": crontab(minute=30, hour="7, 19")},
        "weekdays": {"task": "app.work", "schedule": crontab(0, [8, 9], day_of_week="mon-fri")},
        "midnight": {"task": "app.night", "schedule": crontab(0, 0)},
        "often": {"task": "app.often", "schedule": 90.5},
        "hourly": {"task": "app.hourly", "schedule": timedelta(hours=1)},
        "at once": {"task": "app.at_once", "schedule": 0.5},
    }
    flags = {"broker": ["redis://localhost:6379/0"], "schedules": schedules_of(app.conf)}
    told = {each.name: each.cron or each.every for each in load(None, {}, flags).schedules}
    assert told == {
        "daily": "30 7,19 * * *",
        "weekdays": "0 8,9 * * mon-fri",
        "midnight": "0 0 * * *",
        "often": 90.5,
        "hourly": 3600.0,
    }
    assert {each.timezone for each in load(None, {}, flags).schedules} == {"Europe/Berlin"}


def test_an_app_without_a_beat_schedule_declares_nothing() -> None:
    assert schedules_of(Celery("proj").conf) == []


def test_what_is_declared_in_the_settings_stands() -> None:
    flags = {
        "broker": ["redis://localhost:6379/0"],
        "schedules": [{"name": "a", "task": "app.a", "every": "60s"}],
    }
    environ = {"QUEUE_MONITOR_SCHEDULES": "[{task: app.b, every: 1h}]"}
    assert [each.task for each in load(None, environ, flags).schedules] == ["app.b"]
