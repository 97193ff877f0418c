"""`make simulate`: what one daemon carries, as the table of docs/scaling.md.

A real server, a tenth of whose queues hold messages, and the heartbeats of so many workers, one
each two seconds, published as Celery publishes them. The workers are not asked (`control: false`),
for there is nobody to answer. The daemon has its default interval of five seconds.
"""

import base64
import json
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.request import urlopen

import redis
import yaml

from bench.daemon import scrape, started, wait_until
from bench.usage import resident_bytes
from monitor.demo.broker import EmbeddedBroker
from monitor.demo.metrics import Metrics

SIZES = (
    *((queues, 10) for queues in (10, 100, 1_000, 10_000)),
    *((10, workers) for workers in (100, 1_000, 5_000)),
    (10_000, 5_000),
)
HEARTBEAT_SECONDS = 2.0
SETTLE_SECONDS = 12.0
WINDOW_SECONDS = 20.0
SCRAPES = 5
MESSAGES_OF_A_FULL_QUEUE = 3
CHANNEL = "/0.celeryev/worker.heartbeat"
HEADER = (
    "queues", "workers", "poll", "tick", "CPU", "memory", "scrape", "samples", "commands a poll"
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What was measured with so many queues and workers."""

    queues: int
    workers: int
    poll_seconds: float
    tick_seconds: float
    cpu_share: float
    memory_bytes: int
    scrape_seconds: float
    samples: int
    commands: int

    def cells(self) -> tuple[str, ...]:
        """Return the row as a person reads it."""
        return (
            f"{self.queues:,}",
            f"{self.workers:,}",
            f"{self.poll_seconds * 1000:.1f} ms",
            f"{self.tick_seconds * 1000:.1f} ms",
            f"{self.cpu_share:.1%}",
            f"{self.memory_bytes / 1e6:.0f} MB",
            f"{self.scrape_seconds * 1000:.0f} ms",
            f"{self.samples:,}",
            f"{self.commands:,}",
        )


def main() -> None:
    """Measure each size, and print the table."""
    _print(HEADER)
    _print(tuple("---:" for _ in HEADER))
    for queues, workers in SIZES:
        _print(measure(queues, workers).cells())


def _print(cells: tuple[str, ...]) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)


def measure(queues: int, workers: int) -> Row:
    """Run a server, the heartbeats and a daemon, and say what they came to."""
    with tempfile.TemporaryDirectory() as name, EmbeddedBroker(Path(name)) as broker:
        names = [f"queue{number}" for number in range(queues)]
        _fill(broker, names)
        with _heartbeats(broker, workers), _daemon(Path(name), broker, names) as (pid, url):
            wait_until(url, lambda text: _seen(text) == workers, 0.5)
            time.sleep(SETTLE_SECONDS)
            before, cpu_before, began = _metrics(url), _cpu_seconds(pid), time.monotonic()
            time.sleep(WINDOW_SECONDS)
            cpu, passed = _cpu_seconds(pid) - cpu_before, time.monotonic() - began
            after = _metrics(url)
            scrapes = [_timed_scrape(url) for _ in range(SCRAPES)]
            return Row(
                queues=queues,
                workers=workers,
                poll_seconds=_mean("celery_broker_poll_duration_seconds", before, after),
                tick_seconds=_mean("queue_monitor_tick_duration_seconds", before, after),
                cpu_share=cpu / passed,
                memory_bytes=resident_bytes(pid),
                scrape_seconds=median(seconds for seconds, _ in scrapes),
                samples=scrapes[-1][1],
                commands=int(_value(after, "celery_broker_monitor_commands_per_poll")),
            )


def _fill(broker: EmbeddedBroker, names: list[str]) -> None:
    message = json.dumps(
        {
            "body": "W10=",
            "headers": {"task": "app.add", "id": "1"},
            "properties": {"delivery_tag": "1"},
        }
    )
    with redis.Redis(port=broker.port) as client, client.pipeline(transaction=False) as pipeline:
        for name in names[::10]:
            pipeline.lpush(name, *[message] * MESSAGES_OF_A_FULL_QUEUE)
        pipeline.execute()


@contextmanager
def _heartbeats(broker: EmbeddedBroker, workers: int) -> Iterator[None]:
    """Publish the heartbeats of so many workers, spread over time as theirs are."""
    done = threading.Event()

    def beat() -> None:
        part = max(1, workers // 20)
        with redis.Redis(port=broker.port) as client:
            while True:
                for first in range(0, workers, part):
                    pipeline = client.pipeline(transaction=False)
                    for number in range(first, min(first + part, workers)):
                        pipeline.publish(CHANNEL, _heartbeat(number))
                    pipeline.execute()
                    if done.wait(HEARTBEAT_SECONDS * part / workers):
                        return

    thread = threading.Thread(target=beat)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _heartbeat(number: int) -> bytes:
    event = {
        "type": "worker-heartbeat", "hostname": f"celery@host{number}", "pid": 1000 + number,
        "utcoffset": 0, "clock": 1, "timestamp": time.time(), "freq": HEARTBEAT_SECONDS,
        "active": 1, "processed": 100, "loadavg": [0.5, 0.5, 0.5],
        "sw_ident": "py-celery", "sw_ver": "5.7.0", "sw_sys": "Linux",
    }  # fmt: skip
    return json.dumps(
        {
            "body": base64.b64encode(json.dumps(event).encode()).decode(),
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": {"hostname": event["hostname"]},
            "properties": {"delivery_mode": 1, "body_encoding": "base64"},
        }
    ).encode()


def _daemon(
    folder: Path, broker: EmbeddedBroker, names: list[str]
) -> AbstractContextManager[tuple[int, str]]:
    watched = {"url": broker.url, "control": False, "queues": {"names": names}}
    file = folder / "config.yaml"
    file.write_text(yaml.safe_dump({"brokers": [watched]}))
    return started(folder, "--config", str(file))


def _metrics(url: str) -> Metrics:
    return Metrics.parse(scrape(url))


def _seen(text: str) -> int:
    return len(Metrics.parse(text).where("celery_worker_up"))


def _timed_scrape(url: str) -> tuple[float, int]:
    began = time.perf_counter()
    with urlopen(url, timeout=30) as response:
        body = response.read()
    seconds = time.perf_counter() - began
    return seconds, sum(not line.startswith(b"#") for line in body.splitlines())


def _mean(histogram: str, before: Metrics, after: Metrics) -> float:
    grown = [_value(after, f"{histogram}_{x}") - _value(before, f"{histogram}_{x}")
             for x in ("sum", "count")]  # fmt: skip
    return grown[0] / grown[1]


def _value(metrics: Metrics, name: str) -> float:
    value = metrics.value(name)
    assert value is not None, f"{name} is not there"
    return value


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
