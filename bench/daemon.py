"""The daemon as a process: how soon it is of use, and what it weighs when idle."""

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from urllib.error import URLError
from urllib.request import urlopen

from bench.result import Result
from monitor.demo import processes
from monitor.demo.broker import EmbeddedBroker, free_port

START_BOUND = 2.5
RSS_BOUND_MB = 75.0
ROUNDS = 5
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
            with _daemon(Path(folder), broker.url) as (process, url):
                _first_good_scrape(url)
                starts.append(time.perf_counter() - began)
                _let_it_tick(url)
                weights.append(_rss_mb(process.pid))
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
    with _daemon(folder, broker_url) as (_, metrics_url):
        _first_good_scrape(metrics_url)
        yield metrics_url.removesuffix("/metrics")


@contextmanager
def _daemon(folder: Path, broker_url: str) -> Iterator[tuple[processes.Process, str]]:
    port = free_port()
    command = [sys.executable, "-m", "monitor", "run", "--broker", broker_url]
    command += ["--listen", f"127.0.0.1:{port}", "--state", str(folder / "state.db")]
    process = processes.start(command, log_file=folder / "daemon.log")
    try:
        yield process, f"http://127.0.0.1:{port}/metrics"
    finally:
        processes.stop(process)


def _first_good_scrape(url: str) -> None:
    while 'celery_broker_up{broker="default"} 1' not in _scrape(url):
        time.sleep(0.005)


def _let_it_tick(url: str) -> None:
    """Wait until it has polled twice, so that what a poll allocates is there."""
    while not re.search(r"celery_broker_poll_duration_seconds_count\S* [2-9]", _scrape(url)):
        time.sleep(0.1)


def _scrape(url: str) -> str:
    try:
        with urlopen(url, timeout=5) as response:
            text: str = response.read().decode()
            return text
    except (URLError, ConnectionError):
        return ""


def _rss_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024 / 1e6
