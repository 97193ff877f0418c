"""What types cannot say of channels: settings that are well-formed and still cannot work.

Called by `checks.py`.
"""

from collections.abc import Iterator, Sequence

from monitor.channels.settings import (
    AlertmanagerSettings,
    ChannelSettings,
    EmailSettings,
    ExecSettings,
    JiraServiceManagementSettings,
    PagerDutySettings,
    SentrySettings,
    SlackSettings,
    WebhookSettings,
)
from monitor.config.document import Node
from monitor.config.placed import (
    is_http,
    matcher_problems,
    problem_at,
    repeated_names,
    split_url,
    url_problems,
)
from monitor.config.problem import Path, Problem


def channel_problems(channels: Sequence[ChannelSettings], tree: Node) -> Iterator[Problem]:
    """Yield what is wrong with `channels`, the section of that name."""
    yield from repeated_names(tree, ("channels",), "name", [each.name for each in channels])
    for index, channel in enumerate(channels):
        yield from matcher_problems(channel.matchers, tree, ("channels", index, "matchers"))
        path: Path = ("channels", index)
        yield from _urls(channel, tree, path)
        yield from _required_items(channel, tree, path)


def _urls(channel: ChannelSettings, tree: Node, path: Path) -> Iterator[Problem]:
    match channel:
        case WebhookSettings() | SlackSettings():
            yield from url_problems(channel.url.reveal(), tree, (*path, "url"))
        case PagerDutySettings() | JiraServiceManagementSettings():
            yield from url_problems(channel.url, tree, (*path, "url"))
        case AlertmanagerSettings():
            if not channel.urls:
                yield problem_at(tree, (*path, "urls"), "must not be empty")
            for position, url in enumerate(channel.urls):
                yield from url_problems(url.reveal(), tree, (*path, "urls", position))
        case SentrySettings():
            parts = split_url(channel.dsn.reveal())
            if not parts or not (is_http(parts) and parts.username and parts.path.strip("/")):
                message = "is not a DSN: it looks like https://key@host/42"
                yield problem_at(tree, (*path, "dsn"), message)


def _required_items(channel: ChannelSettings, tree: Node, path: Path) -> Iterator[Problem]:
    match channel:
        case ExecSettings():
            if not channel.command:
                yield problem_at(tree, (*path, "command"), "must not be empty")
        case EmailSettings():
            if not channel.to:
                yield problem_at(tree, (*path, "to"), "must not be empty")
            if (channel.username is None) != (channel.password is None):
                message = "username and password go together"
                yield problem_at(tree, (*path, "username"), message)
