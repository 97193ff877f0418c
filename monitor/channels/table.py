"""All types of channels, and how each is made from its settings. Called by the daemon."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import aiohttp

from monitor.channels.alertmanager import AlertmanagerChannel
from monitor.channels.apprise import AppriseChannel
from monitor.channels.base import Channel
from monitor.channels.email import EmailChannel
from monitor.channels.exec import ExecChannel
from monitor.channels.jira_service_management import JiraServiceManagementChannel
from monitor.channels.log import LogChannel
from monitor.channels.pagerduty import PagerDutyChannel
from monitor.channels.settings import (
    AlertmanagerSettings,
    AppriseSettings,
    ChannelSettings,
    EmailSettings,
    ExecSettings,
    JiraServiceManagementSettings,
    LogChannelSettings,
    PagerDutySettings,
    SentrySettings,
    SlackSettings,
    WebhookSettings,
)
from monitor.channels.slack import SlackChannel
from monitor.channels.webhook import WebhookChannel

Maker = Callable[[Any, aiohttp.ClientSession, str], Channel]


def _log(settings: LogChannelSettings, _session: aiohttp.ClientSession, _page_url: str) -> Channel:
    return LogChannel(settings)


def _sentry(settings: SentrySettings, session: aiohttp.ClientSession, _page_url: str) -> Channel:
    # Its SDK costs memory and start-up time, which only its users shall pay.
    from monitor.channels.sentry import SentryChannel

    return SentryChannel(settings, session)


TABLE: Mapping[type[ChannelSettings], Maker] = {
    LogChannelSettings: _log,
    WebhookSettings: WebhookChannel,
    SentrySettings: _sentry,
    AlertmanagerSettings: AlertmanagerChannel,
    PagerDutySettings: PagerDutyChannel,
    JiraServiceManagementSettings: JiraServiceManagementChannel,
    SlackSettings: SlackChannel,
    EmailSettings: EmailChannel,
    AppriseSettings: AppriseChannel,
    ExecSettings: ExecChannel,
}


def make_channels(
    settings: Iterable[ChannelSettings], session: aiohttp.ClientSession, page_url: str
) -> tuple[Channel, ...]:
    """Return the channels that `settings` describe, in their order. Raises ChannelError.

    They send through `session`, which the caller closes. `page_url` is where a person finds
    the monitor; notices link to it.
    """
    return tuple(TABLE[type(channel)](channel, session, page_url) for channel in settings)
