"""Verdicts and rates of queues that are filled and emptied at scripted rates on a real server."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import inf

import pytest
import redis

from monitor.broker.settings import QueueSelection
from monitor.demo.broker import EmbeddedBroker
from monitor.facts.queues.verdict import WINDOW_POLLS
from monitor.facts.readings import Event, WorkerReply
from monitor.facts.snapshot import QueueFacts
from tests.broker.conftest import Watched, watching
from tests.broker.scripted import POLL_SECONDS, ScriptedQueue, followed


class Consumer:
    """A worker of two processes that consumes `high`, as its heartbeats tell."""

    def __init__(self, watched: Watched) -> None:
        self._workers = watched.books.workers
        self.active = 0

    def beat(self) -> None:
        now = time.time()
        beat = Event("worker-heartbeat", "w@host", 7, freq=2.0, active=self.active, processed=1)
        self._workers.event(beat, now)
        self._workers.reply(WorkerReply(now, "w@host", 7, queues=("high",), concurrency=2))


@asynccontextmanager
async def world(url: str) -> AsyncIterator[tuple[Watched, Consumer]]:
    names = QueueSelection(names=("high",))
    async with watching(url, interval=POLL_SECONDS, queues=names) as watched:
        await watched.until(lambda w: w.lengths() == {"high": 0} and w.part().broker.settled)
        yield watched, Consumer(watched)


def high(watched: Watched) -> QueueFacts:
    return watched.part().queues[0]


async def run(
    watched: Watched,
    queue: ScriptedQueue,
    consumer: Consumer | None,
    *,
    put: int,
    take: int,
    polls: int = 3 * WINDOW_POLLS,
) -> list[str | None]:
    """Put and take so many every 50 ms, for so many polls, which is what a verdict goes by;
    return the verdicts on the way."""
    verdicts = []
    polled_at = set()
    while len(polled_at) <= polls:
        queue.put(put)
        queue.take(take)
        if consumer is not None:
            consumer.beat()
        await asyncio.sleep(0.05)
        polled_at.add(watched.part().broker.last_poll_at)
        verdicts.append(high(watched).verdict)
    return verdicts


@pytest.mark.parametrize(
    ("verdict", "backlog", "put", "take", "active"),
    [
        ("ok", 0, 2, 2, 1),
        ("draining", 400, 1, 3, 2),
        ("growing", 40, 3, 1, 2),
        ("saturated", 40, 0, 0, 2),
        ("stalled", 40, 0, 0, 1),
        ("stalled", 40, 1, 0, 1),
    ],
)
async def test_scripted_arrivals_and_service_give_the_verdict(
    broker: EmbeddedBroker,
    client: "redis.Redis",
    verdict: str,
    backlog: int,
    put: int,
    take: int,
    active: int,
) -> None:
    queue = ScriptedQueue(client, "high")
    async with world(broker.url) as (watched, consumer):
        consumer.active = active
        queue.put(backlog)
        verdicts = await run(watched, queue, consumer, put=put, take=take)
        found = high(watched)
        print(f"{verdict}: {found.arrival_rate:.0f} come, {found.dispatch_rate:.0f} go a second")
        assert verdicts[-1] == verdict
        # A verdict that nobody would act on may stand before it; no other one.
        assert set(verdicts) <= {verdict, "ok", None}


async def test_messages_without_a_consumer_are_abandoned(
    broker: EmbeddedBroker, client: "redis.Redis"
) -> None:
    queue = ScriptedQueue(client, "high")
    async with world(broker.url) as (watched, _):
        queue.put(3)
        await watched.until(lambda w: high(w).verdict == "abandoned", 5)


async def test_rates_and_drain_time_are_those_of_the_script(
    broker: EmbeddedBroker, client: "redis.Redis"
) -> None:
    queue = ScriptedQueue(client, "high")
    queue.put(600)
    async with followed(broker.url, queue) as watched:
        began, put, taken = time.monotonic(), len(queue.waiting), len(queue.taken)
        await run(watched, queue, None, put=1, take=3, polls=12)
        seconds = time.monotonic() - began
        dispatch = (len(queue.taken) - taken) / seconds
        arrival = (len(queue.waiting) + len(queue.taken) - put - taken) / seconds
        found = high(watched)
        assert found.arrival_rate == pytest.approx(arrival, rel=0.25)
        assert found.dispatch_rate == pytest.approx(dispatch, rel=0.25)
        drain = len(queue.waiting) / (dispatch - arrival)
        assert found.drain_seconds == pytest.approx(drain, rel=0.4)
        await run(watched, queue, None, put=3, take=1, polls=13)
        assert high(watched).drain_seconds == inf


async def test_no_queue_is_stalled_while_messages_are_given_back(
    broker: EmbeddedBroker, client: "redis.Redis"
) -> None:
    queue = ScriptedQueue(client, "high")
    async with world(broker.url) as (watched, consumer):
        consumer.active = 1
        queue.put(300)
        verdicts = await run(watched, queue, consumer, put=0, take=1)
        for _ in range(4):  # a worker takes its prefetch, dies, and the broker has it back
            queue.give_back(8)
            verdicts += await run(watched, queue, consumer, put=0, take=0, polls=4)
            queue.take(8)
            verdicts += await run(watched, queue, consumer, put=0, take=0, polls=2)
        assert "stalled" not in verdicts
        assert "growing" not in verdicts
