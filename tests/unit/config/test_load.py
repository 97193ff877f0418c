from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.broker.settings import BrokerSettings, PollSettings
from monitor.config.flags import Flags
from monitor.config.load import load
from monitor.config.problem import ConfigError
from monitor.config.settings import Settings
from monitor.values.secret import Secret

BROKER = "brokers: [{url: redis://localhost/0}]\n"

WriteFile = Callable[[str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> WriteFile:
    def write(content: str | bytes) -> Path:
        file = tmp_path / "config.yaml"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    return write


def problems_of(path: Path | None, environ: dict[str, str], flags: Flags | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        load(path, environ, flags)
    return str(caught.value)


def test_a_url_is_all_that_is_needed(write: WriteFile) -> None:
    settings = load(write(BROKER), {})
    assert settings == Settings(brokers=(BrokerSettings(url=Secret("redis://localhost/0")),))


def test_flags_beat_the_environment_which_beats_the_file(write: WriteFile) -> None:
    file = write(BROKER + "log: {level: error, format: json}\nweb: {listen: file:1}")
    environ = {"QUEUE_MONITOR_LOG__LEVEL": "info", "QUEUE_MONITOR_WEB__LISTEN": "environ:2"}
    settings = load(file, environ, {"listen": "flag:3", "log_level": None})
    assert settings.log.format == "json"
    assert settings.log.level == "info"
    assert settings.web.listen == "flag:3"


def test_a_key_is_written_without_the_underscore_of_its_field(write: WriteFile) -> None:
    rule = "{alert: Down, on: broker, when: not up, for: 1m30s}"
    settings = load(write(BROKER + f"alerts: {{rules: [{rule}]}}"), {})
    assert settings.alerts.rules[0].for_ == 90.0


def test_a_key_without_a_value_counts_as_not_written(write: WriteFile) -> None:
    settings = load(write(BROKER + "web:\nalerts:\n  rules:\n  builtin: ~\n"), {})
    assert settings == load(write(BROKER), {})


def test_the_default_timeout_fits_a_shorter_interval(write: WriteFile) -> None:
    def poll(interval: str) -> PollSettings:
        return load(write(f"{BROKER}poll: {{interval: {interval}}}"), {}).poll

    assert poll("1s") == PollSettings(interval=1.0, timeout=0.8)
    assert poll("1h") == PollSettings(interval=3600.0, timeout=4.0)


def test_the_dictionary_of_a_celery_app_is_taken_as_it_is(write: WriteFile) -> None:
    options = """{
      "visibility_timeout": 43200, "priority_steps": [0, 5], "sep": ":", "max_connections": 20,
      "queue_order_strategy": "priority", "socket_keepalive_options": {"1": 30},
      "retry_on_timeout": true, "interval_start": 0, "fanout_prefix": "/{db}."
    }"""
    file = write(f"brokers: [{{url: redis://localhost/0, transport_options: {options}}}]")
    read = load(file, {}).brokers[0].transport_options
    assert read.visibility_timeout == 43200.0
    assert read.priority_steps == (0, 5)
    assert read.sep == ":"
    assert read.fanout_prefix == "/{db}."


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("redis://:${PASSWORD}@localhost/0", "redis://:p#1: x@localhost/0"),
        ('"redis://:${PASSWORD}@localhost/0"', "redis://:p#1: x@localhost/0"),
        ("'redis://:$${PASSWORD}@localhost/0'", "redis://:${PASSWORD}@localhost/0"),
        ("redis://:$PASSWORD@localhost/0", "redis://:$PASSWORD@localhost/0"),
    ],
)
def test_variables_stand_in_any_value(written: str, read: str, write: WriteFile) -> None:
    file = write(f"brokers:\n  - url: redis://localhost/0\n    event_exchange: {written}\n")
    assert load(file, {"PASSWORD": "p#1: x"}).brokers[0].event_exchange == read


def test_a_variable_without_quotes_is_read_as_what_it_says(write: WriteFile) -> None:
    file = write("brokers:\n  - url: redis://x/0\n    queues:\n      limit: ${LIMIT}")
    assert load(file, {"LIMIT": "50"}).brokers[0].queues.limit == 50
    assert problems_of(file, {"LIMIT": "hunter2"}).endswith(
        ":4:14: brokers[0].queues.limit: expected a whole number, not '${LIMIT}'"
    )


def test_a_secret_in_a_file_loses_the_newline_at_its_end(write: WriteFile, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("redis://:pass word@localhost/0\n")
    file = write(f"brokers: [{{url_file: {secret}}}]")
    assert load(file, {}).brokers[0].url == Secret("redis://:pass word@localhost/0")
    environ = {"QUEUE_MONITOR_BROKERS__0__URL": "redis://other/0"}
    assert load(file, environ).brokers[0].url == Secret("redis://other/0")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\xff", "is not valid Unicode text"),
        (b"x" * 100_000, "is too large to be a secret"),
    ],
)
def test_a_secret_file_that_holds_no_secret(
    content: bytes, message: str, write: WriteFile, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_bytes(content)
    file = write(f"brokers: [{{url_file: {tmp_path / 'secret'}}}]")
    assert problems_of(file, {}).endswith(f"' {message}")


def test_a_lone_broker_comes_from_the_environment(write: WriteFile) -> None:
    ours = {"QUEUE_MONITOR_BROKER_URL": "redis://ours/0"}
    celery = {"CELERY_BROKER_URL": "redis://celery/0"}
    file = write("poll: {interval: 10s}")
    assert load(file, ours | celery).brokers[0].url == Secret("redis://ours/0")
    (broker,) = load(None, celery).brokers
    assert (broker.name, broker.url) == ("default", Secret("redis://celery/0"))
    assert load(write(BROKER), ours | celery).brokers[0].url == Secret("redis://localhost/0")


def test_flags_replace_all_brokers_and_several_are_called_by_where_they_are(
    write: WriteFile,
) -> None:
    def names(*urls: str) -> list[str]:
        return [broker.name for broker in load(write(BROKER), {}, {"broker": urls}).brokers]

    assert names("redis://one/0") == ["default"]
    assert names("redis://one/0", "rediss://:pw@two:7000/3", "redis+socket:///run/r.sock") == [
        "one:6379/0",
        "two:7000/3",
        "/run/r.sock",
    ]
    assert names("redis://one", "rediss://two/") == ["one:6379/0", "two:6379/0"]


def test_a_celery_app_brings_its_transport_options() -> None:
    options = {"global_keyprefix": "acme:", "priority_steps": (0, 1, 2), "errback": print}
    flags: Flags = {"app_broker": "redis://one/0", "transport_options": options}
    read = load(None, {}, flags).brokers[0].transport_options
    assert (read.global_keyprefix, read.priority_steps) == ("acme:", (0, 1, 2))


def test_a_wrong_flag_is_named() -> None:
    flags: Flags = {"broker": ["redis://one/0"], "listen": "nowhere", "log_level": "loud"}
    assert problems_of(None, {}, flags).split("\n") == [
        "--listen: web.listen: 'nowhere' is not an address: write HOST:PORT, like 127.0.0.1:9808",
        "--log-level: log.level: expected one of debug, info, warning, error, not 'loud'",
    ]


def test_problems_come_in_the_order_in_which_they_were_written(write: WriteFile) -> None:
    file = write("web: {listen: x}\nbrokers: [{url: amqp://x}]\npoll: {interval: 1}\nstat: 1\n")
    environ = {"QUEUE_MONITOR_LOG__LEVEL": "loud", "QUEUE_MONITOR_ALERT": "1"}
    lines = problems_of(file, environ, {"log_format": "xml"}).split("\n")
    assert [line.replace(str(file), "~").split(": ")[0] for line in lines] == [
        "~:1:15",
        "~:2:17",
        "~:3:18",
        "~:4:1",
        "environment QUEUE_MONITOR_ALERT",
        "environment QUEUE_MONITOR_LOG__LEVEL",
        "--log-format",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"poll:\n  interval: \xff\n", "~:2:13: is not UTF-8 here"),
        (b"x" * 2_000_000, "~: is larger than 1000000 bytes: not a settings file"),
        (b"[" * 100_000, "~:1:33: nested too deeply"),
        (b"{a: " * 100_000, "~:1:129: nested too deeply"),
        (b"- " * 100_000, "~:1:65: nested too deeply"),
        (b"a: \x07", "~:1:4: not YAML: the character U+0007 is not allowed"),
        (b'a: "\\UFFFFFFFF"', "~:1:1: not YAML: an escape or number is too large"),
    ],
)
def test_a_file_that_is_no_settings_file(content: bytes, message: str, write: WriteFile) -> None:
    file = write(content)
    assert problems_of(file, {}) == message.replace("~", str(file))


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    missing = tmp_path / "none.yaml"
    assert problems_of(missing, {}) == f"{missing}: cannot be read: No such file or directory"
    assert problems_of(tmp_path, {}) == f"{tmp_path}: cannot be read: Is a directory"
    assert problems_of(Path("a\0b"), {}) == r"'a\x00b': is not the name of a file"


def test_a_byte_order_mark_is_no_mistake(write: WriteFile) -> None:
    assert load(write(b"\xef\xbb\xbf" + BROKER.encode()), {}).brokers


@pytest.mark.parametrize("content", ["", "# nothing\n", "---\n", "~"])
def test_an_empty_file_names_no_broker(content: str, write: WriteFile) -> None:
    assert "no broker is named" in problems_of(write(content), {})


@pytest.mark.parametrize("url", ["", "not a url", "ftp://host/x", "http://", "http://[::1", "/x"])
def test_a_channel_posts_to_nothing_but_a_url_of_http(url: str, write: WriteFile) -> None:
    file = write(BROKER + f"channels:\n  - {{type: webhook, url: '{url}'}}\n")
    message = "channels[0].url: is not a URL: write it like https://host/path"
    assert problems_of(file, {}).endswith(message)
