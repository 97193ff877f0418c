"""The catalogue: names that other people's dashboards depend on."""

from collections import Counter

import pytest

from monitor.facts.catalogue import FACTS
from monitor.facts.fact import Fact
from monitor.facts.scopes import IDENTITY


def test_names_are_unique_within_their_scope_and_metrics_everywhere() -> None:
    names = Counter((fact.scope, fact.name) for fact in FACTS)
    metrics = Counter(fact.metric for fact in FACTS)
    assert max(names.values()) == max(metrics.values()) == 1


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.metric)
def test_a_row_follows_the_conventions(fact: Fact) -> None:
    assert fact.scope in IDENTITY
    assert fact.metric.endswith("_total") == (fact.kind == "counter")
    assert fact.metric.startswith(
        "queue_monitor_" if fact.scope in ("channel", "monitor") else "celery_"
    )
    assert fact.help.endswith(".")
    assert not set(fact.labels) & set(IDENTITY[fact.scope])
    assert (fact.kind == "stateset") == bool(fact.states)


SHARED_WITH_CELERY_EXPORTER = {
    "celery_queue_length",
    "celery_active_worker_count",
    "celery_active_process_count",
    "celery_worker_up",
    "celery_worker_tasks_active",
    "celery_task_sent_total",
    "celery_task_received_total",
    "celery_task_started_total",
    "celery_task_succeeded_total",
    "celery_task_failed_total",
    "celery_task_retried_total",
    "celery_task_revoked_total",
    "celery_task_rejected_total",
    "celery_task_runtime",
    "celery_task_queue_wait_time",
}


def test_the_names_that_celery_exporter_has_are_kept() -> None:
    assert {fact.metric for fact in FACTS} >= SHARED_WITH_CELERY_EXPORTER
