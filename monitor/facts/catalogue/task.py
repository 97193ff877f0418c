"""Facts of all tasks of a name."""

from monitor.facts.fact import Fact


def _counter(name: str, what: str) -> Fact:
    return Fact("task", name, f"celery_task_{name}_total", "counter", what,
                lambda t: getattr(t, name))


TASK_FACTS: tuple[Fact, ...] = (
    _counter("sent", "Tasks sent (needs task_send_sent_event in the publisher)."),
    _counter("received", "Tasks received by a worker."),
    _counter("started", "Tasks started by a worker."),
    _counter("succeeded", "Tasks that succeeded."),
    Fact("task", "failed", "celery_task_failed_total", "counter",
         "Tasks that failed, by exception class.",
         lambda t: t.failed, labels=("exception",)),
    _counter("retried", "Tasks that asked to be retried."),
    _counter("revoked", "Tasks that were revoked or had expired."),
    _counter("rejected", "Tasks that were rejected."),
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
