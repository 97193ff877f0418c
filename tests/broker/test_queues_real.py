"""Queue lengths and ages on a real server, with messages that kombu itself has put there."""

import time
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery

from monitor.broker.settings import QueueSelection, TransportOptions
from monitor.demo.broker import EmbeddedBroker
from tests.broker.conftest import Workers, watching

PAUSE = "monitor.reference_app.faults.pause"

OPTIONS: list[dict[str, Any]] = [
    {},
    {"global_keyprefix": "acme:", "sep": ":", "priority_steps": [0, 2, 4, 6, 8]},
    {"priority_steps": [0, 9], "sep": "|"},
    {"global_keyprefix": "{x*}", "unacked_key": "flying", "unacked_index_key": "flying_index"},
]


def send(url: str, queue: str, priority: int = 0, count: int = 1, **options: Any) -> None:
    transport_options = options.pop("transport_options", {})
    name, arguments = options.pop("name", "app.add"), options.pop("args", (1, 2))
    app = Celery(broker=url)
    app.conf.broker_transport_options = transport_options
    with app.connection_for_write() as connection:
        for _ in range(count):
            app.send_task(
                name, arguments, queue=queue, priority=priority, connection=connection, **options
            )
    app.close()


def as_settings(options: dict[str, Any]) -> TransportOptions:
    return TransportOptions(
        **{k: tuple(v) if isinstance(v, list) else v for k, v in options.items()}
    )


@pytest.mark.parametrize("options", OPTIONS, ids=str)
async def test_forty_messages_at_four_priorities_are_forty(
    broker: EmbeddedBroker, options: dict[str, Any]
) -> None:
    for priority in (0, 3, 6, 9):
        send(broker.url, "high", priority, 10, transport_options=options)
    async with watching(broker.url, transport_options=as_settings(options)) as watched:
        await watched.until(lambda w: w.lengths().get("high") == 40)
        (queue,) = watched.part().queues
        assert queue.priority_length is not None
        assert sum(queue.priority_length.values()) == 40
        assert tuple(queue.priority_length) == as_settings(options).priority_steps


async def test_a_database_number_is_honoured(broker: EmbeddedBroker) -> None:
    url = broker.url.removesuffix("/0") + "/5"
    send(url, "high")
    async with watching(url) as watched:
        await watched.until(lambda w: w.lengths() == {"high": 1})


async def test_a_new_queue_appears_and_an_emptied_one_stays_at_zero(
    broker: EmbeddedBroker, client: "redis.Redis"
) -> None:
    async with watching(broker.url) as watched:
        await watched.until(lambda w: w.part().broker.up)
        assert watched.lengths() == {}
        send(broker.url, "late", count=3)
        assert await watched.until(lambda w: w.lengths() == {"late": 3}) < 10
        client.delete("late")
        await watched.until(lambda w: w.lengths() == {"late": 0})


async def test_a_queue_is_found_among_many_other_keys(
    broker: EmbeddedBroker, client: "redis.Redis"
) -> None:
    client.mset({f"celery-task-meta-{i}": "{}" for i in range(60_000)})
    send(broker.url, "needle")
    async with watching(broker.url) as watched:
        assert await watched.until(lambda w: "needle" in w.lengths()) < 10


async def test_include_exclude_limit_and_names(broker: EmbeddedBroker) -> None:
    for name in ("high", "highest", "low", "tmp.high"):
        send(broker.url, name)
    selection = QueueSelection(names=("planned",), include=("*high*",), exclude=("tmp.*",), limit=2)
    async with watching(broker.url, queues=selection) as watched:
        await watched.until(lambda w: w.part().broker.queues_left_out == 1)
        assert watched.lengths() == {"planned": 0, "high": 1}


async def test_what_is_no_queue_is_no_error(broker: EmbeddedBroker, client: "redis.Redis") -> None:
    client.set("stringy", "x")
    client.sadd("_kombu.binding.odd", b"rk\x06\x16\x06\x16stringy", b"\xff\xfe", b"", b"one field")
    client.sadd("_kombu.binding.big", b"\x06\x16\x06\x16" + b"q" * 10_000)
    client.set("_kombu.binding.string", "x")
    client.set("unacked", "x")
    client.lpush("noise", b"\x00not json", b"{}")
    names = QueueSelection(names=("noise",))
    async with watching(broker.url, queues=names) as watched:
        await watched.until(lambda w: "stringy" in w.lengths())
        lengths = watched.lengths()
        assert (lengths["noise"], lengths["stringy"], lengths["q" * 10_000]) == (2, 0, 0)
        broker_row = watched.part().broker
        assert (broker_row.up, broker_row.unacked, broker_row.poll_errors) == (True, None, {})


async def test_the_age_grows_from_when_the_oldest_was_first_seen(broker: EmbeddedBroker) -> None:
    send(broker.url, "high", count=2)
    async with watching(broker.url, interval=0.2) as watched:
        await watched.until(lambda w: "high" in w.lengths())
        seen_at = time.monotonic()
        await watched.until(lambda w: (w.part().queues[0].oldest_age_seconds or 0) > 1.5)
        assert time.monotonic() - seen_at >= 1.0
        assert watched.part().queues[0].oldest_age_exact is False


async def test_a_stamped_message_has_an_exact_age_and_a_countdown_none(
    broker: EmbeddedBroker,
) -> None:
    send(broker.url, "stamped", headers={"x_enqueued_at": time.time() - 100})
    send(broker.url, "counting", countdown=600)
    async with watching(broker.url) as watched:
        await watched.until(lambda w: len(w.lengths()) == 2)
        await watched.until(lambda w: all(q.length == 1 for q in w.part().queues))
        rows = {queue.queue_name: queue for queue in watched.part().queues}
        assert rows["stamped"].oldest_age_seconds == pytest.approx(100, abs=3)
        assert rows["stamped"].oldest_age_exact is True
        assert (rows["counting"].oldest_age_seconds, rows["counting"].oldest_age_exact) == (
            0.0,
            True,
        )


async def test_a_body_of_a_megabyte_does_not_leave_the_server(
    broker: EmbeddedBroker, client: "redis.Redis"
) -> None:
    send(broker.url, "big", count=3, kwargs={"payload": "x" * 1_000_000})
    async with watching(broker.url) as watched:
        await watched.until(lambda w: w.lengths() == {"big": 3})
        await watched.until(lambda w: w.part().queues[0].oldest_age_seconds is not None)
        sent_before = client.info("stats")["total_net_output_bytes"]
        await watched.polled(4)
        assert client.info("stats")["total_net_output_bytes"] - sent_before < 200_000


async def test_without_the_right_to_run_scripts_only_ages_are_unknown(
    broker: EmbeddedBroker, client: "redis.Redis"
) -> None:
    client.execute_command("ACL", "SETUSER", "old", "on", ">pw", "~*", "&*", "+@all", "-eval_ro")
    send(broker.url, "high", headers={"x_enqueued_at": time.time() - 100})
    url = broker.url.replace("redis://", "redis://old:pw@")
    async with watching(url) as watched:
        await watched.until(lambda w: w.lengths() == {"high": 1})
        # The right is missing, which costs the age and nothing else.
        assert watched.part().queues[0].oldest_age_seconds is None
        assert watched.part().broker.up is True


@pytest.mark.parametrize("argument", ["ж" * 2000, "字" * 2000])
async def test_arguments_in_any_script_do_not_hide_the_age(
    broker: EmbeddedBroker, argument: str
) -> None:
    send(broker.url, "high", kwargs={"text": argument}, headers={"x_enqueued_at": time.time() - 50})
    async with watching(broker.url) as watched:
        await watched.until(lambda w: w.lengths() == {"high": 1})
        assert watched.part().queues[0].oldest_age_seconds == pytest.approx(50, abs=3)


async def test_another_teams_queue_behind_an_acl_costs_nothing_but_itself(
    broker: EmbeddedBroker, client: "redis.Redis"
) -> None:
    send(broker.url, "high")
    send(broker.url, "theirs")
    client.execute_command(
        *("ACL", "SETUSER", "ours", "on", ">pw", "~high*", "~_kombu*", "~unacked*"),
        *("&*", "+@all"),
    )
    async with watching(broker.url.replace("redis://", "redis://ours:pw@")) as watched:
        await watched.until(lambda w: w.lengths().get("high") == 1)
        assert watched.part().broker.up is True
        assert watched.lengths()["theirs"] is None


async def test_a_server_without_info_is_polled_all_the_same(tmp_path: Path) -> None:
    with EmbeddedBroker(tmp_path, config=("--rename-command", "INFO", "")) as broker:
        send(broker.url, "high")
        async with watching(broker.url) as watched:
            await watched.until(lambda w: w.lengths() == {"high": 1})
            assert watched.part().broker.memory_used_bytes is None


NAMES = ("очередь", "队列 7", 'a"b\\c', "tab\tand\nline", "*[glob]?", "naïve 😀")


async def test_a_queue_may_have_any_name(broker: EmbeddedBroker, client: "redis.Redis") -> None:
    for length, name in enumerate(NAMES, 1):
        send(broker.url, name, priority=3, count=length, headers={"x_enqueued_at": 1.7e9})
    client.lpush(b"\xff\xfe", "x")
    client.sadd("_kombu.binding.bytes", b"rk\x06\x16\x06\x16\xff\xfe")
    async with watching(broker.url) as watched:
        expected = {name: length for length, name in enumerate(NAMES, 1)} | {"\udcff\udcfe": 1}
        await watched.until(lambda w: w.lengths() == expected)
        ages = {q.queue_name: q.oldest_age_exact for q in watched.part().queues}
        assert ages == {**dict.fromkeys(NAMES, True), "\udcff\udcfe": None}


async def test_a_worker_may_consume_a_queue_of_any_name(
    broker: EmbeddedBroker, workers: Workers
) -> None:
    workers.start("-n", "работник@web1", "-Q", "очередь,队列 7", "-P", "solo", "-E")
    async with watching(broker.url) as watched:
        await watched.until(lambda w: w.states() == {"работник@web1": "online"}, 40)
        send(broker.url, "队列 7", name=PAUSE, args=(0,))
        await watched.until(
            lambda w: (
                {(t.name, t.succeeded) for t in w.part().tasks}
                == {("monitor.reference_app.faults.pause", 1)}
            )
        )
        consumed = {q.queue_name: q.workers for q in watched.part().queues}
        assert consumed == {"очередь": 1, "队列 7": 1}
