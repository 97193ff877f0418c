"""Messages in flight by queue, on a real server, against tables whose truth is known."""

import json
import random
import time
from typing import Any
from uuid import UUID

import pytest
import redis
from celery import Celery
from kombu import Connection, Exchange, Producer, Queue

from monitor.broker.settings import QueueSelection
from monitor.demo.broker import EmbeddedBroker
from monitor.facts.inflight import Share
from tests.broker.conftest import Watched, Workers, watching
from tests.broker.scripted import envelope

NAMES = QueueSelection(names=("high", "low", "idle"))
AHEAD = "2100-01-01T00:00:00+00:00"
PASSED = "2001-01-01T00:00:00+00:00"
NOTHING = Share(0, 0, 0, exact=True, error=0.0)


def fly(
    client: "redis.Redis", messages: list[tuple[str, str, dict[str, Any]]], body: str = "W10="
) -> None:
    """Put messages in flight as kombu does: exchange, routing key, headers of each."""
    pipeline = client.pipeline()
    for number, (exchange, routing_key, headers) in enumerate(messages):
        tag = str(UUID(int=number))
        raw = json.loads(envelope(tag, body, **headers))
        pipeline.hset("unacked", tag, json.dumps([raw, exchange, routing_key]))
        pipeline.zadd("unacked_index", {tag: time.time() - 60})
    pipeline.execute()


def shares(watched: Watched) -> dict[str, Share | None]:
    return {queue.queue_name: queue.in_flight for queue in watched.part().queues}


def mixed(count: int) -> list[tuple[str, str, dict[str, Any]]]:
    """Return messages, in random order: 60 % high, the rest low, some of each kind."""
    dice = random.Random(7)
    messages = []
    for number in range(count):
        headers: dict[str, Any] = {}
        if number % 10 == 0:
            headers["redelivered"] = True
        if number % 4 == 0:
            headers["eta"] = AHEAD if number % 8 == 0 else PASSED
        headers["argsrepr"] = '{"eta": "2100-01-01", "redelivered": true}'
        messages.append(("", "high" if number % 5 < 3 else "low", headers))
    dice.shuffle(messages)
    return messages


def truth(messages: list[tuple[str, str, dict[str, Any]]], name: str) -> tuple[int, int, int]:
    own = [headers for _, routing_key, headers in messages if routing_key == name]
    redelivered = sum("redelivered" in headers for headers in own)
    return len(own), redelivered, sum(headers.get("eta") == AHEAD for headers in own)


async def test_five_hundred_in_flight_are_split_exactly(
    broker: EmbeddedBroker, client: "redis.Redis"
) -> None:
    messages = mixed(500)
    fly(client, messages)
    async with watching(broker.url, queues=NAMES) as watched:
        await watched.until(lambda w: w.part().broker.unacked == 500)
        found = shares(watched)
        assert found["high"] == Share(*truth(messages, "high"), exact=True, error=0.0)
        assert found["low"] == Share(*truth(messages, "low"), exact=True, error=0.0)
        assert found["idle"] == NOTHING


async def test_fifty_thousand_are_sampled_within_three_stated_errors(
    broker: EmbeddedBroker, client: "redis.Redis"
) -> None:
    messages = mixed(50_000)
    fly(client, messages)
    async with watching(broker.url, queues=NAMES) as watched:
        await watched.until(lambda w: w.part().broker.unacked == 50_000)
        off = []
        for _ in range(5):
            found = shares(watched)
            for name, share in found.items():
                assert share is not None and share.exact is False, name
            high = found["high"]
            assert high is not None
            off.append(abs(high.unacked - truth(messages, "high")[0]) / high.error)
            await watched.polled(1)
        print("off by", *(f"{errors:.1f}" for errors in off), "of the stated errors")
        # One sample in 400 is further off by chance; two of five are not.
        assert sorted(off)[-2] <= 3


async def test_large_bodies_in_flight_stay_in_the_server_and_the_bound_is_told(
    broker: EmbeddedBroker, client: "redis.Redis"
) -> None:
    fly(client, [("", "high", {})] * 20, body="x" * 1_000_000)
    async with watching(broker.url, queues=NAMES) as watched:
        await watched.until(lambda w: w.part().broker.poll_bounds_hit["in_flight"] > 1)
        sent_before = client.info("stats")["total_net_output_bytes"]
        hit = watched.part().broker.poll_bounds_hit["in_flight"]
        await watched.until(lambda w: w.part().broker.poll_bounds_hit["in_flight"] >= hit + 4)
        assert client.info("stats")["total_net_output_bytes"] - sent_before < 200_000
        share = shares(watched)["high"]
        assert share is not None
        assert (share.unacked, share.exact) == (20, False)


async def test_what_came_through_an_exchange_is_told_by_its_binding(
    broker: EmbeddedBroker, client: "redis.Redis"
) -> None:
    sep = "\x06\x16"
    client.sadd("_kombu.binding.direct", f"urgent{sep}{sep}high", f"both{sep}{sep}high")
    client.sadd("_kombu.binding.direct", f"both{sep}{sep}low")
    fly(client, [("direct", "urgent", {})] * 3)
    async with watching(broker.url, queues=NAMES) as watched:
        await watched.until(lambda w: (s := shares(w)["high"]) and s.unacked == 3 and s.exact)
        fly(client, [*[("direct", "urgent", {})] * 3, ("direct", "both", {})])
        await watched.until(lambda w: (s := shares(w)["high"]) and not s.exact)
        share = shares(watched)["high"]
        assert share is not None and share.unacked == 3


async def test_what_kombu_sent_through_a_topic_or_a_fanout_is_told_by_its_pattern(
    broker: EmbeddedBroker,
) -> None:
    topic, fanout = Exchange("shop", "topic"), Exchange("news", "fanout")
    high = Queue("high", topic, routing_key="order.*")
    low = Queue("low", topic, routing_key="#.refund")
    with Connection(broker.url) as connection:
        channel = connection.channel()
        for queue in (high, low, Queue("idle", fanout)):
            queue(channel).declare()
        producer = Producer(channel)
        producer.publish("", exchange=topic, routing_key="order.new")
        producer.publish("", exchange=topic, routing_key="shop.pay.refund")
        assert high(channel).get() and low(channel).get()
        async with watching(broker.url, queues=NAMES) as watched:
            one = Share(1, 0, 0, exact=True, error=0.0)
            await watched.until(lambda w: shares(w) == {"high": one, "low": one, "idle": NOTHING})
            producer.publish("", exchange=topic, routing_key="order.refund")
            assert high(channel).get() and low(channel).get()
            await watched.until(lambda w: (s := shares(w)["high"]) and not s.exact)
            # Both copies have one delivery tag, and so one entry.
            assert watched.part().broker.unacked == 3
        with redis.Redis(port=broker.port) as client:
            fly(client, [("news", "any.key", {})])
        async with watching(broker.url, queues=NAMES) as watched:
            await watched.until(lambda w: (s := shares(w)["idle"]) and s.unacked == 1)


async def test_countdowns_held_by_a_real_worker_are_scheduled_and_not_at_risk(
    broker: EmbeddedBroker, workers: Workers
) -> None:
    workers.start("-Q", "high", "-n", "high@test", "-c", "1", "-P", "solo")
    app = Celery(broker=broker.url)
    for _ in range(5):
        app.send_task("monitor.reference_app.faults.pause", (0,), queue="high", countdown=600)
    app.close()
    async with watching(broker.url, queues=NAMES) as watched:
        await watched.until(lambda w: (s := shares(w)["high"]) and s.unacked == 5, 40)
        assert shares(watched)["high"] == Share(5, 0, 5, exact=True, error=0.0)
        row = watched.part().broker
        assert row.oldest_due_unacked_age_seconds == 0.0
        assert row.oldest_unacked_age_seconds is not None


@pytest.mark.parametrize(
    ("ahead", "due", "age"), [(3, 0, 0.0), (400, 1, 60.0), (600, 0, None), (600, 1, None)]
)
async def test_the_oldest_that_is_due_is_found_behind_countdowns_or_is_unknown(
    broker: EmbeddedBroker, client: "redis.Redis", ahead: int, due: int, age: float | None
) -> None:
    fly(client, [*[("", "high", {"eta": AHEAD})] * ahead, *[("", "high", {})] * due])
    async with watching(broker.url, queues=NAMES) as watched:
        await watched.until(lambda w: w.part().broker.unacked == ahead + due)
        found = watched.part().broker.oldest_due_unacked_age_seconds
        assert found == (None if age is None else pytest.approx(age, abs=20 if age else 0))


@pytest.mark.parametrize("kind", ["string", "list"])
async def test_tables_of_another_type_are_unknown_and_no_error(
    broker: EmbeddedBroker, client: "redis.Redis", kind: str
) -> None:
    client.set("unacked", "x") if kind == "string" else client.lpush("unacked", "x")
    async with watching(broker.url, queues=NAMES) as watched:
        await watched.until(lambda w: w.part().broker.up)
        assert shares(watched)["high"] is None
