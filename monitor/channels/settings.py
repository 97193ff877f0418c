"""The settings of every channel; `type` chooses one."""

from dataclasses import dataclass
from typing import Literal

from monitor.alerts.routing import AnySeverity, RouteSettings
from monitor.values.secret import Secret
from monitor.values.units import Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class LogChannelSettings(RouteSettings):
    """Writes each notice to the monitor's own log."""

    type: Literal["log"]
    name: str = "log"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostSettings(RouteSettings):
    """What every channel that posts JSON can be told."""

    timeout: Seconds = 10.0
    """How long an answer may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings(PostSettings):
    """Posts Alertmanager's webhook payload (version 4)."""

    type: Literal["webhook"]
    url: Secret
    """Where to post to."""
    name: str = "webhook"
    bearer_token: Secret | None = None
    """Sent as Authorization: Bearer."""
    signing_secret: Secret | None = None
    """Signs the body: X-Hub-Signature-256 is its HMAC, as GitHub's webhooks have it."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertmanagerSettings(PostSettings):
    """Hands every alert to Alertmanager as it stands, which groups, silences and tells."""

    type: Literal["alertmanager"]
    urls: tuple[Secret, ...]
    """All instances of the cluster, like http://alertmanager:9093."""
    name: str = "alertmanager"
    severity: tuple[AnySeverity, ...] = ("critical", "warning", "info", "none")
    bearer_token: Secret | None = None
    """Sent as Authorization: Bearer."""
    resend_interval: Seconds = 60.0
    """How often an alert that fires is sent again; after four times that without a word
    Alertmanager ends it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PagerDutySettings(PostSettings):
    """Triggers and resolves an incident for each group, through PagerDuty's Events API v2."""

    type: Literal["pagerduty"]
    routing_key: Secret
    """The integration key of the service."""
    name: str = "pagerduty"
    url: str = "https://events.pagerduty.com/v2/enqueue"
    """Where to post to; https://events.eu.pagerduty.com/v2/enqueue in Europe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JiraServiceManagementSettings(PostSettings):
    """Creates and closes an alert for each group in Jira Service Management, or in Opsgenie."""

    type: Literal["jira_service_management"]
    api_key: Secret
    """The key of an API integration."""
    name: str = "jira_service_management"
    url: str = "https://api.atlassian.com/jsm/ops/integration/v2/alerts"
    """Where to post to; https://api.opsgenie.com/v2/alerts for Opsgenie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackSettings(PostSettings):
    """Posts to a channel of Slack through an incoming webhook."""

    type: Literal["slack"]
    url: Secret
    """The URL of the incoming webhook."""
    name: str = "slack"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailSettings(RouteSettings):
    """Sends a mail in text and HTML."""

    type: Literal["email"]
    host: str
    """The mail server."""
    from_: str
    """The sender's address."""
    to: tuple[str, ...]
    """The recipients' addresses."""
    name: str = "email"
    port: int = 587
    """The server's port; 465 is usual for tls."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection is encrypted; it is never less than what is asked for."""
    username: str | None = None
    """For the login, where the server wants one."""
    password: Secret | None = None
    """For the login."""
    timeout: Seconds = 10.0
    """How long each answer of the server may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppriseSettings(RouteSettings):
    """Sends to any of the services that apprise knows; needs the extra `apprise`."""

    type: Literal["apprise"]
    url: Secret
    """The URL as apprise writes it, like tgram://token/chat."""
    name: str = "apprise"
    timeout: Seconds = 30.0
    """How long it may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecSettings(RouteSettings):
    """Runs a local program, with the webhook's payload on its standard input."""

    type: Literal["exec"]
    command: tuple[str, ...]
    """The program and its arguments; there is no shell."""
    name: str = "exec"
    timeout: Seconds = 30.0
    """How long it may run."""


ChannelSettings = (
    LogChannelSettings
    | WebhookSettings
    | SentrySettings
    | AlertmanagerSettings
    | PagerDutySettings
    | JiraServiceManagementSettings
    | SlackSettings
    | EmailSettings
    | AppriseSettings
    | ExecSettings
)
