"""What `top` shows, as plain rows: from the answer of a daemon, or from one look at a broker.

Pure. Both become the same rows, so that what is sorted, filtered, drawn and printed as JSON
knows nothing of where it came from.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, NamedTuple

from msgspec import Meta, Struct, convert, json

from monitor.facts.catalogue import facts_of
from monitor.facts.scopes import IDENTITY
from monitor.facts.snapshot import Snapshot

_SEVERITIES = {"critical": 0, "warning": 1}
_BLIND = 2
_FINE = 3
_BAD_VERDICTS = {"abandoned": 0, "stalled": 0, "growing": 1, "saturated": 1}
_BAD_STATES = {"dead": 0, "hung": 0, "late": 1}
_OWN_LABELS = {"alertname", "severity"}
"""Of an alert, beyond those of its object."""
_END_OF_DATES = 253_402_300_799.0
"""The last second of the year 9999."""

_Labels = Mapping[str, str]
_ByObject = Mapping[frozenset[tuple[str, str]], list["_Alert"]]
"""Alerts by the labels of the object that they are on."""


class _BrokerFacts(Struct):
    up: bool | None


class _Broker(Struct):
    labels: _Labels
    facts: _BrokerFacts
    error: str


class _QueueFacts(Struct):
    length: int | None
    unacked: int | None
    oldest_age: float | None
    arrival_rate: float | None
    dispatch_rate: float | None
    drain: float | None
    workers: int | None
    verdict: str | None


class _Queue(Struct):
    labels: _Labels
    facts: _QueueFacts


class _WorkerFacts(Struct):
    state: str | None
    active: int | None
    concurrency: int | None
    processed: int | None
    last_seen: float | None


class _Worker(Struct):
    labels: _Labels
    facts: _WorkerFacts
    reason: str
    queues: tuple[str, ...] | None


class _Alert(Struct):
    labels: _Labels
    state: str
    summary: str
    muted: object = None


class _Document(Struct):
    """What is used of the answer of `/api/v1/snapshot`."""

    at: Annotated[float, Meta(ge=0, le=_END_OF_DATES)]
    broker: tuple[_Broker, ...]
    queue: tuple[_Queue, ...]
    worker: tuple[_Worker, ...]
    alerts: tuple[_Alert, ...]


class BrokerRow(NamedTuple):
    """One broker."""

    broker: str
    up: bool | None
    problem: str = ""


class QueueRow(NamedTuple):
    """One queue; what is not known is None. Ages and times in seconds, rates a second."""

    rank: int
    """0 is the worst."""
    broker: str
    queue_name: str
    status: str
    length: int | None
    unacked: int | None
    oldest_age: float | None
    arrival_rate: float | None
    dispatch_rate: float | None
    drain: float | None
    workers: int | None
    alerts: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What it is called."""
        return self.queue_name

    @property
    def words(self) -> tuple[str, ...]:
        """What it is found by."""
        return (self.queue_name, self.status)


class WorkerRow(NamedTuple):
    """One worker; what is not known is None."""

    rank: int
    broker: str
    hostname: str
    status: str
    reason: str
    """Why it is in this state, in words."""
    active: int | None
    concurrency: int | None
    processed: int | None
    silent_seconds: float | None
    queues: tuple[str, ...] | None
    alerts: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What it is called."""
        return self.hostname

    @property
    def words(self) -> tuple[str, ...]:
        """What it is found by."""
        return (self.hostname, self.status, *(self.queues or ()))


class Sight(NamedTuple):
    """What was seen at one moment, the worst first."""

    at: float
    brokers: tuple[BrokerRow, ...] = ()
    queues: tuple[QueueRow, ...] = ()
    workers: tuple[WorkerRow, ...] = ()
    alerts: tuple[str, ...] = ()
    """The summaries of what fires and is not muted, critical ones first."""

    def plain(self) -> dict[str, Any]:
        """Return it as JSON has it; what is infinite is None."""
        return {
            "at": self.at,
            "brokers": [row._asdict() for row in self.brokers],
            "queues": [_finite(row._asdict()) for row in self.queues],
            "workers": [row._asdict() for row in self.workers],
            "alerts": list(self.alerts),
        }


def sight_of_answer(body: bytes) -> Sight:
    """Return what `/api/v1/snapshot` says.

    Raises LookupError, ValueError, RecursionError where `body` is nothing that it says.
    """
    return _sight(json.decode(body, type=_Document))


def sight_of_snapshot(snapshot: Snapshot) -> Sight:
    """Return what one look at a broker says."""
    document: dict[str, Any] = {"at": snapshot.at, "alerts": ()}
    for scope in ("broker", "queue", "worker"):
        facts = facts_of(scope)
        document[scope] = [
            {
                "labels": dict(zip(IDENTITY[scope], thing.key, strict=True)),
                "facts": {name: fact.read(thing) for name, fact in facts.items() if fact.in_rules},
                "error": getattr(thing, "error", None) or "",
                "reason": getattr(thing, "reason", ""),
                "queues": getattr(thing, "queues", None),
            }
            for thing in snapshot.of(scope)
        ]
    return _sight(convert(document, _Document))


def _sight(document: _Document) -> Sight:
    firing = [a for a in document.alerts if a.state == "firing" and not a.muted]
    firing.sort(key=_severity)
    by_object = _by_object(firing)
    queues = [_queue(row, by_object) for row in document.queue]
    workers = [_worker(row, by_object, document.at) for row in document.worker]
    return Sight(
        at=document.at,
        brokers=tuple(
            BrokerRow(row.labels["broker"], row.facts.up, row.error) for row in document.broker
        ),
        queues=tuple(sorted(queues, key=_by_worst)),
        workers=tuple(sorted(workers, key=lambda row: (row.rank, row.status, row.hostname))),
        alerts=tuple(a.summary for a in firing if a.labels.get("severity") != "none"),
    )


def _by_worst(row: QueueRow) -> tuple[int, float, int, str, str]:
    """Return the place of a queue: by its alerts, then by the age of what waits."""
    return (row.rank, -(row.oldest_age or 0), -(row.length or 0), row.broker, row.queue_name)


def _severity(alert: _Alert) -> int:
    return _SEVERITIES.get(alert.labels.get("severity", ""), _FINE)


def _by_object(firing: Iterable[_Alert]) -> _ByObject:
    found = defaultdict(list)
    for alert in firing:
        labels = frozenset((k, v) for k, v in alert.labels.items() if k not in _OWN_LABELS)
        found[labels].append(alert)
    return found


def _queue(row: _Queue, by_object: _ByObject) -> QueueRow:
    facts, alerts = row.facts, by_object.get(frozenset(row.labels.items()), [])
    status = _queue_status(facts)
    own = _BLIND if facts.length is None else _BAD_VERDICTS.get(status, _FINE)
    return QueueRow(
        rank=min([own, *map(_severity, alerts)]),
        broker=row.labels["broker"],
        queue_name=row.labels["queue_name"],
        status=status,
        length=facts.length,
        unacked=facts.unacked,
        oldest_age=facts.oldest_age if facts.length else None,
        arrival_rate=facts.arrival_rate,
        dispatch_rate=facts.dispatch_rate,
        drain=facts.drain if facts.length else None,
        workers=facts.workers,
        alerts=tuple(alert.summary for alert in alerts),
    )


def _queue_status(facts: _QueueFacts) -> str:
    if facts.length is None:
        return "unknown"
    if not facts.length:
        return "empty"
    if facts.verdict:
        return facts.verdict
    # Without a daemon nobody follows it; that nobody consumes it is known all the same.
    return "abandoned" if facts.workers == 0 else "waiting"


def _worker(row: _Worker, by_object: _ByObject, at: float) -> WorkerRow:
    facts, alerts = row.facts, by_object.get(frozenset(row.labels.items()), [])
    status = facts.state or "unknown"
    own = _BLIND if status == "unknown" else _BAD_STATES.get(status, _FINE)
    seen_at = facts.last_seen
    return WorkerRow(
        rank=min([own, *map(_severity, alerts)]),
        broker=row.labels["broker"],
        hostname=row.labels["hostname"],
        status=status,
        reason=row.reason,
        active=facts.active,
        concurrency=facts.concurrency,
        processed=facts.processed,
        silent_seconds=None if seen_at is None else max(0.0, at - seen_at),
        queues=row.queues,
        alerts=tuple(alert.summary for alert in alerts),
    )


def _finite(row: dict[str, Any]) -> dict[str, Any]:
    return {name: None if value == float("inf") else value for name, value in row.items()}
