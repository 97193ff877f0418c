"""Everything that is true at one moment, frozen.

The books make it once a tick; `/metrics`, the page, the API and the rules all read the same
one. None means "not known" everywhere: a broker that cannot be read leaves None behind,
never the number from before. Field units are in their names; rows of the catalogue give
each field its metric, its unit and its words.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from monitor.facts.channel import ChannelFacts
from monitor.facts.histogram import HistogramFacts
from monitor.facts.inflight import Share
from monitor.facts.logs import LogFacts
from monitor.facts.scopes import DOWN_STATES, UP_STATES


class BrokerFacts(Struct, frozen=True, kw_only=True):
    """One Redis or Valkey server as the monitor sees it."""

    broker: str
    up: bool | None = None
    """Whether the last poll was good; None until the first was tried."""
    error: str | None = None
    """Why the last poll failed, in words; None while it is up."""
    last_poll_at: float | None = None
    """When the last good poll was."""
    poll_duration: HistogramFacts | None = None
    poll_errors: Mapping[str, int] = {}
    unacked: int | None = None
    oldest_unacked_age_seconds: float | None = None
    visibility_timeout_seconds: float | None = None
    memory_used_bytes: int | None = None
    memory_max_bytes: int | None = None
    evicted_keys: int | None = None
    connected_clients: int | None = None
    rejected_connections: int | None = None
    obstacles: Mapping[str, bool] | None = None
    """Whether each of `writability.OBSTACLES` stands in the way of writes."""
    evicted_lately: int | None = None
    version: str | None = None
    role: str | None = None
    maxmemory_policy: str | None = None
    events_connected: bool | None = None
    """Whether the event feed is up; a worker's silence means nothing while it is not."""
    events_received: Mapping[str, int] = {}
    events_dropped: Mapping[str, int] = {}
    settled: bool = False
    """Whether its workers were asked once: before, one not listed may not have been heard yet."""
    event_lag_seconds: float | None = None
    event_gaps: int = 0
    workers_without_events: int | None = None
    """Live workers that process tasks and send no task events; None while the feed is down."""
    shared_node_names: int | None = None
    workers_unheard: int | None = None
    queues_left_out: int = 0
    commands: Mapping[str, int] = {}
    """Commands that the monitor itself has sent, by `commands.PARTS`."""
    commands_per_poll: int | None = None
    commands_per_minute: int | None = None
    resets: Mapping[str, int] = {}
    latest_reset: str = ""
    """What the latest of them was, in words; empty: there was none."""
    messages_lost_lately: int | None = None
    poll_bounds_hit: Mapping[str, int] = {}
    oldest_due_unacked_age_seconds: float | None = None
    orphan_reply_lists: int | None = None
    orphan_reply_bytes: int | None = None
    stranded: int | None = None
    """In flight, and held by no live worker."""

    @property
    def writable(self) -> bool | None:
        """Whether nothing stands in the way of writes; None: not known."""
        return None if self.obstacles is None else not any(self.obstacles.values())

    @property
    def evicts_queues(self) -> bool | None:
        """Whether a full server may evict queues, which have no time to live; None: not known."""
        policy = self.maxmemory_policy
        return None if policy is None else policy.startswith("allkeys-")

    @property
    def key(self) -> tuple[str, ...]:
        """Its identity: the values of the labels in `IDENTITY`."""
        return (self.broker,)


class QueueFacts(Struct, frozen=True, kw_only=True):
    """One Celery queue: all its priority lists together."""

    broker: str
    queue_name: str
    length: int | None = None
    priority_length: Mapping[int, int] | None = None
    oldest_age_seconds: float | None = None
    oldest_age_exact: bool | None = None
    """False: the age is a lower bound, the time since the message is known to be there."""
    in_flight: Share | None = None
    workers: int | None = None
    processes: int | None = None
    max_age_seconds: float | None = None
    max_length: int | None = None
    expected_workers: int | None = None
    target_drain_seconds: float | None = None
    arrival_rate: float | None = None
    """Messages a second."""
    dispatch_rate: float | None = None
    drain_seconds: float | None = None
    """Infinite while it does not shrink."""
    processes_needed: int | None = None
    verdict: str | None = None
    """One of `VERDICTS`."""

    @property
    def key(self) -> tuple[str, ...]:
        """Its identity: the values of the labels in `IDENTITY`."""
        return (self.broker, self.queue_name)


class WorkerFacts(Struct, frozen=True, kw_only=True):
    """One worker: a node name, or one process of it where several share the name."""

    broker: str
    hostname: str
    state: str | None = None
    """One of `WORKER_STATES`; None while the event feed is down."""
    reason: str = ""
    """Why it is in this state, in words."""
    pid: int | None = None
    active: int | None = None
    processed: int | None = None
    consuming: bool | None = None
    """Whether it takes the messages that wait in its queues, if any."""
    task_events: bool | None = None
    """Whether it sends task events; None while it has processed nothing that would tell."""
    concurrency: int | None = None
    queues: tuple[str, ...] | None = None
    last_seen_at: float | None = None
    clock_skew_seconds: float | None = None
    load1: float | None = None
    restarts: Mapping[str, int] = {}
    recent_crashes: int = 0
    """Restarts without a goodbye in the last 15 minutes."""
    version: str | None = None
    pool: str | None = None

    @property
    def key(self) -> tuple[str, ...]:
        """Its identity: the values of the labels in `IDENTITY`."""
        return (self.broker, self.hostname)

    @property
    def up(self) -> bool | None:
        """True while it can work, False when it is hung or dead, None when that is not said."""
        if self.state in UP_STATES:
            return True
        return False if self.state in DOWN_STATES else None


class TaskFacts(Struct, frozen=True, kw_only=True):
    """One task name on one queue, counted since the monitor started."""

    broker: str
    name: str
    queue_name: str
    sent: int = 0
    received: int = 0
    started: int = 0
    succeeded: int = 0
    failed: Mapping[str, int] = {}
    """By exception class."""
    retried: int = 0
    revoked: int = 0
    rejected: int = 0
    runtime: HistogramFacts
    wait: HistogramFacts
    last_sent_at: float | None = None
    recently_failed: int | None = None
    """In the last ten minutes of listening; None while the feed is down."""
    recently_finished: int | None = None
    """Failed or succeeded, in the same time."""
    longest_running_seconds: float | None = 0.0
    """0 while none runs, None while the feed is down."""
    longest_running_on: str | None = None
    """The worker of the run that is at it for longest."""
    longest_running_id: str | None = None
    """The id of that run."""
    max_runtime_seconds: float | None = None
    stuck: int | None = None
    """Runs past that bound, confirmed by their workers; None: no bound, or not known."""

    @property
    def failure_ratio(self) -> float | None:
        """The part of what finished lately that failed; None when nothing did."""
        if self.recently_failed is None or not self.recently_finished:
            return None
        return self.recently_failed / self.recently_finished

    @property
    def key(self) -> tuple[str, ...]:
        """Its identity: the values of the labels in `IDENTITY`."""
        return (self.broker, self.name, self.queue_name)


class ScheduleFacts(Struct, frozen=True, kw_only=True):
    """A task that is to run at certain times."""

    broker: str
    schedule: str
    task: str = ""
    learned: bool = False
    """Whether nobody declared it: it is how the task was found to come. Such are never missed."""
    period_seconds: float | None = None
    """Between two of its times; None: they are not that regular."""
    due_at: float | None = None
    """When it was due last, as far as its grace is over."""
    last_received_at: float | None = None
    """When a worker last received the task; None: not since the monitor started."""
    missed: bool | None = None
    """None: not known, as nobody listened when it was due or the events are off."""
    reason: str = ""
    """Why that is so, in words."""

    @property
    def key(self) -> tuple[str, ...]:
        """Its identity: the values of the labels in `IDENTITY`."""
        return (self.broker, self.schedule)


class MonitorFacts(Struct, frozen=True, kw_only=True):
    """The monitor itself."""

    version: str
    alerts: Mapping[tuple[str, str, str], int] = {}
    """How many by (alertname, severity, state)."""
    notifications: Mapping[tuple[str, str], int] = {}
    """How many by (channel, outcome)."""
    tick_duration: HistogramFacts | None = None
    config_reload_ok: bool = True
    state_ok: bool = True
    """False while the state is kept in memory only."""
    channels: int = 0
    """How many notification channels are configured."""

    @property
    def key(self) -> tuple[str, ...]:
        """Its identity: the values of the labels in `IDENTITY`."""
        return ()


class Snapshot(Struct, frozen=True, kw_only=True):
    """Everything true at one moment."""

    at: float
    brokers: tuple[BrokerFacts, ...] = ()
    queues: tuple[QueueFacts, ...] = ()
    workers: tuple[WorkerFacts, ...] = ()
    tasks: tuple[TaskFacts, ...] = ()
    schedules: tuple[ScheduleFacts, ...] = ()
    logs: tuple[LogFacts, ...] = ()
    channels: tuple[ChannelFacts, ...] = ()
    monitor: MonitorFacts
    gone: Mapping[tuple[str, tuple[str, ...]], str] = {}
    """Why an object that was there is there no more, by (scope, key): an alert on it resolves
    with this reason. Entries stay for a few ticks."""
    fell: Mapping[tuple[str, tuple[str, ...]], str] = {}
    """Why there is less of an object than before though nobody worked on it, by (scope, key):
    an alert on it that ends now ends with this reason, not as if all was well."""

    def of(self, scope: str) -> tuple[Any, ...]:
        """Return the objects of `scope`."""
        objects: Mapping[str, tuple[Any, ...]] = {
            "broker": self.brokers,
            "queue": self.queues,
            "worker": self.workers,
            "task": self.tasks,
            "schedule": self.schedules,
            "log": self.logs,
            "channel": self.channels,
            "monitor": (self.monitor,),
        }
        return objects[scope]
