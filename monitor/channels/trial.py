"""`queue-monitor notify test CHANNEL`: a test alert and its end, and what the receiver said.

Called by `cli.py`, through the settings and the channels that the daemon would use.
"""

from collections.abc import Callable

import aiohttp

from monitor.alerts.alert import Alert, Notice, fingerprint_of
from monitor.alerts.lifecycle import resolve
from monitor.channels.base import Channel, RefusedError, SendError
from monitor.channels.settings import ChannelSettings
from monitor.channels.table import make_channels

ALERTNAME = "TestNotification"
LASTS_SECONDS = 1.0
PAGE_URL = "http://localhost:9808/"
"""The monitor that the channel is of need not run, so nobody says where its page is."""


def trial_notices(channel: str, now: float) -> tuple[Notice, Notice]:
    """Return a notice that a test alert fires, and one that it is over."""
    labels = (("alertname", ALERTNAME), ("broker", "none"), ("severity", "warning"))
    firing = Alert(
        labels=labels,
        fingerprint=fingerprint_of(labels),
        state="firing",
        active_at=now,
        started_at=now,
        summary="this is a test of queue-monitor, nothing is wrong",
        cause=f"somebody typed queue-monitor notify test {channel}",
    )
    over_at = now + LASTS_SECONDS
    over = resolve(firing, over_at, "the test is over")
    return _notice(channel, now, firing=(firing,)), _notice(channel, over_at, resolved=(over,))


def _notice(
    channel: str, now: float, firing: tuple[Alert, ...] = (), resolved: tuple[Alert, ...] = ()
) -> Notice:
    return Notice(
        channel=channel,
        group_key=f'{{}}:{{alertname="{ALERTNAME}"}}',
        group_labels=(("alertname", ALERTNAME),),
        firing=firing,
        resolved=resolved,
        made_at=now,
    )


async def try_channel_of(settings: ChannelSettings, now: float, say: Callable[[str], None]) -> bool:
    """Make the channel of `settings` and try it; see `try_channel`. Raises ChannelError."""
    async with aiohttp.ClientSession() as session:
        (channel,) = make_channels([settings], session, PAGE_URL)
        return await try_channel(channel, now, say)


async def try_channel(channel: Channel, now: float, say: Callable[[str], None]) -> bool:
    """Send both notices; `say` is given a line on each. Return whether both arrived whole."""
    arrived = True
    for notice in trial_notices(channel.name, now):
        try:
            receipt = await channel.send(notice)
        except SendError as error:
            word = "refused" if isinstance(error, RefusedError) else "failed"
            say(f"{channel.name}: {notice.status}: {word}: {error}")
            return False
        if receipt.problem:
            say(f"{channel.name}: {notice.status}: delivered in part: {receipt.problem}")
            arrived = False
        else:
            say(f"{channel.name}: {notice.status}: delivered: {receipt.said}")
    return arrived
