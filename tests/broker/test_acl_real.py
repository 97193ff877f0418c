"""The rights in docs/acl.md: exactly they suffice, and each that is missing costs what it says."""

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from monitor.broker import questions, watch
from monitor.broker.settings import QueueSelection
from monitor.demo.broker import EmbeddedBroker
from tests.broker.conftest import Watched, Workers, watching
from tests.broker.test_inflight_real import fly
from tests.broker.test_queues_real import send

DOC = (Path(__file__).parents[2] / "docs" / "acl.md").read_text()
READING, CONTROL = re.findall(r"^ACL SETUSER queue-monitor (.*)$", DOC, flags=re.MULTILINE)
DOCUMENTED = {row.replace("\\|", "|") for row in re.findall(r"^\| `([^`]+)` \|", DOC, re.MULTILINE)}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBroker]:
    """A broker with two old messages in `high` and one in flight."""
    folder = tmp_path_factory.mktemp("acl")
    with EmbeddedBroker(folder) as broker, redis.Redis(port=broker.port) as client:
        send(broker.url, "high", count=3, headers={"x_enqueued_at": time.time() - 100})
        message = json.loads(client.rpop("high") or b"")
        tag = message["properties"]["delivery_tag"]
        client.hset("unacked", tag, json.dumps([message, "", "high"]))
        client.lpush("0-1.reply.celery.pidbox", "{}")
        client.zadd("unacked_index", {tag: time.time() - 50})
        yield broker


def log_in(server: EmbeddedBroker, name: str, *rights: str) -> str:
    """Make a user and return the URL to log in as it."""
    with redis.Redis(port=server.port) as client:
        words = " ".join(rights).replace(">PASSWORD", ">pw").split()
        client.execute_command("ACL", "SETUSER", name, "reset", *words)
        client.acl_log_reset()
    return server.url.replace("redis://", f"redis://{name}:pw@")


def refused(server: EmbeddedBroker) -> list[tuple[str, str]]:
    with redis.Redis(port=server.port) as client:
        return [(entry["reason"], entry["object"]) for entry in client.acl_log()]


def high(watched: Watched) -> Any:
    return next((q for q in watched.part().queues if q.queue_name == "high"), None)


def test_every_right_is_explained() -> None:
    given = set(re.findall(r" \+(\S+)", f"{READING} {CONTROL}"))
    assert given == DOCUMENTED


async def test_the_documented_rights_suffice_to_read(
    server: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "_SILENCE_SECONDS", 0.3)
    began_at = time.time()
    url = log_in(server, "reader", READING)
    async with watching(url, control=False) as watched:
        await watched.until(lambda w: w.lengths() == {"high": 2})
        await watched.until(lambda w: w.part().broker.last_poll_at > began_at + 2)
        (queue,), broker = watched.part().queues, watched.part().broker
        assert queue.oldest_age_exact is True
        assert queue.in_flight is not None
        assert (broker.unacked, broker.writable, broker.events_connected) == (1, True, True)
        assert broker.oldest_unacked_age_seconds == pytest.approx(50, abs=40)
    assert refused(server) == []


async def test_the_documented_rights_suffice_to_ask_workers(
    broker: EmbeddedBroker, workers: Workers
) -> None:
    url = log_in(broker, "asker", READING, CONTROL)
    process = workers.start("-n", "high@%h", "-Q", "high", "-P", "solo")
    async with watching(url) as watched:
        await watched.until(lambda w: any(each.queues for each in w.part().workers))
        process.kill()
        await watched.until(lambda w: "dead" in w.states().values(), 30)
    assert refused(broker) == []


def unknown(*fields: str) -> Callable[[Watched], bool]:
    def holds(watched: Watched) -> bool:
        row = watched.part().broker
        return row.up is True and not any(
            getattr(row, field) is not None and getattr(row, field) is not False for field in fields
        )

    return holds


def unreadable(watched: Watched) -> bool:
    return watched.part().broker.up is False


def undiscovered(watched: Watched) -> bool:
    return watched.part().broker.up is True and watched.lengths() == {"low": 0}


def ageless(watched: Watched) -> bool:
    queue = high(watched)
    return queue is not None and queue.length == 2 and queue.oldest_age_seconds is None


def unsplit(watched: Watched) -> bool:
    queue = high(watched)
    return queue is not None and queue.length == 2 and queue.in_flight is None


def unmeasured(watched: Watched) -> bool:
    row = watched.part().broker
    return row.orphan_reply_lists == 1 and row.orphan_reply_bytes is None


LOSSES: dict[str, Callable[[Watched], bool]] = {
    "client|setname": unreadable,
    "llen": unreadable,
    "info": unknown("memory_used_bytes", "version", "role", "writable"),
    "hlen": lambda w: unknown("unacked")(w) and unsplit(w),
    "zrange": lambda w: unknown("oldest_unacked_age_seconds")(w) and unsplit(w),
    "scan": undiscovered,
    "smembers": undiscovered,
    "psubscribe": unknown("events_connected"),
    "eval_ro": lambda w: ageless(w) and unsplit(w),
    "lindex": ageless,
    "hkeys": unsplit,
    "hstrlen": unsplit,
    "hget": unsplit,
    "memory|usage": unmeasured,
}


LOST_BY_ITSELF = {"client|setinfo", "ping", "exists", "hrandfield", "lrange", "publish", "del"}
LOST_BY_ITSELF |= {"brpop", "rpop", "sismember"}
"""Each has a test of its own below."""


def test_each_right_is_taken_away_in_some_test() -> None:
    assert LOSSES.keys() | LOST_BY_ITSELF == DOCUMENTED


@pytest.mark.parametrize("right", LOSSES)
async def test_a_missing_right_costs_what_is_documented(server: EmbeddedBroker, right: str) -> None:
    url = log_in(server, "less", READING, f"-{right}")
    names = QueueSelection(names=() if right in ("eval_ro", "lindex") else ("low",))
    async with watching(url, control=False, queues=names) as watched:
        await watched.until(LOSSES[right], 8)
        command = right.replace("|", " ")
        assert any(right in what or command in what for _, what in refused(server))


@pytest.mark.parametrize("right", ["publish", "del"])
async def test_without_a_right_to_ask_nobody_is_asked_and_all_else_is_read(
    server: EmbeddedBroker, right: str, caplog: pytest.LogCaptureFixture
) -> None:
    url = log_in(server, "less", READING, CONTROL, f"-{right}")
    async with watching(url) as watched:
        await watched.until(lambda _: "workers cannot be asked" in caplog.text)
        await watched.until(lambda w: (queue := high(w)) and queue.length == 2)
        assert watched.part().broker.events_connected is True
    assert right in {what for _, what in refused(server)}


async def test_a_right_to_ask_that_is_given_later_is_found(
    broker: EmbeddedBroker,
    client: "redis.Redis",
    workers: Workers,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(questions, "_REFUSED_AGAIN_SECONDS", 1.0)
    workers.start("-n", "high@web1", "-Q", "high", "-P", "solo")
    async with watching(log_in(broker, "less", READING, CONTROL, "-publish")) as watched:
        await watched.until(lambda _: "workers cannot be asked" in caplog.text)
        await watched.until(lambda w: w.states() == {"high@web1": "online"}, 40)
        client.execute_command("ACL", "SETUSER", "less", "+publish")
        await watched.until(lambda w: w.part().workers[0].queues == ("high",))


async def test_without_exists_a_flush_is_not_told_from_work(
    broker: EmbeddedBroker, client: "redis.Redis"
) -> None:
    send(broker.url, "high", count=3)
    async with watching(log_in(broker, "less", READING, "-exists"), control=False) as watched:
        await watched.until(lambda w: w.lengths() == {"high": 3})
        client.flushall()
        await watched.until(lambda w: w.lengths() == {"high": 0})
        assert watched.part().broker.resets["flushed"] == 0


async def test_without_hrandfield_many_in_flight_are_not_split(
    broker: EmbeddedBroker, client: "redis.Redis"
) -> None:
    send(broker.url, "high", count=2)
    fly(client, [("", "high", {})] * 600)
    async with watching(log_in(broker, "less", READING, "-hrandfield"), control=False) as watched:
        await watched.until(unsplit)
        assert watched.part().broker.unacked == 600


@pytest.mark.parametrize("right", ["brpop", "rpop"])
async def test_without_a_right_to_hear_answers_nobody_is_asked(
    broker: EmbeddedBroker, workers: Workers, right: str, caplog: pytest.LogCaptureFixture
) -> None:
    workers.start("-n", "high@web1", "-Q", "high", "-P", "solo")
    async with watching(log_in(broker, "less", READING, CONTROL, f"-{right}")) as watched:
        await watched.until(lambda w: w.states() == {"high@web1": "online"}, 40)
        await watched.until(lambda _: "workers cannot be asked" in caplog.text)
        assert [worker.queues for worker in watched.part().workers] == [None]


async def test_without_lrange_nobody_knows_what_arrives_while_as_many_leave(
    broker: EmbeddedBroker, client: "redis.Redis"
) -> None:
    send(broker.url, "high", count=40)
    async with watching(log_in(broker, "less", READING, "-lrange"), control=False) as watched:
        await watched.until(lambda w: (queue := high(w)) and queue.oldest_age_seconds is not None)

        def moved(watched: Watched) -> bool:
            client.rpoplpush("high", "high")
            return high(watched).oldest_age_seconds is None

        await watched.until(moved)
        assert not high(watched).arrival_rate
        await watched.until(lambda w: high(w).oldest_age_seconds is not None)
    assert {what for _, what in refused(broker)} == {"lrange"}


@pytest.mark.parametrize(("missing", "state"), [("", "offline"), ("-sismember", "dead")])
async def test_without_sismember_a_goodbye_that_was_not_heard_is_a_death(
    broker: EmbeddedBroker, client: "redis.Redis", workers: Workers, missing: str, state: str
) -> None:
    url = log_in(broker, "less", READING, CONTROL, missing)
    process = workers.start("-n", "high@web1", "-Q", "high", "-P", "solo")
    async with watching(url) as watched:
        await watched.until(lambda w: [each.pool for each in w.part().workers] == ["solo"], 40)
        # Who was last heard within seconds of the broker's start may have been forgotten by it.
        beats = "worker-heartbeat"
        await watched.until(lambda w: w.part().broker.events_received.get(beats, 0) >= 2)
        # A right that is taken away ends the feed, and does not let it come back.
        client.execute_command("ACL", "SETUSER", "less", "-psubscribe")
        client.client_kill_filter(_type="pubsub", user="less")
        await watched.until(lambda w: w.part().broker.events_connected is False)
        process.terminate()
        process.wait(20)
        client.execute_command("ACL", "SETUSER", "less", "+psubscribe")
        await watched.until(lambda w: w.states() == {"high@web1": state}, 40)


@pytest.mark.parametrize("right", ["ping", "client|setinfo"])
async def test_without_a_courtesy_all_is_known_and_a_refusal_is_noted(
    server: EmbeddedBroker, right: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "_SILENCE_SECONDS", 0.3)
    async with watching(log_in(server, "less", READING, f"-{right}"), control=False) as watched:
        await watched.until(lambda _: right in {what for _, what in refused(server)})
        await watched.polled(3)
        broker = watched.part().broker
        assert (broker.up, broker.events_connected, broker.event_gaps) == (True, True, 0)
        assert high(watched).oldest_age_exact is True
