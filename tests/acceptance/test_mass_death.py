"""A hundred workers die at once: one page that says so, and one incident."""

import time
from collections.abc import Callable
from typing import Any

import redis

from monitor.demo.broker import EmbeddedBroker
from tests.acceptance.monitor_process import Monitor
from tests.acceptance.receiver import Receiver
from tests.acceptance.test_hostile_input import CHANNEL, heartbeat
from tests.waiting import eventually

WORKERS = [f"worker{n:03}@web{n % 7}" for n in range(100)]
FREQ_SECONDS = 0.5


def incident(pager: Receiver) -> list[dict[str, Any]]:
    """Return the events of the incident of the dead workers; a resolve has nothing but its key."""
    keys = {event["dedup_key"] for event in pager.notices if "WorkerDead" in str(event)}
    assert len(keys) == 1
    return [event for event in pager.notices if event["dedup_key"] in keys]


def told_of_deaths(receiver: Receiver) -> list[dict[str, Any]]:
    """Return the notices about dead workers."""
    return [n for n in receiver.notices if n["groupLabels"]["alertname"] == "WorkerDead"]


def test_a_hundred_dead_workers_are_one_page_and_one_incident(
    broker: EmbeddedBroker,
    client: "redis.Redis",
    monitor: Callable[..., Monitor],
    receiver: Receiver,
) -> None:
    with Receiver() as pager:
        receiver.listen()
        pager.listen()
        pagerduty = {
            "type": "pagerduty",
            "routing_key": "0123456789abcdef0123456789abcdef",
            "url": pager.channel["url"],
        }
        daemon = monitor(
            {
                # Nobody can be asked: silence alone tells, and these workers are made up.
                "brokers": [{"url": broker.url, "control": False}],
                "poll": {"interval": "200ms"},
                "workers": {"forget_after": "4s"},
                "alerts": {"group_interval": "1s"},
                "channels": [receiver.channel, pagerduty],
            }
        )
        daemon.start()
        began = time.monotonic()
        while time.monotonic() - began < 3.0:
            for hostname in WORKERS:
                client.publish(CHANNEL, heartbeat(hostname=hostname, freq=FREQ_SECONDS))
            time.sleep(FREQ_SECONDS / 2)
        assert daemon.metrics().value("celery_worker_up", hostname=WORKERS[0]) == 1
        receiver.until(len(WORKERS), alertname="WorkerDead")
        # All are forgotten after a while, and their alerts are over.
        daemon.until(
            lambda m: (
                m.value("queue_monitor_alerts", alertname="WorkerDead", state="firing") in (0, None)
            )
        )
        # They may be forgotten over several ticks, and so be told in several notices.
        assert eventually(lambda: told_of_deaths(receiver)[-1]["status"] == "resolved", 20), (
            receiver.notices
        )
        firing, *others = told_of_deaths(receiver)
        assert len(firing["alerts"]) == len(WORKERS)
        assert firing["commonLabels"] == {
            "alertname": "WorkerDead",
            "broker": "default",
            "severity": "warning",
        }
        assert {notice["groupKey"] for notice in others} == {firing["groupKey"]}
        assert eventually(lambda: incident(pager)[-1]["event_action"] == "resolve", 20), (
            pager.notices
        )
        first = incident(pager)[0]
        assert first["event_action"] == "trigger"
        summary = first["payload"]["summary"]
        assert WORKERS[0] in summary
        assert "100" in summary
