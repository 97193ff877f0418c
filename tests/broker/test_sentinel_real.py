"""A broker behind a sentinel: found, followed over a failover, and lost when nobody knows it."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from monitor.broker.settings import SentinelOptions, TransportOptions
from monitor.demo import processes
from monitor.demo.broker import EmbeddedBroker, find_server, free_port
from monitor.values.secret import Secret
from tests.broker.conftest import Watched, Workers, watching
from tests.broker.test_queues_real import send

PASSWORD = "of-the-sentinel"
OPTIONS = TransportOptions(
    master_name="celery", sentinel_kwargs=SentinelOptions(password=Secret(PASSWORD))
)


@pytest.fixture
def replica(broker: EmbeddedBroker, tmp_path: Path) -> Iterator[EmbeddedBroker]:
    folder = tmp_path / "replica"
    folder.mkdir()
    with EmbeddedBroker(folder, config=("--replicaof", f"127.0.0.1 {broker.port}")) as server:
        yield server


@pytest.fixture
def sentinel(broker: EmbeddedBroker, replica: EmbeddedBroker, tmp_path: Path) -> Iterator[str]:
    """The URL of a sentinel that knows the broker and its replica, and of one that is not there."""
    port, config = free_port(), tmp_path / "sentinel.conf"
    config.write_text(
        f"port {port}\nbind 127.0.0.1\ndir {tmp_path}\nrequirepass {PASSWORD}\n"
        f"sentinel monitor celery 127.0.0.1 {broker.port} 1\n"
        "sentinel down-after-milliseconds celery 500\n"
        "sentinel failover-timeout celery 3000\n"
    )
    command = [str(find_server()), str(config), "--sentinel"]
    process = processes.start(command, log_file=tmp_path / "sentinel.log")
    try:
        with redis.Redis(port=port, password=PASSWORD) as client:
            until(lambda: promotable(client))
        yield f"sentinel://127.0.0.1:{free_port()};sentinel://127.0.0.1:{port}/0"
    finally:
        processes.stop(process)


def promotable(client: "redis.Redis") -> bool:
    """Return whether the sentinel has heard its replica say that it follows its master."""
    replicas = client.sentinel_slaves("celery")
    return any(each["master-link-status"] == "ok" for each in replicas)


def until(true: Any, seconds: float = 20.0) -> None:
    """Wait until it holds; an error is not yet."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if true():
                return
        except redis.RedisError:
            pass
        assert time.monotonic() < deadline
        time.sleep(0.05)


async def test_the_master_is_found_and_followed_over_a_failover(
    broker: EmbeddedBroker, replica: EmbeddedBroker, sentinel: str
) -> None:
    send(broker.url, "high", count=40)
    with redis.Redis(port=replica.port) as client:
        until(lambda: client.llen("high") == 40)
    async with watching(sentinel, transport_options=OPTIONS, interval=1.0) as watched:
        await watched.until(lambda w: w.lengths() == {"high": 40})
        broker.kill()
        seconds = await watched.until(lambda w: w.part().broker.resets["failed_over"] == 1)
        print(f"read again {seconds:.1f} s after the master was killed")
        send(replica.url, "high")
        await watched.until(lambda w: w.lengths() == {"high": 41})
        part = watched.part()
        assert (part.broker.role, part.fell, part.broker.messages_lost_lately) == ("master", {}, 0)
        assert part.broker.events_connected is True


async def test_a_planned_failover_is_followed_although_the_old_master_lives(
    broker: EmbeddedBroker, replica: EmbeddedBroker, sentinel: str
) -> None:
    port = int(sentinel.rpartition(":")[2].removesuffix("/0"))
    async with watching(sentinel, transport_options=OPTIONS, interval=1.0) as watched:
        await watched.until(lambda w: w.part().broker.up)
        with redis.Redis(port=port, password=PASSWORD) as client:
            until(lambda: client.execute_command("SENTINEL", "FAILOVER", "celery"))
        await watched.until(lambda w: w.part().broker.resets["failed_over"] == 1)
        send(replica.url, "high")
        await watched.until(lambda w: w.lengths() == {"high": 1})
        await watched.until(lambda w: w.part().broker.writable)


APP = f"""
from celery import Celery
app = Celery()
app.conf.broker_transport_options = dict(
    master_name="celery", sentinel_kwargs=dict(password="{PASSWORD}")
)
"""


@pytest.fixture
def fleet(sentinel: str, tmp_path: Path) -> Iterator[Workers]:
    (tmp_path / "behind.py").write_text(APP)
    # One that is not there costs a worker four seconds at each of its ten connections.
    started = Workers(tmp_path, sentinel.rpartition(";")[2])
    yield started
    started.stop()


@pytest.mark.soak
@pytest.mark.timeout(240)
async def test_a_deploy_during_a_failover_is_no_death(
    broker: EmbeddedBroker, sentinel: str, fleet: Workers
) -> None:
    def start(name: str) -> processes.Process:
        return fleet.start("-n", f"{name}@h", "-Q", "q", "-c", "1", app="behind")

    def all_told(watched: Watched, *names: str) -> bool:
        rows = watched.part().workers
        assert all(row.up is not False for row in rows), rows
        told = {row.hostname for row in rows if row.queues and row.concurrency}
        return told == {row.hostname for row in rows} == {f"{name}@h" for name in names}

    async with watching(sentinel, transport_options=OPTIONS, interval=5.0) as watched:
        old = [start("old1"), start("old2")]
        await watched.until(lambda w: all_told(w, "old1", "old2"), 60)
        broker.kill()
        for process in old:  # none of them can say goodbye
            processes.kill(process)
        await watched.until(lambda w: w.part().broker.resets["failed_over"] == 1)
        for name in ("new1", "new2"):
            start(name)
        seconds = await watched.until(lambda w: all_told(w, "new1", "new2"), 90)
        print(f"deployed {seconds:.1f} s after the failover: {watched.part().gone}")


@pytest.mark.parametrize(
    ("options", "reason", "says"),
    [
        (TransportOptions(master_name="other", sentinel_kwargs=OPTIONS.sentinel_kwargs),
         "connect", "no sentinel knows a master 'other'"),
        (TransportOptions(master_name="celery"), "auth", "login was refused"),
    ],
)  # fmt: skip
async def test_a_master_that_cannot_be_found_is_named(
    sentinel: str, options: TransportOptions, reason: str, says: str
) -> None:
    async with watching(sentinel, transport_options=options, interval=1.0) as watched:
        await watched.until(lambda w: w.part().broker.up is False)
        broker = watched.part().broker
        assert list(broker.poll_errors) == [reason]
        assert says in (broker.error or "")
        assert PASSWORD not in (broker.error or "")
