"""Unit tests of rules: a scripted timeline goes through the engine, alerts are compared.

`config/rule_test_file.py` reads and checks the file, `rules test` calls `failures` for each test.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from monitor.alerts.alert import Alert
from monitor.alerts.engine import Engine
from monitor.alerts.rules import Rule
from monitor.alerts.scripted import Scripted, say
from monitor.alerts.series import GONE, parse_series
from monitor.alerts.settings import RuleScope
from monitor.facts.catalogue import facts_of
from monitor.facts.scopes import HEARD_SCOPES, IDENTITY
from monitor.facts.snapshot import MonitorFacts, Snapshot
from monitor.values.units import Seconds, format_duration

DEFAULT_BROKER = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedObject:
    """One object, and what is known of it along the timeline."""

    on: RuleScope
    labels: Mapping[str, str] = field(default_factory=dict)
    """What identifies it; the broker may be left out."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """A series of values for each fact, a value a step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """Which alerts of one name there are at one time."""

    at: Seconds
    alert: str
    firing: tuple[Mapping[str, str], ...] | None = None
    """Labels of each that fires, as many as matter; an empty list: none fires."""
    pending: tuple[Mapping[str, str], ...] | None = None
    """Labels of each that waits for its `for`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTest:
    """One timeline, and what is expected of it."""

    name: str
    objects: tuple[ScriptedObject, ...]
    expect: tuple[Expectation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTestFile:
    """All tests of a file."""

    config: str | None = None
    """The settings whose rules are tested, seen from this file; left out: the built-in rules."""
    interval: Seconds = 30.0
    """How far the steps of the timelines are apart."""
    tests: tuple[RuleTest, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """An expectation that does not hold."""

    index: int
    """Which expectation of the test."""
    message: str


def failures(test: RuleTest, rules: Sequence[Rule], interval_seconds: float) -> list[Failure]:
    """Return what of `test` does not hold. The series in it must have been checked."""
    last = max(expectation.at for expectation in test.expect)
    engine, found = Engine(rules), []
    step = 0
    while step * interval_seconds <= last:
        now = step * interval_seconds
        engine.evaluate(_snapshot(test.objects, step, now), now)
        engine.forget_resolved(())
        for index, expectation in enumerate(test.expect):
            if now <= expectation.at < now + interval_seconds:
                found += [Failure(index, text) for text in _differences(expectation, engine.alerts)]
        step += 1
    return sorted(found, key=lambda failure: failure.index)


def _differences(expectation: Expectation, alerts: Sequence[Alert]) -> Iterator[str]:
    states = (("firing", expectation.firing), ("pending", expectation.pending))
    for state, expected in states:
        if expected is None:
            continue
        there = [
            dict(alert.labels)
            for alert in alerts
            if alert.alertname == expectation.alert and alert.state == state
        ]
        if not _match(expected, there):
            yield (
                f"at {format_duration(expectation.at)}: expected {state}: {_written(expected)}; "
                f"found: {_written([_without_name(labels) for labels in there])}"
            )


def _match(expected: Sequence[Mapping[str, str]], there: list[dict[str, str]]) -> bool:
    """Return whether each of `there` can be paired with one of `expected`, and all are."""
    if len(expected) != len(there):
        return False
    if not expected:
        return True
    return any(
        expected[0].items() <= labels.items()
        and _match(expected[1:], [*there[:index], *there[index + 1 :]])
        for index, labels in enumerate(there)
    )


def _without_name(labels: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in labels.items() if name != "alertname"}


def _written(alerts: Sequence[Mapping[str, str]]) -> str:
    """Return the labels of alerts on one line."""
    texts = ["{" + ", ".join(f"{k}: {v}" for k, v in labels.items()) + "}" for labels in alerts]
    return ", ".join(texts) or "none"


def identity_of(thing: ScriptedObject) -> dict[str, str]:
    """Return all labels that identify `thing`; raises KeyError for one that is missing."""
    labels = {"broker": DEFAULT_BROKER, **thing.labels}
    return {label: labels[label] for label in IDENTITY[thing.on]}


def _snapshot(objects: Sequence[ScriptedObject], step: int, now: float) -> Snapshot:
    there: dict[str, list[Any]] = {scope: [] for scope in IDENTITY}
    brokers = _brokers(objects, step)
    there["broker"] = list(brokers.values())
    for thing in objects:
        if thing.on != "broker" and _is_listed(thing, brokers):
            scripted = _frozen(thing, step, known=_is_known(thing, brokers))
            if scripted is not None:
                there[thing.on].append(scripted)
    return Snapshot(
        at=now,
        brokers=tuple(there["broker"]),
        queues=tuple(there["queue"]),
        workers=tuple(there["worker"]),
        tasks=tuple(there["task"]),
        schedules=tuple(there["schedule"]),
        logs=tuple(there["log"]),
        channels=tuple(there["channel"]),
        monitor=MonitorFacts(version=""),
    )


def _is_of_broker(thing: ScriptedObject) -> bool:
    return "broker" in IDENTITY[thing.on]


def _is_listed(thing: ScriptedObject, brokers: Mapping[str, Any]) -> bool:
    return not _is_of_broker(thing) or identity_of(thing)["broker"] in brokers


def _is_known(thing: ScriptedObject, brokers: Mapping[str, Any]) -> bool:
    """Return whether anything can be known of `thing`: a log is no matter of a broker."""
    if not _is_of_broker(thing):
        return True
    broker = brokers[identity_of(thing)["broker"]]
    return bool(broker.up and (thing.on not in HEARD_SCOPES or broker.events_connected))


_SOUND = {"up": True, "events_connected": True, "settled": True}


def _brokers(objects: Sequence[ScriptedObject], step: int) -> dict[str, Any]:
    """Return the brokers by name: readable and heard, where the script says nothing else."""
    names = dict.fromkeys(identity_of(thing)["broker"] for thing in objects if _is_of_broker(thing))
    brokers: dict[str, Any] = {name: _sound_broker(name) for name in names}
    for thing in objects:
        if thing.on == "broker":
            name = identity_of(thing)["broker"]
            brokers[name] = _frozen(thing, step, known=True, **_SOUND)
    return {name: broker for name, broker in brokers.items() if broker is not None}


def _sound_broker(name: str) -> Scripted:
    return Scripted(broker=name, key=(name,), **_SOUND)


def _frozen(thing: ScriptedObject, step: int, *, known: bool, **more: Any) -> Scripted | None:
    """Return `thing` as it is at `step`; None when it is gone."""
    names = identity_of(thing)
    scripted = Scripted(**more, **names, key=tuple(names.values()))
    rows = facts_of(thing.on)
    for name, text in thing.facts.items():
        values = parse_series(text, rows[name])
        value = values[step] if step < len(values) else None
        if value is GONE:
            return None
        say(scripted, rows[name], value if known else None)
    return scripted
