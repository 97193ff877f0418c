"""Alerts of Jira Service Management, the successor of Opsgenie, whose API it keeps.

An alert is created under an alias and closed by it. Without `identifierType=alias` a close is
answered with 202 and closes nothing.
"""

import json
from typing import Any
from urllib.parse import quote

from monitor.alerts.alert import Notice
from monitor.channels.base import Receipt
from monitor.channels.http import PostChannel
from monitor.channels.message import incident_key, message_of, object_of, one_line, severity_of
from monitor.channels.settings import JiraServiceManagementSettings
from monitor.channels.text import as_text

MAX_MESSAGE = 130
MAX_DESCRIPTION = 15_000
MAX_ENTITY = 512
MAX_TAG = 50
MAX_NOTE = 25_000
SOURCE = "queue-monitor"

_PRIORITIES = {"critical": "P1", "warning": "P3", "info": "P5", "none": "P5"}


class JiraServiceManagementChannel(PostChannel[JiraServiceManagementSettings]):
    """Creates and closes an alert."""

    async def send(self, notice: Notice) -> Receipt:
        """Create the group's alert, or close it once nothing fires. Raises SendError."""
        url = self._settings.url.rstrip("/")
        if notice.firing:
            body = creation(notice, self._page_url)
        else:
            alias = quote(incident_key(notice), safe="")
            url = f"{url}/{alias}/close?identifierType=alias"
            body = closing(notice, self._page_url)
        headers = {"Authorization": f"GenieKey {self._settings.api_key.reveal()}"}
        return await self._post(url, json.dumps(body).encode(), headers)


def creation(notice: Notice, page_url: str) -> dict[str, Any]:
    """Return what creates the alert of a group that fires; again, it only counts up."""
    message = message_of(notice, page_url)
    names = dict.fromkeys(alert.alertname for alert in notice.firing)
    return {
        "message": one_line(message.title, MAX_MESSAGE),
        "alias": incident_key(notice),
        "description": as_text(message)[:MAX_DESCRIPTION],
        "priority": _PRIORITIES[severity_of(notice)],
        "entity": one_line(object_of(notice.firing[0]), MAX_ENTITY),
        "source": SOURCE,
        "tags": ["celery", *(name[:MAX_TAG] for name in names)][:20],
        "details": {name: value[:500] for name, value in notice.group_labels},
    }


def closing(notice: Notice, page_url: str) -> dict[str, Any]:
    """Return what closes the alert of a group in which nothing fires any more."""
    return {"source": SOURCE, "note": as_text(message_of(notice, page_url))[:MAX_NOTE]}
