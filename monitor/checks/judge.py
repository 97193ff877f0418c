"""Judges a snapshot by a question. Pure; called by the web floor, and by `command.py` itself.

Where whoever asks gives ranges, these alone count. Where nobody does, the monitor's own
judgement does: for queues, tasks and logs the alerts that fire on them, for workers their
state, for a broker whether it can be read and written, and its alerts.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from monitor.alerts.alert import Alert
from monitor.checks.firing import judge_alerts, level_of
from monitor.checks.known import Known, blind_brokers, stale
from monitor.checks.question import SCOPES, Question, QuestionError, UnknownNameError
from monitor.checks.result import (
    CRITICAL,
    OK,
    UNKNOWN,
    Item,
    Result,
    Value,
    unknown,
    worst,
)
from monitor.facts.catalogue import facts_of
from monitor.facts.fact import Fact
from monitor.facts.scopes import DOWN_STATES, IDENTITY, UP_STATES
from monitor.facts.snapshot import Snapshot, WorkerFacts
from monitor.values.globs import glob_of
from monitor.values.names import bounded
from monitor.values.suggestion import did_you_mean
from monitor.values.units import format_duration, format_size

_SHOWN: Mapping[str, tuple[str, ...]] = {
    "queue": ("length", "oldest_age", "unacked", "workers"),
    "worker": ("active", "concurrency"),
    "broker": ("memory_used", "connected_clients", "unacked", "oldest_unacked_age"),
    "task": ("recently_failed", "recently_finished", "longest_running"),
    "log": ("silence", "matches_per_minute"),
}
"""The facts of each scope that are always said; the first is what a range is about."""

_UNITS = {"seconds": "s", "timestamp": "s", "bytes": "B"}


def judge(asked: Question, known: Known) -> Result:
    """Return what is to be said of what was asked.

    Raises QuestionError for a fact that there is not, UnknownNameError for a name.
    """
    snapshot = known.snapshot
    if snapshot is None:
        return unknown(asked.kind, "the first poll is under way")
    if why := stale(known, snapshot):
        return unknown(asked.kind, why)
    if asked.kind == "alerts":
        return judge_alerts(asked, known)
    return _Judge(asked, known, snapshot).result()


class _Judge:
    def __init__(self, asked: Question, known: Known, snapshot: Snapshot) -> None:
        self._asked = asked
        self._known = known
        self._scope = SCOPES[asked.kind]
        self._snapshot = snapshot
        self._fact = _judged_fact(asked, self._scope)
        self._blind = blind_brokers(known, snapshot)
        self._several = len(snapshot.brokers) > 1
        self._firing = _firing(self._scope, known.alerts)

    def result(self) -> Result:
        objects = self._chosen()
        if self._asked.expect is not None:
            return self._counted(objects)
        if not objects:
            because = "; ".join(self._blind.values())
            return unknown(self._asked.kind, because or f"no {self._scope} is known yet")
        return Result.of(self._asked.kind, map(self._item, objects))

    def _chosen(self) -> list[Any]:
        """Return the objects that are asked for. Raises UnknownNameError."""
        objects = self._snapshot.of(self._scope)
        if not self._asked.names:
            return list(objects)
        chosen = {}
        for name in self._asked.names:
            glob = glob_of(name)
            found = [thing for thing in objects if self._is_called(thing, bounded(name), glob)]
            if not found and self._asked.expect is None:
                names = [self._name(thing) for thing in objects]
                blind = f" ({'; '.join(self._blind.values())})" if self._blind else ""
                raise UnknownNameError(
                    f"no {self._scope} {name!r} is known{did_you_mean(name, names)}{blind}"
                )
            chosen.update({thing.key: thing for thing in found})
        return list(chosen.values())

    def _is_called(self, thing: Any, wanted: str, glob: re.Pattern[str]) -> bool:
        name = thing.key[0] if len(thing.key) == 1 else thing.key[1]
        names = (bounded(name), self._name(thing))
        return wanted in names or any(map(glob.match, names))

    def _name(self, thing: Any) -> str:
        """Return what `thing` is called among its like."""
        labels = dict(zip(IDENTITY[self._scope], map(bounded, thing.key), strict=True))
        broker = labels.pop("broker", "")
        if not labels:
            return broker
        queue = labels.pop("queue_name") if self._scope == "task" else ""
        (name,) = labels.values()
        prefix = f"{broker}/" if self._several and broker else ""
        return prefix + name + (f" on {queue}" if queue else "")

    def _item(self, thing: Any) -> Item:
        name = self._name(thing)
        blind = self._blind_about(thing)
        if self._fact is not None:
            level, text = self._measured(thing, self._fact, blind)
        elif self._scope == "worker":
            level, text = self._lives(thing, blind)
        else:
            level, text = self._alerted(thing, blind)
        return Item(level, f"{name}: {text}", self._values(thing, name))

    def _measured(self, thing: Any, fact: Fact, blind: str) -> tuple[int, str]:
        value = self._number(fact, thing)
        if value is None or blind:
            return UNKNOWN, blind or f"{fact.name} is not known"
        said = f"{fact.name} {_spoken(fact, value)}"
        level, bound = self._asked.judged(value)
        if bound is not None:
            said += f" ({'inside' if bound.inside else 'outside'} {bound.text})"
        return level, said

    def _lives(self, worker: WorkerFacts, blind: str) -> tuple[int, str]:
        state = worker.state
        if state is None or state == "unknown":
            return UNKNOWN, blind or worker.reason or "not heard yet"
        because = f", {worker.reason}" if worker.reason else ""
        if state in DOWN_STATES:
            return CRITICAL, state + because
        # One that said goodbye is missed only by who asked for it by its name.
        missed = state == "offline" and bounded(worker.hostname) in self._asked.names
        return CRITICAL if missed else OK, state + because

    def _alerted(self, thing: Any, blind: str) -> tuple[int, str]:
        alerts = self._firing.get(tuple(map(bounded, thing.key)), [])
        level = worst(level_of(alert, self._known) for alert in alerts)
        texts = [alert.summary for alert in alerts if level_of(alert, self._known) != OK]
        if self._scope == "broker":
            level, texts = self._reached(thing, level, texts)
        elif blind:
            level, texts = worst((level, UNKNOWN)), [blind, *texts]
        return level, "; ".join(texts) or self._well(thing)

    def _reached(self, broker: Any, level: int, texts: list[str]) -> tuple[int, list[str]]:
        if broker.up is False:
            return CRITICAL, [f"cannot be polled: {broker.error or 'no reason known'}"]
        if blind := self._blind.get(broker.broker):
            return UNKNOWN, [blind]
        if broker.writable is False and not texts:
            return CRITICAL, ["refuses writes"]
        return level, texts

    def _well(self, thing: Any) -> str:
        facts = facts_of(self._scope)
        said = []
        for name in _SHOWN[self._scope]:
            value = self._number(facts[name], thing)
            if value is not None:
                said.append(f"{name} {_spoken(facts[name], value)}")
        return ", ".join(said) or "nothing known of it, and nothing wrong"

    def _blind_about(self, thing: Any) -> str:
        """Return why nothing is known of `thing` now; empty: something is."""
        if self._scope == "log":
            return ""
        return self._blind.get(thing.broker, "")

    def _values(self, thing: Any, name: str) -> tuple[Value, ...]:
        facts = facts_of(self._scope)
        shown = [facts[each] for each in _SHOWN[self._scope]]
        if self._fact is not None and self._fact not in shown:
            shown.insert(0, self._fact)
        return tuple(self._value(fact, thing, name) for fact in shown)

    def _value(self, fact: Fact, thing: Any, name: str) -> Value:
        judged = fact is self._fact
        asked = self._asked
        return Value(
            label=f"{name}_{fact.name}",
            value=self._number(fact, thing),
            unit="c" if fact.kind == "counter" else _UNITS.get(fact.unit, ""),
            warning=asked.warning.text if judged and asked.warning else "",
            critical=asked.critical.text if judged and asked.critical else "",
        )

    def _number(self, fact: Fact, thing: Any) -> float | None:
        value = fact.read(thing)
        if value is None:
            return None
        if fact.unit == "timestamp":
            # A moment means nothing to a range: what counts is how long ago it was.
            value = max(0.0, self._known.now - value)
        return float(value)

    def _counted(self, workers: list[WorkerFacts]) -> Result:
        """Judge how many workers live, and nothing else."""
        expected = self._asked.expect or 0
        live = sum(worker.state in UP_STATES for worker in workers)
        unsure = sum(worker.state in (None, "unknown") for worker in workers)
        value = Value("workers", live, critical=f"{expected}:")
        note = f"{live} live, {expected} expected"
        items = [self._item(worker) for worker in workers if worker.state != "offline"]
        if live >= expected:
            items = [item._replace(level=OK) for item in items]
            return Result(self._asked.kind, OK, tuple(items), note, (value,))
        missing = Result.of(self._asked.kind, items, note=note, values=(value,))
        told = all(broker.settled for broker in self._snapshot.brokers) and not self._blind
        if told and live + unsure < expected:
            return missing._replace(level=CRITICAL)
        because = "; ".join(self._blind.values()) or "not all can be told"
        return missing._replace(
            level=UNKNOWN, note=f"{note}; {because}", values=(value._replace(value=None),)
        )


def _judged_fact(asked: Question, scope: str) -> Fact | None:
    """Return the fact that the ranges are about; None: there are none. Raises QuestionError."""
    if not asked.bounded:
        return None
    facts = facts_of(scope)
    name = asked.fact or _SHOWN[scope][0]
    fact = facts.get(name)
    if fact is None:
        known = [each.name for each in facts.values() if _is_number(each)]
        raise QuestionError(f"no fact {name!r} of {scope}{did_you_mean(name, known)}")
    if not _is_number(fact):
        raise QuestionError(f"{name} is not one number, so no range can judge it")
    return fact


def _is_number(fact: Fact) -> bool:
    return fact.in_rules and fact.kind != "stateset"


def _spoken(fact: Fact, value: float) -> str:
    forms: Mapping[str, Callable[[float], str]] = {
        "seconds": format_duration,
        "timestamp": lambda seconds: f"{format_duration(seconds)} ago",
        "bytes": format_size,
    }
    return forms[fact.unit](value) if fact.unit in forms else f"{value:.6g}"


def _firing(scope: str, alerts: Iterable[Alert]) -> dict[tuple[str, ...], list[Alert]]:
    """Return the firing alerts on objects of `scope` by their keys, the graver first."""
    identity = IDENTITY[scope]
    found: dict[tuple[str, ...], list[Alert]] = {}
    for alert in alerts:
        labels = dict(alert.labels)
        if alert.state == "firing" and labels.keys() - {"alertname", "severity"} == set(identity):
            found.setdefault(tuple(labels[name] for name in identity), []).append(alert)
    for each in found.values():
        each.sort(key=lambda alert: alert.severity)
    return found
