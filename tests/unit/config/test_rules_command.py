from pathlib import Path

import pytest
import yaml

from monitor.alerts.builtin import BUILTIN
from monitor.cli import main

OWN = """
brokers: [{url: redis://x/0}]
alerts:
  builtin: false
  rules:
    - {alert: Long, on: queue, when: length > 5}
    - {alert: Always, on: queue, when: "true"}
"""


@pytest.fixture
def config(tmp_path: Path) -> str:
    file = tmp_path / "config.yaml"
    file.write_text(OWN)
    return str(file)


def test_without_settings_the_built_in_rules_are_exported(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["rules", "export", "--format", "prometheus"]) == 0
    (group,) = yaml.safe_load(capsys.readouterr().out)["groups"]
    assert [rule["alert"] for rule in group["rules"]] == [rule.alert for rule in BUILTIN]


def test_what_cannot_be_exported_is_said_and_fails(
    config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rules", "export", "--config", config]) == 1
    printed = capsys.readouterr()
    (group,) = yaml.safe_load(printed.out)["groups"]
    assert [rule["alert"] for rule in group["rules"]] == ["Long"]
    assert printed.err.startswith("queue-monitor: Always is left out: `when` holds or not")


def test_bad_settings_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "export", "--config", str(tmp_path / "none.yaml")]) == 2
    assert "none.yaml: cannot be read" in capsys.readouterr().err
