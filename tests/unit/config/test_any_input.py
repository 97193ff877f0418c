"""Whatever stands in the file, the answer is Settings or ConfigError, and no secret is told."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.config.load import load
from monitor.config.problem import ConfigError
from monitor.config.settings import Settings
from monitor.config.shape import Choice, Listing, Section, Shape, root
from monitor.config.show import show

PASSWORD = "hunter2"


def keys_of(shape: Shape) -> set[str]:
    match shape:
        case Section():
            return set(shape.writable).union(*(keys_of(key.shape) for key in shape.keys.values()))
        case Listing():
            return keys_of(shape.item)
        case Choice():
            return set().union(*map(keys_of, shape.sections.values()))
    return set()


KEYS = sorted(keys_of(root()))
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        ["30s", "redis://x/0", "${X}", "queue", "log", "webhook", "length > 1", "*", "on", "{x}"]
    ),
)
DATA = st.recursive(
    SCALARS,
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=3), below, max_size=4)
    ),
    max_leaves=20,
)
SECTIONS = st.dictionaries(st.sampled_from([*root().keys]), DATA, max_size=4)
SYNTAX = st.text(st.sampled_from("abc:-?,[]{}#&*!|>'\"%@` \n\t0\\x\x85\u2028${}~<."), max_size=40)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any") / "config.yaml"


def outcome(file: Path, text: str, environ: dict[str, str]) -> Settings | ConfigError:
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        return load(file, environ)
    except ConfigError as error:
        assert error.problems
        assert len(str(error).split("\n")) == len(error.problems)
        return error


@given(text=SYNTAX | st.text(max_size=30))
@settings(max_examples=150, deadline=None)
def test_any_text_is_settings_or_an_error(file: Path, text: str) -> None:
    outcome(file, text, {"a": "b"})


@given(data=SECTIONS)
@settings(max_examples=150, deadline=None)
def test_any_data_is_settings_or_an_error(file: Path, data: dict[str, Any]) -> None:
    outcome(file, yaml.safe_dump(data), {"X": "1", "CELERY_BROKER_URL": "redis://x/0"})


@given(value=st.text(max_size=20), name=st.sampled_from(["BROKERS", "POLL__INTERVAL", "ALERTS"]))
@settings(max_examples=100, deadline=None)
def test_any_variable_is_settings_or_an_error(file: Path, name: str, value: str) -> None:
    outcome(file, "", {f"QUEUE_MONITOR_{name}": value})


def is_user_name(url: str) -> bool:
    """Return whether the word stands where a URL has the user's name, which is no secret."""
    # A login goes up to the last @: there may be others in it.
    login = url.partition("://")[2].partition(";")[0].rpartition("@")[0]
    before, _, after = login.partition(PASSWORD)
    return ":" not in before and ":" in after


@given(
    url=st.tuples(
        st.sampled_from(["redis://", "rediss://", "amqp://", "redis:/", ""]),
        st.text("ab:/?#[]", max_size=4),
        st.sampled_from([":", "", "/", "@", "#", ":1/", ":1?"]),
        st.just(PASSWORD),
        st.text("ab:/?#[]@", max_size=4),
        st.sampled_from(["@localhost/0", "@[::1]:1/x", "@", "@x/0;redis://:hunter2@y/0"]),
    ).map("".join),
    key=st.sampled_from(["url", "dsn", "interval", "listen", "nothing"]),
)
@settings(max_examples=200, deadline=None)
def test_a_password_is_never_told(file: Path, url: str, key: str) -> None:
    broker = {"url": url} if key == "url" else {"url": "redis://x/0"}
    data: dict[str, Any] = {
        "url": {"brokers": [broker, {**broker, "name": "other"}]},
        "dsn": {"brokers": [broker], "channels": [{"type": "sentry", "dsn": url}]},
        "interval": {"brokers": [broker], "poll": {"interval": url}},
        "listen": {"brokers": [broker], "web": {"listen": url}},
        "nothing": {"brokers": [broker], url: url},
    }[key]
    found = outcome(file, yaml.safe_dump(data), {})
    text = str(found) if isinstance(found, ConfigError) else show(found) + repr(found)
    if is_user_name(url):
        return
    if key in ("url", "dsn") or re.match(r"[a-z]+:/", url):
        assert PASSWORD not in text
