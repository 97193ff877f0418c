import pytest
from rich.console import Console

from monitor.demo.metrics import Metrics
from monitor.demo.receiver import Told
from monitor.demo.summary import picture, state_line, told_line
from monitor.top.sight import Sight, sight_of_snapshot
from tests.unit.web.example import SNAPSHOT

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


TOLD = Told(0.0, "firing", {"alertname": "WorkerDead"}, "low@a is dead")


def test_a_told_alert_is_one_line() -> None:
    assert told_line(TOLD) == "FIRING    WorkerDead  low@a is dead"


def drawn(sight: Sight | None, *told: Told) -> str:
    console = Console(width=120)
    with console.capture() as captured:
        console.print(picture(sight, told, "http://127.0.0.1:9808", width=120))
    return captured.get()


def test_the_picture_has_what_is_true_and_what_was_told() -> None:
    sight = sight_of_snapshot(SNAPSHOT)
    assert "high@web1" in drawn(sight)
    assert drawn(sight).endswith("notified:\nnothing yet\n")
    assert drawn(sight, TOLD).endswith(f"notified:\n{told_line(TOLD)}\n")
    assert "the daemon's page does not answer" in drawn(None, TOLD)
