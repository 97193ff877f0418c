"""Alertmanager's v2 API: every alert as it stands, to every instance of a cluster.

Grouping, silences and repeats are its business. An alert ends for it when `endsAt` is past, so
that of one that fires is kept ahead; should the monitor die, Alertmanager ends it by itself.
"""

import asyncio
import json
from typing import Any

from monitor.alerts.alert import Alert, Notice
from monitor.channels.base import Receipt, RefusedError, SendError
from monitor.channels.http import PostChannel, bearer
from monitor.channels.settings import AlertmanagerSettings
from monitor.channels.webhook import annotations
from monitor.values.moments import format_moment

MAX_BATCH = 500
"""Alerts of one request."""
RESENDS_MISSED = 4
"""As in Prometheus: so many lost resends do not end an alert."""


class AlertmanagerChannel(PostChannel[AlertmanagerSettings]):
    """Posts alerts."""

    async def send(self, notice: Notice) -> Receipt:
        """Post all alerts of `notice` to each instance. Raises SendError if none took them."""
        ahead_seconds = RESENDS_MISSED * self._settings.resend_interval
        alerts = alerts_json(notice, ahead_seconds, self._page_url)
        bodies = [
            json.dumps(alerts[start : start + MAX_BATCH]).encode()
            for start in range(0, len(alerts), MAX_BATCH)
        ]
        urls = [url.reveal().rstrip("/") + "/api/v2/alerts" for url in self._settings.urls]
        outcomes = await asyncio.gather(*(self._post_all(url, bodies) for url in urls))
        errors = [error for error in outcomes if error is not None]
        if len(errors) < len(urls):
            return Receipt(said="accepted", problem="; ".join(map(str, errors)))
        # What one instance may take later is tried again.
        raise next((each for each in errors if not isinstance(each, RefusedError)), errors[0])

    async def _post_all(self, url: str, bodies: list[bytes]) -> SendError | None:
        headers = bearer(self._settings.bearer_token)
        try:
            for body in bodies:
                await self._post(url, body, headers)
        except SendError as error:
            return error
        return None


def alerts_json(notice: Notice, ahead_seconds: float, page_url: str) -> list[dict[str, Any]]:
    """Return the alerts of `notice` as the API takes them."""
    return [
        {
            "labels": dict(alert.labels),
            "annotations": annotations(alert),
            "startsAt": format_moment(alert.began_at),
            "endsAt": format_moment(_ends_at(alert, notice.made_at + ahead_seconds)),
            "generatorURL": page_url,
        }
        for alert in (*notice.resolved, *notice.firing)
    ]


def _ends_at(alert: Alert, while_firing: float) -> float:
    return while_firing if alert.resolved_at is None else alert.resolved_at
