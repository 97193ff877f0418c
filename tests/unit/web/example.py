"""A made-up installation that uses every row of the catalogue, and a source that shows it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from msgspec.structs import replace

from monitor.alerts.alert import Alert
from monitor.alerts.grouping import Group, groups_of
from monitor.alerts.matchers import Matcher
from monitor.alerts.muting import Muted
from monitor.alerts.silences import Silence, Silences
from monitor.alerts.watchdog import make_watchdog
from monitor.facts.channel import ChannelFacts
from monitor.facts.histogram import Histogram, HistogramFacts
from monitor.facts.history import History
from monitor.facts.inflight import Share
from monitor.facts.logs import LogFacts
from monitor.facts.snapshot import (
    BrokerFacts,
    MonitorFacts,
    QueueFacts,
    ScheduleFacts,
    Snapshot,
    TaskFacts,
    WorkerFacts,
)
from monitor.state.history import NoticeEntry
from monitor.web.source import ReloadError

NOW = 1_763_832_000.0


@dataclass
class FixedSource:
    """A daemon that stands still."""

    snapshot: Snapshot | None = None
    alerts: tuple[Alert, ...] = ()
    alertnames: frozenset[str] = frozenset({"QueueAbandoned", "WorkerHung"})
    ready: bool = True
    bad_settings: str = ""
    poll_interval_seconds: float = 5.0
    ticks: bool = True
    at: float = NOW
    lines: tuple[str, ...] = field(default=())

    watchdog: Alert = make_watchdog(NOW - 3600)
    muted: Mapping[str, Muted] = field(default_factory=dict)
    started_at: float = NOW - 60
    entries: tuple[dict[str, object], ...] = ()
    last_hour: History = field(default_factory=History)
    failed_notices: tuple[NoticeEntry, ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    tick: asyncio.Event = field(default_factory=asyncio.Event)
    book: Silences = field(default_factory=Silences)

    @property
    def silences(self) -> tuple[Silence, ...]:
        return self.book.all

    @property
    def groups(self) -> dict[str, dict[str, Group]]:
        firing = [alert for alert in self.alerts if alert.state == "firing"]
        return {"pager": groups_of(firing, ("alertname", "broker"), self.muted), "log": {}}

    async def put_silence(self, draft: Silence) -> Silence:
        return self.book.put(draft, self.at, f"silence-{len(self.book.all)}")

    async def expire_silence(self, silence_id: str) -> None:
        self.book.expire(silence_id, self.at)

    async def reload(self) -> tuple[str, ...]:
        if self.bad_settings:
            raise ReloadError(self.bad_settings)
        return ("poll",)

    async def history(self, before: int | None, limit: int) -> list[dict[str, object]]:
        return [dict(entry) for entry in self.entries if not before or entry["id"] < before][:limit]

    async def ticked(self, after: Snapshot | None) -> None:
        while self.snapshot is after:
            self.tick.clear()
            await self.tick.wait()

    def ticking(self) -> bool:
        return self.ticks

    def now(self) -> float:
        return self.at

    def notices(self) -> tuple[str, ...]:
        return self.lines


def histogram(*seconds: float) -> HistogramFacts:
    book = Histogram((0.1, 0.5, 1.0, 5.0, 60.0))
    for value in seconds:
        book.observe(value)
    return book.facts()


BROKER = BrokerFacts(
    broker="default",
    up=True,
    last_poll_at=NOW - 2,
    poll_duration=histogram(0.003, 0.004),
    poll_errors={"timeout": 2, "connect": 0},
    unacked=7,
    oldest_unacked_age_seconds=12.25,
    oldest_due_unacked_age_seconds=12.25,
    visibility_timeout_seconds=3600.0,
    memory_used_bytes=48_000_000,
    memory_max_bytes=256_000_000,
    evicted_keys=0,
    connected_clients=14,
    rejected_connections=0,
    commands={"poll": 240, "events": 2, "control": 9},
    commands_per_poll=24,
    commands_per_minute=300,
    resets={"restarted": 1, "flushed": 0},
    messages_lost_lately=0,
    obstacles={"out_of_memory": False, "disk": False},
    evicted_lately=0,
    version="9.1.2",
    role="master",
    maxmemory_policy="noeviction",
    events_connected=True,
    events_received={"worker-heartbeat": 840, "task-succeeded": 3_120},
    events_dropped={"malformed": 1},
    event_lag_seconds=0.004,
    event_gaps=1,
    poll_bounds_hit={"lists": 0, "entered": 1, "in_flight": 0},
    workers_without_events=1,
    shared_node_names=1,
    workers_unheard=2,
    orphan_reply_lists=2,
    orphan_reply_bytes=4096,
    stranded=3,
)

HIGH = QueueFacts(
    broker="default",
    queue_name="high",
    length=1_243,
    priority_length={0: 1_200, 3: 40, 6: 0, 9: 3},
    oldest_age_seconds=184.0,
    oldest_age_exact=False,
    in_flight=Share(unacked=7, redelivered=1, scheduled=2, exact=True, error=0.0),
    workers=0,
    processes=0,
    max_age_seconds=30.0,
    max_length=100,
    expected_workers=1,
    target_drain_seconds=600.0,
    arrival_rate=4.5,
    dispatch_rate=0.0,
    drain_seconds=float("inf"),
    processes_needed=3,
    verdict="abandoned",
)
NORMAL = QueueFacts(
    broker="default",
    queue_name="normal",
    length=12,
    priority_length={0: 12, 3: 0, 6: 0, 9: 0},
    oldest_age_seconds=4.2,
    oldest_age_exact=True,
    workers=2,
    processes=2,
    max_age_seconds=900.0,
)
LOW = QueueFacts(
    broker="default",
    queue_name="low",
    length=0,
    priority_length={0: 0, 3: 0, 6: 0, 9: 0},
    oldest_age_seconds=0.0,
    oldest_age_exact=True,
    workers=1,
    processes=1,
    max_age_seconds=900.0,
)

DEAD_WORKER = WorkerFacts(
    broker="default",
    hostname="high@web1",
    state="dead",
    reason="silent for 14s, its deadline is 8s, and 2 pings were not answered",
    pid=4_711,
    active=2,
    processed=9_120,
    consuming=True,
    task_events=True,
    concurrency=2,
    queues=("high",),
    last_seen_at=NOW - 14,
    clock_skew_seconds=-0.002,
    load1=1.5,
    restarts={"true": 1, "false": 0},
    version="5.7.0",
    pool="prefork",
)
WORKERS = (
    replace(
        DEAD_WORKER,
        hostname="low@web1",
        state="online",
        reason="a heartbeat came 1s ago",
        active=0,
        concurrency=1,
        queues=("low", "normal"),
        last_seen_at=NOW - 1,
    ),
    DEAD_WORKER,
    replace(
        DEAD_WORKER,
        hostname="normal@web1",
        state="late",
        reason="silent for 5s, asked whether it still answers",
        active=1,
        concurrency=1,
        queues=("normal",),
        last_seen_at=NOW - 5,
    ),
)

TASKS = (
    TaskFacts(
        broker="default",
        name="site.mail.send_welcome",
        queue_name="high",
        sent=1_402,
        received=1_400,
        started=1_398,
        succeeded=1_340,
        failed={"SMTPServerDisconnected": 41, "ValueError": 3},
        retried=14,
        runtime=histogram(0.2, 0.4, 0.7, 3.0),
        wait=histogram(0.05, 0.3, 9.0, 184.0),
        last_sent_at=NOW - 0.5,
        longest_running_seconds=190.0,
        longest_running_on="high@web1",
        longest_running_id="6f0c",
        max_runtime_seconds=120.0,
        stuck=1,
        recently_failed=12,
        recently_finished=310,
    ),
    TaskFacts(
        broker="default",
        name="site.images.make_thumbnails",
        queue_name="low",
        received=210,
        started=210,
        succeeded=210,
        runtime=histogram(2.0, 2.5),
        wait=histogram(0.2, 0.3),
        last_sent_at=NOW - 61,
    ),
)

SCHEDULES = (
    ScheduleFacts(
        broker="default",
        schedule="daily report",
        task="site.reports.send_daily",
        due_at=NOW - 3_600,
        last_received_at=NOW - 90_000,
        missed=True,
        reason="it was not sent: beat is silent",
    ),
    ScheduleFacts(
        broker="default",
        schedule="site.mail.send_welcome",
        task="site.mail.send_welcome",
        learned=True,
        period_seconds=300.0,
        reason="learned from when it came, never alerted on: it is not overdue",
    ),
)

LOGS = (
    LogFacts(
        log="tasks",
        readable=True,
        last_write_at=NOW - 3,
        last_match_at=NOW - 4,
        matches=1_204,
        matches_per_minute=18,
        silence_seconds=4.0,
        max_silence_seconds=900.0,
    ),
)

CHANNELS = (
    ChannelFacts(channel="webhook", refused=0, failing_seconds=0.0),
    ChannelFacts(channel="slack", refused=1, failing_seconds=42.5, problem="HTTP 404"),
)

SNAPSHOT = Snapshot(
    at=NOW - 1,
    brokers=(BROKER,),
    queues=(LOW, NORMAL, HIGH),
    workers=WORKERS,
    tasks=TASKS,
    schedules=SCHEDULES,
    logs=LOGS,
    channels=CHANNELS,
    monitor=MonitorFacts(
        version="0.1.0",
        alerts={("QueueTooLong", "warning", "pending"): 1, ("WorkerDead", "warning", "firing"): 1},
        notifications={("webhook", "delivered"): 4, ("webhook", "failed"): 1},
        tick_duration=histogram(0.002, 0.003),
        channels=1,
    ),
)


def alert(alertname: str, severity: str = "warning", **fields: object) -> Alert:
    """Return an alert on the object that the fields ending in no known name identify."""
    known = {k: fields.pop(k) for k in tuple(fields) if k in Alert.__struct_fields__}
    labels = {
        "alertname": alertname,
        "severity": severity,
        **{k: str(v) for k, v in fields.items()},
    }
    defaults = {"state": "firing", "active_at": NOW - 90, "started_at": NOW - 60}
    return Alert(
        labels=tuple(sorted(labels.items())),
        fingerprint=f"{abs(hash(tuple(sorted(labels.items())))):016x}",
        **{**defaults, **known},  # type: ignore[arg-type]  # the fields of a test's alert
    )


ALERTS = (
    alert(
        "QueueTooLong",
        state="pending",
        started_at=None,
        broker="default",
        queue_name="high",
        summary="high: 1,243 waiting, the limit is 100",
    ),
    alert(
        "WorkerDead",
        broker="default",
        hostname="high@web1",
        summary="high@web1 is dead: silent for 14s, and 2 pings were not answered",
    ),
    alert(
        "QueueAbandoned",
        "critical",
        broker="default",
        queue_name="high",
        summary="high: 1,243 waiting and no live worker consumes it",
        runbook="https://example.org/runbooks/queue-abandoned",
    ),
    alert(
        "BrokerDown",
        "critical",
        state="resolved",
        started_at=NOW - 900,
        resolved_at=NOW - 600,
        broker="default",
        summary="default cannot be polled: connection refused",
    ),
)

SILENCE = Silence(
    id="1",
    matchers=(Matcher("queue_name", "=~", "high|low"),),
    starts_at=NOW,
    ends_at=NOW + 3_600,
    updated_at=NOW,
    created_by="anna",
    comment="deploy",
)


def blind(snapshot: Snapshot = SNAPSHOT) -> Snapshot:
    """Return what the books make of `snapshot` while the broker cannot be read."""
    broker = BrokerFacts(
        broker="default",
        up=False,
        error="connection refused",
        last_poll_at=NOW - 42,
        poll_errors={"connect": 9},
        events_connected=False,
    )
    return replace(
        snapshot,
        brokers=(broker,),
        queues=tuple(QueueFacts(broker=q.broker, queue_name=q.queue_name) for q in snapshot.queues),
        workers=tuple(WorkerFacts(broker=w.broker, hostname=w.hostname) for w in snapshot.workers),
    )
