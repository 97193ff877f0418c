"""A quiet afternoon: workers of every kind, steady traffic, now and then a new version of the app.

Nothing is wrong, so nobody is told anything.
"""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from monitor.demo import processes
from monitor.demo.broker import EmbeddedBroker
from tests.acceptance.monitor_process import Monitor, clean_environ
from tests.acceptance.receiver import Receiver

KINDS = {
    "fast": ("-Q", "high", "--concurrency=2"),
    "scaling": ("-Q", "normal,low", "--autoscale=3,1"),
    "threads": ("-Q", "normal", "-P", "threads", "--concurrency=2"),
    "green": ("-Q", "low", "-P", "gevent", "--concurrency=10"),
    "solo": ("-Q", "low,normal", "-P", "solo"),
}
Start = Callable[..., processes.Process]
STARTED_WITHIN_SECONDS = 60.0


class Deployment:
    """One worker of each kind, and how they are replaced by those of the next version."""

    def __init__(self, start: Start, monitor: Monitor) -> None:
        self._start = start
        self._monitor = monitor
        self._version = 0
        self._running: dict[str, processes.Process] = {}
        self.start_all("v0")

    def start_all(self, host: str) -> None:
        """Start one of each kind on the host."""
        for kind, options in KINDS.items():
            self._running[kind] = self._start("-n", f"{kind}@{host}", *options)
        self._host = host

    def replace(self) -> str:
        """Deploy the next version, every other time in place; return how it was done."""
        self._version += 1
        if self._version % 2:
            self._replace_in_place()
            return "one by one, under their old names"
        self._replace_beside()
        return "all at once, the new ones beside the old"

    def _replace_in_place(self) -> None:
        """Stop each and start it under its old name, as an init system does."""
        for kind, options in KINDS.items():
            self._end(self._running[kind])
            self._running[kind] = self._start("-n", f"{kind}@{self._host}", *options)

    def _replace_beside(self) -> None:
        """Start new ones under new names and then stop the old, as a cluster does."""
        old = list(self._running.values())
        host = f"v{self._version}"
        self.start_all(host)
        self._monitor.until(
            lambda m: (
                {f"{kind}@{host}" for kind in KINDS}
                <= {labels["hostname"] for labels, up in m.where("celery_worker_up") if up}
            ),
            STARTED_WITHIN_SECONDS,
        )
        for process in old:
            self._end(process)

    @staticmethod
    def _end(process: processes.Process) -> None:
        process.terminate()
        process.wait(STARTED_WITHIN_SECONDS)


@pytest.fixture
def traffic(tmp_path: Path, broker: EmbeddedBroker) -> Iterator[None]:
    """Some three tasks a second, for as long as the test runs."""
    process = processes.start(
        [sys.executable, "-m", "monitor", "reference-app", "traffic", "--broker", broker.url],
        log_file=tmp_path / "traffic.log",
        environ=clean_environ(tmp_path),
    )
    yield
    processes.kill(process)


@pytest.mark.parametrize(
    ("redeploys", "every_seconds"),
    [
        (2, 20.0),
        pytest.param(5, 300.0, marks=[pytest.mark.soak, pytest.mark.timeout(2100)]),
    ],
)
def test_an_afternoon_with_redeploys_tells_nobody_anything(
    redeploys: int,
    every_seconds: float,
    broker: EmbeddedBroker,
    receiver: Receiver,
    traffic: None,
    worker: Start,
    monitor: Callable[..., Monitor],
) -> None:
    receiver.listen()
    watching = monitor({"brokers": [{"url": broker.url}], "channels": [receiver.channel]})
    watching.start()
    deployment = Deployment(worker, watching)
    began = time.monotonic()
    for number in range(1, redeploys + 2):
        while time.monotonic() < began + number * every_seconds:
            assert receiver.notices == [], watching.log
            time.sleep(1.0)
        if number <= redeploys:
            how = deployment.replace()
            print(f"after {time.monotonic() - began:.0f} s: new version, {how}")
    metrics = watching.metrics()
    print(f"{sum(v for _, v in metrics.where('celery_task_succeeded_total')):.0f} tasks succeeded")
    print(
        "states:",
        sorted(
            (labels["hostname"], labels["state"])
            for labels, holds in metrics.where("celery_worker_state")
            if holds
        ),
    )
    assert receiver.notices == [], watching.log
    assert {v for labels, v in metrics.where("celery_worker_up")} == {1.0}
