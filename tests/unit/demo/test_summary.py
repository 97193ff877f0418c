import pytest

from monitor.demo.metrics import Metrics
from monitor.demo.receiver import Told
from monitor.demo.summary import state_line, told_line

RUNNING = """\
celery_broker_up{broker="demo"} 1
celery_queue_length{broker="demo",queue_name="high"} 7
celery_queue_length{broker="demo",queue_name="low"} 0
celery_worker_up{broker="demo",hostname="high@a"} 1
celery_worker_up{broker="demo",hostname="low@a"} 0
"""


@pytest.mark.parametrize(
    ("metrics", "line"),
    [
        (None, "the daemon's page does not answer"),
        (Metrics.parse('celery_broker_up{broker="demo"} 0\n'), "the broker cannot be read"),
        (Metrics.parse(RUNNING), "waiting: high 7, low 0; workers up: 1 of 2"),
    ],
)
def test_the_line_says_how_things_are_and_when_that_is_not_known(
    metrics: Metrics | None, line: str
) -> None:
    assert state_line(metrics) == line


def test_a_told_alert_is_one_line() -> None:
    told = Told(0.0, "firing", {"alertname": "WorkerDead"}, "low@a is dead")
    assert told_line(told) == "FIRING    WorkerDead  low@a is dead"
