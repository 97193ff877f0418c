"""`celery -A proj queue-monitor …`: the command line with the app's own broker.

Celery finds it by the entry point `celery.commands`. Broker and transport options come from
the app, so that prefix, separator and priority steps need not be said twice.
"""

import sys
from typing import Any

import click

from monitor.cli import main


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
    )
    sys.exit(status)
