"""What docs/rules.md shows is run."""

import re
from pathlib import Path

import pytest

from monitor.alerts.expression import parse
from monitor.alerts.series import parse_series
from monitor.alerts.tokens import ExpressionError
from monitor.cli import main
from monitor.facts.catalogue import facts_of

TEXT = (Path(__file__).parents[2] / "docs" / "rules.md").read_text()


def table(header: str) -> list[str]:
    rows = TEXT.split(f"| {header} |\n|---|---|\n")[1].split("\n\n")[0].splitlines()
    return [written for row in rows for written in re.findall(r"`([^`]+)`", row.split(" | ")[0])]


def test_the_tests_in_it_pass_on_the_settings_in_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for block in re.findall(r"(?ms)^```yaml\n(.*?)```", TEXT):
        name = re.match(r"# (.*)\n", block)
        assert name
        (tmp_path / name[1]).write_text(block)
    assert main(["rules", "test", str(tmp_path / "rules-test.yaml")]) == 0
    assert capsys.readouterr().out.endswith("2 of 2 tests passed\n")
    assert main(["rules", "export", "--config", str(tmp_path / "config.yaml")]) == 0


@pytest.mark.parametrize("condition", table("written | means"))
def test_each_condition_is_one(condition: str) -> None:
    def is_condition(scope: str) -> bool:
        try:
            parse(condition, scope)
        except ExpressionError:
            return False
        return True

    assert any(map(is_condition, ("broker", "queue", "worker")))


@pytest.mark.parametrize("series", table("written | values"))
def test_each_series_is_one(series: str) -> None:
    rows = facts_of("queue")
    assert parse_series(series, rows["verdict" if "growing" in series else "length"])
