"""SIGTERM and SIGINT: exit status 0, soon, with the port free again, whatever is under way."""

import signal
import socket
from collections.abc import Callable

import pytest
import redis

from monitor.demo.broker import EmbeddedBroker, free_port, is_free
from tests.acceptance.monitor_process import Monitor


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_once_and_gives_the_port_back(
    broker: EmbeddedBroker, monitor: Callable[..., Monitor], number: signal.Signals
) -> None:
    daemon = monitor({"brokers": [{"url": broker.url}]})
    daemon.start()
    assert not is_free(daemon.port)
    assert daemon.stop(number) == 0
    assert is_free(daemon.port)


def test_it_ends_before_its_first_poll_is_over(monitor: Callable[..., Monitor]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        daemon = monitor({"brokers": [{"url": f"redis://127.0.0.1:{silent.getsockname()[1]}/0"}]})
        daemon.launch()
        daemon.logged("msg=listening")
        assert daemon.stop() == 0


def test_neither_idle_scrapers_nor_silent_receivers_nor_a_dead_broker_hold_it_up(
    broker: EmbeddedBroker, client: "redis.Redis", monitor: Callable[..., Monitor]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        daemon = monitor(
            {
                "brokers": [
                    {"url": broker.url, "queues": {"names": ["high"]}},
                    {"name": "gone", "url": f"redis://127.0.0.1:{free_port()}/0"},
                ],
                "poll": {"interval": "200ms"},
                "alerts": {
                    "group_wait": "0s",
                    "rules": [{"alert": "Backlog", "on": "queue", "when": "length > 10"}],
                },
                "channels": [
                    {"type": "webhook", "url": f"http://127.0.0.1:{silent.getsockname()[1]}/"}
                ],
            }
        )
        daemon.start()
        client.lpush("high", *["{}"] * 20)
        silent.accept()  # The notice is on its way, and stays there.
        with (
            socket.create_connection(("127.0.0.1", daemon.port)) as idle,
            socket.create_connection(("127.0.0.1", daemon.port)) as half_a_request,
        ):
            idle.sendall(b"GET /-/ready HTTP/1.1\r\nHost: a\r\n\r\n")
            assert idle.recv(12) == b"HTTP/1.1 200"
            half_a_request.sendall(b"GET /metr")
            broker.pause()
            try:
                assert daemon.stop() == 0
            finally:
                broker.resume()
        assert is_free(daemon.port)
