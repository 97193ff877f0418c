"""What is told survives crashes of the monitor and outages of the receiver."""

import random
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import redis

from monitor.demo.metrics import Metrics
from tests.acceptance.monitor_process import Monitor
from tests.acceptance.receiver import Receiver

MINUTE_SECONDS = 60.0


def backlog_of(queue: str) -> dict[str, Any]:
    """Return a rule for one queue alone: /metrics counts alerts by the names of their rules."""
    return {
        "alert": f"Backlog_{queue}",
        "on": "queue",
        "where": {"queue_name": queue},
        "when": "length > 10",
    }


@pytest.fixture
def daemon(daemon: Monitor) -> Monitor:
    rules = {"rules": [backlog_of("high"), backlog_of("low")]}
    daemon.settings = {**daemon.settings, "alerts": daemon.settings["alerts"] | rules}
    return daemon


def flood(client: "redis.Redis", queue: str) -> None:
    client.lpush(queue, *["{}"] * 20)


def firing(metrics: Metrics, queue: str) -> bool:
    labels = {"alertname": f"Backlog_{queue}", "state": "firing"}
    return metrics.value("queue_monitor_alerts", **labels) == 1


def notices(metrics: Metrics, outcome: str) -> float:
    return metrics.value("queue_monitor_notifications_total", outcome=outcome) or 0


def statuses(receiver: Receiver, queue: str) -> list[str]:
    return [alert["status"] for alert in receiver.alerts(alertname=f"Backlog_{queue}")]


def test_a_killed_monitor_neither_repeats_what_it_told_nor_forgets_the_resolve(
    daemon: Monitor, receiver: Receiver, client: "redis.Redis"
) -> None:
    receiver.listen()
    daemon.start()
    flood(client, "high")
    (told,) = receiver.until(1)
    daemon.until(lambda m: notices(m, "delivered") == 1)
    daemon.tick()
    daemon.kill()
    daemon.start()
    daemon.until(lambda m: firing(m, "high"))
    # Time enough for a second notice, which would be due now.
    daemon.tick(10)
    client.delete("high")
    _, resolved = receiver.until(2)
    assert statuses(receiver, "high") == ["firing", "resolved"]
    assert resolved["fingerprint"] == told["fingerprint"]
    assert resolved["startsAt"] == told["startsAt"]


def test_an_alert_that_ended_while_the_monitor_was_killed_is_resolved_after_its_start(
    daemon: Monitor, receiver: Receiver, client: "redis.Redis"
) -> None:
    receiver.listen()
    daemon.start()
    flood(client, "high")
    receiver.until(1)
    daemon.until(lambda m: notices(m, "delivered") == 1)
    daemon.tick()
    daemon.kill()
    client.delete("high")
    daemon.start()
    receiver.until(2)
    assert statuses(receiver, "high") == ["firing", "resolved"]


def test_a_notice_that_was_not_delivered_is_delivered_by_the_monitor_that_is_started_next(
    daemon: Monitor, receiver: Receiver, client: "redis.Redis"
) -> None:
    daemon.start()
    flood(client, "high")
    daemon.until(lambda m: notices(m, "failed") >= 1)
    daemon.tick()
    assert b"Channel webhook: the latest notice did not arrive" in daemon.get("/")[1]
    # This one ends untold, and it is the crash that must not swallow it.
    flood(client, "low")
    daemon.until(lambda m: firing(m, "low"))
    client.delete("low")
    daemon.until(lambda m: not firing(m, "low"))
    daemon.tick()
    daemon.kill()
    receiver.listen()
    daemon.start()
    receiver.until(2)
    daemon.tick(10)
    assert statuses(receiver, "high") == ["firing"]
    assert statuses(receiver, "low") == ["resolved"]


@pytest.mark.parametrize(
    "down_seconds", [5.0, pytest.param(MINUTE_SECONDS, marks=pytest.mark.soak)]
)
@pytest.mark.timeout(240)
def test_what_happened_while_the_receiver_was_down_is_told_once_it_is_back(
    daemon: Monitor, receiver: Receiver, client: "redis.Redis", down_seconds: float
) -> None:
    daemon.start()
    flood(client, "high")
    flood(client, "low")
    daemon.until(lambda m: firing(m, "high") and firing(m, "low"))
    down_since = time.monotonic()
    # One ends before anybody could be told of it, and the other goes on.
    client.delete("low")
    daemon.until(lambda m: not firing(m, "low"))
    daemon.until(
        lambda m: time.monotonic() - down_since > down_seconds and notices(m, "failed") >= 2,
        2 * down_seconds,
    )
    receiver.listen()
    # The pauses between two tries double, so that the next is no further away than the first.
    receiver.until(2, 2 * down_seconds + 5)
    daemon.tick(10)
    (high,) = receiver.alerts(alertname="Backlog_high")
    assert (high["status"], high["endsAt"]) == ("firing", "0001-01-01T00:00:00Z")
    (low,) = receiver.alerts(alertname="Backlog_low")
    assert low["status"] == "resolved"
    started, ended = (datetime.fromisoformat(low[key]) for key in ("startsAt", "endsAt"))
    assert started < ended
    assert len(receiver.notices) == 2
    client.delete("high")
    receiver.until(3)
    assert statuses(receiver, "high") == ["firing", "resolved"]


@pytest.mark.parametrize("kills", [4, pytest.param(100, marks=pytest.mark.soak)])
@pytest.mark.timeout(1200)
def test_whenever_the_monitor_is_killed_every_receivers_last_word_is_the_truth(
    daemon: Monitor, receiver: Receiver, client: "redis.Redis", kills: int
) -> None:
    with Receiver() as other:
        named = {**other.channel, "name": "other"}
        daemon.settings = {**daemon.settings, "channels": [receiver.channel, named]}
        receiver.listen()
        other.listen()
        rng = random.Random(kills)
        for _ in range(kills):
            daemon.launch()
            daemon.logged("msg=listening")
            # The moments that matter lie close together: noticed, saved, sent, delivered, saved.
            for queue in rng.sample(("high", "low"), rng.randint(1, 2)):
                flood(client, queue)
                time.sleep(rng.uniform(0.0, 0.4))
                if rng.random() < 0.6:
                    client.delete(queue)
                    time.sleep(rng.uniform(0.0, 1.5))
            daemon.kill()
        flood(client, "high")
        client.delete("low")
        daemon.start()
        daemon.until(lambda m: firing(m, "high") and not firing(m, "low"))
        # Longer than a group waits for its next notice.
        daemon.tick(15)
        for each in (receiver, other):
            words = last_words(each)
            assert words["high"] == "firing"
            assert words.get("low", "resolved") == "resolved"
            unresolved = told_and_not_resolved(each)
            assert len(unresolved) == 1, unresolved


def test_a_channel_that_refuses_is_told_of_by_the_others_once(
    daemon: Monitor, receiver: Receiver, client: "redis.Redis"
) -> None:
    with Receiver() as refusing:
        receiver.listen()
        refusing.listen()
        refusing.status = 404
        settings = dict(daemon.settings)
        settings["alerts"] = settings["alerts"] | {"builtin": True}
        settings["channels"] = [receiver.channel, {**refusing.channel, "name": "gone"}]
        daemon.settings = settings
        daemon.start()
        flood(client, "high")
        (told,) = receiver.until(1, alertname="NotificationsFailing")
        assert told["labels"]["channel"] == "gone"
        assert told["annotations"]["summary"] == "notices do not arrive at gone: HTTP 404 Not Found"
        metrics = daemon.metrics()
        assert metrics.value("queue_monitor_channel_refused_groups", channel="gone") == 1
        assert metrics.value("queue_monitor_channel_refused_groups", channel="webhook") == 0
        assert b"HTTP 404" in daemon.get("/")[1]
        daemon.tick(15)
        assert len(receiver.alerts(alertname="NotificationsFailing")) == 1
        assert refusing.alerts(alertname="NotificationsFailing") == []


def last_words(receiver: Receiver) -> dict[str, str]:
    """Return by queue what was last said of its alert."""
    return {alert["labels"]["queue_name"]: alert["status"] for alert in receiver.alerts()}


def told_and_not_resolved(receiver: Receiver) -> set[tuple[str, str]]:
    """Return the incarnations that were told as firing and never as resolved."""
    by_status: dict[str, set[tuple[str, str]]] = {"firing": set(), "resolved": set()}
    for alert in receiver.alerts():
        by_status[alert["status"]].add((alert["fingerprint"], alert["startsAt"]))
    return by_status["firing"] - by_status["resolved"]


def test_two_monitors_of_one_broker_speak_with_one_voice(
    daemon: Monitor, monitor: Callable[..., Monitor], receiver: Receiver, client: "redis.Redis"
) -> None:
    receiver.listen()
    second = monitor({key: daemon.settings[key] for key in ("brokers", "poll", "alerts")})
    second.settings = {**second.settings, "channels": [receiver.channel]}
    daemon.start()
    second.start()
    flood(client, "high")
    first_word, second_word = receiver.until(2)
    assert len({notice["groupKey"] for notice in receiver.notices}) == 1
    assert first_word["fingerprint"] == second_word["fingerprint"]
    assert first_word["labels"] == second_word["labels"]
    # Either may die: the other tells the end.
    daemon.kill()
    client.delete("high")
    receiver.until(3)
    second.tick(10)
    assert statuses(receiver, "high") == ["firing", "firing", "resolved"]
    assert len({notice["groupKey"] for notice in receiver.notices}) == 1
