"""Sentinel, master and replica that speak nothing but TLS and ask everybody for a certificate."""

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis
import trustme

from monitor.broker.settings import QueueSelection, SentinelOptions, TlsSettings, TransportOptions
from monitor.demo import processes
from monitor.demo.broker import EmbeddedBroker, free_port
from tests.broker.conftest import watching
from tests.broker.test_sentinel_real import promotable, until
from tests.tools import require_tool

OPTIONS = TransportOptions(master_name="celery", sentinel_kwargs=SentinelOptions(ssl=True))
HIGH = QueueSelection(names=("high",))


@dataclass(frozen=True)
class Certificates:
    """Of an authority of our own: its certificate, and one for 127.0.0.1 with its key."""

    authority: Path
    certificate: Path
    key: Path

    def server(self, port: int) -> tuple[str, ...]:
        """Return the options of a server that speaks TLS alone."""
        options = {
            "port": 0,
            "tls-port": port,
            "tls-replication": "yes",
            "tls-auth-clients": "yes",
            "tls-ca-cert-file": self.authority,
            "tls-cert-file": self.certificate,
            "tls-key-file": self.key,
        }
        return tuple(word for name, value in options.items() for word in (f"--{name}", str(value)))

    def client(self, port: int) -> "redis.Redis":
        return redis.Redis(
            port=port,
            host="127.0.0.1",
            ssl=True,
            ssl_ca_certs=str(self.authority),
            ssl_certfile=str(self.certificate),
            ssl_keyfile=str(self.key),
        )

    @property
    def settings(self) -> TlsSettings:
        return TlsSettings(
            ca_file=str(self.authority), cert_file=str(self.certificate), key_file=str(self.key)
        )


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    made = Certificates(tmp_path / "ca.pem", tmp_path / "cert.pem", tmp_path / "key.pem")
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(made.authority)
    issued.private_key_pem.write_to_path(made.key)
    issued.cert_chain_pems[0].write_to_path(made.certificate)
    return made


@dataclass(frozen=True)
class Site:
    """A master, which can be killed, and the ports of its replica and their sentinel."""

    master: EmbeddedBroker
    replica_port: int
    url: str


@pytest.fixture
def site(tmp_path: Path, certificates: Certificates) -> Iterator[Site]:
    program = Path(require_tool("redis-server"))
    master_port, replica_port, sentinel_port = free_port(), free_port(), free_port()

    def server(name: str, port: int, more: Sequence[str] = ()) -> EmbeddedBroker:
        (tmp_path / name).mkdir()
        config = (*certificates.server(port), *more)
        return EmbeddedBroker(tmp_path / name, config=config, program=program)

    with ExitStack() as running:
        master = running.enter_context(server("master", master_port))
        follow = ("--replicaof", f"127.0.0.1 {master_port}")
        running.enter_context(server("replica", replica_port, follow))
        config = tmp_path / "sentinel.conf"
        config.write_text(
            f"bind 127.0.0.1\ndir {tmp_path}\n"
            f"sentinel monitor celery 127.0.0.1 {master_port} 1\n"
            "sentinel down-after-milliseconds celery 500\n"
            "sentinel failover-timeout celery 3000\n"
        )
        command = [str(program), str(config), "--sentinel", *certificates.server(sentinel_port)]
        sentinel = processes.start(command, log_file=tmp_path / "sentinel.log")
        running.callback(processes.stop, sentinel)
        with certificates.client(sentinel_port) as client:
            until(lambda: promotable(client))
        yield Site(master, replica_port, f"sentinel://127.0.0.1:{sentinel_port}/0")


async def test_a_failover_is_followed_through_tls(site: Site, certificates: Certificates) -> None:
    async with watching(
        site.url, transport_options=OPTIONS, tls=certificates.settings, interval=1.0, queues=HIGH
    ) as watched:
        await watched.until(lambda w: w.part().broker.up)
        site.master.kill()
        await watched.until(lambda w: w.part().broker.resets["failed_over"] == 1)
        with certificates.client(site.replica_port) as client:
            client.lpush("high", "{}")
        await watched.until(lambda w: w.lengths() == {"high": 1})
        assert watched.part().broker.events_connected is True


async def test_a_certificate_that_is_missing_is_named_and_no_way_around(
    site: Site, certificates: Certificates
) -> None:
    ours = certificates.settings
    faulty = {
        "their authority is not ours": TlsSettings(),
        "we have none": TlsSettings(ca_file=ours.ca_file),
    }
    for name, tls in faulty.items():
        async with watching(
            site.url, transport_options=OPTIONS, tls=tls, interval=1.0, queues=HIGH
        ) as watched:
            await watched.until(lambda w: w.part().broker.up is False)
            broker = watched.part().broker
            print(f"{name}: {broker.error}")
            # A refusal that comes after the handshake may be no more than a closed connection.
            assert re.search("certificate|reset|closed", broker.error or "")
