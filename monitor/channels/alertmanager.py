"""Alertmanager's v2 API: every alert as it stands, to every instance of a cluster.

Grouping, silences and repeats are its business. An alert ends for it when `endsAt` is past, so
that of one that fires is kept ahead; should the monitor die, Alertmanager ends it by itself.
"""

import asyncio
import json
from typing import Any

import aiohttp

from monitor.alerts.alert import Alert, Notice
from monitor.channels.base import Receipt, RefusedError, SendError
from monitor.channels.http import JSON_HEADERS, post
from monitor.channels.settings import AlertmanagerSettings
from monitor.channels.webhook import annotations
from monitor.values.moments import format_moment

MAX_BATCH = 500
"""Alerts of one request."""
RESENDS_MISSED = 4
"""As in Prometheus: so many lost resends do not end an alert."""


class AlertmanagerChannel:
    """Posts alerts. `page_url` is where a person finds the monitor."""

    def __init__(
        self, settings: AlertmanagerSettings, session: aiohttp.ClientSession, page_url: str
    ) -> None:
        self.name = settings.name
        self._settings = settings
        self._session = session
        self._page_url = page_url

    async def send(self, notice: Notice) -> Receipt:
        """Post all alerts of `notice` to each instance. Raises SendError if none took them."""
        ahead_seconds = RESENDS_MISSED * self._settings.resend_interval
        alerts = alerts_json(notice, ahead_seconds, self._page_url)
        bodies = [
            json.dumps(alerts[start : start + MAX_BATCH]).encode()
            for start in range(0, len(alerts), MAX_BATCH)
        ]
        urls = [url.reveal().rstrip("/") + "/api/v2/alerts" for url in self._settings.urls]
        outcomes = await asyncio.gather(*(self._post(url, bodies) for url in urls))
        errors = [error for error in outcomes if error is not None]
        if len(errors) < len(urls):
            return Receipt(said="accepted", problem="; ".join(map(str, errors)))
        # What one instance may take later is tried again.
        raise next((each for each in errors if not isinstance(each, RefusedError)), errors[0])

    async def _post(self, url: str, bodies: list[bytes]) -> SendError | None:
        headers = dict(JSON_HEADERS)
        token = self._settings.bearer_token
        if token is not None:
            headers["Authorization"] = f"Bearer {token.reveal()}"
        try:
            for body in bodies:
                await post(self._session, url, body, headers, self._settings.timeout)
        except SendError as error:
            return error
        return None


def alerts_json(notice: Notice, ahead_seconds: float, page_url: str) -> list[dict[str, Any]]:
    """Return the alerts of `notice` as the API takes them."""
    return [
        {
            "labels": dict(alert.labels),
            "annotations": annotations(alert),
            "startsAt": format_moment(alert.started_at or alert.active_at),
            "endsAt": format_moment(_ends_at(alert, notice.made_at + ahead_seconds)),
            "generatorURL": page_url,
        }
        for alert in (*notice.resolved, *notice.firing)
    ]


def _ends_at(alert: Alert, while_firing: float) -> float:
    return while_firing if alert.resolved_at is None else alert.resolved_at
