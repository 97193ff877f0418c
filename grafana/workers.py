"""Workers: their states over time, capacity and use, restarts, clocks."""

from grafana.frame import BROKERS, Dashboard
from grafana.panels import Query, Row, areas, lines
from grafana.queries import BROKER, PER_WORKER, gauge, increase, rate, total
from grafana.states import WORKER_STATE, counted, over_time

STATES = Row(
    "States",
    (
        over_time(
            WORKER_STATE,
            "State of each worker",
            "A late one missed heartbeats; a busy one is silent because of a task; a "
            "hung one holds its connection and does not answer; a dead one is gone without a "
            "goodbye; an offline one said goodbye.",
            legend="{{hostname}}",
            height=8,
        ),
        counted(WORKER_STATE, "Workers by state", "How many workers are in each state."),
        lines(
            "Restarts",
            "Starts under the same name, by whether a goodbye came first.",
            "short",
            Query(
                increase(
                    "celery_worker_restarts_total", f"{PER_WORKER}, clean", *BROKER, by="clean"
                ),
                "after a goodbye: {{clean}}",
            ),
        ),
    ),
)

CAPACITY = Row(
    "Capacity and use",
    (
        lines(
            "Processes",
            "Pool slots of all workers, and how many run a task.",
            "short",
            Query(total("celery_worker_concurrency", PER_WORKER, *BROKER), "slots"),
            Query(total("celery_worker_tasks_active", PER_WORKER, *BROKER), "running a task"),
        ),
        lines(
            "Use of each worker",
            "Tasks that run among its pool slots.",
            "percentunit",
            Query(
                f"{gauge('celery_worker_tasks_active', PER_WORKER, *BROKER)} / "
                f"{gauge('celery_worker_concurrency', PER_WORKER, *BROKER)}",
                "{{hostname}}",
            ),
        ),
        areas(
            "Tasks taken",
            "By worker.",
            "cps",
            Query(
                rate("celery_worker_processed_total", PER_WORKER, *BROKER, by="hostname"),
                "{{hostname}}",
            ),
        ),
        lines(
            "Load of the hosts",
            "One-minute load average, by the worker's heartbeat.",
            "short",
            Query(gauge("celery_worker_load1", PER_WORKER, *BROKER), "{{hostname}}"),
        ),
    ),
)

SIGNS = Row(
    "Signs of life",
    (
        lines(
            "Since the last sign of life",
            "Heartbeats come every two seconds by default.",
            "s",
            Query(
                "time() - "
                f"{gauge('celery_worker_last_seen_timestamp_seconds', PER_WORKER, *BROKER)}",
                "{{hostname}}",
            ),
        ),
        lines(
            "Clock skew",
            "How far the clock of a worker is ahead of the monitor's. Waits and ETAs "
            "are off by as much.",
            "s",
            Query(gauge("celery_worker_clock_skew_seconds", PER_WORKER, *BROKER), "{{hostname}}"),
        ),
    ),
)

WORKERS = Dashboard(
    name="workers",
    title="Workers",
    description="Workers: their states over time, capacity and use, restarts, clocks.",
    variables=(BROKERS,),
    rows=(STATES, CAPACITY, SIGNS),
)
