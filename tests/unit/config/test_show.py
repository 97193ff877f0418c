from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.config.load import load
from monitor.config.show import masked_secret, show, written_duration, written_size
from monitor.values.units import parse_duration, parse_size

SETTINGS = """
brokers:
  - {name: one, url: redis://one/3, transport_options: {global_keyprefix: '$${x}', sep: "\\x06"}}
queues: {max_age: {"on": 90s, "012": 1500ms}}
alerts:
  rules:
    - {alert: A, on: queue, when: length > 1, for: 1h30m, summary: "12:30"}
channels:
  - {type: log, name: "yes"}
"""


def test_what_is_shown_gives_the_same_settings_when_it_is_loaded(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(SETTINGS)
    first = load(file, {})
    file.write_text(show(first))
    assert load(file, {}) == first
    assert "    for: 90m\n" in show(first)


@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        ("redis://localhost:6379/3", "redis://localhost:6379/3"),
        ("redis://:hunter2@localhost/3", "redis://:***@localhost/3"),
        ("rediss://me:hunter2@[::1]:6379/3", "rediss://me:***@[::1]:6379/3"),
        ("redis://hunter2@localhost/0", "redis://:***@localhost/0"),
        ("redis://hunter2:@localhost/0", "redis://:***@localhost/0"),
        ("redis://:hunter2/x@localhost/0", "***"),
        ("redis://:1/hunter2@localhost/0", "***"),
        ("redis+socket:///run/r.sock?virtual_host=2&password=hunter2",
         "redis+socket:///run/r.sock?virtual_host=2&password=***"),
        ("sentinel://one:26379/3", "sentinel://one:26379/3"),
        ("sentinel://:hunter2@one:5000;sentinel://:hunter2@two/3",
         "sentinel://:***@one:5000;sentinel://:***@two/3"),
        ("sentinel://one;sentinel://:hunter2/x@two/3", "sentinel://one;***"),
        ("sentinel://:1;hunter2@one/3", "sentinel://:***@one/3"),
        ("https://hooks.example.com/services/hunter2?x=hunter2",
         "https://hooks.example.com/***?***"),
        ("https://hunter2@sentry.example.com/42", "https://:***@sentry.example.com/***"),
        ("hunter2", "***"),
        ("https://[hunter2", "***"),
    ],
)  # fmt: skip
def test_of_a_secret_only_what_is_none_is_shown(secret: str, shown: str) -> None:
    assert masked_secret(secret) == shown


@given(st.integers(0, 10**9).map(lambda tenths: tenths / 10))
@settings(max_examples=100)
def test_a_duration_is_written_as_it_is_read(seconds: float) -> None:
    assert parse_duration(written_duration(seconds)) == pytest.approx(seconds, abs=1e-9)


@given(st.integers(0, 10**15))
@settings(max_examples=50)
def test_a_size_is_written_as_it_is_read(size_bytes: int) -> None:
    assert parse_size(written_size(size_bytes)) == size_bytes
