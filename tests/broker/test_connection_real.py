"""Connecting to a real server."""

import asyncio
from pathlib import Path

import pytest
import redis

from monitor.broker.settings import BrokerSettings
from monitor.broker.wire import Wire
from monitor.demo.broker import EmbeddedBroker
from monitor.facts.books import Books
from monitor.facts.settings import TaskSettings
from monitor.values.secret import Secret
from tests.broker.conftest import Workers, watching
from tests.broker.test_queues_real import send


async def test_whoever_is_cancelled_while_connecting_is_cancelled(broker: EmbeddedBroker) -> None:
    settings = BrokerSettings(url=Secret(broker.url))

    async def connect() -> None:
        (await Wire.open(settings, 5.0)).close()
        await asyncio.sleep(0)  # where a cancellation that came in time is felt at the latest

    for turns in [*range(1, 30)] * 10:
        task = asyncio.create_task(connect())
        for _ in range(turns):
            await asyncio.sleep(0)
        if task.cancel():
            await asyncio.wait([task])
            assert task.cancelled()


@pytest.mark.parametrize("failing", ["polled", "told_running"])
async def test_a_watch_that_fails_leaves_no_connection_behind(
    failing: str, broker: EmbeddedBroker, client: "redis.Redis", monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = []

    def defect(*_arguments: object) -> None:
        failed.append(connections())
        raise TypeError("a defect")

    def connections() -> list[str]:
        return [each["id"] for each in client.client_list() if each["name"] == "queue-monitor"]

    monkeypatch.setattr(Books, failing, defect)
    bound = TaskSettings(max_runtime={"*": 3.0})  # so that workers are asked what they run
    with pytest.raises(AssertionError, match="unhandled errors in a TaskGroup"):
        async with watching(broker.url, tasks=bound) as watched:
            await watched.until(lambda _: failed and not connections())
    assert failed[0]
    assert not client.keys("queue-monitor.reply.*")


async def test_a_server_is_watched_through_its_unix_socket(tmp_path: Path) -> None:
    socket = tmp_path / "redis socket"
    url = f"redis+socket://{str(socket).replace(' ', '%20')}?virtual_host=2"
    with EmbeddedBroker(tmp_path, config=("--unixsocket", str(socket))) as server:
        workers = Workers(tmp_path, url)
        workers.start("-n", "high@web1", "-Q", "high", "-P", "solo")
        try:
            async with watching(url) as watched:
                await watched.until(lambda w: w.states() == {"high@web1": "online"}, 40)
                await watched.until(lambda w: {queue.workers for queue in w.part().queues} == {1})
                send(url, "low", count=3)
                await watched.until(lambda w: w.lengths() == {"high": 0, "low": 3})
                server.kill()
                await watched.until(lambda w: str(socket) in (w.part().broker.error or ""))
                assert set(watched.part().broker.poll_errors) == {"connect"}
        finally:
            workers.stop()
