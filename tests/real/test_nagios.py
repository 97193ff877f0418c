"""The plugin in the hands of a real Nagios core, a real daemon and a real broker."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from monitor.demo.broker import EmbeddedBroker
from tests.acceptance.monitor_process import Monitor
from tests.real.nagios import nagios

CHECK = f"{sys.executable} -m monitor check"
BINDING = ("_kombu.binding.high", "high\x06\x16\x06\x16high")
OK, WARNING, CRITICAL, UNKNOWN = "0123"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker(tmp_path) as server:
        yield server


@pytest.fixture
def daemon(tmp_path: Path, broker: EmbeddedBroker) -> Iterator[Monitor]:
    folder = tmp_path / "monitor"
    folder.mkdir()
    queues = {"names": ["high"]}
    settings = {"brokers": [{"url": broker.url, "queues": queues}]}
    monitor = Monitor(folder, {**settings, "poll": {"interval": "500ms"}})
    monitor.start()
    yield monitor
    monitor.kill()


@pytest.mark.parametrize("way", ["url", "broker"])
def test_nagios_sees_a_queue_fill_vanish_and_come_back(
    way: str, tmp_path: Path, broker: EmbeddedBroker, daemon: Monitor
) -> None:
    where = f"--url http://127.0.0.1:{daemon.port}" if way == "url" else f"--broker {broker.url}"
    command = f"{CHECK} queues --queue high --warning 10 --critical 50 {where}"
    core = tmp_path / "core"
    with redis.Redis(port=broker.port) as client, nagios(core, {"high": command}) as checker:
        client.sadd(*BINDING)
        well = checker.until("high", lambda found: found["current_state"] == OK)
        assert well["plugin_output"] == "QUEUES OK - high: length 0"
        client.lpush("high", *["{}"] * 20)
        found = checker.until("high", lambda found: found["current_state"] == WARNING)
        assert found["plugin_output"] == "QUEUES WARNING - high: length 20 (outside 10)"
        client.lpush("high", *["{}"] * 80)
        found = checker.until("high", lambda found: found["current_state"] == CRITICAL)
        assert found["performance_data"].split()[0] == "high_length=100;10;50"
        broker.stop()
        found = checker.until("high", lambda found: found["current_state"] == UNKNOWN)
        assert "cannot be read" in found["plugin_output"]
        broker.start()
        client.sadd(*BINDING)  # as the first worker that comes back does
        checker.until("high", lambda found: found["current_state"] == OK)
        drawn = " ".join(checker.drawn("high"))
        for value in ("high_length=0;10;50", "high_length=20;10;50", "high_length=100;10;50"):
            assert value in drawn


def test_nagios_takes_wrong_usage_and_a_daemon_that_is_not_there_for_unknown(
    tmp_path: Path,
) -> None:
    services = {
        "usage": f"{CHECK} queues --warning x",
        "nobody": f"{CHECK} queues --url http://127.0.0.1:1",
    }
    with nagios(tmp_path / "core", services) as checker:
        for name in services:
            found = checker.until(name, lambda found: found["current_state"] == UNKNOWN)
            assert found["plugin_output"].startswith("QUEUES UNKNOWN - ")
