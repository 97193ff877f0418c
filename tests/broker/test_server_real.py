"""What becomes of a real server: one that refuses writes, evicts, loses what it held."""

import time
from collections.abc import Mapping
from pathlib import Path

import pytest
import redis

from monitor.broker.discovery import Discovery
from monitor.broker.keys import Keys
from monitor.broker.poll import Poller
from monitor.broker.settings import BrokerSettings, TransportOptions
from monitor.broker.wire import Wire
from monitor.demo.broker import EmbeddedBroker
from monitor.values.secret import Secret
from tests.broker.conftest import Watched, watching
from tests.broker.test_queues_real import send


def obstacles(watched: Watched) -> set[str]:
    there: Mapping[str, bool] = watched.part().broker.obstacles or {}
    return {name for name, stands in there.items() if stands}


async def test_a_server_that_is_full_refuses_writes(
    broker: EmbeddedBroker, client: "redis.Redis"
) -> None:
    async with watching(broker.url) as watched:
        await watched.until(lambda w: w.part().broker.writable)
        client.config_set("maxmemory", "1mb")
        with pytest.raises(redis.exceptions.OutOfMemoryError):
            client.lpush("high", "x")
        await watched.until(lambda w: obstacles(w) == {"out_of_memory"})
        client.config_set("maxmemory", "0")


async def test_a_full_server_that_may_only_evict_what_is_not_there_refuses_writes(
    broker: EmbeddedBroker, client: "redis.Redis"
) -> None:
    async with watching(broker.url) as watched:
        await watched.until(lambda w: w.part().broker.writable)
        client.config_set("maxmemory-policy", "volatile-lru")
        client.config_set("maxmemory", "1mb")
        with pytest.raises(redis.exceptions.OutOfMemoryError):
            client.lpush("high", "x")
        await watched.until(lambda w: obstacles(w) == {"out_of_memory"})
        assert watched.part().broker.evicts_queues is False


async def test_a_server_whose_disk_fails_refuses_writes_where_saves_are_configured(
    tmp_path: Path,
) -> None:
    with EmbeddedBroker(tmp_path, config=("--dbfilename", "blocked.rdb")) as server:
        # A folder of the file's name is what even root cannot write over.
        (tmp_path / "blocked.rdb").mkdir()
        (tmp_path / "blocked.rdb" / "content").touch()
        async with watching(server.url) as watched:
            with redis.Redis(port=server.port) as client:
                await watched.until(lambda w: w.part().broker.writable)
                client.bgsave()
                await watched.until(
                    lambda _: client.info("persistence")["rdb_last_bgsave_status"] == "err"
                )
                client.lpush("high", "x")  # taken all the same: no saves are configured
                await watched.polled(3)
                assert obstacles(watched) == set()
                client.config_set("save", "3600 1")
                with pytest.raises(redis.ResponseError, match="MISCONF"):
                    client.lpush("high", "x")
                await watched.until(lambda w: obstacles(w) == {"disk"})
                assert watched.part().broker.events_connected is True


async def test_a_replica_refuses_writes(broker: EmbeddedBroker, tmp_path: Path) -> None:
    folder = tmp_path / "replica"
    folder.mkdir()
    follow = ("--replicaof", f"127.0.0.1 {broker.port}")
    with EmbeddedBroker(folder, config=follow) as replica:
        async with watching(replica.url) as watched:
            await watched.until(lambda w: obstacles(w) == {"replica"})


async def test_a_server_with_no_room_for_another_client_refuses_them(
    broker: EmbeddedBroker, client: "redis.Redis"
) -> None:
    async with watching(broker.url) as watched:
        await watched.until(lambda w: w.part().broker.writable)
        client.config_set("maxclients", 3)
        await watched.until(lambda w: obstacles(w) == {"max_clients"})
        client.config_set("maxclients", 1000)


async def test_evicted_keys_are_counted(broker: EmbeddedBroker, client: "redis.Redis") -> None:
    client.config_set("maxmemory-policy", "allkeys-lru")
    async with watching(broker.url) as watched:
        await watched.until(lambda w: w.part().broker.evicted_lately == 0)
        client.config_set("maxmemory", client.info("memory")["used_memory"] + 200_000)
        for number in range(100):
            client.set(f"result-{number}", "x" * 10_000)
        await watched.until(lambda w: (w.part().broker.evicted_lately or 0) > 0)
        assert watched.part().broker.evicts_queues is True


def resets(watched: Watched) -> dict[str, int]:
    return {reason: n for reason, n in watched.part().broker.resets.items() if n}


def why_fallen(watched: Watched) -> list[str]:
    return list(watched.part().fell.values())


async def test_a_restart_that_loses_messages_is_told(broker: EmbeddedBroker) -> None:
    send(broker.url, "high", count=40)
    async with watching(broker.url) as watched:
        await watched.until(lambda w: w.lengths() == {"high": 40})
        broker.stop()
        await watched.until(lambda w: w.part().broker.up is False)
        broker.start()
        await watched.until(lambda w: w.lengths() == {"high": 0})
        assert resets(watched) == {"restarted": 1}
        assert why_fallen(watched) == ["the broker was restarted: 40 messages before, 0 after"]
        await watched.until(lambda w: w.part().broker.messages_lost_lately == 40)


async def test_a_restart_that_loses_nothing_is_counted_and_no_more(tmp_path: Path) -> None:
    with EmbeddedBroker(tmp_path, config=("--appendonly", "yes")) as server:
        send(server.url, "high", count=40)
        async with watching(server.url) as watched:
            await watched.until(lambda w: w.lengths() == {"high": 40})
            server.stop()
            await watched.until(lambda w: w.part().broker.up is False)
            server.start()
            await watched.until(lambda w: resets(w) == {"restarted": 1})
            assert (watched.lengths(), why_fallen(watched)) == ({"high": 40}, [])


async def test_a_flush_is_told_from_work(broker: EmbeddedBroker, client: "redis.Redis") -> None:
    send(broker.url, "high", count=40)
    async with watching(broker.url) as watched:
        await watched.until(lambda w: w.lengths() == {"high": 40})
        client.ltrim("high", 0, 29)  # as somebody who works would leave it
        await watched.until(lambda w: w.lengths() == {"high": 30})
        assert resets(watched) == {}
        client.flushdb()
        await watched.until(lambda w: w.lengths() == {"high": 0})
        assert resets(watched) == {"flushed": 1}
        assert why_fallen(watched) == ["the broker was flushed: 30 messages before, 0 after"]
        await watched.until(lambda w: w.part().broker.messages_lost_lately == 30)


async def test_a_flush_between_a_poll_and_the_look_for_queues_is_seen(
    broker: EmbeddedBroker, client: "redis.Redis"
) -> None:
    send(broker.url, "high", count=40)
    keys = Keys(TransportOptions(), 0)
    discovery = Discovery(keys)
    poller = Poller(keys, discovery.route)
    wire = await Wire.open(BrokerSettings(url=Secret(broker.url)), 5.0)
    found = []
    for number in range(4):
        poll = await poller.poll(wire, ["high"], time.time)
        found.append((poll.binding_tables, sum(poll.queues["high"].lengths)))
        if number == 1:
            client.flushall()
        await discovery.queues(wire, time.time() + 5, time.time)
        poller.know_tables(discovery.queue_tables)
    wire.close()
    assert found == [(None, 40), (1, 40), (0, 0), (None, 0)]


async def test_the_monitors_own_commands_are_as_many_as_the_server_counts(
    broker: EmbeddedBroker, client: "redis.Redis"
) -> None:
    async with watching(broker.url) as watched:
        await watched.until(lambda w: (w.part().broker.commands_per_poll or 0) > 0)
        await watched.until(lambda w: w.part().broker.settled)
        before, counted = client.info("stats"), sum(watched.part().broker.commands.values())
        await watched.until(lambda w: sum(w.part().broker.commands.values()) > counted + 50)
        own = sum(watched.part().broker.commands.values()) - counted
        after = client.info("stats")
    served = after["total_commands_processed"] - before["total_commands_processed"]
    # What a poll under way has sent may not be served yet.
    assert served == pytest.approx(own, abs=20)


async def test_a_dead_broker_does_not_delay_another(broker: EmbeddedBroker, tmp_path: Path) -> None:
    folder = tmp_path / "dead"
    folder.mkdir()
    with EmbeddedBroker(folder) as other:
        async with watching(broker.url) as alive:
            alone = await alive.polled(10)
            async with watching(other.url) as dead:
                await dead.until(lambda w: w.part().broker.up)
                other.pause()
                try:
                    await dead.until(lambda w: w.part().broker.up is False)
                    beside = await alive.polled(10)
                finally:
                    other.resume()
    print(f"seconds between ten polls: {alone:.2f} alone, {beside:.2f} beside a dead broker")
    assert beside < 1.5 * alone


async def test_a_queue_that_was_evicted_is_told_from_work(
    broker: EmbeddedBroker, client: "redis.Redis"
) -> None:
    send(broker.url, "high", count=40)
    client.config_set("maxmemory-policy", "allkeys-random")
    async with watching(broker.url) as watched:
        await watched.until(lambda w: w.lengths() == {"high": 40})
        client.config_set("maxmemory", client.info("memory")["used_memory"] + 200_000)
        for number in range(2_000):
            client.set(f"result-{number % 20}", "x" * 20_000)
            if not client.exists("high"):
                break
        await watched.until(lambda w: resets(w).get("evicted") == 1)
        assert why_fallen(watched) == ["the broker evicted keys: 40 messages before, 0 after"]
        await watched.until(lambda w: w.part().broker.messages_lost_lately == 40)
