"""Brokers that cannot be read, for every reason there is: each is named, none stops the monitor."""

import json
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import redis

from monitor.demo import processes
from monitor.demo.broker import EmbeddedBroker, free_port
from monitor.demo.metrics import Metrics
from tests.acceptance.monitor_process import Monitor
from tests.acceptance.receiver import Receiver
from tests.tools import require_tool

PASSWORD = "sesame-of-the-server"
WRONG_PASSWORD = "wr0ng-s3cret"


@dataclass(frozen=True)
class Bad:
    """A broker that cannot be read."""

    url: str
    reason: str
    """A regular expression."""
    says: str
    """What its line in the log must hold."""
    tls: dict[str, Any] = field(default_factory=dict)


BAD = {
    "nobody": Bad("redis://127.0.0.1:{free}/0", "connect", "onnect"),
    "silent": Bad("redis://127.0.0.1:{silent}/0", "timeout", "no answer"),
    "not-redis": Bad("redis://127.0.0.1:{http}/0", "protocol", "not Redis"),
    "wrong-password": Bad(
        f"redis://:{WRONG_PASSWORD}@127.0.0.1:{{plain}}/0", "auth", "login was refused"
    ),
    "wrong-user": Bad(
        f"redis://who:{WRONG_PASSWORD}@127.0.0.1:{{plain}}/0", "auth", "login was refused"
    ),
    "no-password": Bad("redis://127.0.0.1:{plain}/0", "auth", "login was refused"),
    "wrong-db": Bad(f"redis://:{PASSWORD}@127.0.0.1:{{plain}}/99", "database", "no such database"),
    "few-rights": Bad(
        f"redis://few:{PASSWORD}@127.0.0.1:{{plain}}/0", "permission", "no permissions"
    ),
    # Which of the two hangs on whether the handshake's random bytes hold a line's end.
    "tls-to-plain": Bad(f"rediss://:{PASSWORD}@127.0.0.1:{{plain}}/0", "tls|timeout", "TLS"),
    "plain-to-tls": Bad(f"redis://:{PASSWORD}@127.0.0.1:{{tls}}/0", "connect", "onnect"),
    "self-signed": Bad("rediss://127.0.0.1:{tls}/0", "tls", "self-signed certificate"),
    "other-host": Bad("rediss://localhost:{tls}/0", "tls", "ostname", {"ca_file": "{ca}"}),
    # The server's word on it can be overtaken by its end of the connection.
    "no-certificate": Bad(
        "rediss://127.0.0.1:{strict_tls}/0", "tls|connect", "certificate", {"ca_file": "{ca}"}
    ),
}
GOOD = {
    "fine": Bad(f"redis://:{PASSWORD}@127.0.0.1:{{plain}}/0", "", ""),
    "trusted": Bad("rediss://127.0.0.1:{tls}/0", "", "", {"ca_file": "{ca}"}),
    "not-verified": Bad("rediss://127.0.0.1:{tls}/0", "", "", {"verify": False}),
    "with-certificate": Bad(
        "rediss://127.0.0.1:{strict_tls}/0",
        "",
        "",
        {"ca_file": "{ca}", "cert_file": "{ca}", "key_file": "{key}"},
    ),
    "socket": Bad(f"redis+socket://:{PASSWORD}@{{folder}}/broker.sock?virtual_host=3", "", ""),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bad-brokers")


@pytest.fixture(scope="module")
def plain(folder: Path) -> Iterator[int]:
    """The port of a server that wants a password."""
    config = ("--requirepass", PASSWORD, "--unixsocket", str(folder / "broker.sock"))
    with EmbeddedBroker(folder, config=config) as server:
        with redis.Redis(port=server.port, password=PASSWORD) as client:
            rights = (f">{PASSWORD}", "~*", "&*", "+@all", "-llen")
            client.execute_command("ACL", "SETUSER", "few", "on", *rights)
        yield server.port


@pytest.fixture(scope="module")
def certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1 that nobody has signed; its key is beside it."""
    command = [require_tool("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes"]
    command += ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    command += ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "cert.pem"


@contextmanager
def tls_server(folder: Path, certificate: Path, auth_clients: str) -> Iterator[int]:
    """Run a server that speaks TLS only; yield its port."""
    port, log_file = free_port(), folder / f"tls-{auth_clients}.log"
    command = [require_tool("redis-server"), "--port", "0", "--tls-port", str(port)]
    command += ["--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    command += ["--tls-cert-file", str(certificate), "--tls-key-file", str(folder / "key.pem")]
    command += ["--tls-ca-cert-file", str(certificate), "--tls-auth-clients", auth_clients]
    server = processes.start(command, log_file=log_file)
    try:
        while "eady to accept connections" not in log_file.read_text():
            assert server.poll() is None, log_file.read_text()
            time.sleep(0.02)
        yield port
    finally:
        processes.stop(server)


@pytest.fixture(scope="module")
def tls(folder: Path, certificate: Path) -> Iterator[int]:
    with tls_server(folder, certificate, "no") as port:
        yield port


@pytest.fixture(scope="module")
def strict_tls(folder: Path, certificate: Path) -> Iterator[int]:
    with tls_server(folder, certificate, "yes") as port:
        yield port


@pytest.fixture(scope="module")
def silent() -> Iterator[int]:
    """The port of something that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture(scope="module")
def http() -> Iterator[int]:
    with Receiver() as receiver:
        receiver.listen()
        yield int(receiver.channel["url"].rsplit(":")[-1].strip("/"))


@pytest.fixture(scope="module")
def daemon(
    folder: Path,
    plain: int,
    tls: int,
    strict_tls: int,
    certificate: Path,
    silent: int,
    http: int,
) -> Iterator[Monitor]:
    """One monitor that watches all of them."""
    values = {
        "plain": plain,
        "tls": tls,
        "silent": silent,
        "http": http,
        "free": free_port(),
        "strict_tls": strict_tls,
        "ca": certificate,
        "key": folder / "key.pem",
        "folder": folder,
    }
    brokers = [
        {
            "name": name,
            "url": broker.url.format(**values),
            "queues": {"names": ["high"]},
            "tls": {
                option: value.format(**values) if isinstance(value, str) else value
                for option, value in broker.tls.items()
            },
        }
        for name, broker in (BAD | GOOD).items()
    ]
    monitor = Monitor(folder, {"brokers": brokers})
    try:
        monitor.start()
        yield monitor
    finally:
        monitor.kill()


@pytest.mark.parametrize("name", BAD)
def test_why_a_broker_cannot_be_read_is_logged_and_counted(daemon: Monitor, name: str) -> None:
    bad = BAD[name]
    line = daemon.logged(rf'.*msg="broker cannot be read: .*broker={name} reason=(\w+)')
    assert re.fullmatch(bad.reason, line[1]), line[0]
    assert bad.says in line[0]
    metrics = daemon.metrics()
    assert metrics.value("celery_broker_up", broker=name) == 0
    errors = metrics.where("celery_broker_poll_errors_total", broker=name)
    counts = {labels["reason"]: count for labels, count in errors}
    assert counts[line[1]] >= 1
    assert all(re.fullmatch(bad.reason, reason) for reason in counts)
    assert metrics.where("celery_broker_memory_used_bytes", broker=name) == []


@pytest.mark.parametrize("name", GOOD)
def test_the_others_are_read_all_the_same(daemon: Monitor, name: str) -> None:
    daemon.until(lambda m: m.value("celery_broker_up", broker=name) == 1)
    assert daemon.metrics().where("celery_broker_poll_errors_total", broker=name) == []


def test_the_monitor_stays_reachable_and_says_who_is_to_blame(daemon: Monitor) -> None:
    daemon.until(lambda m: sum(up for _, up in m.where("celery_broker_up")) == len(GOOD))
    assert daemon.status("/-/ready") == daemon.status("/-/healthy") == daemon.status("/") == 200
    status, body = daemon.get("/health")
    assert status == 503
    healths = {each["broker"]: each["ok"] for each in json.loads(body)["brokers"]}
    assert healths == {**dict.fromkeys(BAD, False), **dict.fromkeys(GOOD, True)}


def test_no_password_is_told_anywhere(daemon: Monitor) -> None:
    said = [daemon.log.encode()]
    said += [daemon.get(path)[1] for path in ("/", "/metrics", "/health", "/api/v1/snapshot")]
    for secret in (PASSWORD, WRONG_PASSWORD):
        assert not [text for text in said if secret.encode() in text]


def up(metrics: Metrics) -> bool:
    return metrics.value("celery_broker_up") == 1


def test_a_broker_that_is_not_there_at_the_start_is_alerted_on_and_read_when_it_comes(
    tmp_path: Path, monitor: Callable[..., Monitor], receiver: Receiver
) -> None:
    receiver.listen()
    server = EmbeddedBroker(tmp_path, port=free_port())
    daemon = monitor(
        {
            "brokers": [{"url": server.url}],
            "alerts": {
                "group_wait": "0s",
                "group_interval": "1s",
                # The built-in one, but for its patience.
                "rules": [{"alert": "BrokerDown", "on": "broker", "when": "not up", "for": "2s"}],
            },
            "channels": [receiver.channel],
        }
    )
    daemon.start()
    assert daemon.status("/-/healthy") == 200
    assert daemon.status("/health") == 503
    assert daemon.metrics().value("celery_broker_up") == 0
    receiver.until(1, alertname="BrokerDown")
    with server:
        assert daemon.until(up) < 2
        assert daemon.status("/health") == 200
        fired, resolved = receiver.until(2)
    assert (fired["status"], resolved["status"]) == ("firing", "resolved")
    assert daemon.stop() == 0


def test_a_broker_that_goes_away_and_comes_back(
    tmp_path: Path, monitor: Callable[..., Monitor]
) -> None:
    with EmbeddedBroker(tmp_path) as server:
        with redis.Redis(port=server.port) as client:
            client.lpush("high", "{}")
        broker = {"url": server.url, "queues": {"names": ["high"]}}
        daemon = monitor({"brokers": [broker], "poll": {"interval": "500ms"}})
        daemon.start()
        daemon.until(lambda m: m.value("celery_queue_length") == 1)
        server.stop()
        daemon.until(lambda m: not up(m))
        blind = daemon.metrics()
        for gauge in ("celery_queue_length", "celery_broker_connected_clients"):
            assert blind.where(gauge) == []
        assert blind.value("celery_broker_last_poll_timestamp_seconds") is not None
        assert blind.value("celery_events_connected") == 0
        while daemon.status("/health") != 503:
            time.sleep(0.05)
        assert daemon.status("/-/ready") == 200
        server.start()
        assert daemon.until(up) < 2
        assert daemon.until(lambda m: m.value("celery_events_connected") == 1) < 2
        metrics = daemon.metrics()
        assert metrics.value("celery_queue_length") == 0
        assert metrics.value("celery_event_gaps_total") == 1


def test_a_broker_that_turns_connections_away(
    broker: EmbeddedBroker, client: "redis.Redis", monitor: Callable[..., Monitor]
) -> None:
    daemon = monitor({"brokers": [{"url": broker.url}], "poll": {"interval": "500ms"}})
    daemon.start()
    daemon.until(up)
    client.config_set("maxclients", 1)
    try:
        client.client_kill_filter(skipme=True)
        daemon.until(lambda m: not up(m))
        daemon.logged("max number of clients reached")
        daemon.until(lambda m: m.value("celery_broker_poll_errors_total", reason="server"))
    finally:
        client.config_set("maxclients", 1000)
    assert daemon.until(up) < 2
