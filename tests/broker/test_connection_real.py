"""Connecting to a real server."""

import asyncio

from monitor.broker.settings import BrokerSettings
from monitor.broker.wire import Wire
from monitor.demo.broker import EmbeddedBroker
from monitor.values.secret import Secret


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
