"""`/metrics` of a daemon at work, read by the libraries and tools that others read it with."""

from collections.abc import Callable, Iterable
from math import inf
from pathlib import Path
from typing import Any

import pytest
import redis
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as parse_text

from monitor.demo import processes
from monitor.demo.broker import EmbeddedBroker
from monitor.demo.metrics import Metrics
from monitor.facts.catalogue import FACTS
from monitor.facts.fact import Fact
from tests.acceptance.monitor_process import Monitor
from tests.acceptance.test_lengths import send_ten_at_each_of_four_priorities
from tests.promtool import check_metrics

TEXT = "text/plain; version=0.0.4"
OPENMETRICS = "application/openmetrics-text; version=1.0.0"

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float | None]
"""The value by metric name and labels."""


def samples_of(families: Iterable[Any]) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def expected(fact: Fact, labels: dict[str, str], value: Any) -> Samples:
    """Return the samples that stand for a fact of `/api/v1/snapshot`."""

    def key(metric: str, **more: str) -> tuple[str, frozenset[tuple[str, str]]]:
        return metric, frozenset((labels | more).items())

    if value is None:
        return {}
    if fact.kind == "histogram":
        found: Samples = {key(f"{fact.metric}_sum"): value["sum"]}
        total = 0
        for bound, count in zip([*value["bounds"], "+Inf"], value["counts"], strict=True):
            total += count
            le = bound if bound == "+Inf" else str(float(bound))
            found[key(f"{fact.metric}_bucket", le=le)] = total
        return found | {key(f"{fact.metric}_count"): total}
    if fact.kind == "stateset":
        (label,) = fact.labels
        return {key(fact.metric, **{label: state}): float(state == value) for state in fact.states}
    if fact.kind == "info":
        return {key(fact.metric, **value): 1.0}
    if fact.labels:
        return {key(fact.metric, **child["labels"]): child["value"] for child in value}
    return {key(fact.metric): float(value)}


def at_one_moment(daemon: Monitor) -> tuple[dict[str, Any], Samples, Samples]:
    """Return the snapshot and both formats as they were between two ticks."""
    while True:
        snapshot = daemon.snapshot()
        text = daemon.get("/metrics", Accept=TEXT)[1].decode()
        other = daemon.get("/metrics", Accept=OPENMETRICS)[1].decode()
        if daemon.snapshot()["at"] == snapshot["at"]:
            return snapshot, samples_of(parse_text(text)), samples_of(parse_openmetrics(other))


@pytest.fixture
def busy(
    broker: EmbeddedBroker,
    client: "redis.Redis",
    worker: Callable[..., processes.Process],
    monitor: Callable[..., Monitor],
    tmp_path: Path,
) -> Monitor:
    """Return a daemon that has something to say in every scope: a queue that nobody consumes,
    a worker, tasks that went well and one that failed, and a log."""
    log = tmp_path / "tasks.log"
    log.write_text("Task welcome succeeded\n")
    worker("-n", "normal@web1", "-Q", "normal", "--concurrency=1")
    send_ten_at_each_of_four_priorities(broker.url, {})
    daemon = monitor(
        {
            "brokers": [{"url": broker.url, "queues": {"names": ["high", "low"]}}],
            "alerts": {
                "rules": [{"alert": "Backlog", "on": "queue", "when": "length >= 40"}],
            },
            "channels": [{"type": "log"}],
            "schedules": [{"task": "monitor.reference_app.tasks.send_welcome", "every": "1h"}],
            "log_watch": [{"path": str(log), "max_silence": "1h"}],
        }
    )
    daemon.start()
    # Once it is asked for its queues and slots, everything is known of it.
    daemon.until(lambda m: m.value("celery_active_process_count", queue_name="normal") == 1)
    run_tasks(broker.url)

    def done(metrics: Metrics) -> bool:
        failed = metrics.value("celery_task_failed_total", exception="ValueError")
        succeeded = metrics.value("celery_task_succeeded_total")
        needed = metrics.value("celery_queue_processes_needed", queue_name="normal")
        return failed == 1 and succeeded == 3 and needed is not None

    daemon.until(done)
    return daemon


def run_tasks(url: str) -> None:
    from celery import Celery

    app = Celery(broker=url)
    app.conf.task_send_sent_event = True
    with app.connection_for_write() as connection:
        for address in ("a@example.org", "b@example.org", "c@example.org", "no address"):
            app.send_task(
                "monitor.reference_app.tasks.send_welcome",
                (address, "A"),
                queue="normal",
                connection=connection,
            )
    app.close()


def test_both_formats_give_the_numbers_of_the_snapshot_and_promtool_is_content(
    busy: Monitor,
) -> None:
    snapshot, text, openmetrics = at_one_moment(busy)
    facts: Samples = {}
    for fact in FACTS:
        assert snapshot[fact.scope], fact.scope
        for thing in snapshot[fact.scope]:
            facts |= expected(fact, thing["labels"], thing["facts"][fact.name])
    metrics = {fact.metric for fact in FACTS}
    seen = {name for name, _ in facts}
    # What a young broker without limits, failures or in-flight messages does not say, and a log
    # to which nothing was added since.
    silent = {
        "celery_broker_memory_max_bytes",
        "celery_broker_poll_errors_total",
        "celery_events_dropped_total",
        "celery_log_last_match_timestamp_seconds",
        "celery_log_matches_per_minute",
        "celery_queue_expected_workers",
        "celery_queue_max_length",
        "celery_schedule_due_timestamp_seconds",
        "celery_task_max_runtime_seconds",
        "celery_task_stuck",
    }
    assert {m for m in metrics if not any(name.startswith(m) for name in seen)} == silent
    for samples in (text, openmetrics):
        # What is infinite is null in JSON: the drain time of a queue that nobody works off.
        own = {
            key: value
            for key, value in samples.items()
            if not key[0].startswith("process_") and value != inf
        }
        assert own.keys() - facts.keys() == {key for key in own if key[0].startswith("python_info")}
        assert {key: own.get(key) for key in facts} == facts
    assert check_metrics(busy.get("/metrics", Accept=TEXT)[1]) == (0, "")
