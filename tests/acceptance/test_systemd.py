"""What the daemon tells systemd, and whether systemd understands its unit file."""

import re
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

from monitor.demo.broker import EmbeddedBroker
from tests.acceptance.monitor_process import Monitor
from tests.tools import lacking, require_tool

UNIT = Path(__file__).parents[2] / "deploy" / "systemd" / "queue-monitor.service"


def test_systemd_hears_that_it_is_ready_ticks_and_stops(
    broker: EmbeddedBroker, monitor: Callable[..., Monitor], tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(20)
        environ = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "400000"}
        settings = {"brokers": [{"url": broker.url}], "poll": {"interval": "60s"}}
        watched = monitor(settings, environ)
        watched.start()
        heard = [manager.recv(1000).decode()]
        # No poll is due for long, but the watchdog wants a sign of life before.
        while heard.count("WATCHDOG=1") < 20:
            heard.append(manager.recv(1000).decode())
        assert "READY=1" in heard
        assert any(re.fullmatch(r"STATUS=0 queues, 0 workers, \d firing", each) for each in heard)
        assert watched.stop() == 0
        while (last := manager.recv(1000).decode()) != "STOPPING=1":
            assert last


def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    program = require_tool("systemd-analyze")
    unit = tmp_path / UNIT.name
    shutil.copy(UNIT, unit)
    unit.write_text(UNIT.read_text().replace("/opt/queue-monitor/bin/queue-monitor", "/bin/true"))
    found = subprocess.run(
        [program, "verify", str(unit)], capture_output=True, text=True, check=False
    )
    if "Failed to" in found.stderr and "manager" in found.stderr:
        # It asks the kernel for a manager of its own, which some containers refuse.
        lacking(f"systemd-analyze does not work here: {found.stderr}")
    assert [line for line in found.stderr.splitlines() if UNIT.name in line] == []
    assert found.returncode == 0
