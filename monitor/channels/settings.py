"""The settings of every channel; `type` chooses one."""

from dataclasses import dataclass
from typing import Literal

from monitor.values.secret import Secret
from monitor.values.units import Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class LogChannelSettings:
    """Writes each notice to the monitor's own log."""

    type: Literal["log"]
    name: str = "log"
    send_resolved: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings:
    """Posts Alertmanager's webhook payload (version 4)."""

    type: Literal["webhook"]
    url: Secret
    name: str = "webhook"
    send_resolved: bool = True
    timeout: Seconds = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SentrySettings:
    """Sends an event for each alert to Sentry, and the monitor's own unhandled errors."""

    type: Literal["sentry"]
    dsn: Secret
    name: str = "sentry"
    send_resolved: bool = True
    environment: str | None = None
    own_errors: bool = True
    """Report the monitor's own unhandled exceptions too."""


ChannelSettings = LogChannelSettings | WebhookSettings | SentrySettings
