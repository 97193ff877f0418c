"""`queue-monitor top` as a program: printed once, and alive in a real terminal."""

import contextlib
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from fcntl import ioctl
from pathlib import Path
from typing import Any

import pytest
import redis

from monitor.demo import processes
from monitor.demo.broker import EmbeddedBroker
from tests.acceptance.monitor_process import Monitor, clean_environ

TOP = [sys.executable, "-m", "monitor", "top"]
SECONDS = 20.0
NEVER_SEES = """
import threading, time
from monitor.top.choice import Choice
from monitor.top.live import Session

Session(threading.Event().wait, "nowhere", Choice(), time.monotonic).run(1.0)
"""


@pytest.fixture
def watching(
    broker: EmbeddedBroker,
    client: "redis.Redis",
    monitor: Callable[..., Monitor],
    worker: Callable[..., processes.Process],
) -> Monitor:
    """A daemon that sees a worker, an empty queue and one that nobody consumes."""
    client.sadd("_kombu.binding.left", "left\x06\x16\x06\x16left")
    client.lpush("left", *["{}"] * 7)
    worker("-n", "high@here", "-Q", "high", "-c", "1")
    made = monitor({"brokers": [{"url": broker.url}], "poll": {"interval": "500ms"}})
    made.start()
    made.until(lambda m: m.value("celery_worker_up", hostname="high@here") == 1)
    made.until(lambda m: m.value("celery_active_worker_count", queue_name="high") == 1)
    return made


@pytest.fixture
def url(watching: Monitor) -> str:
    """The URL of that daemon."""
    return f"http://127.0.0.1:{watching.port}"


def once(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*TOP, "--once", *options], capture_output=True, text=True, check=False, timeout=SECONDS
    )


def seen(*options: str) -> dict[str, Any]:
    found = once("--format", "json", *options)
    assert (found.returncode, found.stderr) == (0, "")
    document: dict[str, Any] = json.loads(found.stdout)
    return document


def test_the_daemon_and_the_broker_are_seen_alike(url: str, broker: EmbeddedBroker) -> None:
    for where in (("--url", url), ("--broker", broker.url)):
        document = seen(*where)
        (left,) = (row for row in document["queues"] if row["queue_name"] == "left")
        assert (left["length"], left["workers"], left["status"]) == (7, 0, "abandoned")
        (worker,) = document["workers"]
        assert (worker["hostname"], worker["status"]) == ("high@here", "online")
        assert worker["queues"] == ["high"]
        assert document["queues"][0] == left
        assert document["brokers"][0]["up"] is True
        table = once(*where, "--filter", "left")
        assert table.returncode == 0
        assert re.search(r"^left +abandoned +7 ", table.stdout, re.MULTILINE)
        assert "high@here" not in table.stdout


def test_what_cannot_be_seen_ends_with_1_and_a_reason(client: "redis.Redis") -> None:
    daemon = once("--url", "http://127.0.0.1:1")
    assert (daemon.returncode, daemon.stdout) == (1, "")
    assert "http://127.0.0.1:1 cannot be asked: Connection refused" in daemon.stderr
    broker = once("--broker", "redis://127.0.0.1:1/0")
    assert broker.returncode == 1
    assert "DOWN" in broker.stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--url", "http://x", "--broker", "redis://x"), "give --url"),
        (("--broker", "amqp://x"), "scheme 'amqp' is not supported"),
        (("--password-file", "/nowhere"), "No such file"),
        (("--interval", "0"), "is not a number of seconds"),
    ],
)
def test_wrong_usage_ends_with_2(options: tuple[str, ...], message: str) -> None:
    found = once(*options)
    assert found.returncode == 2
    assert message in found.stderr


def test_without_a_terminal_it_asks_for_once() -> None:
    found = subprocess.run(
        TOP, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert (found.returncode, "give --once" in found.stderr) == (2, True)


class Terminal:
    """A program in a terminal of its own."""

    def __init__(self, command: list[str], folder: Path) -> None:
        environ = clean_environ(folder) | {"TERM": "xterm-256color"}
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.execve(command[0], command, environ)  # noqa: S606 - it is our own program
        ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 120, 0, 0))
        self._text = ""

    def press(self, keys: str) -> None:
        """Press `keys`; what was shown before is forgotten."""
        self._text = ""
        os.write(self._fd, keys.encode())

    def until(self, shown: Callable[[str], object]) -> str:
        """Return what it has shown once it is so."""
        deadline = time.monotonic() + SECONDS
        while not shown(self._text):
            assert time.monotonic() < deadline, self._text[-3000:]
            if select.select([self._fd], [], [], 0.1)[0]:
                with contextlib.suppress(OSError):  # it has ended
                    self._text += os.read(self._fd, 65_536).decode(errors="replace")
        return self._text

    def ended(self) -> int:
        """Return its exit status, once it has ended."""
        deadline = time.monotonic() + SECONDS
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                return os.waitstatus_to_exitcode(status)
            assert time.monotonic() < deadline
            with contextlib.suppress(OSError):  # it has closed its terminal
                if select.select([self._fd], [], [], 0.05)[0]:
                    os.read(self._fd, 65_536)

    def close(self) -> None:
        """End it, however it is."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._fd)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def open_(*options: str) -> Terminal:
        opened.append(Terminal([*TOP, *options], tmp_path))
        return opened[-1]

    yield open_
    for each in opened:
        each.close()


def test_it_lives_in_a_terminal_and_obeys_keys(
    url: str, client: "redis.Redis", terminal: Callable[..., Terminal]
) -> None:
    screen = terminal("--url", url, "--interval", "0.2")
    screen.until(lambda text: "left" in text and "high@here" in text and "sorted by worst" in text)
    client.lpush("left", *["{}"] * 1_993)
    screen.press("s")
    screen.until(lambda text: "sorted by name" in text and "2,000" in text)
    screen.press("/left")
    screen.until(lambda text: "filter: left" in text and "Queues (1)" in text)
    screen.press("\r")
    screen.press("\x1b")
    screen.until(lambda text: "Workers (1)" in text and "filter: left" not in text[-1500:])
    screen.press("q")
    assert screen.ended() == 0


def test_when_the_daemon_goes_what_was_seen_is_not_live(
    watching: Monitor, url: str, terminal: Callable[..., Terminal]
) -> None:
    screen = terminal("--url", url, "--interval", "0.2")
    screen.until(lambda text: "left" in text)
    watching.kill()
    screen.until(lambda text: "NOT LIVE" in text and "Connection refused" in text)
    screen.press("\x03")
    assert screen.ended() == 130


def test_who_quits_does_not_wait_for_a_look(tmp_path: Path) -> None:
    screen = Terminal([sys.executable, "-c", NEVER_SEES], tmp_path)
    try:
        screen.until(lambda text: "looking" in text)
        screen.press("q")
        assert screen.ended() == 0
    finally:
        screen.close()
