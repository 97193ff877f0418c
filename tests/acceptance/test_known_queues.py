"""A queue that nothing speaks of any more is still known, until it is forgotten."""

from collections.abc import Callable

import redis

from monitor.demo import processes
from monitor.demo.broker import EmbeddedBroker
from monitor.demo.metrics import Metrics
from tests.acceptance.monitor_process import Monitor


def lengths(metrics: Metrics) -> dict[str, float]:
    found = metrics.where("celery_queue_length")
    return {labels["queue_name"]: length for labels, length in found}


def test_a_queue_without_workers_is_known_after_a_restart_until_it_is_forgotten(
    broker: EmbeddedBroker,
    client: "redis.Redis",
    worker: Callable[..., processes.Process],
    monitor: Callable[..., Monitor],
) -> None:
    consumer = worker("-n", "a@web1", "-Q", "high", "--concurrency=1")
    daemon = monitor({"brokers": [{"url": broker.url}], "poll": {"interval": "500ms"}})
    daemon.start()
    daemon.until(lambda m: m.where("celery_worker_up") and lengths(m) == {"high": 0.0})
    assert daemon.stop() == 0
    processes.kill(consumer)
    # All traces of its queue; without the one of itself it would seem to have said goodbye.
    client.delete(*(key for key in client.scan_iter() if not key.endswith(b".celery.pidbox")))
    daemon.start()
    daemon.until(lambda m: lengths(m) == {"high": 0.0})
    client.lpush("high", "{}")
    daemon.until(lambda m: lengths(m) == {"high": 1.0})
    client.delete("high")
    assert daemon.stop() == 0
    # The dead worker speaks of its queue for as long as it is remembered itself.
    daemon.settings = {
        **daemon.settings,
        "queues": {"forget_after": "1s"},
        "workers": {"forget_after": "1s"},
    }
    daemon.start()
    daemon.until(lambda m: lengths(m) == {})
