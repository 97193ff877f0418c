"""A few lines on how the installation is, for a terminal and for a log; used by `demo`."""

import asyncio
import time
from collections.abc import Callable, Sequence

from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from monitor.demo.installation import Installation
from monitor.demo.metrics import Metrics
from monitor.demo.receiver import Told
from monitor.top.choice import Choice
from monitor.top.screen import drawn
from monitor.top.sight import Sight

LIVE_EVERY_SECONDS = 1.0
LINE_EVERY_SECONDS = 10.0
TOLD_LINES = 6
NO_ANSWER = "the daemon's page does not answer"


async def show_live(installation: Installation) -> None:
    """Keep a picture on the terminal up to date, until cancelled."""
    with Live(auto_refresh=False) as live:
        while True:
            shown = picture(
                await installation.sight(),
                installation.receiver.told,
                installation.page_url,
                width=live.console.width,
            )
            live.update(shown, refresh=True)
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
        return NO_ANSWER
    if metrics.value("celery_broker_up") != 1:
        return "the broker cannot be read"
    lengths = [
        f"{labels['queue_name']} {length:.0f}"
        for labels, length in metrics.where("celery_queue_length")
    ]
    up = [value for _, value in metrics.where("celery_worker_up")]
    return f"waiting: {', '.join(lengths)}; workers up: {sum(up):.0f} of {len(up)}"


def picture(
    sight: Sight | None, told: Sequence[Told], page_url: str, *, width: int
) -> RenderableType:
    """Return what `queue-monitor top` shows, and below it what the receiver was told last.

    `sight` is None where the daemon does not answer; `width` is in columns.
    """
    lines = [
        Text(told_line(one), style="red" if one.status == "firing" else "green")
        for one in told[-TOLD_LINES:]
    ]
    return Group(
        drawn(sight, Choice(), page_url, NO_ANSWER if sight is None else "", width=width),
        Text("notified:", style="bold"),
        *(lines or [Text("nothing yet")]),
    )
