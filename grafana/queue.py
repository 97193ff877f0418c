"""Queue: one queue in depth."""

from grafana.frame import BROKERS, ONE_QUEUE, Dashboard
from grafana.panels import Panel, Query, Row, areas, lines, one_number
from grafana.queries import PER_QUEUE, PER_TASK, QUEUE, gauge, quantile, rate, total
from grafana.states import QUEUE_VERDICT, over_time


def _now(title: str, description: str, unit: str, metric: str) -> Panel:
    return one_number(title, description, unit, gauge(metric, PER_QUEUE, *QUEUE))


NOW = Row(
    "Now",
    (
        _now("Waiting", "Ready messages, all priorities.", "short", "celery_queue_length"),
        _now(
            "Oldest",
            "Age of the oldest ready message; one that waits for its ETA is not old.",
            "s",
            "celery_queue_oldest_message_age_seconds",
        ),
        _now(
            "In flight",
            "Messages with a worker, not acknowledged yet.",
            "short",
            "celery_queue_unacked_messages",
        ),
        _now(
            "Drained in",
            "Time until it is empty at the present rates; infinite when it will not be.",
            "s",
            "celery_queue_drain_seconds",
        ),
        _now("Workers", "Live workers that consume it.", "short", "celery_active_worker_count"),
        _now(
            "Processes needed",
            "Pool slots that keep up with what comes and drain it in the target time.",
            "short",
            "celery_queue_processes_needed",
        ),
        over_time(
            QUEUE_VERDICT,
            "Verdict",
            "What was the matter with it: saturated means that every process that "
            "consumes it is at work, stalled that one is free and takes nothing, abandoned that "
            "nobody consumes it.",
            legend="{{queue_name}}",
            height=4,
        ),
    ),
)

BACKLOG = Row(
    "Backlog",
    (
        areas(
            "Waiting, by priority",
            "Ready messages of each priority step. 0 is served first.",
            "short",
            Query(
                gauge("celery_queue_priority_length", f"{PER_QUEUE}, priority", *QUEUE),
                "priority {{priority}}",
            ),
        ),
        lines(
            "Age of the oldest message",
            "Against the age from which QueueTooOld holds.",
            "s",
            Query(gauge("celery_queue_oldest_message_age_seconds", PER_QUEUE, *QUEUE), "oldest"),
            Query(gauge("celery_queue_max_age_seconds", PER_QUEUE, *QUEUE), "too old"),
        ),
        lines(
            "In and out",
            "Messages that came and that workers took, by the counts of the broker.",
            "cps",
            Query(gauge("celery_queue_arrival_rate", PER_QUEUE, *QUEUE), "in"),
            Query(gauge("celery_queue_dispatch_rate", PER_QUEUE, *QUEUE), "out"),
        ),
        lines(
            "Time to drain",
            "At the present rates, against the target. No line where it would never be empty.",
            "s",
            Query(f"{gauge('celery_queue_drain_seconds', PER_QUEUE, *QUEUE)} < +Inf", "drained in"),
            Query(gauge("celery_queue_target_drain_seconds", PER_QUEUE, *QUEUE), "target"),
        ),
        lines(
            "In flight",
            "With a worker: all, those that wait there for an ETA, and those that a "
            "worker had before and lost or gave back.",
            "short",
            Query(gauge("celery_queue_unacked_messages", PER_QUEUE, *QUEUE), "in flight"),
            Query(gauge("celery_queue_scheduled_messages", PER_QUEUE, *QUEUE), "waits for ETA"),
            Query(gauge("celery_queue_redelivered_messages", PER_QUEUE, *QUEUE), "redelivered"),
        ),
        lines(
            "Who works on it",
            "Live workers that consume it, their pool slots, and the slots it needs.",
            "short",
            Query(gauge("celery_active_worker_count", PER_QUEUE, *QUEUE), "workers"),
            Query(gauge("celery_active_process_count", PER_QUEUE, *QUEUE), "processes"),
            Query(gauge("celery_queue_processes_needed", PER_QUEUE, *QUEUE), "needed"),
        ),
    ),
)

TASKS = Row(
    "Its tasks",
    (
        lines(
            "Wait before the start",
            "From when a task was sent, or its ETA, to when it started.",
            "s",
            *(
                Query(
                    quantile(q, "celery_task_queue_wait_time", PER_TASK, *QUEUE), f"p{q * 100:.0f}"
                )
                for q in (0.5, 0.95, 0.99)
            ),
        ),
        areas(
            "Tasks started",
            "By task.",
            "cps",
            Query(rate("celery_task_started_total", PER_TASK, *QUEUE, by="name"), "{{name}}"),
        ),
        lines(
            "Tasks failed lately",
            "Failed tasks of the last ten minutes, by task.",
            "short",
            Query(total("celery_task_recently_failed", PER_TASK, *QUEUE, by="name"), "{{name}}"),
        ),
        lines(
            "Longest running",
            "For how long the run has been running that is at it for longest, by task.",
            "s",
            Query(gauge("celery_task_longest_running_seconds", PER_TASK, *QUEUE), "{{name}}"),
        ),
    ),
)

QUEUE_IN_DEPTH = Dashboard(
    name="queue",
    title="Queue",
    description="One queue in depth: what waits, for how long, why, and who works on it.",
    variables=(BROKERS, ONE_QUEUE),
    rows=(NOW, BACKLOG, TASKS),
)
