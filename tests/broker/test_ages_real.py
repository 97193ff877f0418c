"""Ages of the oldest message, with and without stamps, against queues whose truth is known."""

import asyncio
import time

import pytest
import redis

from monitor.demo.broker import EmbeddedBroker
from tests.broker.conftest import Watched
from tests.broker.scripted import POLL_SECONDS, ScriptedQueue, followed

SLACK = 0.25
"""Seconds by which a shared machine may be late."""


def age(watched: Watched, name: str) -> float | None:
    rows = {queue.queue_name: queue for queue in watched.part().queues}
    return rows[name].oldest_age_seconds


async def measure(
    watched: Watched, queue: ScriptedQueue, seconds: float, *, put: int, take: int
) -> list[float]:
    """Put and take so many every 50 ms; return how much too young each age was, in seconds."""
    errors = []
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        queue.put(put)
        queue.take(take)
        await asyncio.sleep(0.05)
        found = age(watched, "high")
        if found is not None:
            errors.append(queue.oldest_age_seconds - found)
    return errors


async def test_without_stamps_a_steady_backlog_keeps_its_age_to_within_two_polls(
    broker: EmbeddedBroker, client: "redis.Redis"
) -> None:
    queue = ScriptedQueue(client, "high")
    queue.put(60)
    async with followed(broker.url, queue) as watched:
        await measure(watched, queue, 3.0, put=1, take=1)  # until all of the first are gone
        errors = await measure(watched, queue, 4.0, put=1, take=1)
        print(
            f"true age {queue.oldest_age_seconds:.1f} s, too young by at most {max(errors):.2f} s"
        )
        assert queue.oldest_age_seconds > 2.0
        assert max(errors) < 2 * POLL_SECONDS + SLACK
        assert min(errors) > -SLACK, "no message may look older than it is"
        assert watched.part().queues[0].oldest_age_exact is False


async def test_the_age_of_a_stalled_queue_grows_second_by_second(
    broker: EmbeddedBroker, client: "redis.Redis"
) -> None:
    queue = ScriptedQueue(client, "high")
    async with followed(broker.url, queue) as watched:
        queue.put(3)
        errors = await measure(watched, queue, 3.0, put=1, take=0)
        late = errors[len(errors) // 2 :]
        assert max(late) < 2 * POLL_SECONDS + SLACK
        assert age(watched, "high") == pytest.approx(3.0, abs=1.0)


async def test_with_stamps_the_age_is_exact(broker: EmbeddedBroker, client: "redis.Redis") -> None:
    queue = ScriptedQueue(client, "high", stamped=True)
    queue.put(40)
    async with followed(broker.url, queue) as watched:
        errors = await measure(watched, queue, 3.0, put=1, take=1)
        assert max(map(abs, errors)) < POLL_SECONDS + 0.1 + SLACK
        assert watched.part().queues[0].oldest_age_exact is True


async def test_what_cannot_be_counted_still_has_an_age(
    broker: EmbeddedBroker, client: "redis.Redis"
) -> None:
    queue = ScriptedQueue(client, "high")
    queue.put(20_000)
    async with followed(broker.url, queue, interval=1.0) as watched:
        for _ in range(2):  # more than are searched for the newest of the last poll
            queue.put(2_500)
            queue.take(2_500)
            seen = watched.part().broker.poll_bounds_hit["entered"]
            await watched.until(
                lambda w, seen=seen: w.part().broker.poll_bounds_hit["entered"] > seen
            )
        found = age(watched, "high")
        assert found is not None
        assert 1.0 < found < queue.oldest_age_seconds + SLACK


async def test_countdown_tasks_are_not_old_and_do_not_hide_who_is(
    broker: EmbeddedBroker, client: "redis.Redis"
) -> None:
    queue = ScriptedQueue(client, "high")
    async with followed(broker.url, queue) as watched:
        queue.put(3, eta="2100-01-01T00:00:00+00:00")
        await watched.until(lambda w: w.lengths() == {"high": 3})
        assert age(watched, "high") == 0.0
        queue.put()
        began = time.monotonic()
        await watched.until(lambda w: (age(w, "high") or 0) > 1.0)
        assert age(watched, "high") == pytest.approx(
            time.monotonic() - began, abs=2 * POLL_SECONDS + SLACK
        )
        queue.put(30, eta="2100-01-01T00:00:00+00:00")
        queue.take(4)
        await watched.until(lambda w: w.lengths() == {"high": 30})
        assert age(watched, "high") is None, "the 20 oldest of 30 tell nothing of the others"


async def test_messages_given_back_keep_the_age_of_the_queue(
    broker: EmbeddedBroker, client: "redis.Redis"
) -> None:
    queue = ScriptedQueue(client, "high")
    queue.put(30)
    async with followed(broker.url, queue) as watched:
        queue.take(4)
        await watched.until(lambda w: w.lengths() == {"high": 26})
        await watched.until(lambda w: (age(w, "high") or 0) > 1.5)
        queue.give_back(4)
        await watched.until(lambda w: w.lengths() == {"high": 30})
        assert (age(watched, "high") or 0) > 1.5
        queue.take(5)
        await watched.until(lambda w: w.lengths() == {"high": 25})
        assert (age(watched, "high") or 0) > 1.5
