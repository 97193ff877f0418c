"""What `top` shows, as plain rows: from the answer of a daemon, or from one look at a broker.

Pure. Both become the same rows, so that what is sorted, filtered, drawn and printed as JSON
knows nothing of where it came from.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from monitor.facts.catalogue import Fact, facts_of
from monitor.facts.scopes import IDENTITY
from monitor.facts.snapshot import Snapshot

Document = Mapping[str, Any]

_SEVERITIES = {"critical": 0, "warning": 1}
BLIND = 2
FINE = 3
_BAD_VERDICTS = {"abandoned": 0, "stalled": 0, "growing": 1, "saturated": 1}
_BAD_STATES = {"dead": 0, "hung": 0, "late": 1}
_PLAIN = ("gauge", "untyped", "counter")


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


class WorkerRow(NamedTuple):
    """One worker; what is not known is None."""

    rank: int
    broker: str
    hostname: str
    status: str
    active: int | None
    concurrency: int | None
    processed: int | None
    silent_seconds: float | None
    alerts: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What it is called."""
        return self.hostname


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


def sight_of_document(document: Document) -> Sight:
    """Return what `/api/v1/snapshot` says. Raises LookupError, TypeError for anything else."""
    firing = [
        alert
        for alert in document["alerts"]
        if alert["state"] == "firing" and not alert.get("muted")
    ]
    firing.sort(key=_severity)
    at = float(document["at"])
    queues = [_queue(row["labels"], row["facts"], firing) for row in document["queue"]]
    workers = [_worker(row["labels"], row["facts"], firing, at) for row in document["worker"]]
    return Sight(
        at=at,
        brokers=tuple(
            BrokerRow(row["labels"]["broker"], row["facts"]["up"]) for row in document["broker"]
        ),
        queues=tuple(sorted(queues, key=by_worst)),
        workers=tuple(sorted(workers, key=lambda row: (row.rank, row.status, row.hostname))),
        alerts=tuple(a["summary"] for a in firing if a["labels"].get("severity") != "none"),
    )


def sight_of_snapshot(snapshot: Snapshot) -> Sight:
    """Return what one look at a broker says."""
    document: dict[str, Any] = {"at": snapshot.at, "alerts": []}
    for scope in ("broker", "queue", "worker"):
        facts = facts_of(scope)
        document[scope] = [
            {
                "labels": dict(zip(IDENTITY[scope], thing.key, strict=True)),
                "facts": {name: fact.read(thing) for name, fact in _plain_facts(facts)},
            }
            for thing in snapshot.of(scope)
        ]
    errors = {broker.broker: broker.error or "" for broker in snapshot.brokers}
    sight = sight_of_document(document)
    return sight._replace(
        brokers=tuple(row._replace(problem=errors[row.broker]) for row in sight.brokers)
    )


def by_worst(row: QueueRow) -> tuple[int, float, int, str, str]:
    """Return the place of a queue: by its alerts, then by the age of what waits."""
    return (row.rank, -(row.oldest_age or 0), -(row.length or 0), row.broker, row.queue_name)


def _plain_facts(facts: Mapping[str, Fact]) -> Iterable[tuple[str, Fact]]:
    return (
        (name, fact)
        for name, fact in facts.items()
        if fact.kind == "stateset" or (fact.kind in _PLAIN and not fact.labels)
    )


def _severity(alert: Document) -> int:
    return _SEVERITIES.get(alert["labels"].get("severity", ""), FINE)


def _on(labels: Mapping[str, str], firing: Iterable[Document]) -> list[Document]:
    """Return the alerts on the object of `labels`."""
    own = {"alertname", "severity"}
    return [a for a in firing if {k: v for k, v in a["labels"].items() if k not in own} == labels]


def _queue(labels: Mapping[str, str], facts: Document, firing: list[Document]) -> QueueRow:
    alerts = _on(labels, firing)
    status = _queue_status(facts)
    own = BLIND if facts["length"] is None else _BAD_VERDICTS.get(status, FINE)
    return QueueRow(
        rank=min([own, *map(_severity, alerts)]),
        broker=labels["broker"],
        queue_name=labels["queue_name"],
        status=status,
        length=facts["length"],
        unacked=facts["unacked"],
        oldest_age=facts["oldest_age"] if facts["length"] else None,
        arrival_rate=facts["arrival_rate"],
        dispatch_rate=facts["dispatch_rate"],
        drain=facts["drain"] if facts["length"] else None,
        workers=facts["workers"],
        alerts=tuple(alert["summary"] for alert in alerts),
    )


def _queue_status(facts: Document) -> str:
    if facts["length"] is None:
        return "unknown"
    if not facts["length"]:
        return "empty"
    if facts["verdict"]:
        return str(facts["verdict"])
    # Without a daemon nobody follows it; that nobody consumes it is known all the same.
    return "abandoned" if facts["workers"] == 0 else "waiting"


def _worker(
    labels: Mapping[str, str], facts: Document, firing: list[Document], at: float
) -> WorkerRow:
    alerts = _on(labels, firing)
    status = facts["state"] or "unknown"
    own = BLIND if status == "unknown" else _BAD_STATES.get(status, FINE)
    seen_at = facts["last_seen"]
    return WorkerRow(
        rank=min([own, *map(_severity, alerts)]),
        broker=labels["broker"],
        hostname=labels["hostname"],
        status=status,
        active=facts["active"],
        concurrency=facts["concurrency"],
        processed=facts["processed"],
        silent_seconds=None if seen_at is None else max(0.0, at - seen_at),
        alerts=tuple(alert["summary"] for alert in alerts),
    )


def _finite(row: dict[str, Any]) -> dict[str, Any]:
    return {name: None if value == float("inf") else value for name, value in row.items()}
