"""`/metrics` of 50,000 samples: the own writer against `prometheus_client.generate_latest`.

Both start from what a program that exposes metrics holds: ours from a snapshot, the client
from a registry of its own gauges, counters and histograms with the same samples.
"""

import math
import random
from functools import partial
from statistics import median
from typing import Any

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from bench.result import Result
from bench.usage import cpu_seconds
from monitor.facts.catalogue import FACTS
from monitor.facts.fact import Fact
from monitor.facts.histogram import Histogram, HistogramFacts
from monitor.facts.scopes import IDENTITY
from monitor.facts.snapshot import (
    BrokerFacts,
    MonitorFacts,
    QueueFacts,
    Snapshot,
    TaskFacts,
    WorkerFacts,
)
from monitor.web.exposition import Exposition, Format

BOUND = 20.0
QUEUES, WORKERS, TASKS = 1_000, 500, 700
ROUNDS = 9
BUCKETS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 300.0)


def run() -> Result:
    """Measure, and say whether the bound holds."""
    snapshot = _snapshot(random.Random(50_000))  # noqa: S311 - made-up lengths
    exposition = Exposition(snapshot.at - 1.0)
    exposition.write(snapshot, Format.TEXT)  # Counters of tasks stand at 0 on the first scrape.
    registry = _registry(snapshot)
    series = _series(exposition.write(snapshot, Format.TEXT))
    if series != _series(generate_latest(registry)):
        raise AssertionError("the two writers were not given the same samples")

    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(cpu_seconds(lambda: exposition.write(snapshot, Format.TEXT)))
        theirs.append(cpu_seconds(lambda: generate_latest(registry)))
    ratio = median(theirs) / median(ours)
    return Result(
        name="exposition",
        measured=f"{len(series):,} samples, ours {median(ours) * 1000:.1f} ms, "
        f"generate_latest {median(theirs) * 1000:.0f} ms, ratio {ratio:.1f}",
        bound=BOUND,
        holds=ratio >= BOUND,
    )


def _series(text: bytes) -> set[tuple[str, frozenset[tuple[str, str]]]]:
    return {
        (sample.name, frozenset(sample.labels.items()))
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def _registry(snapshot: Snapshot) -> CollectorRegistry:
    """Return the samples of `snapshot` as metrics of the client."""
    prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]  # it is untyped
    registry = CollectorRegistry()
    for fact in FACTS:
        samples = [
            sample for thing in snapshot.of(fact.scope) for sample in _samples_of(fact, thing)
        ]
        if samples:
            _register(fact, samples, registry)
    return registry


def _samples_of(fact: Fact, thing: Any) -> list[tuple[tuple[str, ...], Any]]:
    """Return the label values and the value of each sample of `thing`."""
    key, value = thing.key, fact.read(thing)
    if value is None:
        return []
    if fact.kind == "stateset":
        return [((*key, state), state == value) for state in fact.states]
    if fact.kind == "info":
        return [((*key, *value), 1)]
    if fact.labels:
        return [((*key, str(child)), number) for child, number in value.items()]
    return [(key, value)]


def _register(
    fact: Fact, samples: list[tuple[tuple[str, ...], Any]], registry: CollectorRegistry
) -> None:
    kinds: dict[str, Any] = {
        "counter": Counter,
        "histogram": partial(prometheus_client.Histogram, buckets=BUCKETS_SECONDS),
    }
    names = IDENTITY[fact.scope] + fact.labels
    metric = kinds.get(fact.kind, Gauge)(fact.metric, fact.help, names, registry=registry)
    for labels, value in samples:
        child = metric.labels(*labels) if labels else metric
        match value:
            case HistogramFacts():
                for bound, count in zip((*value.bounds, math.inf), value.counts, strict=True):
                    for _ in range(count):
                        child.observe(bound)
            case _ if fact.kind == "counter":
                child.inc(value)
            case _:
                child.set(value)


def _snapshot(rng: random.Random) -> Snapshot:
    queues = [f"tenant-{n:04d}.emails" for n in range(QUEUES)]
    return Snapshot(
        at=1_700_000_000.0,
        brokers=(BrokerFacts(broker="default", up=True, last_poll_at=1_700_000_000.0),),
        queues=tuple(_queue(name, rng) for name in queues),
        workers=tuple(_worker(n, rng) for n in range(WORKERS)),
        tasks=tuple(_task(n, rng.choice(queues), rng) for n in range(TASKS)),
        monitor=MonitorFacts(version="0"),
    )


def _queue(name: str, rng: random.Random) -> QueueFacts:
    lengths = {step: rng.randrange(10_000) for step in (0, 3, 6, 9)}
    return QueueFacts(
        broker="default",
        queue_name=name,
        length=sum(lengths.values()),
        priority_length=lengths,
        oldest_age_seconds=rng.uniform(0, 900),
        oldest_age_exact=False,
        workers=rng.randrange(9),
        processes=rng.randrange(64),
        max_age_seconds=900.0,
    )


def _worker(n: int, rng: random.Random) -> WorkerFacts:
    return WorkerFacts(
        broker="default",
        hostname=f"celery@worker-{n:04d}.example.net",
        state="online",
        active=rng.randrange(8),
        processed=rng.randrange(10**7),
        concurrency=8,
        last_seen_at=1_700_000_000.0 + rng.random(),
        clock_skew_seconds=rng.uniform(-1, 1),
        load1=round(rng.uniform(0, 8), 2),
        restarts={"true": rng.randrange(9), "false": rng.randrange(9)},
        version="5.5.0",
        pool="prefork",
    )


def _task(n: int, queue_name: str, rng: random.Random) -> TaskFacts:
    runtime, wait = Histogram(BUCKETS_SECONDS), Histogram(BUCKETS_SECONDS)
    for _ in range(200):
        runtime.observe(rng.expovariate(2))
        wait.observe(rng.expovariate(1))
    return TaskFacts(
        broker="default",
        name=f"shop.orders.tasks.step_{n:04d}",
        queue_name=queue_name,
        sent=rng.randrange(10**6),
        received=rng.randrange(10**6),
        started=rng.randrange(10**6),
        succeeded=rng.randrange(10**6),
        failed={"ValueError": rng.randrange(100), "requests.exceptions.Timeout": 3},
        runtime=runtime.facts(),
        wait=wait.facts(),
        last_sent_at=1_700_000_000.0 + rng.random(),
    )


if __name__ == "__main__":
    print(run())
