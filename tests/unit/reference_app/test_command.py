import argparse
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from monitor.demo.broker import EmbeddedBroker, free_port
from monitor.reference_app import command


@pytest.fixture(autouse=True)
def _environ(monkeypatch: pytest.MonkeyPatch) -> None:
    # What the command puts there for Celery goes away with the test.
    monkeypatch.setenv("CELERY_BROKER_URL", "")


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args(words))


def test_tasks_are_sent_to_the_queue_and_the_priority_that_were_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with EmbeddedBroker(tmp_path) as broker:
        to = ("--broker", broker.url)
        assert run("send", "record_follow", *to) == 0
        assert run("send", "pause", "--count", "3", "--queue", "low", *to) == 0
        assert run("send", "pause", "--queue", "low", "--priority", "9", *to) == 0
        client = redis.Redis.from_url(broker.url)
        lengths = {key: client.llen(key) for key in ("high", "low", "low\x06\x169")}
    assert lengths == {"high": 1, "low": 3, "low\x06\x169": 1}
    assert "sent 3 pause to low" in capsys.readouterr().out


def test_a_broker_that_is_not_there_is_one_line_and_status_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run("send", "pause", "--broker", f"redis://127.0.0.1:{free_port()}/0") == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_a_port_that_cannot_be_had_is_one_line_and_status_2(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert run("partner", "--port", str(port)) == 2
    assert run("partner", "--port", "65536") == 2
    taken, none = capsys.readouterr().err.splitlines()
    assert taken.startswith("queue-monitor: cannot listen: ")
    assert str(port) in taken
    assert "0-65535" in none


@pytest.mark.parametrize(
    "words", [("beat",), ("front",), ("send-welcome-batch",), ("sign-up", "ann@example.com")]
)
def test_a_data_folder_that_cannot_be_made_is_one_line_and_status_2(
    words: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "taken").touch()
    monkeypatch.setenv("REFERENCE_APP_FOLDER", str(tmp_path / "taken" / "site"))
    assert run(*words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert str(tmp_path / "taken" / "site") in line


def test_declaring_the_command_does_not_load_celery() -> None:
    program = "import sys, monitor.reference_app.command; sys.exit('celery' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
