"""A few lines on how the installation is, for a terminal and for a log; used by `demo`."""

import asyncio
import time
from collections.abc import Callable

from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from monitor.demo.installation import Installation
from monitor.demo.metrics import Metrics
from monitor.demo.receiver import Told

LIVE_EVERY_SECONDS = 1.0
LINE_EVERY_SECONDS = 10.0
TOLD_LINES = 6
STATE_STYLES = {"online": "green", "busy": "green", "late": "yellow", "dead": "bold red"}


async def show_live(installation: Installation) -> None:
    """Keep a small picture on the terminal up to date, until cancelled."""
    with Live(auto_refresh=False) as live:
        while True:
            picture = _picture(await installation.metrics(), installation.receiver.told)
            live.update(picture, refresh=True)
            await asyncio.sleep(LIVE_EVERY_SECONDS)


async def print_lines(installation: Installation, say: Callable[[str], None]) -> None:
    """Say each alert that the receiver is told, and now and then how things are."""
    lined_at, told_count = 0.0, 0
    while True:
        for told in installation.receiver.told[told_count:]:
            say(told_line(told))
        told_count = len(installation.receiver.told)
        if time.monotonic() - lined_at >= LINE_EVERY_SECONDS:
            say(state_line(await installation.metrics()))
            lined_at = time.monotonic()
        await asyncio.sleep(LIVE_EVERY_SECONDS)


def told_line(told: Told) -> str:
    """Return one told alert in a line."""
    return f"{told.status.upper():8}  {told.alertname}  {told.summary}"


def state_line(metrics: Metrics | None) -> str:
    """Return the state of queues and workers in a line."""
    if metrics is None:
        return "the daemon's page does not answer"
    if metrics.value("celery_broker_up") != 1:
        return "the broker cannot be read"
    lengths = [
        f"{labels['queue_name']} {length:.0f}"
        for labels, length in metrics.where("celery_queue_length")
    ]
    up = [value for _, value in metrics.where("celery_worker_up")]
    return f"waiting: {', '.join(lengths)}; workers up: {sum(up):.0f} of {len(up)}"


def _picture(metrics: Metrics | None, told: list[Told]) -> RenderableType:
    if metrics is None or metrics.value("celery_broker_up") != 1:
        upper: RenderableType = Text(state_line(metrics), style="bold red")
    else:
        upper = Table.grid(padding=(0, 4))
        upper.add_row(_queues(metrics), _workers(metrics))
    lines = [
        Text(told_line(one), style="red" if one.status == "firing" else "green")
        for one in told[-TOLD_LINES:]
    ]
    return Group(upper, Text("notified:", style="bold"), *(lines or [Text("nothing yet")]))


def _queues(metrics: Metrics) -> Table:
    table = Table("queue", "waiting", "workers", box=None)
    for labels, length in metrics.where("celery_queue_length"):
        workers = metrics.value("celery_active_worker_count", queue_name=labels["queue_name"])
        table.add_row(labels["queue_name"], f"{length:.0f}", _number(workers))
    return table


def _workers(metrics: Metrics) -> Table:
    table = Table("worker", "state", "running", "done", box=None)
    for labels, holds in metrics.where("celery_worker_state"):
        if holds:
            hostname, state = labels["hostname"], labels["state"]
            active = metrics.value("celery_worker_tasks_active", hostname=hostname)
            done = metrics.value("celery_worker_processed_total", hostname=hostname)
            styled = Text(state, style=STATE_STYLES.get(state, ""))
            table.add_row(hostname, styled, _number(active), _number(done))
    return table


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.0f}"
