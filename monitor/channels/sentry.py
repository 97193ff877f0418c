"""Alerts as events in Sentry, and the monitor's own unhandled errors.

sentry_sdk is imported with this module, which happens only where a Sentry channel is
configured. The SDK writes the events; they are posted here, because its own transport neither
says whether one arrived nor lets anybody try again.
"""

import re
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Literal

import aiohttp
from sentry_sdk import Client
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport
from sentry_sdk.utils import BadDsn, Dsn, event_from_exception

from monitor.alerts.alert import Alert, Notice
from monitor.channels.base import ChannelError, Receipt, RefusedError
from monitor.channels.http import post
from monitor.channels.message import course_of
from monitor.channels.settings import SentrySettings

if TYPE_CHECKING:
    from sentry_sdk.types import Event

TIMEOUT_SECONDS = 10.0
MAX_TAG = 200
"""Characters that Sentry takes in the value of a tag."""

_LEVELS: dict[str, Literal["fatal", "warning", "info"]] = {
    "critical": "fatal",
    "warning": "warning",
    "info": "info",
    "none": "info",
}
_CREDENTIALS = re.compile(r"\b(\w++://)[^/\s]*@")


class _Held(Transport):
    """Holds the envelope of the event that the client was just given."""

    def __init__(self) -> None:
        super().__init__()
        self.envelope: Envelope | None = None

    def capture_envelope(self, envelope: Envelope) -> None:
        self.envelope = envelope


class SentryChannel:
    """Sends an event for each alert of a notice; all events of one alert are one issue."""

    def __init__(self, settings: SentrySettings, session: aiohttp.ClientSession) -> None:
        self.name = settings.name
        self.own_errors = settings.own_errors
        try:
            auth = Dsn(settings.dsn.reveal()).to_auth("queue-monitor")
        except BadDsn as error:
            raise ChannelError(f"channel {settings.name}: the dsn is not valid") from error
        self._url = auth.get_api_url()
        self._headers = {
            "Content-Type": "application/x-sentry-envelope",
            "X-Sentry-Auth": auth.to_header(),
        }
        self._session = session
        self._transport = _Held()
        self._client = Client(
            dsn=settings.dsn.reveal(),
            transport=self._transport,
            environment=settings.environment,
            release=f"celery-queue-monitor@{version('celery-queue-monitor')}",
            # The host's name is nobody's business, and the SDK would send it.
            server_name="queue-monitor",
            default_integrations=False,
            auto_enabling_integrations=False,
            auto_session_tracking=False,
            send_client_reports=False,
            include_local_variables=False,
            include_source_context=False,
        )

    async def send(self, notice: Notice) -> Receipt:
        """Send an event for each alert of `notice`. Raises SendError."""
        receipt = Receipt()
        for alert in (*notice.resolved, *notice.firing):
            receipt = await self._post(_event(alert, notice.made_at))
        return receipt

    async def report(self, error: BaseException) -> None:
        """Send the monitor's own unhandled `error`: where it was raised, and no values.

        Raises SendError.
        """
        mechanism = {"type": "queue-monitor", "handled": False}
        event, _ = event_from_exception(error, self._client.options, mechanism)
        for exception in event["exception"]["values"]:
            exception["value"] = _CREDENTIALS.sub(r"\1***@", exception.get("value") or "")
        await self._post(event)

    async def _post(self, event: "Event") -> Receipt:
        self._transport.envelope = None
        self._client.capture_event(event)
        if self._transport.envelope is None:
            raise RefusedError("the SDK did not take the event")
        body = self._transport.envelope.serialize()
        return await post(self._session, self._url, body, self._headers, TIMEOUT_SECONDS)


def _event(alert: Alert, at: float) -> "Event":
    advice = {"cause": alert.cause, "command": alert.command, "runbook": alert.runbook}
    resolved = alert.state == "resolved"
    tags: dict[str, Any] = {name: value[:MAX_TAG] for name, value in alert.labels}
    return {
        "message": f"resolved: {alert.summary}" if resolved else alert.summary,
        "level": "info" if resolved else _LEVELS[alert.severity],
        "logger": "queue-monitor",
        "timestamp": datetime.fromtimestamp(at, UTC),
        "fingerprint": [alert.fingerprint],
        "tags": {**tags, "state": alert.state},
        "contexts": {
            "alert": {**course_of(alert), **advice},
            "facts": dict(alert.facts),
            "facts before": dict(alert.before),
        },
    }
