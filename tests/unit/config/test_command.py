import argparse
import json
from pathlib import Path

import pytest

from monitor.config import command


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CELERY_BROKER_URL", "QUEUE_MONITOR_BROKER_URL"):
        monkeypatch.delenv(name, raising=False)


def arguments(config: Path | None = None, **flags: object) -> argparse.Namespace:
    names = ("broker", "listen", "state", "log_level", "log_format")
    given = {name: flags.get(name) for name in names}
    return argparse.Namespace(config=str(config) if config else None, **given)


def test_check_says_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("brokers: [{url: redis://x/0}]\nchannels: [{type: log}]\n")
    assert command.check(arguments(file)) == 0
    assert capsys.readouterr().out == f"{file}: fine: 1 broker, 0 rules, 1 channel\n"


def test_check_and_show_fail_with_one_line_a_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("brokers: [{url: redis://x/0}]\npol: 1\nwob: 1\n")
    for run in (command.check, command.show):
        assert run(arguments(file)) == 2
        output = capsys.readouterr()
        assert output.out == ""
        assert output.err.split("\n") == [
            f"{file}:2:1: pol: unknown key (did you mean 'poll'?)",
            f"{file}:3:1: wob: unknown key (did you mean 'web'?)",
            "",
        ]


def test_show_prints_what_is_in_effect_without_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    shown = arguments(broker=["redis://:hunter2@x/0"], log_level="debug")
    assert command.show(shown) == 0
    output = capsys.readouterr().out
    assert "url: redis://:***@x/0" in output
    assert "level: debug" in output
    assert "hunter2" not in output


def test_schema_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.schema(arguments()) == 0
    assert "brokers" in json.loads(capsys.readouterr().out)["properties"]
