"""Alertmanager's webhook payload, version 4: whatever understands Alertmanager understands it."""

import hmac
import json
from collections.abc import Iterable, Mapping

from monitor.alerts.alert import Alert, Notice
from monitor.channels.base import Receipt
from monitor.channels.http import PostChannel, bearer
from monitor.channels.settings import WebhookSettings
from monitor.values.moments import format_moment
from monitor.values.secret import Secret

_NOT_ENDED = "0001-01-01T00:00:00Z"
"""Alertmanager's zero time: `endsAt` of an alert that fires."""


class WebhookChannel(PostChannel[WebhookSettings]):
    """Posts notices to one URL."""

    async def send(self, notice: Notice) -> Receipt:
        """Post `notice`. Raises SendError."""
        body = json.dumps(payload(notice, self._page_url)).encode()
        headers = {**bearer(self._settings.bearer_token)}
        if self._settings.signing_secret is not None:
            headers["X-Hub-Signature-256"] = signature(self._settings.signing_secret, body)
        return await self._post(self._settings.url.reveal(), body, headers)


def signature(secret: Secret, body: bytes) -> str:
    """Return the value of X-Hub-Signature-256, which many receivers can verify already."""
    return "sha256=" + hmac.new(secret.reveal().encode(), body, "sha256").hexdigest()


def payload(notice: Notice, page_url: str) -> dict[str, object]:
    """Return `notice` as Alertmanager writes it."""
    # In the order in which they began, so that whoever goes through the list ends at the
    # truth where an alert is over and fires anew.
    alerts = sorted((*notice.resolved, *notice.firing), key=lambda alert: alert.began_at)
    return {
        "version": "4",
        "groupKey": notice.group_key,
        "truncatedAlerts": 0,
        "status": notice.status,
        "receiver": notice.channel,
        "groupLabels": dict(notice.group_labels),
        "commonLabels": _common(dict(alert.labels) for alert in alerts),
        "commonAnnotations": _common(map(annotations, alerts)),
        "externalURL": page_url,
        "alerts": [_alert(alert, page_url) for alert in alerts],
    }


def _alert(alert: Alert, page_url: str) -> dict[str, object]:
    return {
        "status": alert.state,
        "labels": dict(alert.labels),
        "annotations": annotations(alert),
        "startsAt": format_moment(alert.began_at),
        "endsAt": _NOT_ENDED if alert.resolved_at is None else format_moment(alert.resolved_at),
        "generatorURL": page_url,
        "fingerprint": alert.fingerprint,
    }


def annotations(alert: Alert) -> dict[str, str]:
    """Return what an alert says beside its labels, under the names that are usual."""
    texts = {
        "summary": alert.summary,
        "cause": alert.cause,
        "command": alert.command,
        "runbook_url": alert.runbook,
        "resolved_reason": alert.resolved_reason,
    }
    return {name: text for name, text in texts.items() if text}


def _common(maps: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return the items that all `maps` have."""
    first, *others = map(dict.items, map(dict, maps))
    common = set(first).intersection(*others)
    return {name: value for name, value in first if (name, value) in common}
