"""What types cannot say: settings that are well-formed, each alone, and still cannot work.

Each check yields problems, placed where the setting was written; `load.py` runs them all.
"""

import re
from collections.abc import Iterator
from itertools import takewhile

from monitor.alerts.grouping import ALL_LABELS
from monitor.alerts.mute import MuteError, compile_mute
from monitor.alerts.rules import RuleError, compile_rule
from monitor.broker.address import is_sentinel, parse_url
from monitor.broker.settings import BrokerSettings, TlsSettings
from monitor.config.channel_checks import channel_problems
from monitor.config.document import Node
from monitor.config.placed import (
    label_problems,
    matcher_problems,
    not_a_url,
    problem_at,
    repeated_names,
    url_problems,
)
from monitor.config.problem import Path, Problem, masked, quoted, requoted
from monitor.config.settings import Settings
from monitor.config.shape import DURATION, NUMBER, leaves
from monitor.facts.settings import LEAST_EVERY_SECONDS, QueueLimits
from monitor.facts.tasks.cron import parse_cron
from monitor.values.secret import Secret
from monitor.values.suggestion import did_you_mean
from monitor.values.zones import time_zones
from monitor.web.server import ListenError, parse_listen

_MAY_BE_ZERO = frozenset({"group_wait", "for", "keep_firing_for"})
_URL = re.compile(r"[a-z][a-z0-9+.-]*://")
_BARE_PASSWORD = re.compile(r"(?:rediss?|sentinel)://[^/?#]*[/?#].*@", re.DOTALL)
_WITH_TLS = ("rediss://", "sentinel://")
_LONGEST_SECONDS = 100 * 365 * 86_400.0


def check(settings: Settings, tree: Node) -> Iterator[Problem]:
    """Yield what is wrong with the meaning of `settings`, which were made from `tree`."""
    yield from _amounts(settings, tree)
    yield from _queue_limits(settings.queues, tree)
    yield from repeated_names(tree, ("brokers",), "name", [each.name for each in settings.brokers])
    for index, broker in enumerate(settings.brokers):
        yield from _broker(broker, tree, ("brokers", index))
    if settings.poll.timeout >= settings.poll.interval:
        message = "must be less than poll.interval: a poll ends before the next begins"
        yield problem_at(tree, ("poll", "timeout"), message)
    yield from _schedules(settings, tree)
    yield from _logs(settings, tree)
    yield from _alerts(settings, tree)
    yield from _inhibit_rules(settings, tree)
    yield from _mutes(settings, tree)
    yield from channel_problems(settings.channels, tree)
    try:
        parse_listen(settings.web.listen)
    except (ListenError, ValueError) as error:
        listen = settings.web.listen
        yield problem_at(tree, ("web", "listen"), requoted(str(error), listen, listen))
    if settings.heartbeat.ping_url is not None:
        yield from url_problems(
            settings.heartbeat.ping_url.reveal(), tree, ("heartbeat", "ping_url")
        )
    if settings.heartbeat.sentry_cron_url is not None:
        url = settings.heartbeat.sentry_cron_url.reveal()
        yield from url_problems(url, tree, ("heartbeat", "sentry_cron_url"))
    if settings.web.external_url is not None:
        yield from url_problems(settings.web.external_url, tree, ("web", "external_url"))
    for text, url in settings.web.links.items():
        yield from url_problems(url, tree, ("web", "links", text))
    if settings.state.file == "":
        yield problem_at(tree, ("state", "file"), "must not be empty")


def _amounts(settings: Settings, tree: Node) -> Iterator[Problem]:
    for path, shape, value in leaves(settings):
        if shape not in (DURATION, NUMBER) or not isinstance(value, int | float):
            continue
        if value > _LONGEST_SECONDS:
            yield problem_at(tree, path, "is more than a hundred years")
        elif value < 0 or (value == 0 and path[-1] not in _MAY_BE_ZERO):
            yield problem_at(tree, path, "must be more than 0")


def _queue_limits(limits: QueueLimits, tree: Node) -> Iterator[Problem]:
    for pattern, length in limits.max_length.items():
        if length < 0:
            yield problem_at(tree, ("queues", "max_length", pattern), "must not be negative")
    for name, patterns in (("max_age", limits.max_age), ("max_length", limits.max_length)):
        reached = list(takewhile(lambda pattern: pattern != "*", patterns))
        for pattern in list(patterns)[len(reached) + 1 :]:
            message = "never counts: put it before '*', the first match counts"
            yield problem_at(tree, ("queues", name, pattern), message)


def _broker(broker: BrokerSettings, tree: Node, path: Path) -> Iterator[Problem]:
    mistake = _url_mistake(broker.url)
    if mistake:
        yield problem_at(tree, (*path, "url"), mistake)
    elif broker.tls != TlsSettings() and not broker.url.reveal().startswith(_WITH_TLS):
        yield problem_at(tree, (*path, "tls"), "has no effect: TLS needs a URL with rediss://")
    options = broker.transport_options
    if is_sentinel(broker.url) and not options.master_name:
        message = "is required with sentinel://: the name under which sentinels know the master"
        yield problem_at(tree, (*path, "transport_options", "master_name"), message)
    for option, message in options.mistakes():
        yield problem_at(tree, (*path, "transport_options", option), message)
    if broker.queues.limit < 1:
        yield problem_at(tree, (*path, "queues", "limit"), "must be at least 1")


def _url_mistake(url: Secret) -> str | None:
    """Return what is wrong with a broker's URL, without a word of what may be a password."""
    text = url.reveal()
    if not _URL.match(text):
        return not_a_url(text, "redis://host:6379/0")
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
    yield from repeated_names(tree, ("schedules",), "name", labels)
    brokers = [broker.name for broker in settings.brokers]
    for index, schedule in enumerate(settings.schedules):
        path: Path = ("schedules", index)
        if (schedule.cron is None) == (schedule.every is None):
            yield problem_at(tree, path, "needs either cron or every")
        if schedule.every is not None and schedule.every < LEAST_EVERY_SECONDS:
            yield problem_at(tree, (*path, "every"), "must be at least 10s")
        if schedule.cron is not None:
            try:
                parse_cron(schedule.cron)
            except ValueError as error:
                yield problem_at(tree, (*path, "cron"), str(error))
        if schedule.timezone not in time_zones():
            hint = did_you_mean(schedule.timezone, sorted(time_zones()))
            message = f"unknown time zone {quoted(schedule.timezone)}{hint}"
            yield problem_at(tree, (*path, "timezone"), message)
        if schedule.broker is not None and schedule.broker not in brokers:
            hint = did_you_mean(schedule.broker, brokers)
            message = f"no broker is called {quoted(schedule.broker)}{hint}"
            yield problem_at(tree, (*path, "broker"), message)


def _logs(settings: Settings, tree: Node) -> Iterator[Problem]:
    yield from repeated_names(
        tree, ("log_watch",), "path", [log.label for log in settings.log_watch]
    )
    for index, log in enumerate(settings.log_watch):
        if log.pattern is None:
            continue
        try:
            re.compile(log.pattern)
        except re.error as error:
            message = f"is not a regular expression: {error}"
            yield problem_at(tree, ("log_watch", index, "pattern"), message)


def _alerts(settings: Settings, tree: Node) -> Iterator[Problem]:
    section: Path = ("alerts", "rules")
    rules = settings.alerts.rules
    yield from repeated_names(tree, section, "alert", [rule.alert for rule in rules])
    for index, rule in enumerate(rules):
        try:
            compile_rule(rule)
        except RuleError as error:
            yield problem_at(tree, (*section, index, error.field), masked(str(error)), error.offset)
    for index, label in enumerate(settings.alerts.group_by):
        if label != ALL_LABELS:
            yield from label_problems(label, tree, ("alerts", "group_by", index))


def _inhibit_rules(settings: Settings, tree: Node) -> Iterator[Problem]:
    for index, rule in enumerate(settings.alerts.inhibit_rules):
        path: Path = ("alerts", "inhibit_rules", index)
        for field in ("source_matchers", "target_matchers"):
            texts = getattr(rule, field)
            if not texts:
                yield problem_at(tree, (*path, field), "must not be empty: it would match all")
            yield from matcher_problems(texts, tree, (*path, field))
        for number, label in enumerate(rule.equal):
            yield from label_problems(label, tree, (*path, "equal", number))


def _mutes(settings: Settings, tree: Node) -> Iterator[Problem]:
    section: Path = ("alerts", "mute")
    mutes = settings.alerts.mute
    yield from repeated_names(tree, section, "name", [mute.name for mute in mutes])
    for index, mute in enumerate(mutes):
        try:
            compile_mute(mute)
        except MuteError as error:
            path = (*section, index, *error.path)
            yield problem_at(tree, path, masked(error.message), error.offset)
        else:
            yield from matcher_problems(mute.matchers, tree, (*section, index, "matchers"))
