"""The daemon beside a real Prometheus that scrapes it and real Alertmanagers that tell for it."""

import asyncio
import json
import random
import re
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import redis
import yaml

from monitor.demo import processes
from monitor.demo.broker import EmbeddedBroker
from tests.acceptance.monitor_process import Monitor
from tests.acceptance.receiver import Receiver
from tests.real.test_prometheus import prometheus
from tests.tools import require_tool
from tests.waiting import eventually

WAIT_SECONDS = 30
QUIET_SECONDS = 5.0
"""Longer than a group interval and the pause between two clustered instances: who would tell
a second time has done so."""


class Alertmanager:
    """One instance, which tells the webhook of `told`."""

    def __init__(self, folder: Path, told: Receiver, *peers: str) -> None:
        folder.mkdir()
        self._log_file = folder / "log"
        config = folder / "alertmanager.yml"
        route = {"receiver": "tests", "group_by": ["alertname"], "group_wait": "500ms"}
        webhook = {"url": told.channel["url"], "send_resolved": True}
        config.write_text(
            yaml.safe_dump(
                {
                    "route": {**route, "group_interval": "3s", "repeat_interval": "1h"},
                    "receivers": [{"name": "tests", "webhook_configs": [webhook]}],
                }
            )
        )
        command = [
            require_tool("prometheus-alertmanager"),
            f"--config.file={config}",
            f"--storage.path={folder / 'data'}",
            "--web.listen-address=127.0.0.1:0",
            "--cluster.listen-address=127.0.0.1:0",
            "--cluster.settle-timeout=1s",
            "--cluster.gossip-interval=50ms",
            "--cluster.peer-timeout=1s",
            *(f"--cluster.peer={peer}" for peer in peers),
        ]
        self.process = processes.start(command, log_file=self._log_file, environ={})
        address = _found(self._log_file, r'msg="Listening on" address=(\S+)')
        self.url = f"http://{address}"

    def status(self) -> dict[str, Any]:
        url = f"{self.url}/api/v2/status"
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - http, and ours
            document: dict[str, Any] = json.load(answer)
        return document

    def peers(self) -> list[str]:
        return [peer["address"] for peer in self.status()["cluster"].get("peers", [])]


def _found(log: Path, pattern: str) -> str:
    deadline = time.monotonic() + WAIT_SECONDS
    while not (found := re.search(pattern, log.read_text())):
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)
    return found[1]


@pytest.fixture
def alertmanagers(tmp_path: Path) -> Iterator[Callable[..., list[Alertmanager]]]:
    with ExitStack() as stack:

        def make(told: Receiver, count: int) -> list[Alertmanager]:
            made: list[Alertmanager] = []
            for number in range(count):
                peers = made[0].peers() if made else []
                made.append(Alertmanager(tmp_path / f"am{number}", told, *peers))
                stack.callback(processes.kill, made[-1].process)
            assert eventually(
                lambda: all(len(each.peers()) == count for each in made), WAIT_SECONDS
            ), [each.status() for each in made]
            return made

        yield make


def settings(broker_url: str, instances: list[Alertmanager]) -> dict[str, Any]:
    rule = {"alert": "Backlog", "on": "queue", "when": "length > 10", "severity": "critical"}
    return {
        "brokers": [{"url": broker_url, "queues": {"names": ["high"]}}],
        "poll": {"interval": "200ms"},
        "alerts": {"builtin": False, "rules": [rule]},
        "channels": [{"type": "alertmanager", "urls": [each.url for each in instances]}],
    }


@pytest.mark.parametrize(("daemons", "instances"), [(1, 1), (1, 2), (2, 2)])
async def test_each_alert_and_its_end_is_one_webhook(
    broker: EmbeddedBroker,
    client: "redis.Redis",
    monitor: Callable[..., Monitor],
    receiver: Receiver,
    alertmanagers: Callable[..., list[Alertmanager]],
    tmp_path: Path,
    daemons: int,
    instances: int,
) -> None:
    receiver.listen()
    running = alertmanagers(receiver, instances)
    made = [monitor(settings(broker.url, running)) for _ in range(daemons)]
    for each in made:
        each.start()
    folder = tmp_path / "prometheus"
    folder.mkdir()
    async with prometheus(require_tool("prometheus"), folder, made[0].port) as ask:
        client.lpush("high", *["{}"] * 20)
        await asyncio.to_thread(receiver.until, 1, WAIT_SECONDS, alertname="Backlog")
        query = 'queue_monitor_alerts{alertname="Backlog",state="firing"}'
        assert await ask.value(query) == 1
    if daemons > 1:
        # Whoever takes over keeps up what the other told.
        made[0].kill()
    client.delete("high")
    await asyncio.to_thread(receiver.until, 2, WAIT_SECONDS, alertname="Backlog")
    await asyncio.sleep(QUIET_SECONDS)
    told = receiver.alerts(alertname="Backlog")
    assert [alert["status"] for alert in told] == ["firing", "resolved"]
    assert told[0]["labels"] == {
        "alertname": "Backlog",
        "broker": "default",
        "queue_name": "high",
        "severity": "critical",
    }


def incidents(pager: Receiver) -> list[str]:
    """Return for each incident that was opened whether it is `open` or `closed` by now."""
    found: list[str] = []
    for event in pager.notices:
        is_open = found[-1:] == ["open"]
        if event["event_action"] == "trigger" and not is_open:
            found.append("open")
        elif event["event_action"] == "resolve" and is_open:
            found[-1] = "closed"
    return found


def until_incidents(pager: Receiver, wanted: list[str]) -> None:
    assert eventually(lambda: incidents(pager) == wanted, WAIT_SECONDS), pager.notices


@pytest.mark.parametrize(
    "rounds", [2, pytest.param(20, marks=[pytest.mark.soak, pytest.mark.timeout(900)])]
)
def test_either_of_two_monitors_may_be_killed_at_any_moment(
    broker: EmbeddedBroker,
    client: "redis.Redis",
    monitor: Callable[..., Monitor],
    receiver: Receiver,
    alertmanagers: Callable[..., list[Alertmanager]],
    rounds: int,
) -> None:
    with Receiver() as pager:
        receiver.listen()
        pager.listen()
        made = settings(broker.url, alertmanagers(receiver, 2))
        key = "0123456789abcdef0123456789abcdef"
        made["channels"].append(
            {"type": "pagerduty", "routing_key": key, "url": pager.channel["url"]}
        )
        made["alerts"] |= {"group_wait": "500ms", "group_interval": "1s"}
        pair = [monitor(made), monitor(made)]
        for each in pair:
            each.start()
        rng = random.Random(rounds)
        for number in range(1, rounds + 1):
            victim = rng.choice(pair)
            during_the_end = rng.random() < 0.5
            client.lpush("high", *["{}"] * 20)
            if not during_the_end:
                time.sleep(rng.uniform(0.0, 1.5))
                victim.kill()
            receiver.until(2 * number - 1, WAIT_SECONDS, alertname="Backlog")
            until_incidents(pager, [*["closed"] * (number - 1), "open"])
            client.delete("high")
            if during_the_end:
                time.sleep(rng.uniform(0.0, 1.5))
                victim.kill()
            receiver.until(2 * number, WAIT_SECONDS, alertname="Backlog")
            until_incidents(pager, ["closed"] * number)
            victim.start()
        time.sleep(QUIET_SECONDS)
        told = [alert["status"] for alert in receiver.alerts(alertname="Backlog")]
        assert told == ["firing", "resolved"] * rounds
        assert incidents(pager) == ["closed"] * rounds
        assert len({event["dedup_key"] for event in pager.notices}) == 1
