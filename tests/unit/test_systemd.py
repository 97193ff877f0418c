import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.systemd import Systemd


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind(str(tmp_path / "notify"))
        bound.setblocking(False)
        yield bound


def told(manager: socket.socket) -> list[str]:
    messages = []
    while True:
        try:
            messages.append(manager.recv(4096).decode())
        except BlockingIOError:
            return messages


def test_the_manager_is_told_what_it_asks_for(manager: socket.socket) -> None:
    environ = {"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "30000000"}
    systemd = Systemd(environ)
    assert systemd.watchdog_seconds == 30.0
    systemd.ticked("starting", ready=False)
    systemd.ticked("1 broker", ready=True)
    systemd.ticked("1 broker", ready=True)
    systemd.stopping()
    assert told(manager) == [
        "WATCHDOG=1",
        "STATUS=starting",
        "READY=1",
        "WATCHDOG=1",
        "STATUS=1 broker",
        "WATCHDOG=1",
        "STOPPING=1",
    ]


def test_an_abstract_socket_will_do() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind("\0queue-monitor-" + str(os.getpid()))
        Systemd({"NOTIFY_SOCKET": "@queue-monitor-" + str(os.getpid())}).stopping()
        assert bound.recv(100) == b"STOPPING=1"


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "1500000"}, 1.5),
        ({"WATCHDOG_USEC": "1500000", "WATCHDOG_PID": str(os.getpid())}, 1.5),
        ({"WATCHDOG_USEC": "1500000", "WATCHDOG_PID": "1"}, None),
    ],
)
def test_a_watchdog_is_fed_only_where_it_watches_this_process(
    environ: dict[str, str], seconds: float | None
) -> None:
    assert Systemd(environ).watchdog_seconds == seconds


@pytest.mark.parametrize("address", ["", "/nowhere/at/all"])
def test_nobody_listening_is_no_error(address: str) -> None:
    systemd = Systemd({"NOTIFY_SOCKET": address} if address else {})
    systemd.ticked("fine", ready=True)
    systemd.stopping()


def test_the_first_tick_after_reading_the_settings_again_says_that_it_is_done(
    manager: socket.socket,
) -> None:
    systemd = Systemd({"NOTIFY_SOCKET": manager.getsockname()})
    systemd.ticked("fine", ready=True)
    systemd.reloading(12.5)
    systemd.ticked("fine", ready=True)
    assert told(manager) == [
        "READY=1",
        "STATUS=fine",
        "RELOADING=1\nMONOTONIC_USEC=12500000",
        "READY=1",
    ]
