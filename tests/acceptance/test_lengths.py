"""Queue lengths from publisher to `/metrics`, whatever the transport options are."""

from collections.abc import Callable
from typing import Any

import redis
from celery import Celery

from monitor.demo.broker import EmbeddedBroker
from monitor.demo.metrics import Metrics
from tests.acceptance.monitor_process import Monitor

OTHER_OPTIONS = {"global_keyprefix": "acme:", "sep": ":", "priority_steps": [0, 2, 4, 6, 8]}


def send_ten_at_each_of_four_priorities(url: str, transport_options: dict[str, Any]) -> None:
    app = Celery(broker=url)
    app.conf.broker_transport_options = transport_options
    with app.connection_for_write() as connection:
        for priority in (0, 3, 6, 9) * 10:
            app.send_task("app.add", queue="high", priority=priority, connection=connection)
    app.close()


def test_forty_messages_at_four_priorities_are_forty(
    broker: EmbeddedBroker, client: "redis.Redis", monitor: Callable[..., Monitor]
) -> None:
    send_ten_at_each_of_four_priorities(broker.url, {})
    send_ten_at_each_of_four_priorities(broker.url, OTHER_OPTIONS)
    daemon = monitor(
        {
            "brokers": [
                {"name": "plain", "url": broker.url},
                {"name": "other", "url": broker.url, "transport_options": OTHER_OPTIONS},
            ]
        }
    )
    daemon.start()

    def lengths(metrics: Metrics) -> dict[str, float]:
        high = metrics.where("celery_queue_length", queue_name="high")
        return {labels["broker"]: value for labels, value in high}

    daemon.until(lambda m: lengths(m) == {"plain": 40, "other": 40})
    by_priority = daemon.metrics().where("celery_queue_priority_length", queue_name="high")
    assert {(labels["broker"], labels["priority"]): value for labels, value in by_priority} == {
        **{("plain", step): 10 for step in ("0", "3", "6", "9")},
        # kombu puts a priority into the step below it.
        **{("other", step): 10 for step in ("0", "2", "6", "8")},
        ("other", "4"): 0,
    }
