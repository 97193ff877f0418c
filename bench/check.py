"""The plugin as a process, from start to exit, against importing what nobody could do without.

`--broker` against `import redis`, `--url` against `import http.client, json`. A real server and
a real daemon answer.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from bench.daemon import running_daemon
from bench.result import Result
from monitor.demo.broker import EmbeddedBroker

BOUND = 2.5
ROUNDS = 15


def run() -> list[Result]:
    """Measure, and say whether the bounds hold."""
    check = [sys.executable, "-m", "monitor", "check"]
    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedBroker(Path(folder)) as broker,
        running_daemon(Path(folder), broker.url) as url,
    ):
        return [
            _result("check --broker", [*check, "broker", "--broker", broker.url], "redis"),
            _result("check --url", [*check, "broker", "--url", url], "http.client, json"),
        ]


def _result(name: str, command: list[str], libraries: str) -> Result:
    imports = [sys.executable, "-c", f"import {libraries}"]
    ours, theirs = [], []
    for _ in range(ROUNDS):
        theirs.append(_seconds(imports))
        ours.append(_seconds(command))
    ratio = median(ours) / median(theirs)
    return Result(
        name=name,
        measured=f"start to exit {median(ours) * 1000:.0f} ms, import {libraries} "
        f"{median(theirs) * 1000:.0f} ms, ratio {ratio:.2f}",
        bound=BOUND,
        holds=ratio <= BOUND,
    )


def _seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began
