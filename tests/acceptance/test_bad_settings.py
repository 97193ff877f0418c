"""Settings that cannot work: one clear line, exit status 2, and nothing half-started."""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from monitor.demo.broker import free_port
from tests.acceptance.monitor_process import Monitor

EXIT_SECONDS = 20.0


@dataclass(frozen=True)
class Bad:
    """What is wrong, and the line that says so; `{folder}` is the monitor's own."""

    settings: dict[str, Any]
    says: str


BAD = {
    "unknown channel type": Bad(
        {"channels": [{"type": "webhok", "url": "http://127.0.0.1/"}]},
        "{folder}/config.yaml:8:9: channels[0].type: unknown type 'webhok':"
        " expected one of log, webhook, sentry, alertmanager, pagerduty, jira_service_management,"
        " slack, email, apprise, exec (did you mean 'webhook'?)",
    ),
    "unknown fact in a rule": Bad(
        {"alerts": {"rules": [{"alert": "A", "on": "queue", "when": "lenght > 100"}]}},
        "{folder}/config.yaml:11:11: alerts.rules[0].when: unknown fact 'lenght' of queue"
        " (did you mean 'length'?)",
    ),
    "unknown setting": Bad(
        {"pol": {"interval": "1s"}},
        "{folder}/config.yaml:7:1: pol: unknown key (did you mean 'poll'?)",
    ),
    "a channel that cannot be made": Bad(
        {"channels": [{"type": "sentry", "dsn": "https://sentry.example.com"}]}, "dsn"
    ),
    "a state file below a file": Bad(
        {"state": {"file": "{folder}/config.yaml/state.db"}},
        "queue-monitor: state file {folder}/config.yaml/state.db: Not a directory",
    ),
    "a state file that is a folder": Bad(
        {"state": {"file": "{folder}"}}, "queue-monitor: state file {folder}: Is a directory"
    ),
    "an address of another host": Bad(
        {"web": {"listen": "192.0.2.1:0"}},
        "queue-monitor: cannot listen on 192.0.2.1:0: Cannot assign requested address",
    ),
}


def in_folder(value: Any, folder: Path) -> Any:
    """Return settings with the folder's name put in."""
    match value:
        case dict():
            return {key: in_folder(each, folder) for key, each in value.items()}
        case list():
            return [in_folder(each, folder) for each in value]
        case str():
            return value.replace("{folder}", str(folder))
    return value


def refused(daemon: Monitor) -> str:
    """Start it; return its one line of complaint."""
    assert daemon.launch().wait(EXIT_SECONDS) == 2
    (line,) = daemon.log.splitlines()
    return line


def left_behind(daemon: Monitor) -> set[str]:
    files = {path.name for path in daemon.folder.rglob("*")}
    return files - {"config.yaml", "monitor-1.log"}


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_what_cannot_work_is_one_line_and_leaves_nothing(
    monitor: Callable[..., Monitor], port: int, bad: Bad
) -> None:
    daemon = monitor({"brokers": [{"url": "redis://127.0.0.1:6379/0"}]})
    own = {"web": {"listen": f"127.0.0.1:{port}"}}
    daemon.settings = {**daemon.settings, **own, **in_folder(bad.settings, daemon.folder)}
    assert bad.says.replace("{folder}", str(daemon.folder)) in refused(daemon)
    assert left_behind(daemon) == set()
    socket.create_server(("127.0.0.1", port)).close()


def test_a_taken_port_is_one_line_and_leaves_nothing(monitor: Callable[..., Monitor]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        address = f"127.0.0.1:{holder.getsockname()[1]}"
        broker = {"url": "redis://127.0.0.1:6379/0"}
        daemon = monitor({"brokers": [broker], "web": {"listen": address}})
        said = refused(daemon)
    assert said == f"queue-monitor: cannot listen on {address}: Address already in use"
    assert left_behind(daemon) == set()


def test_a_second_monitor_on_the_same_state_is_refused_and_the_first_goes_on(
    monitor: Callable[..., Monitor],
) -> None:
    first = monitor({"brokers": [{"url": f"redis://127.0.0.1:{free_port()}/0"}]})
    first.start()
    second = monitor({**first.settings})
    state = first.folder / "state.db"
    assert refused(second) == f"queue-monitor: state file {state} is in use by another process"
    first.tick()
    assert first.metrics().value("queue_monitor_state_writable") == 1
