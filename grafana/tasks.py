"""Tasks: what runs, how long it takes and waits, what fails and with what."""

from grafana.frame import BROKERS, QUEUES, TASKS, Dashboard
from grafana.panels import Panel, Query, Row, areas, lines
from grafana.queries import PER_TASK, TASK, gauge, quantile, rate

_PER_FAILURE = f"{PER_TASK}, exception"


def _heatmap(title: str, description: str, histogram: str) -> Panel:
    return Panel(
        title=title,
        description=description,
        unit="s",
        kind="heatmap",
        queries=(Query(rate(f"{histogram}_bucket", f"{PER_TASK}, le", *TASK, by="le"), "{{le}}"),),
    )


RATES = Row(
    "What runs",
    (
        lines(
            "Tasks",
            "Tasks a second, by what became of them. Sent ones are counted only where "
            "the sender has task_send_sent_event on.",
            "cps",
            *(
                Query(
                    rate(
                        f"celery_task_{what}_total",
                        _PER_FAILURE if what == "failed" else PER_TASK,
                        *TASK,
                    ),
                    what,
                )
                for what in (
                    "sent",
                    "received",
                    "started",
                    "succeeded",
                    "failed",
                    "retried",
                    "revoked",
                    "rejected",
                )
            ),
        ),
        areas(
            "Tasks started, by name",
            "The ten that are started most often.",
            "cps",
            Query(
                f"topk(10, {rate('celery_task_started_total', PER_TASK, *TASK, by='name')})",
                "{{name}}",
            ),
        ),
    ),
)

FAILURES = Row(
    "What fails",
    (
        areas(
            "Failures, by exception",
            "Failed tasks a second, by the class of the exception.",
            "cps",
            Query(
                rate("celery_task_failed_total", _PER_FAILURE, *TASK, by="exception"),
                "{{exception}}",
            ),
        ),
        lines(
            "Failed of those that finished",
            "In the last ten minutes.",
            "percentunit",
            Query(gauge("celery_task_failure_ratio", PER_TASK, *TASK), "{{name}}"),
        ),
        lines(
            "Retries",
            "Tasks a second that asked to be retried, by name.",
            "cps",
            Query(rate("celery_task_retried_total", PER_TASK, *TASK, by="name"), "{{name}}"),
        ),
        lines(
            "Longest running",
            "For how long the run has been running that is at it for longest.",
            "s",
            Query(gauge("celery_task_longest_running_seconds", PER_TASK, *TASK), "{{name}}"),
        ),
    ),
)

TIMES = Row(
    "How long it takes",
    (
        _heatmap(
            "Runtimes",
            "How many succeeded tasks took how long, by the worker's measure.",
            "celery_task_runtime",
        ),
        _heatmap(
            "Waits",
            "How many tasks waited how long, from when they were sent, or their ETA, to the start.",
            "celery_task_queue_wait_time",
        ),
        lines(
            "Runtime, 95th percentile",
            "By task.",
            "s",
            Query(quantile(0.95, "celery_task_runtime", PER_TASK, *TASK, by="name"), "{{name}}"),
        ),
        lines(
            "Wait, 95th percentile",
            "By queue.",
            "s",
            Query(
                quantile(0.95, "celery_task_queue_wait_time", PER_TASK, *TASK, by="queue_name"),
                "{{queue_name}}",
            ),
        ),
    ),
)

TASKS_DASHBOARD = Dashboard(
    name="tasks",
    title="Tasks",
    description="What runs, how long it takes and waits, what fails and with what.",
    variables=(BROKERS, QUEUES, TASKS),
    rows=(RATES, FAILURES, TIMES),
)
