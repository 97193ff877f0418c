"""Holds the alerts there are, and takes each a step further at every tick.

`desk.py` hands it one snapshot a tick.
"""

from collections.abc import Container, Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from monitor.alerts.alert import Alert
from monitor.alerts.lifecycle import begin, resolve, step
from monitor.alerts.rules import Key, Rule
from monitor.facts.scopes import HEARD_SCOPES, IDENTITY
from monitor.facts.snapshot import Snapshot
from monitor.values.names import as_utf8, bounded

_Name = tuple[str, str]
"""Alert name and severity, by which a rule is known: two may share the first."""


class Engine:
    """The alerts of all rules on all objects.

    `saved` are the alerts of an earlier run. Its pending ones are left out: nobody watched
    meanwhile, so their `for` starts anew; unless the rules alone are new (`without_pause`).
    """

    def __init__(
        self, rules: Iterable[Rule], saved: Iterable[Alert] = (), *, without_pause: bool = False
    ) -> None:
        self._rules = tuple(rules)
        self._current: dict[_Name, dict[Key, Alert]] = {_name(rule): {} for rule in self._rules}
        self._ruleless: list[Alert] = []
        self._resolved: list[Alert] = []
        self._before: _View | None = None
        by_name = {_name(rule): rule for rule in self._rules}
        for alert in saved:
            if alert.state == "resolved":
                self._resolved.append(alert)
            elif alert.state == "firing" or without_pause:
                self._adopt(alert, by_name.get((alert.alertname, alert.severity)))

    def _adopt(self, alert: Alert, rule: Rule | None) -> None:
        key = rule.key_of(alert.labels) if rule else None
        if rule is None or key is None:
            # One that never fired ends without a word.
            if alert.state == "firing":
                self._ruleless.append(alert)
        else:
            self._current[_name(rule)][key] = alert

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """Pending, firing, and those resolved ones that have not been forgotten."""
        current = (alert for alerts in self._current.values() for alert in alerts.values())
        return (*current, *self._ruleless, *self._resolved)

    def forget_resolved(self, owed: Container[tuple[str, float]]) -> None:
        """Drop the resolved alerts whose incarnation is not `owed` to anybody."""
        self._resolved = [alert for alert in self._resolved if alert.incarnation in owed]

    def evaluate(
        self, snapshot: Snapshot, now: float, muted: Container[str] = ()
    ) -> tuple[Alert, ...]:
        """Measure every rule on `snapshot`; return the alerts that are in a new state.

        `muted` has the fingerprints of the alerts that were muted up to now.
        """
        changed = [
            resolve(alert, now, "its rule was removed or changed in the settings")
            for alert in self._ruleless
        ]
        self._ruleless.clear()
        view = _View(snapshot)
        for rule in self._rules:
            current = self._current[_name(rule)]
            if current:
                changed += self._step_all(rule, current, view, now)
            # An unknown condition is no hit: nothing begins while blind.
            value = rule.when.value
            for obj in [obj for obj in snapshot.of(rule.scope) if value(obj)]:
                key = _key(obj)
                if key not in current and rule.covers(key):
                    begun = replace(begin(rule, key, now), before=self._facts_before(rule, key))
                    current[key] = _described(begun, rule, obj)
                    changed.append(current[key])
        changed = [
            replace(alert, ended_muted=True)
            if alert.state == "resolved" and alert.fingerprint in muted
            else alert
            for alert in changed
        ]
        self._resolved += [alert for alert in changed if alert.state == "resolved"]
        self._before = view
        return tuple(changed)

    def _facts_before(self, rule: Rule, key: Key) -> tuple[tuple[str, str], ...]:
        """Return what was true of the object a tick ago; nothing where it was not known."""
        obj = self._before.by_key(rule.scope).get(key) if self._before else None
        return () if obj is None else rule.facts_read(obj)

    def _step_all(
        self, rule: Rule, current: dict[Key, Alert], view: "_View", now: float
    ) -> list[Alert]:
        objects = view.by_key(rule.scope)
        changed = []
        for key, alert in list(current.items()):
            obj = objects.get(key)
            if obj is None:
                after = _without_object(alert, rule, view.absence(rule.scope, key), now)
            else:
                after = _with_object(alert, rule, obj, view.fell(rule.scope, key), now)
            if after is None or after.state == "resolved":
                del current[key]
            else:
                current[key] = after
            if after is not None and after.state != alert.state:
                changed.append(after)
        return changed


def _with_object(alert: Alert, rule: Rule, obj: Any, fell: str, now: float) -> Alert | None:
    holds = rule.when.value(obj) if alert.state == "pending" else rule.still_holds(obj)
    after = step(alert, rule, holds, now, fell)
    return _described(after, rule, obj) if after is not None and holds else after


def _without_object(alert: Alert, rule: Rule, reason: str | None, now: float) -> Alert | None:
    if reason is None:
        return step(alert, rule, None, now)
    return resolve(alert, now, reason) if alert.state == "firing" else None


def _described(alert: Alert, rule: Rule, obj: Any) -> Alert:
    """Return `alert` with what there is to say of `obj` now, itself if that is not new."""
    described = replace(
        alert,
        summary=rule.summary.render(obj),
        cause=rule.cause.render(obj),
        command=rule.command.render_for_shell(obj),
        facts=rule.facts_read(obj),
    )
    return alert if described == alert else described


def _name(rule: Rule) -> _Name:
    return (rule.alert, rule.severity)


def _key(obj: Any) -> Key:
    return tuple(map(bounded, obj.key))


class _View:
    """A snapshot, looked at by key."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._brokers = {bounded(broker.broker): broker for broker in snapshot.brokers}
        self._gone = _by_label(snapshot.gone)
        self._fell = _by_label(snapshot.fell)
        self._by_key: dict[str, Mapping[Key, Any]] = {}

    def by_key(self, scope: str) -> Mapping[Key, Any]:
        """Return the objects of `scope` by key; made once a tick, where a rule has alerts."""
        if scope not in self._by_key:
            self._by_key[scope] = {_key(obj): obj for obj in self._snapshot.of(scope)}
        return self._by_key[scope]

    def fell(self, scope: str, key: Key) -> str:
        """Return why there is less of the object though nobody worked on it; empty: no such."""
        return self._fell.get((scope, key), "")

    def absence(self, scope: str, key: Key) -> str | None:
        """Return why the object is not there; None: it may be there and merely not be known.

        After a restart an object is not known until its broker was read, and a worker or a
        task not until its events had a fair chance.
        """
        if (scope, key) in self._gone:
            return self._gone[scope, key]
        if "broker" not in IDENTITY[scope]:
            return "it is no longer in the settings"
        broker = self._brokers.get(key[0])
        if broker is None:
            return "its broker is no longer in the settings"
        known = broker.up is True
        if scope in HEARD_SCOPES:
            known = known and broker.events_connected is True and broker.settled
        return "no longer there" if known else None


def _by_label(
    reasons: Mapping[tuple[str, tuple[str, ...]], str],
) -> Mapping[tuple[str, Key], str]:
    """Return `reasons` by the key as alerts carry it."""
    return {
        (scope, tuple(map(bounded, key))): as_utf8(reason)
        for (scope, key), reason in reasons.items()
    }
