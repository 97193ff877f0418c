"""The whole shipped poll of 10,000 queues against redis-py's pipeline of the LLENs alone.

A real server; a hundred of the queues hold messages of 100 kB, the rest are empty.
"""

import asyncio
import gc
import json
import tempfile
import time
from pathlib import Path
from statistics import median
from uuid import UUID

import redis.asyncio

from bench.result import Result
from monitor.broker.keys import Keys
from monitor.broker.poll import Poller
from monitor.broker.settings import BrokerSettings, TransportOptions
from monitor.broker.wire import Wire
from monitor.demo.broker import EmbeddedBroker
from monitor.facts.queues.book import QueueBook
from monitor.facts.settings import QueueLimits
from monitor.facts.workers.consumers import Consumers
from monitor.values.secret import Secret

BOUND = 5.0
QUEUES, FULL_QUEUES, BODY_BYTES = 10_000, 100, 100_000
ROUNDS = 9


def run() -> Result:
    """Measure, and say whether the bound holds."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedBroker(Path(folder)) as broker:
        return asyncio.run(_measure(broker))


async def _measure(broker: EmbeddedBroker) -> Result:
    names = [f"queue{number}" for number in range(QUEUES)]
    keys = Keys(TransportOptions(), 0)
    ours, theirs = [], []
    async with redis.asyncio.Redis(port=broker.port) as client:
        for number in range(FULL_QUEUES):
            await client.lpush(names[number * (QUEUES // FULL_QUEUES)], _message(number))
        wire = await Wire.open(BrokerSettings(url=Secret(broker.url)), 10.0)
        poller = Poller(keys, lambda *_: None)
        book = QueueBook("default", QueueLimits(), keys.steps, names)
        lists = [key for name in names for key in keys.queue(name)]
        await _poll(poller, wire, book)  # packed once, replayed until the queues change
        for _ in range(ROUNDS):
            gc.collect()
            began = time.perf_counter()
            await _poll(poller, wire, book)
            ours.append(time.perf_counter() - began)
            gc.collect()
            began = time.perf_counter()
            pipeline = client.pipeline(transaction=False)
            for key in lists:
                pipeline.llen(key)
            await pipeline.execute()
            theirs.append(time.perf_counter() - began)
        wire.close()
    ratio = median(theirs) / median(ours)
    return Result(
        name="poll",
        measured=f"{QUEUES:,} queues, 4 steps: whole poll {median(ours) * 1000:.0f} ms, "
        f"redis-py pipeline of the LLENs {median(theirs) * 1000:.0f} ms, ratio {ratio:.1f}",
        bound=BOUND,
        holds=ratio >= BOUND,
    )


async def _poll(poller: Poller, wire: Wire, book: QueueBook) -> None:
    """Do all that a poll of the daemon does, up to the rows of the snapshot."""
    poll = await poller.poll(wire, book.names, time.time)
    assert len(poll.queues) == QUEUES
    book.apply(poll)
    rows = book.facts(Consumers(known=True, workers={}, processes={}), poll.at)
    assert sum(row.length or 0 for row in rows) == FULL_QUEUES
    assert sum((row.oldest_age_seconds or 0) > 0 for row in rows) in (0, FULL_QUEUES)


def _message(number: int) -> str:
    task_id = str(UUID(int=number))
    headers = {"task": "app.add", "id": task_id, "eta": None, "argsrepr": "('x',)"}
    return json.dumps(
        {
            "body": "x" * BODY_BYTES,
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": headers,
            "properties": {"delivery_tag": task_id, "body_encoding": "base64"},
        }
    )
