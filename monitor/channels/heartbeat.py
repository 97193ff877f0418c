"""A sign of life for a dead man's switch outside, in the style of healthchecks.io.

Sent while every broker is being read; `/fail` is added to the URL while one is not. Whoever
gets neither knows that the monitor, its host or its network is down.
"""

import asyncio
import logging
from dataclasses import dataclass

import aiohttp
from yarl import URL

from monitor.channels.base import SendError
from monitor.channels.http import post
from monitor.journal import event
from monitor.values.secret import Secret
from monitor.values.units import Seconds

_TIMEOUT_SECONDS = 10.0
_RETRY_SECONDS = 10.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatSettings:
    """The section `heartbeat`."""

    ping_url: Secret | None = None
    """Where to send it, such as https://hc-ping.com/<uuid>; left out: nowhere."""
    interval: Seconds = 60.0
    """How often; a change between well and not is sent at once."""


class Heartbeat:
    """Sends the sign of life. The daemon beats it at every tick."""

    def __init__(self, settings: HeartbeatSettings, session: aiohttp.ClientSession) -> None:
        self._settings = settings
        self._session = session
        self._due_at = 0.0
        self._told_well: bool | None = None
        self._ping: asyncio.Task[None] | None = None

    def beat(self, now: float, trouble: str) -> None:
        """Start to send it if it is due; `trouble` says which brokers are not being read."""
        ping_url = self._settings.ping_url
        if ping_url is None or (self._ping is not None and not self._ping.done()):
            return
        well = not trouble
        if well == self._told_well and now < self._due_at:
            return
        self._told_well = well
        self._due_at = now + self._settings.interval
        url = URL(ping_url.reveal())
        address = str(url if well else url / "fail")
        self._ping = asyncio.create_task(self._send(address, trouble, now))

    async def change(self, settings: HeartbeatSettings) -> None:
        """Go by other `settings`: the first sign by them is due at once."""
        if settings != self._settings:
            await self.close()
            self._settings, self._told_well = settings, None

    async def close(self) -> None:
        """Give up what is on its way."""
        if self._ping is not None:
            self._ping.cancel()
            await asyncio.gather(self._ping, return_exceptions=True)

    async def _send(self, address: str, trouble: str, now: float) -> None:
        headers = {"Content-Type": "text/plain; charset=utf-8", "User-Agent": "queue-monitor"}
        try:
            await post(
                self._session, address, trouble.encode(), headers, timeout_seconds=_TIMEOUT_SECONDS
            )
        except SendError as failure:
            self._due_at = min(self._due_at, now + _RETRY_SECONDS)
            event(_log, logging.WARNING, "heartbeat not sent", reason=str(failure))
