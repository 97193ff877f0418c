"""A log that falls silent, through the whole daemon."""

from collections.abc import Callable
from pathlib import Path

from monitor.demo.broker import EmbeddedBroker
from tests.acceptance.monitor_process import Monitor
from tests.acceptance.receiver import Receiver


def test_a_silent_log_is_told_of_until_it_is_written_again(
    broker: EmbeddedBroker, monitor: Callable[..., Monitor], receiver: Receiver, tmp_path: Path
) -> None:
    file = tmp_path / "tasks.log"
    file.touch()
    watched = monitor(
        {
            "brokers": [{"url": broker.url}],
            "poll": {"interval": "200ms"},
            "alerts": {"group_wait": "0s", "group_interval": "100ms"},
            "channels": [receiver.channel],
            "log_watch": [
                {"path": str(file), "name": "tasks", "pattern": "succeeded", "max_silence": "2s"}
            ],
        }
    )
    receiver.listen()
    watched.start()
    watched.tick()  # what was there before the first read does not count
    write(file, "task succeeded\n" * 3 + "task failed\n")
    watched.until(lambda found: found.value("celery_log_matches_total", log="tasks") == 3)
    (told,) = receiver.until(1, alertname="LogSilent", log="tasks")
    assert told["status"] == "firing"
    status, body = watched.get("/check/logs/tasks")
    assert (status, b"nothing that counts was written" in body) == (429, True)
    file.rename(tmp_path / "tasks.log.1")
    write(file, "task failed\n")
    watched.tick(3)
    assert watched.status("/check/logs/tasks") == 429, "what does not match does not count"
    write(file, "task succeeded\n")
    watched.until(lambda _: watched.status("/check/logs/tasks") == 200)
    assert receiver.until(2, alertname="LogSilent", log="tasks")[-1]["status"] == "resolved"
    assert watched.metrics().value("celery_log_matches_total", log="tasks") == 4


def write(file: Path, text: str) -> None:
    with file.open("a") as opened:
        opened.write(text)
