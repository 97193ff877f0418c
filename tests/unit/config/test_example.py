"""`config.example.yaml` is held to the settings that exist, and to their defaults."""

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from monitor.alerts.routing import RouteSettings
from monitor.broker.settings import BrokerSettings
from monitor.config.load import load
from monitor.config.problem import Path as SettingPath
from monitor.config.problem import written_path
from monitor.config.settings import Settings
from monitor.config.shape import Choice, Listing, Section, Shape, root
from monitor.values.secret import Secret

EXAMPLE = Path(__file__).parents[3] / "config.example.yaml"


def with_everything_on() -> str:
    """Take the "#" away from settings, which have no space behind it, or two in a list item."""
    return re.sub(r"^( *)#([^ #\n]|  )", r"\1\2", EXAMPLE.read_text(), flags=re.MULTILINE)


def settings_below(shape: Shape, data: object, path: SettingPath = ()) -> Iterator[SettingPath]:
    """Yield the path of each setting that exists and that `data` does not have."""
    match shape, data:
        case Section(), dict():
            for name, key in shape.keys.items():
                if name not in data and not set(shape.file_keys_of(name)) & set(data):
                    yield (*path, name)
                else:
                    yield from settings_below(key.shape, data.get(name), (*path, name))
        case Listing(), [_, *_]:
            # Settings that exclude each other stand in different items.
            missing = [set(settings_below(shape.item, item, (*path, 0))) for item in data]
            yield from sorted(set.intersection(*missing), key=str)
        case Choice(), dict():
            yield from settings_below(shape.sections[data["type"]], data, path)


def test_what_is_on_are_the_defaults() -> None:
    broker = BrokerSettings(url=Secret("redis://localhost:6379/0"))
    assert load(EXAMPLE, {}) == Settings(brokers=(broker,))


def test_every_setting_is_in_it() -> None:
    # The loader that takes every key for text, `on` too.
    data = yaml.load(with_everything_on(), Loader=yaml.BaseLoader)  # noqa: S506  # no objects
    assert [written_path(path) for path in settings_below(root(), data)] == []
    channels = root().keys["channels"].shape
    assert isinstance(channels, Listing)
    assert isinstance(channels.item, Choice)
    assert [channel["type"] for channel in data["channels"]] == list(channels.item.sections)
    first, *others = data["channels"]
    assert [*settings_below(channels.item, first)] == []
    # What all channels have is shown with the first one.
    common = [field.name for field in fields(RouteSettings)]
    for channel in others:
        missing = [path[-1] for path in settings_below(channels.item, channel)]
        assert [name for name in missing if name not in common] == []


def test_what_is_off_works_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("redis://reports/0\n")
    text = with_everything_on()
    text = text.replace("url: redis://localhost", "url: rediss://localhost")
    text = text.replace("/run/secrets/reports_broker_url", "secret")
    (tmp_path / "config.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    settings = load("config.yaml", {})
    assert settings.brokers[1].url == Secret("redis://reports/0")
    assert settings.alerts.rules[0].for_ == 120.0
    assert len(settings.channels) == 10
