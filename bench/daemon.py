"""The daemon as a process: how soon it is of use, and what it weighs when idle.

Other benchmarks start theirs here, too.
"""

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from urllib.error import URLError
from urllib.request import urlopen

from bench.result import Result
from bench.usage import resident_bytes
from monitor.demo import processes
from monitor.demo.broker import EmbeddedBroker, free_port

START_BOUND = 2.5
RSS_BOUND_MB = 75.0
ROUNDS = 5
PATIENCE_SECONDS = 60.0
LIBRARIES = "import aiohttp.web, redis.asyncio, pydantic"


def run() -> list[Result]:
    """Measure, and say whether the bounds hold."""
    starts, imports, weights = [], [], []
    with tempfile.TemporaryDirectory() as folder, EmbeddedBroker(Path(folder)) as broker:
        for _ in range(ROUNDS):
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", LIBRARIES], check=True)
            imports.append(time.perf_counter() - began)
            began = time.perf_counter()
            with started(Path(folder), "--broker", broker.url) as (pid, url):
                _first_good_scrape(url)
                starts.append(time.perf_counter() - began)
                _let_it_tick(url)
                weights.append(resident_bytes(pid) / 1e6)
    ratio, weight = median(starts) / median(imports), median(weights)
    return [
        Result(
            name="start",
            measured=f"first good scrape after {median(starts):.2f} s, importing its libraries "
            f"{median(imports):.2f} s, ratio {ratio:.2f}",
            bound=START_BOUND,
            holds=ratio <= START_BOUND,
        ),
        Result(
            name="memory",
            measured=f"idle RSS {weight:.1f} MB",
            bound=RSS_BOUND_MB,
            holds=weight <= RSS_BOUND_MB,
        ),
    ]


@contextmanager
def running_daemon(folder: Path, broker_url: str) -> Iterator[str]:
    """Run a daemon that has polled the broker; yield its URL."""
    with started(folder, "--broker", broker_url) as (_, metrics_url):
        _first_good_scrape(metrics_url)
        yield metrics_url.removesuffix("/metrics")


@contextmanager
def started(folder: Path, *options: str) -> Iterator[tuple[int, str]]:
    """Run a daemon with `options`; yield its process id, and where its metrics will be."""
    port = free_port()
    command = [sys.executable, "-m", "monitor", "run", *options]
    command += ["--listen", f"127.0.0.1:{port}", "--state", str(folder / "state.db")]
    process = processes.start(command, log_file=folder / "daemon.log")
    try:
        yield process.pid, f"http://127.0.0.1:{port}/metrics"
    finally:
        processes.stop(process)


def _first_good_scrape(url: str) -> None:
    wait_until(url, lambda text: 'celery_broker_up{broker="default"} 1' in text, 0.005)


def _let_it_tick(url: str) -> None:
    """Wait until it has polled twice, so that what a poll allocates is there."""
    polled = re.compile(r"celery_broker_poll_duration_seconds_count\S* [2-9]")
    wait_until(url, polled.search, 0.1)


def wait_until(url: str, true: Callable[[str], object], every_seconds: float) -> None:
    """Return when it is so of the metrics at `url`; ask for them that often."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true(scrape(url)):
        assert time.monotonic() < deadline, f"not so within {PATIENCE_SECONDS:.0f} s"
        time.sleep(every_seconds)


def scrape(url: str) -> str:
    """Return the metrics at `url`; none while nobody listens there."""
    try:
        with urlopen(url, timeout=30) as response:
            text: str = response.read().decode()
            return text
    except (URLError, ConnectionError):
        return ""
