"""`celery -A proj queue-monitor …`: the command line with the app's own broker.

Celery finds it by the entry point `celery.commands`. Broker and transport options come from
the app, so that prefix, separator and priority steps need not be said twice.
"""

import sys
from typing import Any

import click
from celery.schedules import crontab, maybe_schedule

from monitor.cli import main
from monitor.facts.settings import LEAST_EVERY_SECONDS


@click.command(
    "queue-monitor",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    add_help_option=False,
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def queue_monitor(context: click.Context, arguments: tuple[str, ...]) -> None:
    """Monitor this app's broker: the same commands as `queue-monitor`, `run` by default."""
    conf: Any = context.obj.app.conf
    # Several URLs are alternatives of one broker; the first is where the app connects first.
    # Several sentinels are asked all.
    urls = conf.broker_read_url or conf.broker_url or ""
    alternatives = urls.split(";") if isinstance(urls, str) else list(urls)
    sentinels = alternatives[0].startswith("sentinel://")
    url = ";".join(alternatives) if sentinels else alternatives[0]
    status = main(
        list(arguments) or ["run"],
        app_broker=url,
        app_transport_options=dict(conf.broker_transport_options or {}),
        app_schedules=schedules_of(conf),
    )
    sys.exit(status)


def schedules_of(conf: Any) -> list[dict[str, str]]:
    """Return the app's `beat_schedule` as the monitor's setting `schedules`.

    What is neither a crontab nor an interval of ten seconds or more, such as a solar schedule,
    is left out.
    """
    found = []
    for name, entry in (conf.beat_schedule or {}).items():
        times = _times(maybe_schedule(entry["schedule"]))
        if times:
            timezone = str(conf.timezone or "UTC")
            found.append({"name": name, "task": entry["task"], "timezone": timezone, **times})
    return found


def _times(schedule: Any) -> dict[str, str]:
    if isinstance(schedule, crontab):
        fields = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
        return {"cron": " ".join(_cron_field(getattr(schedule, f"_orig_{f}")) for f in fields)}
    every = getattr(schedule, "run_every", None)
    if every is None or every.total_seconds() < LEAST_EVERY_SECONDS:
        return {}
    return {"every": f"{every.total_seconds():f}s"}


def _cron_field(value: Any) -> str:
    """Return what was given to crontab: a text, a number, or several."""
    text = value if isinstance(value, str) else None
    several = () if text or isinstance(value, int) else value
    return (text or ",".join(map(str, several)) or str(value)).replace(" ", "")
