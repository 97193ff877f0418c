"""A sign of life for dead man's switches outside: healthchecks.io and its like, Sentry Crons.

Sent while every broker is being read, and as a failure while one is not: `/fail` added to the
URL, or a check-in with the status `error`. Whoever gets neither knows that the monitor, its host
or its network is down.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

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
    sentry_cron_url: Secret | None = None
    """The check-in URL of a Sentry cron monitor, such as
    https://o1.ingest.sentry.io/api/2/cron/queue-monitor/<public key>/; left out: nowhere."""
    interval: Seconds = 60.0
    """How often; a change between well and not is sent at once."""


class _Request(NamedTuple):
    url: str
    body: bytes
    content_type: str


class Heartbeat:
    """Sends the sign of life to every switch. The daemon beats it at every tick."""

    def __init__(self, settings: HeartbeatSettings, session: aiohttp.ClientSession) -> None:
        self._settings = settings
        self._session = session
        self._switches = self._make_switches()

    def _make_switches(self) -> list["_Switch"]:
        return [
            _Switch(request, self._settings.interval, self._session)
            for request in _requests(self._settings)
        ]

    def beat(self, now: float, trouble: str) -> None:
        """Start to send it where it is due; `trouble` says which brokers are not being read."""
        for switch in self._switches:
            switch.beat(now, trouble)

    async def change(self, settings: HeartbeatSettings) -> None:
        """Go by other `settings`: the first sign by them is due at once."""
        if settings != self._settings:
            await self.close()
            self._settings = settings
            self._switches = self._make_switches()

    async def close(self) -> None:
        """Give up what is on its way."""
        await asyncio.gather(*(switch.close() for switch in self._switches))


class _Switch:
    """One dead man's switch; `request` makes what to send of the trouble there is."""

    def __init__(
        self,
        request: Callable[[str], _Request],
        interval_seconds: float,
        session: aiohttp.ClientSession,
    ) -> None:
        self._request = request
        self._interval_seconds = interval_seconds
        self._session = session
        self._due_at = 0.0
        self._told_well: bool | None = None
        self._ping: asyncio.Task[None] | None = None

    def beat(self, now: float, trouble: str) -> None:
        if self._ping is not None and not self._ping.done():
            return
        well = not trouble
        if well == self._told_well and now < self._due_at:
            return
        self._told_well = well
        self._due_at = now + self._interval_seconds
        self._ping = asyncio.create_task(self._send(self._request(trouble), now))

    async def close(self) -> None:
        if self._ping is not None:
            self._ping.cancel()
            await asyncio.gather(self._ping, return_exceptions=True)

    async def _send(self, request: _Request, now: float) -> None:
        headers = {"Content-Type": request.content_type, "User-Agent": "queue-monitor"}
        try:
            await post(
                self._session, request.url, request.body, headers, timeout_seconds=_TIMEOUT_SECONDS
            )
        except SendError as failure:
            self._due_at = min(self._due_at, now + _RETRY_SECONDS)
            event(_log, logging.WARNING, "heartbeat not sent", reason=str(failure))


def _requests(settings: HeartbeatSettings) -> Iterator[Callable[[str], _Request]]:
    if settings.ping_url is not None:
        yield partial(_ping, settings.ping_url)
    if settings.sentry_cron_url is not None:
        yield partial(_check_in, settings.sentry_cron_url)


def _ping(secret: Secret, trouble: str) -> _Request:
    url = URL(secret.reveal())
    # Joining a part to the path drops the query.
    address = (url / "fail").with_query(url.query) if trouble else url
    return _Request(str(address), trouble.encode(), "text/plain; charset=utf-8")


def _check_in(secret: Secret, trouble: str) -> _Request:
    # A single check-in is what Sentry calls a heartbeat; it takes no words with it.
    status = "error" if trouble else "ok"
    address = URL(secret.reveal()).update_query(status=status)
    return _Request(str(address), json.dumps({"status": status}).encode(), "application/json")
