"""The rules of grafana/prometheus in the hands of promtool."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from grafana.operator import RULES
from tests.promtool import promtool

RULE_FILES = ("alerts.yml", "monitor.yml", "recording.yml", "slo.yml")
TEST_FILES = tuple(sorted((RULES / "tests").glob("*_test.yml")))


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def test_the_alerting_rules_are_those_of_the_daemon() -> None:
    command = [sys.executable, "-m", "monitor", "rules", "export", "--format", "prometheus"]
    exported = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (RULES / "alerts.yml").read_text() == exported.stdout, (
        "run `queue-monitor rules export --format prometheus > grafana/prometheus/alerts.yml`"
    )


@pytest.mark.parametrize("name", RULE_FILES)
def test_promtool_finds_nothing_to_complain_about(name: str) -> None:
    checked = promtool("check", "rules", "--lint=all", "--lint-fatal", str(RULES / name))
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_sample_config_is_one_and_names_every_rule_file() -> None:
    checked = promtool("check", "config", str(RULES / "prometheus.yml"))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert {*read(RULES / "prometheus.yml")["rule_files"]} == {*RULE_FILES}


def test_the_unit_tests_of_the_rules_pass() -> None:
    tested = promtool("test", "rules", *map(str, TEST_FILES))
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_every_alert_is_tested_to_fire_and_to_end() -> None:
    fires: set[tuple[str, str]] = set()
    ends: set[tuple[str, str]] = set()
    for file in TEST_FILES:
        for test in read(file)["tests"]:
            seen = {alert for alert, there in expectations(test) if there}
            fires |= seen
            # In order of time: what was there, and is not at the end.
            ends |= seen & {alert for alert, there in dict(expectations(test)).items() if not there}
    alerts = {
        (rule["alert"], rule["labels"]["severity"])
        for name in RULE_FILES
        for rule in rules_of(name)
        if "alert" in rule
    }
    assert (alerts - fires, alerts - ends) == (set(), set())


def expectations(test: dict[str, Any]) -> list[tuple[tuple[str, str], bool]]:
    """Return which alert, by name and severity, a test expects to be there or not, in its order."""
    found = []
    for each in test.get("promql_expr_test", ()):
        labels = dict(re.findall(r'(\w+)="([^"]+)"', each["expr"]))
        if each["expr"].startswith("ALERTS{"):
            severities = [labels["severity"]] if "severity" in labels else ["critical", "warning"]
            there = str(each["exp_samples"])
            found += [
                ((labels["alertname"], severity), f'severity="{severity}"' in there)
                for severity in severities
            ]
    for each in test.get("alert_rule_test", ()):
        expected = {alert["exp_labels"]["severity"] for alert in each.get("exp_alerts", ())}
        found += [
            ((each["alertname"], severity), severity in expected)
            for severity in ("critical", "warning")
        ]
    return found


def test_every_recording_rule_is_tested() -> None:
    text = "".join(file.read_text() for file in TEST_FILES)
    recorded = {
        rule["record"] for name in RULE_FILES for rule in rules_of(name) if "record" in rule
    }
    ratios = {name for name in recorded if ":celery_queue_too_old:ratio" in name}
    assert {name for name in recorded - ratios if name not in text} == set()


def rules_of(name: str) -> list[dict[str, Any]]:
    return [rule for group in read(RULES / name)["groups"] for rule in group["rules"]]
