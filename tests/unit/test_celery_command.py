"""What `celery -A proj queue-monitor` takes from the app."""

from datetime import timedelta
from pathlib import Path

import pytest
from celery import Celery
from celery.schedules import crontab

from monitor.celery_command import schedules_of
from monitor.cli import main
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


APP = "redis://app:6379/0"
IN_FILE = """
brokers:
  - {name: one, url: redis://one:6379/0, control: false, queues: {include: [high]}}
  - {name: two, url: redis://two:6379/0}
"""


def shown(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    """Return the settings in force for `celery -A proj queue-monitor` with these options."""
    transport = {"global_keyprefix": "app-"}
    words = ["config", "show", *options]
    assert main(words, app_broker=APP, app_transport_options=transport) == 0
    return capsys.readouterr().out


def test_the_brokers_of_the_settings_stand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(IN_FILE)
    told = shown(capsys, "--config", str(file))
    assert main(["config", "show", "--config", str(file)]) == 0
    assert told == capsys.readouterr().out
    assert "redis://one:6379/0" in told
    assert "redis://two:6379/0" in told


@pytest.mark.parametrize(
    ("options", "environ", "url", "with_options"),
    [
        ([], {}, APP, True),
        ([], {"CELERY_BROKER_URL": "redis://celery:6379/0"}, APP, True),
        ([], {"QUEUE_MONITOR_BROKER_URL": "redis://own:6379/0"}, "redis://own:6379/0", False),
        (["--broker", "redis://flag:6379/0"], {}, "redis://flag:6379/0", False),
    ],
    ids=["nothing named", "for Celery", "for the monitor", "by an option"],
)
def test_the_broker_of_the_app_is_watched_where_none_is_named(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    environ: dict[str, str],
    url: str,
    with_options: bool,
) -> None:
    for variable in ("QUEUE_MONITOR_BROKER_URL", "CELERY_BROKER_URL"):
        monkeypatch.setenv(variable, environ.get(variable, ""))
    told = shown(capsys, *options)
    assert url in told
    assert told.count("url: redis://") == 1
    assert ("global_keyprefix: app-" in told) == with_options


@pytest.mark.parametrize("command", [["check", "workers"], ["top", "--once"]])
def test_transport_options_of_the_command_line_come_before_those_of_the_app(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*command, "--transport-options", "no JSON"]
    assert main(words, app_broker=APP, app_transport_options={"global_keyprefix": "app-"}) != 0
    told = capsys.readouterr()
    assert "--transport-options is not JSON" in told.out + told.err
