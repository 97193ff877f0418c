"""A queue that is lost while an alert of it fires: the all-clear says that it is none."""

import time
from collections.abc import Callable

import redis
from celery import Celery

from monitor.demo.broker import EmbeddedBroker
from tests.acceptance.monitor_process import Monitor
from tests.acceptance.receiver import Receiver

RULE = {
    "alert": "Backlog",
    "on": "queue",
    "when": "length > 100",
    "summary": "{queue_name}: {length} waiting",
}
FLUSHED = "the broker was flushed: 150 messages before, 0 after"


def test_the_end_of_a_flooded_queue_that_was_flushed_is_told_with_its_reason(
    broker: EmbeddedBroker,
    client: "redis.Redis",
    monitor: Callable[..., Monitor],
    receiver: Receiver,
) -> None:
    receiver.listen()
    daemon = monitor(
        {
            "brokers": [{"url": broker.url}],
            "poll": {"interval": "500ms"},
            "alerts": {"group_wait": "0s", "group_interval": "1s", "rules": [RULE]},
            "channels": [receiver.channel],
        }
    )
    daemon.start()
    with Celery(broker=broker.url, set_as_current=False) as app, app.connection_for_write() as way:
        for _ in range(150):
            app.send_task("app.add", queue="high", connection=way)
    (fired,) = receiver.until(1, alertname="Backlog")
    assert (fired["status"], fired["labels"]["queue_name"]) == ("firing", "high")
    daemon.until(lambda m: m.value("celery_queue_length", queue_name="high") == 150)
    client.flushall()
    flushed_at = time.time()
    fired, ended = receiver.until(2, alertname="Backlog")
    assert ended["status"] == "resolved"
    assert ended["annotations"]["resolved_reason"] == FLUSHED
    # And what is gone is told apart from it.
    (lost,) = receiver.until(1, alertname="MessagesLost")
    assert lost["status"] == "firing"
    assert "at least 150: the broker was flushed" in lost["annotations"]["summary"]
    print(f"the end was told, and the loss {time.time() - flushed_at:.1f} s after the flush")
    metrics = daemon.metrics()
    assert metrics.value("celery_broker_resets_total", reason="flushed") == 1
