"""The whole daemon as a process of its own, as a test sees it from outside."""

import json
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Mapping
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import yaml

from monitor.demo import processes
from monitor.demo.metrics import Metrics

Settings = Mapping[str, Any]

START_SECONDS = 20.0
STOP_SECONDS = 5.0


class Monitor:
    """A daemon with a folder of its own; it can be stopped, killed and started again.

    `settings` are those of its file; the port is the kernel's choice at each start, and the
    state is kept in the folder, unless they say otherwise.
    """

    def __init__(
        self, folder: Path, settings: Settings, environ: Mapping[str, str] | None = None
    ) -> None:
        own: Settings = {
            "web": {"listen": "127.0.0.1:0"},
            "state": {"file": str(folder / "state.db")},
        }
        self.folder = folder
        self.settings: Settings = {**own, **settings}
        self._environ = {**clean_environ(folder), **(environ or {})}
        self._starts = 0
        self.port = 0
        self.process: processes.Process | None = None

    def launch(self) -> processes.Process:
        """Start the process and return at once."""
        self.rewrite({})
        self._starts += 1
        command = [sys.executable, "-m", "monitor", "run", "--config", str(self._config)]
        self.process = processes.start(command, log_file=self._log_file, environ=self._environ)
        return self.process

    def rewrite(self, changes: Settings) -> None:
        """Write its settings file, with `changes` of whole sections; `settings` stay."""
        written = {**self.settings, **changes}
        self._config.write_text(yaml.safe_dump(written, sort_keys=False))

    def hang_up(self) -> None:
        """Have it read its settings again, as `systemctl reload` does."""
        assert self.process is not None
        self.process.send_signal(signal.SIGHUP)

    def start(self) -> None:
        """Start it, and return once it has tried its brokers."""
        self.launch()
        deadline = time.monotonic() + START_SECONDS
        self.port = int(self.logged(r"msg=listening port=(\d+)")[1])
        while self.status("/-/ready") != 200:
            assert time.monotonic() < deadline, self.log
            time.sleep(0.02)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it by a signal that it may handle; return its exit status."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)

    def kill(self) -> None:
        """End it by SIGKILL; no error when it has ended already."""
        if self.process is not None:
            processes.kill(self.process)

    @property
    def _config(self) -> Path:
        return self.folder / "config.yaml"

    @property
    def _log_file(self) -> Path:
        return self.folder / f"monitor-{self._starts}.log"

    @property
    def log(self) -> str:
        """What it has said since its last start."""
        return self._log_file.read_text(errors="replace") if self._log_file.exists() else ""

    def logged(self, pattern: str, seconds: float = START_SECONDS) -> re.Match[str]:
        """Return where its log matches `pattern`, as soon as it does."""
        assert self.process is not None
        deadline = time.monotonic() + seconds
        while not (found := re.search(pattern, self.log)):
            assert self.process.poll() is None, self.log
            assert time.monotonic() < deadline, f"{pattern!r} is not in the log:\n{self.log}"
            time.sleep(0.02)
        return found

    # -- what it shows -------------------------------------------------------------------

    def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        """Return status and body of its answer."""
        return self.ask("GET", path, **headers)

    def ask(self, method: str, path: str, **headers: str) -> tuple[int, bytes]:
        """Return status and body of its answer to a request by `method`."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, headers=headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def status(self, path: str) -> int:
        """Return the status of its answer."""
        return self.get(path)[0]

    def metrics(self) -> Metrics:
        """Return what `/metrics` says now."""
        return Metrics.parse(self.get("/metrics")[1].decode())

    def snapshot(self) -> dict[str, Any]:
        """Return `/api/v1/snapshot`."""
        status, body = self.get("/api/v1/snapshot")
        assert status == 200, body
        document: dict[str, Any] = json.loads(body)
        return document

    def until(self, true: Callable[[Metrics], object], seconds: float = 20.0) -> float:
        """Wait until it is so of `/metrics`; return the seconds that it took."""
        began = time.monotonic()
        while not true(self.metrics()):
            passed = time.monotonic() - began
            assert passed < seconds, f"not within {seconds} s:\n{self.log}"
            time.sleep(0.05)
        return time.monotonic() - began

    def tick(self, times: int = 2) -> None:
        """Return after so many more ticks: what was true before has been judged and saved."""
        for _ in range(times):
            before = self.snapshot()["at"]
            deadline = time.monotonic() + START_SECONDS
            while self.snapshot()["at"] == before:
                assert time.monotonic() < deadline, self.log
                time.sleep(0.02)


def clean_environ(folder: Path) -> dict[str, str]:
    """Return our environment without what would set up a monitor or a worker, and a home."""
    ours = ("QUEUE_MONITOR_", "CELERY_", "REFERENCE_APP_", "SENTRY_DSN", "STATE_DIRECTORY", "XDG_")
    others = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return others | {"HOME": str(folder), "TMPDIR": str(folder)}
