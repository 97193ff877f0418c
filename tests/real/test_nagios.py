"""The plugin in the hands of a real Nagios core, a real daemon and a real broker."""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import redis

from monitor.alerts.alert import Alert, Notice
from monitor.channels.exec import ExecChannel
from monitor.channels.settings import ExecSettings
from monitor.channels.webhook import payload
from monitor.demo.broker import EmbeddedBroker
from tests.acceptance.monitor_process import Monitor
from tests.real.nagios import nagios

PASSIVE = Path(__file__).parents[2] / "deploy" / "nagios" / "passive_check.py"
REFERENCE_APP = PASSIVE.with_name("reference-app.cfg")
NOW = 1_763_832_000.0
CAPTURED: dict[str, Any] = {"capture_output": True, "text": True}
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


async def test_notices_become_passive_results(tmp_path: Path) -> None:
    with nagios(tmp_path / "core", {"QueueTooLong": ""}) as checker:
        pipe = str(checker.command_pipe)
        command = (sys.executable, str(PASSIVE), "--host", "celery", "--pipe", pipe)
        settings = ExecSettings(type="exec", name="nagios", command=command)
        async with aiohttp.ClientSession() as session:
            channel = ExecChannel(settings, session, "http://monitor:9808/")
            await channel.send(notice(firing=True))
            found = await asyncio.to_thread(
                checker.until, "QueueTooLong", lambda found: found["current_state"] == CRITICAL
            )
            # The core itself makes colons of semicolons.
            assert found["plugin_output"] == "high: 150 waiting: more/than 100"
            await channel.send(notice(firing=False))
            found = await asyncio.to_thread(
                checker.until, "QueueTooLong", lambda found: found["current_state"] == OK
            )
            assert found["plugin_output"].startswith("resolved: high: 150 waiting")


def test_notices_become_what_send_nsca_reads_and_a_pipe_without_a_reader_fails(
    tmp_path: Path,
) -> None:
    body = json.dumps(payload(notice(firing=True), "http://monitor:9808/"))
    command = [sys.executable, str(PASSIVE), "--host", "celery"]
    found = subprocess.run([*command, "--nsca"], input=body, check=False, **CAPTURED)
    assert found.stdout == "celery\tQueueTooLong\t2\thigh: 150 waiting; more/than 100\n"
    os.mkfifo(tmp_path / "pipe")
    command += ["--pipe", str(tmp_path / "pipe")]
    found = subprocess.run(command, input=body, check=False, **CAPTURED)
    assert (found.returncode, found.stderr) == (1, f"{tmp_path}/pipe: No such device or address\n")


def notice(*, firing: bool) -> Notice:
    labels = {"alertname": "QueueTooLong", "severity": "critical", "queue_name": "high"}
    alert = Alert(
        labels=tuple(sorted(labels.items())),
        fingerprint="f",
        state="firing" if firing else "resolved",
        active_at=NOW,
        started_at=NOW,
        resolved_at=None if firing else NOW + 60,
        summary="high: 150 waiting; more|than\n100",
    )
    return Notice(
        channel="nagios",
        group_key="g",
        group_labels=(),
        firing=(alert,) if firing else (),
        resolved=() if firing else (alert,),
        made_at=NOW,
    )


def test_the_definitions_for_the_reference_app_are_taken_by_nagios(tmp_path: Path) -> None:
    template = """\
define service {
  name generic-service
  contacts oncall
  max_check_attempts 3
  check_interval 1
  retry_interval 1
  check_period always
  register 0
}
"""
    with nagios(tmp_path, {}, more=template + REFERENCE_APP.read_text()) as core:
        # There is neither a monitor nor, maybe, the plugin on the PATH: not known, and no more.
        for service in ("Celery broker", "Celery workers", "Celery queue high"):
            assert core.until(service, lambda fields: fields["plugin_output"])


def test_the_checks_of_the_reference_app_are_ones_that_the_plugin_knows() -> None:
    called = re.findall(r"check_celery!(.*)", REFERENCE_APP.read_text())
    assert len(called) == 5
    for words in called:
        # Nobody listens there, and it says so; wrong usage would not get as far.
        asked = subprocess.run(
            [*CHECK.split(), *words.split(), "--url", "http://127.0.0.1:9"], check=False, **CAPTURED
        )
        assert asked.returncode == int(UNKNOWN)
        assert "127.0.0.1:9" in asked.stdout
