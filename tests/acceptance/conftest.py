"""The whole daemon beside real brokers, real workers and a receiver of its notices."""

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import redis

from monitor.demo import processes
from monitor.demo.broker import EmbeddedBroker
from tests.acceptance.monitor_process import Monitor, clean_environ
from tests.acceptance.receiver import Receiver


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBroker]:
    """A server for all tests of a module: each finds it empty, and may stop it if it starts it."""
    with EmbeddedBroker(tmp_path_factory.mktemp("broker")) as server:
        yield server


@pytest.fixture
def client(broker: EmbeddedBroker) -> Iterator["redis.Redis"]:
    with redis.Redis(port=broker.port) as connected:
        connected.flushall()
        yield connected


@pytest.fixture
def monitor(tmp_path: Path) -> Iterator[Callable[..., Monitor]]:
    """Makes monitors, each in a folder of its own; none outlives the test."""
    made: list[Monitor] = []

    def make(settings: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> Monitor:
        folder = tmp_path / f"monitor{len(made)}"
        folder.mkdir()
        made.append(Monitor(folder, settings, environ))
        return made[-1]

    yield make
    for each in made:
        each.kill()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as bound:
        yield bound


@pytest.fixture
def worker(tmp_path: Path, broker: EmbeddedBroker) -> Iterator[Callable[..., processes.Process]]:
    """Starts workers of the reference app by Celery's own command, with the given options."""
    started: list[processes.Process] = []
    environ = clean_environ(tmp_path) | {
        "CELERY_BROKER_URL": broker.url,
        "REFERENCE_APP_FOLDER": str(tmp_path / "site"),
    }

    def start(*options: str) -> processes.Process:
        app = ("-m", "celery", "-A", "monitor.reference_app.app", "worker")
        log_file = tmp_path / f"worker{len(started)}.log"
        started.append(
            processes.start([sys.executable, *app, *options], log_file=log_file, environ=environ)
        )
        return started[-1]

    yield start
    for process in started:
        processes.kill(process)


@pytest.fixture
def daemon(
    broker: EmbeddedBroker,
    client: "redis.Redis",
    monitor: Callable[..., Monitor],
    receiver: Receiver,
) -> Monitor:
    """A monitor, not started yet, that tells `receiver` within a tick of each of the queues `high`
    and `low` in which more than ten messages wait; both are empty."""
    return monitor(
        {
            "brokers": [{"url": broker.url, "queues": {"names": ["high", "low"]}}],
            "poll": {"interval": "200ms"},
            "alerts": {
                "builtin": False,
                "group_by": ["alertname", "queue_name"],
                "group_wait": "0s",
                "group_interval": "1s",
                "rules": [
                    {
                        "alert": "Backlog",
                        "on": "queue",
                        "when": "length > 10",
                        "summary": "{queue_name}: {length} waiting",
                    }
                ],
            },
            "channels": [receiver.channel],
        }
    )
