"""The settings of every channel; `type` chooses one."""

from dataclasses import dataclass
from typing import Literal

from monitor.alerts.routing import RouteSettings
from monitor.values.secret import Secret
from monitor.values.units import Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class LogChannelSettings(RouteSettings):
    """Writes each notice to the monitor's own log."""

    type: Literal["log"]
    name: str = "log"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings(RouteSettings):
    """Posts Alertmanager's webhook payload (version 4)."""

    type: Literal["webhook"]
    url: Secret
    """Where to post to."""
    name: str = "webhook"
    timeout: Seconds = 10.0
    """How long an answer may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentrySettings(RouteSettings):
    """Sends an event for each alert to Sentry, and the monitor's own unhandled errors."""

    type: Literal["sentry"]
    dsn: Secret
    """The DSN of the Sentry project."""
    name: str = "sentry"
    environment: str | None = None
    """Sentry's environment; left out: Sentry's own default."""
    own_errors: bool = True
    """Report the monitor's own unhandled exceptions too."""


ChannelSettings = LogChannelSettings | WebhookSettings | SentrySettings
