"""What types cannot say: settings that are well-formed, each alone, and still cannot work.

Each check yields problems, placed where the setting was written; `load.py` runs them all.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import chain, pairwise, takewhile
from urllib.parse import SplitResult, urlsplit
from zoneinfo import available_timezones

from monitor.alerts.grouping import ALL_LABELS
from monitor.alerts.matchers import MatcherError, parse_matchers
from monitor.alerts.mute import MuteError, compile_mute
from monitor.alerts.rules import RuleError, compile_rule
from monitor.broker.address import is_sentinel, parse_url
from monitor.broker.settings import BrokerSettings, TlsSettings
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
from monitor.config.document import Node, moved
from monitor.config.problem import Path, Problem, masked, quoted, requoted
from monitor.config.settings import Settings
from monitor.config.settle import did_you_mean
from monitor.config.shape import DURATION, NUMBER, leaves
from monitor.facts.cron import parse_cron
from monitor.facts.settings import QueueLimits
from monitor.facts.snapshot import IDENTITY
from monitor.values.secret import Secret
from monitor.web.server import ListenError, parse_listen

_MAY_BE_ZERO = frozenset({"group_wait", "for", "keep_firing_for"})
_URL = re.compile(r"[a-z][a-z0-9+.-]*://")
_BARE_PASSWORD = re.compile(r"(?:rediss?|sentinel)://[^/?#]*[/?#].*@", re.DOTALL)
_WITH_TLS = ("rediss://", "sentinel://")
_LONGEST_SECONDS = 100 * 365 * 86_400.0
_LEAST_EVERY_SECONDS = 10.0
_ALERT_LABELS = tuple(dict.fromkeys(chain(("alertname", "severity"), *IDENTITY.values())))


def check(settings: Settings, tree: Node) -> Iterator[Problem]:
    """Yield what is wrong with the meaning of `settings`, which were made from `tree`."""
    yield from _amounts(settings, tree)
    yield from _queue_limits(settings.queues, tree)
    yield from _unique(tree, ("brokers",), "name", [each.name for each in settings.brokers])
    for index, broker in enumerate(settings.brokers):
        yield from _broker(broker, tree, ("brokers", index))
    if settings.poll.timeout >= settings.poll.interval:
        message = "must be less than poll.interval: a poll ends before the next begins"
        yield _problem(tree, ("poll", "timeout"), message)
    yield from _schedules(settings, tree)
    yield from _logs(settings, tree)
    yield from _alerts(settings, tree)
    yield from _inhibit_rules(settings, tree)
    yield from _mutes(settings, tree)
    yield from _channels(settings, tree)
    try:
        parse_listen(settings.web.listen)
    except (ListenError, ValueError) as error:
        listen = settings.web.listen
        yield _problem(tree, ("web", "listen"), requoted(str(error), listen, listen))
    if settings.heartbeat.ping_url is not None:
        yield from _url(settings.heartbeat.ping_url.reveal(), tree, ("heartbeat", "ping_url"))
    if settings.web.external_url is not None:
        yield from _url(settings.web.external_url, tree, ("web", "external_url"))
    if settings.state.file == "":
        yield _problem(tree, ("state", "file"), "must not be empty")


def is_written(tree: Node, path: Path) -> bool:
    """Return whether any source gives the setting at `path`."""
    node: Node | None = tree
    for step in path:
        node = node.child(step) if node else None
    return node is not None


def _problem(tree: Node, path: Path, message: str, offset: int = 0) -> Problem:
    """Return a problem with the setting at `path`, or with the section that leaves it out."""
    node = tree
    for depth, step in enumerate(path):
        below = node.child(step)
        if below is None:
            return Problem(node.place, (*node.path, *path[depth:]), message)
        node = below
    if offset and node.inner_place is None:
        message = f"{message} (at character {offset + 1})"
    return Problem(moved(node, offset), node.path, message)


def _amounts(settings: Settings, tree: Node) -> Iterator[Problem]:
    for path, shape, value in leaves(settings):
        if shape not in (DURATION, NUMBER) or not isinstance(value, int | float):
            continue
        if value > _LONGEST_SECONDS:
            yield _problem(tree, path, "is more than a hundred years")
        elif value < 0 or (value == 0 and path[-1] not in _MAY_BE_ZERO):
            yield _problem(tree, path, "must be more than 0")


def _queue_limits(limits: QueueLimits, tree: Node) -> Iterator[Problem]:
    for pattern, length in limits.max_length.items():
        if length < 0:
            yield _problem(tree, ("queues", "max_length", pattern), "must not be negative")
    for name, patterns in (("max_age", limits.max_age), ("max_length", limits.max_length)):
        reached = list(takewhile(lambda pattern: pattern != "*", patterns))
        for pattern in list(patterns)[len(reached) + 1 :]:
            message = "never counts: put it before '*', the first match counts"
            yield _problem(tree, ("queues", name, pattern), message)


def _unique(tree: Node, section: Path, key: str, names: Sequence[str]) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, name in enumerate(names):
        if not name:
            yield _problem(tree, (*section, index, key), "must not be empty")
        elif name in seen:
            message = f"{quoted(name)} is used twice: each needs its own"
            yield _problem(tree, (*section, index, key), message)
        seen.add(name)


def _broker(broker: BrokerSettings, tree: Node, path: Path) -> Iterator[Problem]:
    mistake = _url_mistake(broker.url)
    if mistake:
        yield _problem(tree, (*path, "url"), mistake)
    elif broker.tls != TlsSettings() and not broker.url.reveal().startswith(_WITH_TLS):
        yield _problem(tree, (*path, "tls"), "has no effect: TLS needs a URL with rediss://")
    options = broker.transport_options
    if is_sentinel(broker.url) and not options.master_name:
        message = "is required with sentinel://: the name under which sentinels know the master"
        yield _problem(tree, (*path, "transport_options", "master_name"), message)
    steps = options.priority_steps
    if steps[:1] != (0,) or any(high <= low for low, high in pairwise(steps)):
        message = "must start with 0 and ascend, as in Celery: [0, 3, 6, 9]"
        yield _problem(tree, (*path, "transport_options", "priority_steps"), message)
    if not options.sep:
        yield _problem(tree, (*path, "transport_options", "sep"), "must not be empty")
    if broker.queues.limit < 1:
        yield _problem(tree, (*path, "queues", "limit"), "must be at least 1")


def _url_mistake(url: Secret) -> str | None:
    """Return what is wrong with a broker's URL, without a word of what may be a password."""
    text = url.reveal()
    if not _URL.match(text):
        return "is not a URL: write it like redis://host:6379/0"
    if ";" in text and text.count("://") > 1 and not is_sentinel(url):
        return "holds several URLs: give each broker its own item"
    if _BARE_PASSWORD.match(text):
        return "the password must be percent-encoded: / is %2F, ? is %3F, # is %23"
    try:
        parse_url(url)
    except ValueError as error:
        return str(error)
    return None


def _schedules(settings: Settings, tree: Node) -> Iterator[Problem]:
    labels = [schedule.label for schedule in settings.schedules]
    yield from _unique(tree, ("schedules",), "name", labels)
    brokers = [broker.name for broker in settings.brokers]
    for index, schedule in enumerate(settings.schedules):
        path: Path = ("schedules", index)
        if (schedule.cron is None) == (schedule.every is None):
            yield _problem(tree, path, "needs either cron or every")
        if schedule.every is not None and schedule.every < _LEAST_EVERY_SECONDS:
            yield _problem(tree, (*path, "every"), "must be at least 10s")
        if schedule.cron is not None:
            try:
                parse_cron(schedule.cron)
            except ValueError as error:
                yield _problem(tree, (*path, "cron"), str(error))
        if schedule.timezone not in available_timezones():
            hint = did_you_mean(schedule.timezone, sorted(available_timezones()))
            message = f"unknown time zone {quoted(schedule.timezone)}{hint}"
            yield _problem(tree, (*path, "timezone"), message)
        if schedule.broker is not None and schedule.broker not in brokers:
            hint = did_you_mean(schedule.broker, brokers)
            message = f"no broker is called {quoted(schedule.broker)}{hint}"
            yield _problem(tree, (*path, "broker"), message)


def _logs(settings: Settings, tree: Node) -> Iterator[Problem]:
    yield from _unique(tree, ("log_watch",), "path", [log.label for log in settings.log_watch])
    for index, log in enumerate(settings.log_watch):
        if log.pattern is None:
            continue
        try:
            re.compile(log.pattern)
        except re.error as error:
            message = f"is not a regular expression: {error}"
            yield _problem(tree, ("log_watch", index, "pattern"), message)


def _alerts(settings: Settings, tree: Node) -> Iterator[Problem]:
    section: Path = ("alerts", "rules")
    rules = settings.alerts.rules
    yield from _unique(tree, section, "alert", [rule.alert for rule in rules])
    for index, rule in enumerate(rules):
        try:
            compile_rule(rule)
        except RuleError as error:
            yield _problem(tree, (*section, index, error.field), masked(str(error)), error.offset)
    for index, label in enumerate(settings.alerts.group_by):
        if label not in (*_ALERT_LABELS, ALL_LABELS):
            message = f"unknown label {quoted(label)}{did_you_mean(label, _ALERT_LABELS)}"
            yield _problem(tree, ("alerts", "group_by", index), message)


def _inhibit_rules(settings: Settings, tree: Node) -> Iterator[Problem]:
    for index, rule in enumerate(settings.alerts.inhibit_rules):
        path: Path = ("alerts", "inhibit_rules", index)
        for field in ("source_matchers", "target_matchers"):
            texts = getattr(rule, field)
            if not texts:
                yield _problem(tree, (*path, field), "must not be empty: it would match all")
            yield from _matchers(texts, tree, (*path, field))
        for number, label in enumerate(rule.equal):
            if label not in _ALERT_LABELS:
                message = f"unknown label {quoted(label)}{did_you_mean(label, _ALERT_LABELS)}"
                yield _problem(tree, (*path, "equal", number), message)


def _mutes(settings: Settings, tree: Node) -> Iterator[Problem]:
    section: Path = ("alerts", "mute")
    mutes = settings.alerts.mute
    yield from _unique(tree, section, "name", [mute.name for mute in mutes])
    for index, mute in enumerate(mutes):
        try:
            compile_mute(mute)
        except MuteError as error:
            path = (*section, index, *error.path)
            yield _problem(tree, path, masked(error.message), error.offset)


def _channels(settings: Settings, tree: Node) -> Iterator[Problem]:
    yield from _unique(tree, ("channels",), "name", [each.name for each in settings.channels])
    for index, channel in enumerate(settings.channels):
        yield from _matchers(channel.matchers, tree, ("channels", index, "matchers"))
        path: Path = ("channels", index)
        yield from _urls(channel, tree, path)
        yield from _required_items(channel, tree, path)


def _urls(channel: ChannelSettings, tree: Node, path: Path) -> Iterator[Problem]:
    match channel:
        case WebhookSettings() | SlackSettings():
            yield from _url(channel.url.reveal(), tree, (*path, "url"))
        case PagerDutySettings() | JiraServiceManagementSettings():
            yield from _url(channel.url, tree, (*path, "url"))
        case AlertmanagerSettings():
            if not channel.urls:
                yield _problem(tree, (*path, "urls"), "must not be empty")
            for position, url in enumerate(channel.urls):
                yield from _url(url.reveal(), tree, (*path, "urls", position))
        case SentrySettings():
            parts = _split(channel.dsn.reveal())
            if not parts or not (_is_http(parts) and parts.username and parts.path.strip("/")):
                message = "is not a DSN: it looks like https://key@host/42"
                yield _problem(tree, (*path, "dsn"), message)


def _required_items(channel: ChannelSettings, tree: Node, path: Path) -> Iterator[Problem]:
    match channel:
        case ExecSettings():
            if not channel.command:
                yield _problem(tree, (*path, "command"), "must not be empty")
        case EmailSettings():
            if not channel.to:
                yield _problem(tree, (*path, "to"), "must not be empty")
            if (channel.username is None) != (channel.password is None):
                message = "username and password go together"
                yield _problem(tree, (*path, "username"), message)


def _matchers(texts: Sequence[str], tree: Node, path: Path) -> Iterator[Problem]:
    for index, text in enumerate(texts):
        try:
            found = parse_matchers(text)
        except MatcherError as error:
            yield _problem(tree, (*path, index), masked(error.message), error.offset)
            continue
        if not found:
            yield _problem(tree, (*path, index), "must not be empty")
        for name in [each.name for each in found if each.name not in _ALERT_LABELS]:
            message = f"unknown label {quoted(name)}{did_you_mean(name, _ALERT_LABELS)}"
            yield _problem(tree, (*path, index), message)


def _url(url: str, tree: Node, path: Path) -> Iterator[Problem]:
    parts = _split(url)
    if not parts or not _is_http(parts):
        yield _problem(tree, path, "is not a URL: write it like https://host/path")


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        # Reading the port is what finds one that is no number.
        return parts if parts.port is None or parts.port else None
    except ValueError:
        return None


def _is_http(parts: SplitResult) -> bool:
    return parts.scheme in ("http", "https") and bool(parts.hostname)
