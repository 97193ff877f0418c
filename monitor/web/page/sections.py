"""The tables of what is watched, from brokers to schedules. The worst row comes first."""

from typing import Any

from monitor.facts.histogram import HistogramFacts
from monitor.facts.snapshot import (
    BrokerFacts,
    QueueFacts,
    ScheduleFacts,
    Snapshot,
    TaskFacts,
    WorkerFacts,
)
from monitor.values.units import format_size
from monitor.web.page.markup import Markup, element, joined
from monitor.web.page.ranking import object_rank
from monitor.web.page.table import Column, section
from monitor.web.page.view import View
from monitor.web.page.words import NOTHING, UNKNOWN, age, ago, badge, count, name, names, sentence

_STATE_KINDS = {
    "dead": "critical",
    "hung": "critical",
    "late": "warning",
    "online": "good",
    "busy": "good",
    "draining": "quiet",
    "offline": "quiet",
    "unknown": "blind",
}
_VERDICT_KINDS = {
    "ok": "good",
    "draining": "good",
    "growing": "warning",
    "saturated": "warning",
    "stalled": "critical",
    "abandoned": "critical",
}
_STATE_ORDER = ("dead", "hung", "late", None, "unknown", "draining", "busy", "online", "offline")

Watched = BrokerFacts | QueueFacts | WorkerFacts | TaskFacts | ScheduleFacts


def brokers_section(view: View, snapshot: Snapshot) -> Markup:
    """Return the brokers, those that cannot be read first."""
    rows = sorted(snapshot.brokers, key=lambda b: (view.health[b.broker].ok, b.broker))
    columns = (
        Column[BrokerFacts]("Broker", lambda b: name(b.broker), "name"),
        Column[BrokerFacts]("Status", lambda b: _broker_status(view, b)),
        Column[BrokerFacts]("Last good poll", lambda b: ago(b.last_poll_at, view.now), "number"),
        Column[BrokerFacts]("In flight", _delivered, "number"),
        Column[BrokerFacts]("Memory", _memory, "number"),
        Column[BrokerFacts]("Events", _events),
        Column[BrokerFacts]("Server", _server, "number"),
    )
    return section(
        "Brokers", columns, rows, lambda b: _mark(view, "broker", b), "No broker is configured."
    )


def _broker_status(view: View, broker: BrokerFacts) -> Markup:
    alerts = _alert_badges(view, "broker", broker)
    if broker.up is None:
        return joined((badge("first poll", "blind"), alerts))
    if view.health[broker.broker].ok:
        return joined((badge("up", "good"), alerts))
    why = element("small", sentence(broker.error or "its data is too old"))
    return joined((badge("blind", "critical"), alerts, why))


def _server(broker: BrokerFacts) -> Markup:
    return name(broker.version) if broker.version else UNKNOWN


def _memory(broker: BrokerFacts) -> Markup:
    if broker.memory_used_bytes is None:
        return UNKNOWN
    used = format_size(broker.memory_used_bytes)
    most = broker.memory_max_bytes
    return Markup(f"{used} of {format_size(most)}" if most else used)


def _delivered(broker: BrokerFacts) -> Markup:
    many = broker.stranded
    why = element("small", f"{many} held by no live worker") if many else Markup("")
    return joined((count(broker.unacked), why))


def _events(broker: BrokerFacts) -> Markup:
    if broker.events_connected is None:
        return UNKNOWN
    if not broker.events_connected:
        return badge("lost", "critical")
    findings = (
        (broker.workers_without_events, "workers send no task events"),
        (broker.workers_unheard, "registered workers were never heard"),
    )
    said = [element("small", f"{many} {what}") for many, what in findings if many]
    return joined((badge("connected", "good"), *said))


def queues_section(view: View, snapshot: Snapshot) -> Markup:
    """Return the queues: with alerts, then not known, then by the age of what waits."""
    rows = sorted(
        snapshot.queues,
        key=lambda q: (
            _rank(view, "queue", q, q.length is None),
            -(q.oldest_age_seconds or 0.0),
            -(q.length or 0),
            q.key,
        ),
    )
    columns = (
        *_broker_column(snapshot),
        Column[QueueFacts]("Queue", lambda q: name(q.queue_name), "name"),
        Column[QueueFacts]("Status", lambda q: _queue_status(view, q)),
        Column[QueueFacts]("Waiting", lambda q: count(q.length), "number"),
        Column[QueueFacts]("By priority", _priorities),
        Column[QueueFacts]("In flight", _in_flight, "number"),
        Column[QueueFacts]("Oldest", _oldest, "number"),
        Column[QueueFacts]("Workers", lambda q: count(q.workers), "number"),
        Column[QueueFacts]("Processes", lambda q: count(q.processes), "number"),
    )
    return section(
        "Queues", columns, rows, lambda q: _mark(view, "queue", q), "No queue is known yet."
    )


def _queue_status(view: View, queue: QueueFacts) -> Markup:
    alerts = _alert_badges(view, "queue", queue)
    if alerts:
        return alerts
    if queue.length is None:
        return UNKNOWN
    if queue.verdict is not None and queue.length:
        return badge(queue.verdict, _VERDICT_KINDS[queue.verdict])
    return badge("waiting", "quiet") if queue.length else badge("empty", "good")


def _priorities(queue: QueueFacts) -> Markup:
    if queue.priority_length is None:
        return UNKNOWN
    chips = [
        element("span", f"p{step} ", element("b", f"{length:,}"), class_="chip")
        for step, length in queue.priority_length.items()
        if length
    ]
    return joined(chips) or NOTHING


def _in_flight(queue: QueueFacts) -> Markup:
    share = queue.in_flight
    if share is None:
        return UNKNOWN
    return count(share.unacked) if share.exact else joined(("≈ ", count(share.unacked)))


def _oldest(queue: QueueFacts) -> Markup:
    if queue.length == 0:
        return NOTHING
    return age(queue.oldest_age_seconds, queue.oldest_age_exact)


def workers_section(view: View, snapshot: Snapshot) -> Markup:
    """Return the workers: with alerts, then by state."""
    rows = sorted(
        snapshot.workers,
        key=lambda w: (
            _rank(view, "worker", w, w.state is None),
            _STATE_ORDER.index(w.state),
            w.key,
        ),
    )
    columns = (
        *_broker_column(snapshot),
        Column[WorkerFacts]("Worker", lambda w: name(w.hostname), "name"),
        Column[WorkerFacts]("State", _worker_state),
        Column[WorkerFacts]("Active", _slots, "number"),
        Column[WorkerFacts]("Queues", _consumed),
        Column[WorkerFacts]("Last seen", lambda w: ago(w.last_seen_at, view.now), "number"),
        Column[WorkerFacts]("Why", lambda w: sentence(w.reason), "text"),
    )
    return section(
        "Workers", columns, rows, lambda w: _mark(view, "worker", w), "No worker was heard yet."
    )


def _worker_state(worker: WorkerFacts) -> Markup:
    if worker.state is None:
        return UNKNOWN
    return badge(worker.state, _STATE_KINDS[worker.state])


def _slots(worker: WorkerFacts) -> Markup:
    if worker.active is None:
        return UNKNOWN
    return joined((count(worker.active), " of ", count(worker.concurrency)))


def _consumed(worker: WorkerFacts) -> Markup:
    return UNKNOWN if worker.queues is None else names(worker.queues)


def tasks_section(view: View, snapshot: Snapshot) -> Markup:
    """Return the tasks: with the most failures first, then the most received."""
    rows = sorted(
        snapshot.tasks,
        key=lambda t: (-sum(t.failed.values()), -t.received, t.key),
    )
    columns = (
        *_broker_column(snapshot),
        Column[TaskFacts]("Task", lambda t: name(t.name), "name"),
        Column[TaskFacts]("Queue", lambda t: name(t.queue_name)),
        Column[TaskFacts]("Received", lambda t: count(t.received), "number"),
        Column[TaskFacts]("Succeeded", lambda t: count(t.succeeded), "number"),
        Column[TaskFacts]("Failed", lambda t: count(sum(t.failed.values())), "number"),
        Column[TaskFacts]("Retried", lambda t: count(t.retried), "number"),
        Column[TaskFacts]("Longest running", _longest_running, "number"),
        Column[TaskFacts]("Mean runtime", lambda t: _mean(t.runtime), "number"),
        Column[TaskFacts]("Mean wait", lambda t: _mean(t.wait), "number"),
    )
    return section(
        "Tasks", columns, rows, lambda t: _mark(view, "task", t), "No task event was received yet."
    )


def _longest_running(task: TaskFacts) -> Markup:
    return NOTHING if task.longest_running_seconds == 0 else age(task.longest_running_seconds)


def _mean(histogram: HistogramFacts) -> Markup:
    return age(histogram.sum / histogram.count) if histogram.count else NOTHING


def schedules_section(view: View, snapshot: Snapshot) -> Markup:
    """Return the schedules, those that were missed first; nothing where there are none."""
    if not snapshot.schedules:
        return Markup("")
    rows = sorted(snapshot.schedules, key=lambda s: (not s.missed, s.learned, s.key))
    columns = (
        *_broker_column(snapshot),
        Column[ScheduleFacts]("Schedule", lambda s: name(s.schedule), "name"),
        Column[ScheduleFacts]("Status", _schedule_status),
        Column[ScheduleFacts]("Every", _period, "number"),
        Column[ScheduleFacts](
            "Due", lambda s: ago(s.due_at, view.now) if s.due_at else NOTHING, "number"
        ),
        Column[ScheduleFacts](
            "Last received", lambda s: ago(s.last_received_at, view.now), "number"
        ),
        Column[ScheduleFacts]("Why", lambda s: sentence(s.reason), "text"),
    )
    return section("Schedules", columns, rows, lambda s: _mark(view, "schedule", s), "")


def _period(schedule: ScheduleFacts) -> Markup:
    return age(schedule.period_seconds) if schedule.period_seconds else NOTHING


def _schedule_status(schedule: ScheduleFacts) -> Markup:
    if schedule.learned:
        return badge("learned", "quiet")
    if schedule.missed is None:
        return UNKNOWN
    return badge("missed", "warning") if schedule.missed else badge("ok", "good")


def _broker_column(snapshot: Snapshot) -> tuple[Column[Any], ...]:
    """Return a column that names the broker, where there are several."""
    if len(snapshot.brokers) < 2:
        return ()
    return (Column[Any]("Broker", lambda thing: name(thing.broker)),)


def _rank(view: View, scope: str, thing: Watched, blind: bool) -> int:
    return object_rank(view.firing_on(scope, thing.key), blind)


def _mark(view: View, scope: str, thing: Watched) -> str | None:
    alerts = view.firing_on(scope, thing.key)
    if alerts:
        return alerts[0].severity
    return "blind" if thing.broker in view.blind else None


def _alert_badges(view: View, scope: str, thing: Watched) -> Markup:
    return joined(badge(name(a.alertname), a.severity) for a in view.firing_on(scope, thing.key))
