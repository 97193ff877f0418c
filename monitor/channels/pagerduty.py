"""PagerDuty's Events API v2: one incident for each group of alerts.

Limits, fields and retry codes are those of its documentation: 202 is a delivery, 429 and 5xx
are tried again, everything else is final.
"""

import json
from typing import Any

from monitor.alerts.alert import Notice
from monitor.channels.base import Receipt
from monitor.channels.http import PostChannel
from monitor.channels.message import incident_key, message_of, one_line, severity_of
from monitor.channels.settings import PagerDutySettings
from monitor.channels.text import as_text
from monitor.values.moments import format_moment

MAX_SUMMARY = 1024
MAX_DETAILS = 40_000
"""Characters; an event may have 512 KB, and one character takes up to 12 bytes of JSON."""

_SEVERITIES = {"critical": "critical", "warning": "warning", "info": "info", "none": "info"}


class PagerDutyChannel(PostChannel[PagerDutySettings]):
    """Triggers and resolves an incident."""

    async def send(self, notice: Notice) -> Receipt:
        """Trigger the group's incident, or resolve it once nothing fires. Raises SendError."""
        body = json.dumps(event(notice, self._settings.routing_key.reveal(), self._page_url))
        return await self._post(self._settings.url, body.encode())


def event(notice: Notice, routing_key: str, page_url: str) -> dict[str, Any]:
    """Return the event that tells of `notice`."""
    identity = {"routing_key": routing_key, "dedup_key": incident_key(notice)}
    if not notice.firing:
        return {**identity, "event_action": "resolve"}
    message = message_of(notice, page_url)
    labels = dict(notice.firing[0].labels)
    runbooks = dict.fromkeys(alert.runbook for alert in notice.firing if alert.runbook)
    return {
        **identity,
        "event_action": "trigger",
        "client": "queue-monitor",
        "client_url": page_url,
        "links": [{"href": url, "text": "Runbook"} for url in runbooks],
        "payload": {
            "summary": one_line(message.title, MAX_SUMMARY),
            "source": labels.get("broker", "queue-monitor"),
            "severity": _SEVERITIES[severity_of(notice)],
            "timestamp": format_moment(min(a.began_at for a in notice.firing)),
            "component": labels.get("queue_name") or labels.get("hostname") or "celery",
            "class": labels["alertname"],
            "custom_details": {
                "firing": len(notice.firing),
                "resolved": len(notice.resolved),
                "alerts": as_text(message)[:MAX_DETAILS],
            },
        },
    }
