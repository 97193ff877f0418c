"""README's settings can be used, and a mistake in them is told as README shows it."""

import re
from pathlib import Path

import pytest

from monitor.config.load import load
from monitor.config.problem import ConfigError

TEXT = (Path(__file__).parents[3] / "README.md").read_text()
(SETTINGS,) = re.findall(r"(?ms)^```yaml\n(brokers:.*?)^```", TEXT)


def written(folder: Path, text: str) -> Path:
    secret = folder / "secret"
    secret.write_text("https://hooks.example.com/42\n")
    file = folder / "config.yaml"
    file.write_text(re.sub(r"/run/secrets/[\w-]+", str(secret), text))
    return file


def test_the_settings_in_it_can_be_used(tmp_path: Path) -> None:
    settings = load(written(tmp_path, SETTINGS), {})
    assert [rule.alert for rule in settings.alerts.rules] == ["HighQueueBacklog"]
    assert [channel.name for channel in settings.channels] == ["pagerduty", "slack"]


def test_a_mistake_in_them_is_told_as_it_shows(tmp_path: Path) -> None:
    (shown,) = re.findall(r"(?m)^config\.yaml:\d+:\d+: .*$", TEXT)
    file = written(tmp_path, SETTINGS.replace("length > 100", "lenght > 100"))
    with pytest.raises(ConfigError) as raised:
        load(file, {})
    assert str(raised.value).replace(f"{tmp_path}/", "") == shown
