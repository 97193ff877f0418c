"""`/api/v1/snapshot`: the snapshot as JSON, field by field from the catalogue."""

from collections.abc import Mapping
from typing import Any

from msgspec import json

from monitor.alerts.alert import Alert
from monitor.alerts.muting import Muted
from monitor.facts.catalogue import facts_of
from monitor.facts.fact import Fact
from monitor.facts.scopes import IDENTITY, SCOPES
from monitor.facts.snapshot import BrokerFacts, Snapshot, WorkerFacts
from monitor.values.names import bounded

SENTENCE_BYTES = 1_000


def snapshot_json(
    snapshot: Snapshot, alerts: tuple[Alert, ...], muted: Mapping[str, Muted]
) -> bytes:
    """Return `{"at", "<scope>": [{"labels", "facts"}, …], …, "alerts"}`.

    Times are Unix seconds, names stand as in the labels of /metrics, and null means that a
    fact is not known. What is infinite is null too: JSON has no word for it.
    """
    document: dict[str, Any] = {"at": snapshot.at}
    for scope in SCOPES:
        facts = facts_of(scope)
        document[scope] = [
            {
                "labels": _labels(IDENTITY[scope], thing.key),
                "facts": {name: _value(fact, fact.read(thing)) for name, fact in facts.items()},
                **_words(thing),
            }
            for thing in snapshot.of(scope)
        ]
    document["alerts"] = [_alert(alert, muted) for alert in alerts]
    return json.encode(document)


def _words(thing: object) -> dict[str, object]:
    """Return what is known of an object and is no number."""
    if isinstance(thing, BrokerFacts):
        return {"error": _sentence(thing.error or "")}
    if isinstance(thing, WorkerFacts):
        queues = None if thing.queues is None else list(map(bounded, thing.queues))
        return {"reason": _sentence(thing.reason), "queues": queues}
    return {}


def _value(fact: Fact, value: Any) -> Any:
    """Return a plain fact as its value, and one with further labels as a list."""
    if value is None or fact.kind == "stateset":
        return value
    if fact.kind == "info":
        return _labels(fact.labels, value)
    if fact.labels:
        return [
            {"labels": _labels(fact.labels, child), "value": number}
            for child, number in value.items()
        ]
    return value


def _labels(names: tuple[str, ...], values: Any) -> dict[str, str]:
    values = values if isinstance(values, tuple) else (values,)
    return {name: bounded(str(value)) for name, value in zip(names, values, strict=True)}


def _alert(alert: Alert, muted: Mapping[str, Muted]) -> dict[str, Any]:
    why = muted.get(alert.fingerprint) if alert.state == "firing" else None
    return {
        "labels": {name: bounded(value) for name, value in alert.labels},
        "fingerprint": alert.fingerprint,
        "state": alert.state,
        "muted": why
        and {
            "silenced_by": why.silenced_by,
            "inhibited_by": why.inhibited_by,
            "muted_by": why.muted_by,
        },
        "active_at": alert.active_at,
        "started_at": alert.started_at,
        "resolved_at": alert.resolved_at,
        "resolved_reason": _sentence(alert.resolved_reason),
        "summary": _sentence(alert.summary),
        "cause": _sentence(alert.cause),
        "command": _sentence(alert.command),
        "runbook": _sentence(alert.runbook),
        "facts": {name: bounded(value) for name, value in alert.facts},
    }


def _sentence(text: str) -> str:
    return bounded(text, SENTENCE_BYTES)
