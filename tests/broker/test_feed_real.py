"""The event feed on a real server, under traffic."""

import asyncio
import base64
import json

import redis.asyncio

from monitor.demo.broker import EmbeddedBroker
from tests.broker.conftest import watching

EVENT = {"type": "task-started", "uuid": "u1", "hostname": "high@web1", "pid": 5}
MESSAGE = json.dumps({"body": base64.b64encode(json.dumps([EVENT]).encode()).decode()})


async def publish_until(stop: asyncio.Event, url: str) -> None:
    """It is asked to stop, for redis-py may lose a cancellation before Python 3.12."""
    async with redis.asyncio.Redis.from_url(url) as client:
        while not stop.is_set():
            pipeline = client.pipeline(transaction=False)
            for _ in range(200):
                pipeline.publish("/0.celeryev/task.multi", MESSAGE)
            await pipeline.execute()


async def test_subscribing_in_the_midst_of_traffic_loses_nothing(broker: EmbeddedBroker) -> None:
    stop = asyncio.Event()
    traffic = asyncio.create_task(publish_until(stop, broker.url))
    try:
        for _ in range(10):
            async with watching(broker.url) as watched:
                await watched.until(lambda w: w.part().broker.events_received)
                assert watched.part().broker.event_gaps == 0
    finally:
        stop.set()
        await traffic


async def test_a_feed_that_the_server_cuts_is_a_gap_and_comes_back(broker: EmbeddedBroker) -> None:
    async with watching(broker.url) as watched, redis.asyncio.Redis.from_url(broker.url) as client:
        await watched.until(lambda w: w.part().broker.events_connected)
        await client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
        await watched.until(lambda w: w.part().broker.event_gaps == 1)
        await watched.until(lambda w: w.part().broker.events_connected)
