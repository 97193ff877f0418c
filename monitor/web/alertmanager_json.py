"""Alerts and silences in the words of Alertmanager's API v2. Used by `alertmanager_api.py`."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from monitor.alerts.alert import Alert
from monitor.alerts.matchers import make_matcher
from monitor.alerts.muting import Muted
from monitor.alerts.silences import Silence
from monitor.values.moments import format_moment
from monitor.values.names import bounded

_RESOLVE_TIMEOUT_SECONDS = 300.0
"""Alertmanager's default: until then an alert that fires is said to go on."""

_NOT_MUTED = Muted()


class PostedMatcher(Struct, rename="camel", kw_only=True):
    """A matcher as it is posted."""

    name: str
    value: str
    is_regex: bool
    is_equal: bool = True


class PostedSilence(Struct, rename="camel", kw_only=True):
    """A silence as it is posted; an empty id asks for a new one."""

    matchers: list[PostedMatcher]
    starts_at: datetime
    ends_at: datetime
    created_by: str
    comment: str
    id: str | None = None

    def draft(self) -> Silence:
        """Return it as a silence. Raises MatcherError."""
        return Silence(
            id=self.id or "",
            matchers=tuple(
                make_matcher(m.name, m.value, is_regex=m.is_regex, is_equal=m.is_equal)
                for m in self.matchers
            ),
            starts_at=_unix(self.starts_at),
            ends_at=_unix(self.ends_at),
            updated_at=0.0,
            created_by=bounded(self.created_by),
            comment=bounded(self.comment, 1_000),
        )


def _unix(at: datetime) -> float:
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def silence_json(silence: Silence, now: float) -> dict[str, Any]:
    """Return a `gettableSilence`."""
    return {
        "id": silence.id,
        "status": {"state": silence.state(now)},
        "updatedAt": format_moment(silence.updated_at),
        "startsAt": format_moment(silence.starts_at),
        "endsAt": format_moment(silence.ends_at),
        "createdBy": silence.created_by,
        "comment": silence.comment,
        "matchers": [
            {
                "name": matcher.name,
                "value": matcher.value,
                "isRegex": matcher.is_regex,
                "isEqual": matcher.is_equal,
            }
            for matcher in silence.matchers
        ],
    }


def alert_json(
    alert: Alert, muted: Mapping[str, Muted], receivers: Iterable[str], now: float
) -> dict[str, Any]:
    """Return a `gettableAlert`; `receivers` are the channels that take it."""
    why = muted.get(alert.fingerprint, _NOT_MUTED)
    texts = {"summary": alert.summary, "runbook_url": alert.runbook}
    return {
        "labels": labels_json(alert.labels),
        "annotations": {name: bounded(text, 1_000) for name, text in texts.items() if text},
        "fingerprint": alert.fingerprint,
        "startsAt": format_moment(alert.began_at),
        "endsAt": format_moment(now + _RESOLVE_TIMEOUT_SECONDS),
        "updatedAt": format_moment(now),
        "receivers": [{"name": name} for name in receivers],
        "status": {
            "state": "active" if why == _NOT_MUTED else "suppressed",
            "silencedBy": why.silenced_by,
            "inhibitedBy": why.inhibited_by,
            "mutedBy": why.muted_by,
        },
    }


def labels_json(labels: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return label names and values as they stand on `/metrics`."""
    return {name: bounded(value) for name, value in labels}


def status_json(started_at: float, version: str) -> dict[str, Any]:
    """Return an `alertmanagerStatus`: of a single one, whose settings are not told."""
    return {
        "cluster": {"status": "disabled", "peers": []},
        "config": {"original": "# queue-monitor has settings of its own"},
        "uptime": format_moment(started_at),
        "versionInfo": {
            "version": f"queue-monitor {version}",
            "branch": "",
            "buildDate": "",
            "buildUser": "",
            "goVersion": "",
            "revision": "",
        },
    }
