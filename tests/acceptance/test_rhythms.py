"""A rhythm that nobody declared outlives the monitor that learned it, and wakes nobody."""

import time
from collections.abc import Callable
from typing import Any

import pytest
import redis
from celery import Celery

from monitor.demo.broker import EmbeddedBroker
from tests.acceptance.monitor_process import Monitor
from tests.acceptance.receiver import Receiver

PERIOD_SECONDS = 10.0
TASK = "app.report"


def rhythms(daemon: Monitor) -> list[dict[str, Any]]:
    """Return the facts of each schedule, with its task."""
    return [
        {"task": each["labels"]["schedule"], **each["facts"]}
        for each in daemon.snapshot()["schedule"]
    ]


@pytest.mark.soak
@pytest.mark.timeout(240)
def test_a_learned_rhythm_is_known_after_a_restart(
    broker: EmbeddedBroker,
    client: "redis.Redis",
    monitor: Callable[..., Monitor],
    receiver: Receiver,
) -> None:
    receiver.listen()
    daemon = monitor({"brokers": [{"url": broker.url}], "channels": [receiver.channel]})
    daemon.start()
    with Celery(broker=broker.url, set_as_current=False) as app:
        app.conf.task_send_sent_event = True

        def send() -> None:
            app.send_task(TASK, queue="high")
            client.rpop("high")  # somebody works

        began = time.monotonic()
        for number in range(7):
            while time.monotonic() < began + number * PERIOD_SECONDS:
                time.sleep(0.02)
            assert rhythms(daemon) == []
            send()
        daemon.tick()
        (learned,) = rhythms(daemon)
        assert (learned["task"], learned["learned"], learned["missed"]) == (TASK, True, None)
        assert learned["period"] == pytest.approx(PERIOD_SECONDS, abs=0.5)
        assert daemon.stop() == 0
        daemon.start()
        (kept,) = rhythms(daemon)
        assert (kept["period"], kept["due"]) == (learned["period"], None)
        send()
        sent_at = time.time()
        deadline = time.monotonic() + 3 * PERIOD_SECONDS
        while (due_at := rhythms(daemon)[0]["due"]) is None:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    assert due_at == pytest.approx(sent_at + kept["period"], abs=1)
    print(f"every {kept['period']} s, also after the restart, and then overdue")
    assert receiver.notices == []
