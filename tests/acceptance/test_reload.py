"""Settings that change while the monitor runs: at SIGHUP, and by POST /-/reload."""

import re
import signal
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
import redis

from monitor.demo.broker import EmbeddedBroker
from tests.acceptance.monitor_process import Monitor
from tests.acceptance.receiver import Receiver
from tests.waiting import eventually

RELOAD_OK = "queue_monitor_config_last_reload_successful"


@pytest.fixture
def running(broker: EmbeddedBroker, monitor: Callable[..., Monitor]) -> Monitor:
    made = monitor({"brokers": [{"url": broker.url}], "poll": {"interval": "500ms"}})
    made.start()
    return made


def post(monitor: Monitor, **headers: str) -> tuple[int, str]:
    status, said = monitor.ask("POST", "/-/reload", **headers)
    return status, said.decode()


def rule(name: str, when: str, for_: str = "0s") -> dict[str, Any]:
    return {"alert": name, "on": "queue", "when": when, "for": for_, "severity": "warning"}


def wait_for_alerts(monitor: Monitor, wanted: set[tuple[str, str]]) -> None:
    """Return as soon as the live alerts are `wanted`, by name and state."""

    def live() -> set[tuple[str, str]]:
        return {
            (alert["labels"]["alertname"], alert["state"])
            for alert in monitor.snapshot()["alerts"]
            if alert["state"] != "resolved"
        }

    assert eventually(lambda: live() == wanted, 20), live()


def test_rules_and_channels_change_and_what_goes_on_goes_on(
    running: Monitor, client: "redis.Redis", receiver: Receiver
) -> None:
    alerts = {"builtin": False, "group_wait": "0s"}
    client.sadd("_kombu.binding.high", "high\x06\x16\x06\x16high")
    client.lpush("high", "{}")
    rules = [rule("Some", "length > 0"), rule("Later", "length > 0", "1h")]
    running.rewrite({"alerts": {**alerts, "rules": rules}})
    assert post(running) == (200, "reloaded\n")
    wait_for_alerts(running, {("Some", "firing"), ("Later", "pending")})
    since = {a["labels"]["alertname"]: a["active_at"] for a in running.snapshot()["alerts"]}

    receiver.listen()
    channels = [receiver.channel]
    rules.append(rule("Many", "length > 99"))
    running.rewrite({"alerts": {**alerts, "rules": rules}, "channels": channels})
    running.hang_up()
    receiver.until(1, alertname="Some")
    again = {a["labels"]["alertname"]: a["active_at"] for a in running.snapshot()["alerts"]}
    assert again == since

    running.rewrite({"alerts": {**alerts, "rules": rules[1:]}, "channels": channels})
    assert post(running) == (200, "reloaded\n")
    wait_for_alerts(running, {("Later", "pending")})


def test_bad_settings_leave_in_force_what_was_and_say_so(running: Monitor) -> None:
    assert running.metrics().value(RELOAD_OK) == 1
    running.rewrite({"alerts": {"group_wait": "soon", "group_interval": "often"}})
    status, said = post(running)
    assert status == 500
    assert "config.yaml:" in said
    assert "alerts.group_wait" in said
    running.until(lambda metrics: metrics.value(RELOAD_OK) == 0)
    shown = running.get("/")[1].decode()
    (notice,) = re.findall("<li>(The settings are not in force: .+?)</li>", shown)
    first, second = unescape(notice).split("; ")
    assert "alerts.group_wait: " in first and "\\" not in first
    assert "alerts.group_interval: " in second
    running.rewrite({})
    assert post(running)[0] == 200
    running.until(lambda metrics: metrics.value(RELOAD_OK) == 1)


def test_what_needs_a_restart_is_named(running: Monitor) -> None:
    running.rewrite({"poll": {"interval": "1s"}, "workers": {"patience": "1m"}})
    assert post(running) == (200, "reloaded; changes in poll, workers wait for a restart\n")
    assert b"Changes in poll, workers wait for a restart." in running.get("/")[1]


@pytest.mark.parametrize(
    "headers", [{"X-Forwarded-For": "10.0.0.1"}, {"Host": "evil.example"}, {"Origin": "null"}]
)
def test_a_stranger_may_not_reload(running: Monitor, headers: dict[str, str]) -> None:
    assert post(running, **headers)[0] == 403
    assert running.get("/-/reload")[0] == 405


def test_a_hang_up_does_not_end_it(running: Monitor) -> None:
    for _ in range(3):
        running.hang_up()
    running.tick()
    assert running.stop(signal.SIGTERM) == 0
