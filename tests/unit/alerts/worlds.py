"""Made-up snapshots, alerts and rules for the tests of the alerts floor."""

from collections.abc import Mapping, Sequence

from monitor.alerts.alert import Alert, fingerprint_of
from monitor.alerts.rules import Rule, compile_rule
from monitor.alerts.settings import RuleSettings
from monitor.facts.histogram import HistogramFacts
from monitor.facts.snapshot import (
    BrokerFacts,
    MonitorFacts,
    QueueFacts,
    Snapshot,
    TaskFacts,
    WorkerFacts,
)

BROKER = BrokerFacts(
    broker="default", up=True, last_poll_at=1.0, events_connected=True, settled=True
)


def rule(alert: str = "TooMany", when: str = "length > 100", **settings: object) -> Rule:
    return compile_rule(RuleSettings(**{"alert": alert, "on": "queue", "when": when, **settings}))


def queue(name: str = "high", **facts: object) -> QueueFacts:
    return QueueFacts(broker="default", queue_name=name, **facts)


def worker(hostname: str = "high@web1", **facts: object) -> WorkerFacts:
    return WorkerFacts(broker="default", hostname=hostname, **facts)


def task(name: str = "app.add", **facts: object) -> TaskFacts:
    nothing = HistogramFacts((), (), 0.0)
    return TaskFacts(
        broker="default", name=name, queue_name="high", runtime=nothing, wait=nothing, **facts
    )


def snapshot(
    *,
    brokers: Sequence[BrokerFacts] = (BROKER,),
    queues: Sequence[QueueFacts] = (),
    workers: Sequence[WorkerFacts] = (),
    gone: Mapping[tuple[str, tuple[str, ...]], str] | None = None,
    fell: Mapping[tuple[str, tuple[str, ...]], str] | None = None,
) -> Snapshot:
    return Snapshot(
        at=0.0,
        brokers=tuple(brokers),
        queues=tuple(queues),
        workers=tuple(workers),
        monitor=MonitorFacts(version="0"),
        gone=gone or {},
        fell=fell or {},
    )


def alert(
    name: str = "TooMany",
    queue_name: str = "high",
    *,
    severity: str = "warning",
    started_at: float | None = 0.0,
    resolved_at: float | None = None,
    summary: str = "high: 101 waiting",
    **fields: object,
) -> Alert:
    labels = (
        ("alertname", name),
        ("broker", "default"),
        ("queue_name", queue_name),
        ("severity", severity),
    )
    state = "pending" if started_at is None else "firing" if resolved_at is None else "resolved"
    return Alert(
        labels=labels,
        fingerprint=fingerprint_of(labels),
        state=state,
        active_at=started_at or 0.0,
        started_at=started_at,
        resolved_at=resolved_at,
        summary=summary,
        **fields,
    )
