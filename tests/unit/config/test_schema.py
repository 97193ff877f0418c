import json
import re
from typing import Any, get_args, get_type_hints

from monitor.channels.settings import ChannelSettings
from monitor.config.schema import schema


def properties(*path: str) -> dict[str, Any]:
    found = schema()
    for step in path:
        found = found["properties"][step]
        found = found.get("items", found)
    return found["properties"]


def test_keys_are_as_they_are_written() -> None:
    rule = properties("alerts", "rules")
    assert "for" in rule
    assert "for_" not in rule
    assert {"url", "url_file"} <= set(properties("brokers"))


def test_a_duration_is_a_text_with_a_unit() -> None:
    interval = properties("poll")["interval"]
    assert interval["default"] == "5s"
    assert interval["description"] == "How often every broker is polled."
    pattern = interval["anyOf"][0]["pattern"]
    assert [text for text in ("5s", "1h30m", "0.5s", "5", "s") if re.search(pattern, text)] == [
        "5s",
        "1h30m",
        "0.5s",
    ]


def test_a_channel_is_chosen_by_its_type() -> None:
    channels = schema()["properties"]["channels"]["items"]["oneOf"]
    types = [channel["properties"]["type"]["const"] for channel in channels]
    assert types == [get_type_hints(each)["type"].__args__[0] for each in get_args(ChannelSettings)]


def test_the_options_of_celery_that_are_ignored_are_allowed() -> None:
    options = properties("brokers", "transport_options")
    assert options["queue_order_strategy"] is True


def test_what_is_required_may_stand_in_a_file() -> None:
    broker = schema()["properties"]["brokers"]["items"]
    assert broker["allOf"] == [{"anyOf": [{"required": ["url"]}, {"required": ["url_file"]}]}]
    assert "allOf" not in schema()["properties"]["poll"]


def test_it_is_json_without_a_secret_or_a_number_too_large() -> None:
    json.dumps(schema(), allow_nan=False)
