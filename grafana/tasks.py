"""Tasks: what runs, how long it takes and waits, what fails and with what."""

from grafana.frame import BROKERS, QUEUES, TASKS, Dashboard
from grafana.panels import Panel, Query, Row
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
        Panel(
            title="Tasks",
            description="Tasks a second, by what became of them. Sent ones are counted only where "
            "the sender has task_send_sent_event on.",
            unit="cps",
            queries=tuple(
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
        Panel(
            title="Tasks started, by name",
            description="The ten that are started most often.",
            unit="cps",
            kind="stacked",
            queries=(
                Query(
                    f"topk(10, {rate('celery_task_started_total', PER_TASK, *TASK, by='name')})",
                    "{{name}}",
                ),
            ),
        ),
    ),
)

FAILURES = Row(
    "What fails",
    (
        Panel(
            title="Failures, by exception",
            description="Failed tasks a second, by the class of the exception.",
            unit="cps",
            kind="stacked",
            queries=(
                Query(
                    rate("celery_task_failed_total", _PER_FAILURE, *TASK, by="exception"),
                    "{{exception}}",
                ),
            ),
        ),
        Panel(
            title="Failed of those that finished",
            description="In the last ten minutes.",
            unit="percentunit",
            queries=(Query(gauge("celery_task_failure_ratio", PER_TASK, *TASK), "{{name}}"),),
        ),
        Panel(
            title="Retries",
            description="Tasks a second that asked to be retried, by name.",
            unit="cps",
            queries=(
                Query(rate("celery_task_retried_total", PER_TASK, *TASK, by="name"), "{{name}}"),
            ),
        ),
        Panel(
            title="Longest running",
            description="For how long the run has been running that is at it for longest.",
            unit="s",
            queries=(
                Query(gauge("celery_task_longest_running_seconds", PER_TASK, *TASK), "{{name}}"),
            ),
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
        Panel(
            title="Runtime, 95th percentile",
            description="By task.",
            unit="s",
            queries=(
                Query(
                    quantile(0.95, "celery_task_runtime", PER_TASK, *TASK, by="name"), "{{name}}"
                ),
            ),
        ),
        Panel(
            title="Wait, 95th percentile",
            description="By queue.",
            unit="s",
            queries=(
                Query(
                    quantile(0.95, "celery_task_queue_wait_time", PER_TASK, *TASK, by="queue_name"),
                    "{{queue_name}}",
                ),
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
