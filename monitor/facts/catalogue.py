"""FACTS: one row a fact.

From a row come its sample on `/metrics`, its name in rule expressions, its field in the API
and on the page, its line in `docs/metrics.md` and the PromQL that stands for it. To add a
metric, add a row here and the arithmetic behind it in the books, nothing else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from monitor.facts.scopes import VERDICTS, WORKER_STATES

Kind = Literal["gauge", "untyped", "counter", "histogram", "stateset", "info"]
Unit = Literal["", "seconds", "bytes", "timestamp", "boolean", "state"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One row of the catalogue."""

    scope: str
    """One of `scopes.SCOPES`."""
    name: str
    """Its name in rule expressions and in the API, unique within the scope."""
    metric: str
    """Its full metric name; a counter's ends in `_total`."""
    kind: Kind
    help: str
    read: Callable[[Any], Any]
    """Takes an object of the scope. Returns a number, a bool or None (not known) for a plain
    row; for a row with `labels` a mapping from label value (a tuple of them where there are
    several) to number; for a stateset the state that holds; for info the label values; for a
    histogram `HistogramFacts`."""
    unit: Unit = ""
    """The base unit, which rule expressions check; empty for a plain number."""
    labels: tuple[str, ...] = ()
    """Labels beyond those that identify the object."""
    states: tuple[str, ...] = ()
    """All states of a stateset."""

    @property
    def in_rules(self) -> bool:
        """Whether a rule expression may name it: it has one value an object."""
        return self.kind == "stateset" or (
            not self.labels and self.kind in ("gauge", "untyped", "counter")
        )


def _info(*values: str | None) -> tuple[str, ...] | None:
    """Return the label values of an info row, or None when nothing is known."""
    return tuple(v or "" for v in values) if any(values) else None


_BROKER = (
    Fact("broker", "up", "celery_broker_up", "gauge",
         "Whether the last poll of the broker was good (1) or failed (0).",
         lambda b: b.up, unit="boolean"),
    Fact("broker", "last_poll", "celery_broker_last_poll_timestamp_seconds", "gauge",
         "When the last good poll was, in Unix seconds.",
         lambda b: b.last_poll_at, unit="timestamp"),
    Fact("broker", "poll_duration", "celery_broker_poll_duration_seconds", "histogram",
         "How long good polls took.",
         lambda b: b.poll_duration, unit="seconds"),
    Fact("broker", "poll_errors", "celery_broker_poll_errors_total", "counter",
         "Polls that failed, by reason.",
         lambda b: b.poll_errors, labels=("reason",)),
    Fact("broker", "unacked", "celery_broker_unacked_messages", "gauge",
         "Messages delivered to a worker and not acknowledged yet, all queues together.",
         lambda b: b.unacked),
    Fact("broker", "oldest_unacked_age", "celery_broker_oldest_unacked_age_seconds", "gauge",
         "Time since the oldest unacknowledged message was delivered, by its consumer's clock.",
         lambda b: b.oldest_unacked_age_seconds, unit="seconds"),
    Fact("broker", "oldest_due_unacked_age", "celery_broker_oldest_due_unacked_age_seconds", "gauge",
         "The same, of the messages whose ETA does not lie ahead; absent where the 500 oldest of more all wait for theirs.",
         lambda b: b.oldest_due_unacked_age_seconds, unit="seconds"),
    Fact("broker", "stranded", "celery_broker_stranded_messages", "gauge",
         "Messages in flight that no live worker holds, at least, of up to 500 looked at; absent while not known.",
         lambda b: b.stranded),
    Fact("broker", "visibility_timeout", "celery_broker_visibility_timeout_seconds", "gauge",
         "After this time an unacknowledged message is delivered again; absent when not known.",
         lambda b: b.visibility_timeout_seconds, unit="seconds"),
    Fact("broker", "memory_used", "celery_broker_memory_used_bytes", "gauge",
         "Memory that the server has allocated.",
         lambda b: b.memory_used_bytes, unit="bytes"),
    Fact("broker", "memory_max", "celery_broker_memory_max_bytes", "gauge",
         "The server's maxmemory; absent when there is no limit.",
         lambda b: b.memory_max_bytes, unit="bytes"),
    Fact("broker", "evicted_keys", "celery_broker_evicted_keys_total", "counter",
         "Keys that the server evicted to stay under maxmemory.",
         lambda b: b.evicted_keys),
    Fact("broker", "evicted_lately", "celery_broker_evicted_keys_lately", "gauge",
         "Keys that the server evicted within the last ten minutes.",
         lambda b: b.evicted_lately),
    Fact("broker", "evicts_queues", "celery_broker_evicts_queues", "gauge",
         "Whether a full server may evict queues (allkeys-*), which have no time to live.",
         lambda b: b.evicts_queues, unit="boolean"),
    Fact("broker", "connected_clients", "celery_broker_connected_clients", "gauge",
         "Client connections to the server.",
         lambda b: b.connected_clients),
    Fact("broker", "rejected_connections", "celery_broker_rejected_connections_total", "counter",
         "Connections that the server refused because of maxclients.",
         lambda b: b.rejected_connections),
    Fact("broker", "writable_by_reason", "celery_broker_writable", "gauge",
         "0 while the server refuses writes for this reason, else 1; inferred from INFO.",
         lambda b: b.obstacles and {name: not there for name, there in b.obstacles.items()},
         labels=("reason",)),
    Fact("broker", "writable", "celery_broker_takes_writes", "gauge",
         "Whether the server takes writes: no celery_broker_writable is 0.",
         lambda b: b.writable, unit="boolean"),
    Fact("broker", "info", "celery_broker_info", "info",
         "Version, role and eviction policy of the server; always 1.",
         lambda b: _info(b.version, b.role, b.maxmemory_policy),
         labels=("version", "role", "maxmemory_policy")),
    Fact("broker", "events_connected", "celery_events_connected", "gauge",
         "Whether the monitor is subscribed to the broker's event channels.",
         lambda b: b.events_connected, unit="boolean"),
    Fact("broker", "events_received", "celery_events_received_total", "counter",
         "Events received, by type.",
         lambda b: b.events_received, labels=("type",)),
    Fact("broker", "events_dropped", "celery_events_dropped_total", "counter",
         "Events that could not be used, by reason.",
         lambda b: b.events_dropped, labels=("reason",)),
    Fact("broker", "event_lag", "celery_event_lag_seconds", "gauge",
         "How much later than the quickest of its worker the latest heartbeat arrived: what "
         "remains of its delay when clock skew is taken away.",
         lambda b: b.event_lag_seconds, unit="seconds"),
    Fact("broker", "event_gaps", "celery_event_gaps_total", "counter",
         "How often the event feed was interrupted; events sent meanwhile are lost.",
         lambda b: b.event_gaps),
    Fact("broker", "workers_without_events", "celery_broker_workers_without_task_events", "gauge",
         "Live workers that process tasks and send no task events.",
         lambda b: b.workers_without_events),
    Fact("broker", "shared_node_names", "celery_broker_shared_node_names", "gauge",
         "Node names under which more than one worker runs; start each with a name of its own, -n.",
         lambda b: b.shared_node_names),
    Fact("broker", "workers_unheard", "celery_broker_workers_unheard", "gauge",
         "Workers in the mailbox registry that were never heard, long dead or hung; absent while not known.",
         lambda b: b.workers_unheard),
    Fact("broker", "orphan_reply_lists", "celery_broker_orphan_reply_lists", "gauge",
         "Lists of workers' answers (*.reply.celery.pidbox) whose reader is gone; they stay for ever.",
         lambda b: b.orphan_reply_lists),
    Fact("broker", "orphan_reply_bytes", "celery_broker_orphan_reply_bytes", "gauge",
         "Memory that these lists take, estimated from up to 50 of them.",
         lambda b: b.orphan_reply_bytes, unit="bytes"),
    Fact("broker", "resets", "celery_broker_resets_total", "counter",
         "How often the broker was restarted, failed over to another server, was flushed, or "
         "evicted what queues held, by reason.",
         lambda b: b.resets, labels=("reason",)),
    Fact("broker", "messages_lost_lately", "celery_broker_messages_lost_lately", "gauge",
         "Messages lost in resets within the last ten minutes, at least: fewer are there than "
         "before, and no worker took them.",
         lambda b: b.messages_lost_lately),
    Fact("broker", "commands", "celery_broker_monitor_commands_total", "counter",
         "Commands that the monitor itself has sent to the broker, by what for.",
         lambda b: b.commands, labels=("part",)),
    Fact("broker", "commands_per_poll", "celery_broker_monitor_commands_per_poll", "gauge",
         "Commands that the monitor's latest poll took, most of them one LLEN a list.",
         lambda b: b.commands_per_poll),
    Fact("broker", "commands_per_minute", "celery_broker_monitor_commands_per_minute", "gauge",
         "Commands that the monitor sent to the broker within the last minute.",
         lambda b: b.commands_per_minute),
    Fact("broker", "poll_bounds_hit", "celery_broker_poll_bounds_hit_total", "counter",
         "Polls that hit a bound on what a poll may read, by the bound.",
         lambda b: b.poll_bounds_hit, labels=("bound",)),
    Fact("broker", "queues_left_out", "celery_broker_queues_left_out", "gauge",
         "Discovered queues that are not polled because of queues.limit.",
         lambda b: b.queues_left_out),
)

_QUEUE = (
    Fact("queue", "length", "celery_queue_length", "gauge",
         "Messages ready in the queue, all priority steps together.",
         lambda q: q.length),
    Fact("queue", "priority_length", "celery_queue_priority_length", "gauge",
         "Messages ready in the queue's list of one priority step.",
         lambda q: q.priority_length, labels=("priority",)),
    Fact("queue", "oldest_age", "celery_queue_oldest_message_age_seconds", "gauge",
         "Age of the oldest ready message; messages whose ETA lies ahead are left out.",
         lambda q: q.oldest_age_seconds, unit="seconds"),
    Fact("queue", "oldest_age_exact", "celery_queue_oldest_message_age_exact", "gauge",
         "Whether that age is exact (1) or the time since the message was first seen (0).",
         lambda q: q.oldest_age_exact, unit="boolean"),
    Fact("queue", "unacked", "celery_queue_unacked_messages", "gauge",
         "Messages of the queue that were delivered to a worker and not acknowledged yet.",
         lambda q: q.in_flight and q.in_flight.unacked),
    Fact("queue", "unacked_exact", "celery_queue_unacked_exact", "gauge",
         "Whether the messages in flight were counted (1) or estimated from a random sample of 500 (0).",
         lambda q: q.in_flight and q.in_flight.exact, unit="boolean"),
    Fact("queue", "unacked_error", "celery_queue_unacked_error", "gauge",
         "Standard error of the estimate, in messages; 0 when they were counted.",
         lambda q: q.in_flight and q.in_flight.error),
    Fact("queue", "redelivered", "celery_queue_redelivered_messages", "gauge",
         "Messages in flight that a worker had before and gave back or lost.",
         lambda q: q.in_flight and q.in_flight.redelivered),
    Fact("queue", "scheduled", "celery_queue_scheduled_messages", "gauge",
         "Messages in flight that wait in a worker for an ETA that lies ahead.",
         lambda q: q.in_flight and q.in_flight.scheduled),
    Fact("queue", "workers", "celery_active_worker_count", "untyped",
         "Live workers that consume the queue; absent while that is not known.",
         lambda q: q.workers),
    Fact("queue", "processes", "celery_active_process_count", "untyped",
         "Pool slots of the live workers that consume the queue; absent while not known.",
         lambda q: q.processes),
    Fact("queue", "max_age", "celery_queue_max_age_seconds", "gauge",
         "The age past which QueueTooOld holds, from the settings.",
         lambda q: q.max_age_seconds, unit="seconds"),
    Fact("queue", "max_length", "celery_queue_max_length", "gauge",
         "The length past which QueueTooLong holds, from the settings.",
         lambda q: q.max_length),
    Fact("queue", "expected_workers", "celery_queue_expected_workers", "gauge",
         "The live workers below which WorkersMissing holds, from the settings.",
         lambda q: q.expected_workers),
    Fact("queue", "verdict", "celery_queue_verdict", "stateset",
         "What is the matter with the queue over the last six polls, 1 for what holds; absent while not known.",
         lambda q: q.verdict, unit="state", labels=("verdict",), states=VERDICTS),
    Fact("queue", "arrival_rate", "celery_queue_arrival_rate", "gauge",
         "Messages that came a second, over the last twelve polls.",
         lambda q: q.arrival_rate),
    Fact("queue", "dispatch_rate", "celery_queue_dispatch_rate", "gauge",
         "Messages that workers took a second, over the last twelve polls.",
         lambda q: q.dispatch_rate),
    Fact("queue", "drain", "celery_queue_drain_seconds", "gauge",
         "Time until the queue is empty at these rates; +Inf when it will not be.",
         lambda q: q.drain_seconds, unit="seconds"),
    Fact("queue", "target_drain", "celery_queue_target_drain_seconds", "gauge",
         "How soon a backlog should be worked off, from the settings.",
         lambda q: q.target_drain_seconds, unit="seconds"),
    Fact("queue", "processes_needed", "celery_queue_processes_needed", "gauge",
         "Pool slots that keep up with what comes and drain the queue in the target time; absent while runtimes are not known.",
         lambda q: q.processes_needed),
)

_WORKER = (
    Fact("worker", "up", "celery_worker_up", "gauge",
         "1: online, late, busy or draining; 0: hung or dead; absent: said goodbye, or unknown.",
         lambda w: w.up, unit="boolean"),
    Fact("worker", "state", "celery_worker_state", "stateset",
         "The state of the worker, 1 for the one that holds.",
         lambda w: w.state, unit="state", labels=("state",), states=WORKER_STATES),
    Fact("worker", "active", "celery_worker_tasks_active", "gauge",
         "Tasks that the worker runs, by its latest heartbeat.",
         lambda w: w.active),
    Fact("worker", "processed", "celery_worker_processed_total", "counter",
         "Tasks that the worker has taken since it started, by its latest heartbeat.",
         lambda w: w.processed),
    Fact("worker", "task_events", "celery_worker_task_events", "gauge",
         "Whether the worker sends task events; absent while it has processed nothing that "
         "would tell.",
         lambda w: w.task_events, unit="boolean"),
    Fact("worker", "consuming", "celery_worker_consuming", "gauge",
         "0: it beats, has a free slot and takes nothing although messages wait in its queues; absent while not known.",
         lambda w: w.consuming, unit="boolean"),
    Fact("worker", "concurrency", "celery_worker_concurrency", "gauge",
         "Pool slots of the worker; absent until it was asked.",
         lambda w: w.concurrency),
    Fact("worker", "last_seen", "celery_worker_last_seen_timestamp_seconds", "gauge",
         "When the worker's last sign of life arrived, in Unix seconds of this host.",
         lambda w: w.last_seen_at, unit="timestamp"),
    Fact("worker", "clock_skew", "celery_worker_clock_skew_seconds", "gauge",
         "How far the worker's clock is ahead of this host's (negative: behind).",
         lambda w: w.clock_skew_seconds, unit="seconds"),
    Fact("worker", "load1", "celery_worker_load1", "gauge",
         "One-minute load average of the worker's host, by its latest heartbeat.",
         lambda w: w.load1),
    Fact("worker", "restarts", "celery_worker_restarts_total", "counter",
         "Restarts under the same name, by whether a goodbye came first.",
         lambda w: w.restarts, labels=("clean",)),
    Fact("worker", "recent_crashes", "celery_worker_recent_crashes", "gauge",
         "Restarts under the same name in the last 15 minutes that no goodbye came before.",
         lambda w: w.recent_crashes),
    Fact("worker", "info", "celery_worker_info", "info",
         "Celery version and pool of the worker; always 1.",
         lambda w: _info(w.version, w.pool), labels=("version", "pool")),
)


def _task_counter(name: str, what: str) -> Fact:
    return Fact("task", name, f"celery_task_{name}_total", "counter", what,
                lambda t: getattr(t, name))


_TASK = (
    _task_counter("sent", "Tasks sent (needs task_send_sent_event in the publisher)."),
    _task_counter("received", "Tasks received by a worker."),
    _task_counter("started", "Tasks started by a worker."),
    _task_counter("succeeded", "Tasks that succeeded."),
    Fact("task", "failed", "celery_task_failed_total", "counter",
         "Tasks that failed, by exception class.",
         lambda t: t.failed, labels=("exception",)),
    _task_counter("retried", "Tasks that asked to be retried."),
    _task_counter("revoked", "Tasks that were revoked or had expired."),
    _task_counter("rejected", "Tasks that were rejected."),
    Fact("task", "runtime", "celery_task_runtime", "histogram",
         "Seconds that succeeded tasks ran, by the worker's measure.",
         lambda t: t.runtime, unit="seconds"),
    Fact("task", "wait", "celery_task_queue_wait_time", "histogram",
         "Seconds from when a task was sent, or its ETA, to when it started.",
         lambda t: t.wait, unit="seconds"),
    Fact("task", "last_sent", "celery_task_last_sent_timestamp_seconds", "gauge",
         "When a task of this name was last sent, in Unix seconds of this host.",
         lambda t: t.last_sent_at, unit="timestamp"),
    Fact("task", "longest_running", "celery_task_longest_running_seconds", "gauge",
         "For how long the run that is at it for longest has been running; 0 while none runs.",
         lambda t: t.longest_running_seconds, unit="seconds"),
    Fact("task", "max_runtime", "celery_task_max_runtime_seconds", "gauge",
         "How long a run may take before TaskStuck holds, from the settings.",
         lambda t: t.max_runtime_seconds, unit="seconds"),
    Fact("task", "stuck", "celery_task_stuck", "gauge",
         "Runs that take longer than that, each confirmed by its worker.",
         lambda t: t.stuck),
    Fact("task", "recently_failed", "celery_task_recently_failed", "gauge",
         "Tasks that failed in the last 10 minutes.",
         lambda t: t.recently_failed),
    Fact("task", "recently_finished", "celery_task_recently_finished", "gauge",
         "Tasks that succeeded or failed in the last 10 minutes.",
         lambda t: t.recently_finished),
    Fact("task", "failure_ratio", "celery_task_failure_ratio", "gauge",
         "Failed tasks among those that finished in the last 10 minutes, 0 to 1; absent when "
         "none did.",
         lambda t: t.failure_ratio),
)

_SCHEDULE = (
    Fact("schedule", "missed", "celery_schedule_missed", "gauge",
         "Whether no worker has received the task since it was due, its grace being over; absent "
         "while that is not known.",
         lambda s: s.missed, unit="boolean"),
    Fact("schedule", "learned", "celery_schedule_learned", "gauge",
         "Whether it was learned from when the task came (1) or declared in the settings (0).",
         lambda s: s.learned, unit="boolean"),
    Fact("schedule", "period", "celery_schedule_period_seconds", "gauge",
         "Time between two of its times; absent where a crontab gives them.",
         lambda s: s.period_seconds, unit="seconds"),
    Fact("schedule", "due", "celery_schedule_due_timestamp_seconds", "gauge",
         "When the task was due last, of those times whose grace is over, in Unix seconds.",
         lambda s: s.due_at, unit="timestamp"),
    Fact("schedule", "last_received", "celery_schedule_last_received_timestamp_seconds", "gauge",
         "When a worker last received the task, in Unix seconds of this host.",
         lambda s: s.last_received_at, unit="timestamp"),
)

_LOG = (
    Fact("log", "readable", "celery_log_readable", "gauge",
         "Whether all files of the log can be read; 0 also where there is none.",
         lambda log: log.readable, unit="boolean"),
    Fact("log", "last_write", "celery_log_last_write_timestamp_seconds", "gauge",
         "When the log was last written to, by the file system, in Unix seconds.",
         lambda log: log.last_write_at, unit="timestamp"),
    Fact("log", "last_match", "celery_log_last_match_timestamp_seconds", "gauge",
         "When a line that counts was last read, in Unix seconds of this host.",
         lambda log: log.last_match_at, unit="timestamp"),
    Fact("log", "matches", "celery_log_matches_total", "counter",
         "Lines that count: those that match the log's pattern, or all where it has none.",
         lambda log: log.matches),
    Fact("log", "matches_per_minute", "celery_log_matches_per_minute", "gauge",
         "Lines that count, in the last minute; absent until the log has been watched for one.",
         lambda log: log.matches_per_minute),
    Fact("log", "silence", "celery_log_silence_seconds", "gauge",
         "Time since the last line that counts, at least; absent while that is not known.",
         lambda log: log.silence_seconds, unit="seconds"),
    Fact("log", "max_silence", "celery_log_max_silence_seconds", "gauge",
         "The silence past which LogSilent holds, from the settings.",
         lambda log: log.max_silence_seconds, unit="seconds"),
)

_CHANNEL = (
    Fact("channel", "refused", "queue_monitor_channel_refused_groups", "gauge",
         "Groups of alerts whose latest notice the channel refused for good; absent until a notice "
         "was sent.",
         lambda c: c.refused),
    Fact("channel", "failing", "queue_monitor_channel_failing_seconds", "gauge",
         "Time since notices fail and none arrives, 0 while they arrive; absent until a notice "
         "was sent.",
         lambda c: c.failing_seconds, unit="seconds"),
)

_MONITOR = (
    Fact("monitor", "alerts", "queue_monitor_alerts", "gauge",
         "Alerts of the monitor's own engine, pending and firing.",
         lambda m: m.alerts, labels=("alertname", "severity", "state")),
    Fact("monitor", "notifications", "queue_monitor_notifications_total", "counter",
         "Notifications, by channel and outcome.",
         lambda m: m.notifications, labels=("channel", "outcome")),
    Fact("monitor", "channels", "queue_monitor_channels", "gauge",
         "Notification channels configured; 0 means that nobody is told.",
         lambda m: m.channels),
    Fact("monitor", "tick_duration", "queue_monitor_tick_duration_seconds", "histogram",
         "How long a tick took: books to snapshot, rules, deliveries decided.",
         lambda m: m.tick_duration, unit="seconds"),
    Fact("monitor", "config_reload_ok", "queue_monitor_config_last_reload_successful", "gauge",
         "Whether the last load of the settings was good.",
         lambda m: m.config_reload_ok, unit="boolean"),
    Fact("monitor", "state_ok", "queue_monitor_state_writable", "gauge",
         "Whether alert state is being saved (1), or kept in memory only (0).",
         lambda m: m.state_ok, unit="boolean"),
    Fact("monitor", "build_info", "queue_monitor_build_info", "info",
         "Version of the monitor; always 1.",
         lambda m: (m.version,), labels=("version",)),
)

FACTS: tuple[Fact, ...] = (
    _BROKER + _QUEUE + _WORKER + _TASK + _SCHEDULE + _LOG + _CHANNEL + _MONITOR
)


def facts_of(scope: str) -> Mapping[str, Fact]:
    """Return the rows of `scope` by their names."""
    return {fact.name: fact for fact in FACTS if fact.scope == scope}
