"""Overview: is anything wrong, and where?"""

from grafana.frame import BROKERS, Dashboard, url_of
from grafana.panels import Panel, Query, Row, lines, one_number, ref_id
from grafana.queries import (
    BROKER,
    DAEMON,
    PER_QUEUE,
    PER_TASK,
    PER_WORKER,
    gauge,
    rate,
    select,
    total,
)
from grafana.states import WORKER_STATE, counted

_BROKER_UP = gauge("celery_broker_up", "broker", *BROKER)
_FIRING = ('state="firing"', 'severity=~"critical|warning"')
_OF_A_QUEUE = {
    "celery_queue_length": ("Waiting", "short"),
    "celery_queue_oldest_message_age_seconds": ("Oldest", "s"),
    "celery_queue_unacked_messages": ("In flight", "short"),
    "celery_queue_drain_seconds": ("Drained in", "s"),
    "celery_active_worker_count": ("Workers", "short"),
    "celery_active_process_count": ("Processes", "short"),
    "celery_queue_processes_needed": ("Processes needed", "short"),
}
"""What the table of queues shows: title and unit of its column, by metric."""

WRONG = Row(
    "Is anything wrong?",
    (
        one_number(
            "Alerts firing",
            "Alerts of the monitor, warnings and worse. Silenced ones count too.",
            "short",
            f"{total('queue_monitor_alerts', 'alertname, severity', *DAEMON, *_FIRING)}"
            f" or 0 * max({select('queue_monitor_build_info', *DAEMON)})",
            critical=1,
        ),
        one_number(
            "Brokers away",
            "Brokers whose last poll failed. While one is away its queues and workers "
            "are not known, and their panels have a gap.",
            "short",
            f"sum({_BROKER_UP} == bool 0)",
            critical=1,
        ),
        one_number(
            "Workers dead or hung",
            "Workers that went silent without a goodbye, and those that do not answer.",
            "short",
            f"sum({gauge('celery_worker_up', PER_WORKER, *BROKER)} == bool 0)"
            f" or 0 * sum({_BROKER_UP} == 1)",
            critical=1,
        ),
        one_number(
            "Live workers",
            "Workers that are online, late, busy or draining.",
            "short",
            total("celery_worker_up", PER_WORKER, *BROKER),
        ),
        one_number(
            "Messages waiting",
            "Ready messages of all queues and all priorities.",
            "short",
            total("celery_queue_length", PER_QUEUE, *BROKER),
        ),
        one_number(
            "Oldest message",
            "Age of the oldest ready message of any queue.",
            "s",
            f"max({gauge('celery_queue_oldest_message_age_seconds', PER_QUEUE, *BROKER)})",
        ),
        Panel(
            title="Alerts over time",
            description="When which alert of the monitor fired.",
            unit="short",
            kind="timeline",
            width=24,
            height=6,
            critical=1,
            queries=(
                Query(
                    gauge("queue_monitor_alerts", "alertname", *DAEMON, *_FIRING), "{{alertname}}"
                ),
            ),
        ),
    ),
)

QUEUES = Row(
    "The worst queues",
    (
        Panel(
            title="Queues",
            description="Every queue with what waits, for how long, and what works on it. "
            "A click opens the queue.",
            unit="short",
            kind="table",
            width=24,
            queries=tuple(Query(gauge(metric, PER_QUEUE, *BROKER)) for metric in _OF_A_QUEUE),
            columns={
                "queue_name": ("Queue", "string"),
                "broker": ("Broker", "string"),
                **{
                    f"Value #{ref_id(number)}": column
                    for number, column in enumerate(_OF_A_QUEUE.values())
                },
            },
            link=url_of("queue", "var-queue=${__value.text}"),
        ),
        lines(
            "Longest queues",
            "Ready messages of the ten longest queues.",
            "short",
            Query(
                f"topk(10, {gauge('celery_queue_length', PER_QUEUE, *BROKER)})", "{{queue_name}}"
            ),
        ),
        lines(
            "Oldest messages",
            "Age of the oldest ready message of the ten queues where it is highest.",
            "s",
            Query(
                f"topk(10, {gauge('celery_queue_oldest_message_age_seconds', PER_QUEUE, *BROKER)})",
                "{{queue_name}}",
            ),
        ),
    ),
)

WORK = Row(
    "Workers and tasks",
    (
        counted(
            WORKER_STATE,
            "Workers by state",
            "A late one missed heartbeats; a busy one is silent because of a task; a "
            "draining one was told to stop.",
        ),
        lines(
            "Messages in and out",
            "Messages that came and that workers took, all queues together.",
            "cps",
            Query(total("celery_queue_arrival_rate", PER_QUEUE, *BROKER), "in"),
            Query(total("celery_queue_dispatch_rate", PER_QUEUE, *BROKER), "out"),
        ),
        lines(
            "Tasks finished",
            "Tasks that succeeded and that failed.",
            "cps",
            Query(rate("celery_task_succeeded_total", PER_TASK, *BROKER), "succeeded"),
            Query(rate("celery_task_failed_total", f"{PER_TASK}, exception", *BROKER), "failed"),
        ),
        lines(
            "Failed of those that finished",
            "Failed tasks among those that finished in ten minutes, of the ten "
            "tasks where it is worst.",
            "percentunit",
            Query(f"topk(10, {gauge('celery_task_failure_ratio', PER_TASK, *BROKER)})", "{{name}}"),
        ),
    ),
)

OVERVIEW = Dashboard(
    name="overview",
    title="Overview",
    description="Is anything wrong with Celery, and where?",
    variables=(BROKERS,),
    rows=(WRONG, QUEUES, WORK),
)
