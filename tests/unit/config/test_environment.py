import pytest

from monitor.config.load import load
from monitor.config.problem import ConfigError

BROKER = {"CELERY_BROKER_URL": "redis://localhost/0"}


def problem_of(environ: dict[str, str]) -> str:
    with pytest.raises(ConfigError) as caught:
        load(None, environ)
    return str(caught.value)


def test_single_values_are_taken_as_they_are() -> None:
    environ = {
        "QUEUE_MONITOR_POLL__INTERVAL": "10s",
        "QUEUE_MONITOR_poll__timeout": "2s",
        "QUEUE_MONITOR_ALERTS__BUILTIN": "false",
        "QUEUE_MONITOR_WEB__LISTEN": "[::1]:0",
        "QUEUE_MONITOR_BROKERS__0__URL": "redis://:a: ${b}@x/0",
        "QUEUE_MONITOR_BROKERS__0__QUEUES__LIMIT": "7",
        "QUEUE_MONITOR_STATE__FILE": "",
    }
    settings = load(None, environ)
    assert (settings.poll.interval, settings.poll.timeout) == (10.0, 2.0)
    assert not settings.alerts.builtin
    assert settings.web.listen == "[::1]:0"
    assert settings.brokers[0].url.reveal() == "redis://:a: ${b}@x/0"
    assert settings.brokers[0].queues.limit == 7
    assert settings.state.file is None


def test_lists_and_mappings_are_yaml() -> None:
    environ = {
        "QUEUE_MONITOR_BROKERS": "[{url: redis://one/0, name: one}, {url: redis://two/0, name: b}]",
        "QUEUE_MONITOR_BROKERS__1__NAME": "two",
        "QUEUE_MONITOR_BROKERS__1__QUEUES__NAMES": "[high, low]",
        "QUEUE_MONITOR_QUEUES__MAX_AGE": "{High: 30s}",
        "QUEUE_MONITOR_QUEUES__MAX_LENGTH__High": "5",
        "QUEUE_MONITOR_LOG": "{level: debug}",
        "QUEUE_MONITOR_LOG__FORMAT": "json",
        "QUEUE_MONITOR_CHANNELS__0__TYPE": "webhook",
        "QUEUE_MONITOR_CHANNELS__0__URL": "http://localhost/",
    }
    settings = load(None, environ)
    assert [broker.name for broker in settings.brokers] == ["one", "two"]
    assert settings.brokers[1].queues.names == ("high", "low")
    assert settings.queues.max_age == {"High": 30.0}
    assert settings.queues.max_length == {"High": 5}
    assert (settings.log.level, settings.log.format) == ("debug", "json")
    assert settings.channels[0].type == "webhook"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "QUEUE_MONITOR_POLL_INTERVAL",
            "1s",
            ": no such setting (did you mean 'QUEUE_MONITOR_POLL__INTERVAL'?)",
        ),
        (
            "QUEUE_MONITOR_WEB__LISTEN__HOST",
            "x",
            ": no such setting (did you mean 'QUEUE_MONITOR_WEB__LISTEN'?)",
        ),
        ("QUEUE_MONITOR_COLOUR", "x", ": no such setting"),
        (
            "QUEUE_MONITOR_POLL__INTERVAL",
            "1",
            ": poll.interval: '1' has no unit: write it like 30s",
        ),
        (
            "QUEUE_MONITOR_CHANNELS__1__TYPE",
            "log",
            ": channels[1]: there is no such item: channels has 0",
        ),
        (
            "QUEUE_MONITOR_BROKERS__0__QUEUES__NAMES",
            "high",
            (
                ": brokers[0].queues.names: expected a list, not a single value: begin each item "
                "with '- '"
            ),
        ),
        (
            "QUEUE_MONITOR_QUEUES",
            "{max_age: [",
            ": queues: not YAML: expected the node content, but found '<stream end>'",
        ),
        ("QUEUE_MONITOR_STATE__FILE", "\udcff", ": state.file: is not valid Unicode text"),
        (
            "QUEUE_MONITOR_QUEUES",
            "\udcff",
            ": queues: not YAML: the character U+DCFF is not allowed",
        ),
    ],
)
def test_a_wrong_variable_is_named(name: str, value: str, message: str) -> None:
    lines = problem_of({"QUEUE_MONITOR_BROKERS__0__URL": "redis://x/0", name: value})
    assert lines.split("\n")[0] == f"environment {name}{message}"


def test_what_kubernetes_sets_for_a_service_of_our_name_is_let_be() -> None:
    service = {
        "SERVICE_HOST": "10.0.0.1",
        "SERVICE_PORT": "9808",
        "SERVICE_PORT_HTTP": "9808",
        "PORT": "tcp://10.0.0.1:9808",
        "PORT_9808_TCP": "tcp://10.0.0.1:9808",
        "PORT_9808_TCP_PROTO": "tcp",
        "PORT_9808_TCP_PORT": "9808",
        "PORT_9808_TCP_ADDR": "10.0.0.1",
        "METRICS_SERVICE_HOST": "10.0.0.2",
        "REQUIRE_TOOLS": "1",
    }
    load(None, BROKER | {f"QUEUE_MONITOR_{name}": value for name, value in service.items()})
