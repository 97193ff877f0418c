"""What the public Grafana dashboards for celery-exporter (17508, 17509) ask Prometheus for.

Written down from what their panels show, with the labels that they select and group by. Where a
panel hides what is zero (`> 0`), the expression before that is listed: that nothing was retried is
no gap.
"""

_SELECTED = 'job="$job", queue_name=~".+"'
_COUNTED = ("sent", "received", "succeeded", "failed", "retried", "rejected", "revoked")


def _grown(what: str, matchers: str, window: str, by: str = "") -> str:
    grown = f"round(increase(celery_task_{what}_total{{{matchers}}}[{window}]))"
    return f"sum({grown}){by}"


def _mean(matchers: str, by: str = "") -> str:
    total, count = (
        f"sum(rate(celery_task_runtime_{part}{{{matchers}}}[1w])){by}" for part in ("sum", "count")
    )
    return f"{total} / {count} > 0"


def _success(matchers: str, window: str, by: str = "") -> str:
    good, bad = (_grown(what, matchers, window, by) for what in ("succeeded", "failed"))
    return f"{good} / ({good} + {bad}) > -1"


def _quantile(q: float, matchers: str, by: str) -> str:
    rates = f"irate(celery_task_runtime_bucket{{{matchers}}}[$__rate_interval]) > 0"
    return f"histogram_quantile({q}, sum({rates}) by ({by}, le))"


OVERVIEW = (
    'count(celery_worker_up{job="$job"} == 1)',
    'sum(celery_worker_tasks_active{job="$job"})',
    f"sum(celery_queue_length{{{_SELECTED}}}) by (job, queue_name)",
    _grown("received", _SELECTED, "1w"),
    _success(_SELECTED, "1w"),
    _success(_SELECTED, "$__range", " by (job)"),
    _mean(_SELECTED),
    _mean(_SELECTED, " by (name)"),
    f"round(sum(increase(celery_task_failed_total{{{_SELECTED}}}[1w]) > 0) by (name))",
    f"round(sum(increase(celery_task_failed_total{{{_SELECTED}}}[1w])) by (exception) > 0)",
    *(_grown(what, _SELECTED, "$__range", " by (job)") for what in _COUNTED),
    *(_grown(what, _SELECTED, "$__rate_interval") for what in _COUNTED),
    *(_quantile(q, _SELECTED, "job") for q in (0.5, 0.95, 0.99)),
)
"""17508."""

_OF_TASKS = 'name=~".+"'
BY_TASK = (
    "round(sum(increase(celery_task_failed_total{"
    f"{_OF_TASKS}}}[$__range])) by (name, exception) > 0)",
    _success(_OF_TASKS, "$__range", " by (name)"),
    *(_grown(what, _OF_TASKS, "$__range", " by (name)") for what in _COUNTED),
    *(_grown(what, _OF_TASKS, "$__rate_interval", " by (name)") for what in _COUNTED),
    *(_quantile(q, _OF_TASKS, "name, job") for q in (0.5, 0.95, 0.99, 0.999)),
)
"""17509."""

DROP_IN = (*OVERVIEW, *BY_TASK)
