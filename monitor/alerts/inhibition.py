"""Inhibition: an alert that explains others mutes them. The meaning is Alertmanager's. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from monitor.alerts.alert import Alert
from monitor.alerts.matchers import Matcher, match_all, parse_all

MAX_SOURCES = 10
"""How many of the alerts that mute one are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InhibitRuleSettings:
    """One rule of inhibition, in Alertmanager's words."""

    source_matchers: tuple[str, ...]
    """Which alerts mute others while they fire, like alertname="BrokerDown"."""
    target_matchers: tuple[str, ...]
    """Which alerts they mute."""
    equal: tuple[str, ...] = ()
    """Labels in which the two must be equal; one that both lack is."""


BUILTIN: tuple[InhibitRuleSettings, ...] = (
    # Whatever is said of a broker that cannot be read is what was true before.
    InhibitRuleSettings(
        source_matchers=('alertname="BrokerDown"',),
        target_matchers=('alertname!="BrokerDown"', 'broker!=""'),
        equal=("broker",),
    ),
    InhibitRuleSettings(
        source_matchers=('alertname="QueueAbandoned"',),
        target_matchers=('alertname=~"QueueBacklogGrowing|QueueTooOld|QueueStalled"',),
        equal=("broker", "queue_name"),
    ),
)
"""What holds without configuration, together with the built-in rules."""


@dataclass(frozen=True, slots=True)
class InhibitRule:
    """A rule of inhibition, parsed."""

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...]


def compile_inhibit_rule(settings: InhibitRuleSettings) -> InhibitRule:
    """Return the rule that `settings` describe. Raises MatcherError."""
    return InhibitRule(
        source=parse_all(settings.source_matchers),
        target=parse_all(settings.target_matchers),
        equal=settings.equal,
    )


def inhibited_by(
    alerts: Iterable[Alert], rules: Iterable[InhibitRule]
) -> Mapping[str, tuple[str, ...]]:
    """Return for each muted alert's fingerprint those of the alerts that mute it.

    `alerts` are those that fire. An alert that is both source and target of a rule is not
    muted by another such, or the two would mute each other.
    """
    labelled = [(alert, dict(alert.labels)) for alert in alerts]
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for rule in rules:
        sources: dict[tuple[str, ...], list[tuple[str, bool]]] = defaultdict(list)
        for alert, labels in labelled:
            if match_all(rule.source, labels):
                both = match_all(rule.target, labels)
                sources[_values(rule, labels)].append((alert.fingerprint, both))
        if not sources:
            continue
        for alert, labels in labelled:
            candidates = sources.get(_values(rule, labels))
            if not candidates or not match_all(rule.target, labels):
                continue
            is_source = match_all(rule.source, labels)
            named = [source for source, both in candidates if not (both and is_source)]
            if named:
                found[alert.fingerprint].update(dict.fromkeys(named[:MAX_SOURCES]))
    return {fingerprint: tuple(sources) for fingerprint, sources in found.items()}


def _values(rule: InhibitRule, labels: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(labels.get(name, "") for name in rule.equal)
