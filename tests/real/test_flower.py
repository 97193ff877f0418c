"""Flower and the monitor beside each other: both see the same, and no task is lost."""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
import redis

from monitor.demo import processes
from monitor.demo.broker import EmbeddedBroker, free_port
from monitor.demo.metrics import Metrics
from tests.acceptance.monitor_process import Monitor, clean_environ
from tests.waiting import eventually

QUEUES = ("high", "normal", "low")
SOON_SECONDS = 40.0
STATES = {"SUCCESS": "succeeded", "FAILURE": "failed"}


class Flower:
    """What Flower's API says."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"

    def _get(self, path: str) -> dict[str, Any]:
        with urlopen(self._url + path) as response:  # noqa: S310 - an http address of our own
            found: dict[str, Any] = json.load(response)
            return found

    def workers(self) -> set[str]:
        """Return the names of its workers that are alive; none while it is starting."""
        try:
            found = self._get("/api/workers?status=true")
            return {name for name, alive in found.items() if alive}
        except URLError:
            return set()

    def ended(self) -> Counter[tuple[str, str]]:
        """Return how many runs ended, by the task's name and how."""
        tasks = self._get("/api/tasks?limit=100000").values()
        return Counter(
            (str(task["name"]), STATES[str(task["state"])])
            for task in tasks
            if task["state"] in STATES
        )


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker(tmp_path) as server:
        yield server


@pytest.fixture
def start(tmp_path: Path, broker: EmbeddedBroker) -> Iterator[Callable[..., processes.Process]]:
    """Starts Python modules in the environment of the reference app."""
    started: list[processes.Process] = []
    environ = clean_environ(tmp_path) | {
        "CELERY_BROKER_URL": broker.url,
        "REFERENCE_APP_FOLDER": str(tmp_path / "site"),
        "REFERENCE_APP_MAIL_SECONDS": "0.05",
        "FLOWER_UNAUTHENTICATED_API": "true",
    }

    def start(*words: str) -> processes.Process:
        log_file = tmp_path / f"process{len(started)}.log"
        command = [sys.executable, "-m", *words]
        started.append(processes.start(command, log_file=log_file, environ=environ))
        return started[-1]

    yield start
    for process in started:
        processes.kill(process)


@pytest.mark.parametrize(
    "seconds", [10.0, pytest.param(120.0, marks=[pytest.mark.soak, pytest.mark.timeout(300)])]
)
def test_flower_and_the_monitor_see_the_same_and_no_task_is_lost(
    tmp_path: Path,
    broker: EmbeddedBroker,
    start: Callable[..., processes.Process],
    seconds: float,
) -> None:
    monitor = Monitor(tmp_path, {"brokers": [{"url": broker.url}], "poll": {"interval": "1s"}})
    port = free_port()
    flower = Flower(port)
    try:
        monitor.start()
        start(
            *("celery", "-A", "monitor.reference_app.app", "flower"),
            *("--address=127.0.0.1", f"--port={port}"),
        )
        for queue in QUEUES:
            start("monitor", "reference-app", "worker", queue)
        monitor.until(lambda m: len(up(m)) == len(QUEUES), SOON_SECONDS)
        assert eventually(lambda: flower.workers() == up(monitor.metrics()), SOON_SECONDS)

        traffic = start(
            *("monitor", "reference-app", "traffic"),
            *("--profile", "day", "--seconds", f"{seconds:.0f}"),
        )
        assert traffic.wait() == 0

        with redis.Redis.from_url(broker.url) as client:
            assert eventually(lambda: idle(client), SOON_SECONDS)
        assert eventually(lambda: flower.ended() == ended(monitor.metrics()), SOON_SECONDS), (
            flower.ended(),
            ended(monitor.metrics()),
        )
        metrics = monitor.metrics()
        sent = sum(count for _, count in metrics.where("celery_task_sent_total"))
        print(f"{sent:.0f} sent in {seconds:.0f} s, {ended(metrics).total():.0f} ended")
        assert sent > 0
        assert ended(metrics).total() == sent
        assert flower.workers() == up(metrics)
    finally:
        monitor.kill()


def up(metrics: Metrics) -> set[str]:
    return {labels["hostname"] for labels, up in metrics.where("celery_worker_up") if up == 1}


def ended(metrics: Metrics) -> Counter[tuple[str, str]]:
    """Return how many runs ended, by the task's name and how, as the monitor counts."""
    found: Counter[tuple[str, str]] = Counter()
    for state in STATES.values():
        for labels, count in metrics.where(f"celery_task_{state}_total"):
            if count:
                found[labels["name"], state] += int(count)
    return found


def idle(client: "redis.Redis") -> bool:
    return not any(map(client.llen, QUEUES)) and not client.hlen("unacked")
