"""The settings of every channel; `type` chooses one."""

from dataclasses import dataclass
from typing import Literal

from monitor.values.secret import Secret
from monitor.values.units import Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class LogChannelSettings:
    """Writes each notice to the monitor's own log."""

    type: Literal["log"]
    """Which channel it is."""
    name: str = "log"
    """What the channel is called; each needs its own."""
    send_resolved: bool = True
    """Whether the end of an alert is told too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings:
    """Posts Alertmanager's webhook payload (version 4)."""

    type: Literal["webhook"]
    """Which channel it is."""
    url: Secret
    """Where to post to."""
    name: str = "webhook"
    """What the channel is called; each needs its own."""
    send_resolved: bool = True
    """Whether the end of an alert is told too."""
    timeout: Seconds = 10.0
    """How long an answer may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentrySettings:
    """Sends an event for each alert to Sentry, and the monitor's own unhandled errors."""

    type: Literal["sentry"]
    """Which channel it is."""
    dsn: Secret
    """The DSN of the Sentry project."""
    name: str = "sentry"
    """What the channel is called; each needs its own."""
    send_resolved: bool = True
    """Whether the end of an alert is told too."""
    environment: str | None = None
    """Sentry's environment; left out: Sentry's own default."""
    own_errors: bool = True
    """Report the monitor's own unhandled exceptions too."""


ChannelSettings = LogChannelSettings | WebhookSettings | SentrySettings
