"""Any bytes in any channel, binding or list: counted, escaped, bounded, and the monitor goes on."""

import base64
import json
import random
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as parse_text

from monitor.demo.broker import EmbeddedBroker
from monitor.demo.metrics import Metrics
from tests.acceptance.monitor_process import Monitor
from tests.acceptance.receiver import Receiver
from tests.promtool import check_metrics

CHANNEL = "/0.celeryev/worker.heartbeat"
DEEP = 200_000
LABEL_BYTES = 256

NAMES = {
    "quotes": b"""a"b'c`d""",
    "backslashes": b"a\\b\\n\\",
    "newlines": b"a\nb\r\nc\x0bd\x85e",
    "not UTF-8": b"\xff\xfe\xc3(\xe2\x82",
    "nul": b"a\0b",
    "markup": b"<script>alert(1)</script>&amp;</td>",
    "format": b"%s%d{0}{queue_name}${HOME}",
    "right to left": "\u202eevil\u2066".encode(),
    "10 kB": b"x" * 10_000 + b"1",
    "another 10 kB": b"x" * 10_000 + b"2",
    "globs": b"*?[a-z]^",
    "a blank": b" ",
    "label": b'x",evil="1"} 7\nevil_metric 1',
}


def enveloped(body: bytes) -> bytes:
    return json.dumps({"body": base64.b64encode(body).decode(), "headers": {}}).encode()


def event(kind: str, **fields: Any) -> bytes:
    return enveloped(json.dumps({"type": kind, **fields}).encode())


def heartbeat(kind: str = "worker-heartbeat", **fields: Any) -> bytes:
    usual = {"pid": 7, "freq": 2.0, "active": 0, "processed": 1, "loadavg": [0.1, 0.2, 0.3]}
    return event(kind, **usual | {"timestamp": time.time()} | fields)


def text_of(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver() as bound:
        bound.listen()
        yield bound


@pytest.fixture(scope="module")
def daemon(
    broker: EmbeddedBroker, receiver: Receiver, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Monitor]:
    """One monitor for all of it: what does not kill it at once may do so later."""
    monitor = Monitor(
        tmp_path_factory.mktemp("hostile"),
        {
            "brokers": [{"url": broker.url}],
            "poll": {"interval": "200ms"},
            "alerts": {
                "builtin": False,
                "group_wait": "0s",
                "group_interval": "1s",
                "group_by": ["queue_name"],
                "rules": [
                    {
                        "alert": "Backlog",
                        "on": "queue",
                        "when": "length >= 3",
                        "summary": "{queue_name} is full",
                    }
                ],
            },
            "channels": [receiver.channel, {"type": "log"}],
        },
    )
    try:
        monitor.start()
        monitor.until(lambda m: m.value("celery_events_connected") == 1)
        yield monitor
    finally:
        monitor.kill()


@pytest.fixture
def client(broker: EmbeddedBroker) -> Iterator["redis.Redis"]:
    with redis.Redis(port=broker.port) as connected:
        yield connected


def expect_sound(daemon: Monitor) -> None:
    """Hold all that it shows to being readable, and its log to hold no defect."""
    text = daemon.get("/metrics")[1]
    openmetrics = daemon.get("/metrics", Accept="application/openmetrics-text; version=1.0.0")[1]
    families = [*parse_text(text.decode()), *parse_openmetrics(openmetrics.decode())]
    for family in families:
        for sample in family.samples:
            assert all(len(v.encode()) <= LABEL_BYTES for v in sample.labels.values()), sample
    assert not [family.name for family in families if "evil" in family.name]
    assert check_metrics(text) == (0, "")
    daemon.snapshot()
    status, page = daemon.get("/")
    assert status == 200
    assert b"<script>alert" not in page
    assert daemon.status("/-/healthy") == daemon.status("/health") == 200
    assert "traceback=" not in daemon.log
    assert daemon.metrics().value("queue_monitor_state_writable") == 1


def dropped(metrics: Metrics) -> dict[str, float]:
    return {
        labels["reason"]: count
        for labels, count in metrics.where("celery_events_dropped_total")
        if count
    }


def goes_on_listening(daemon: Monitor, client: "redis.Redis") -> None:
    """Return once a worker is seen whose heartbeat came after all that was published before."""
    hostname = f"after-{time.monotonic_ns()}@web1"
    client.publish(CHANNEL, heartbeat(hostname=hostname))
    daemon.until(lambda m: m.value("celery_worker_up", hostname=hostname) == 1)


UNREADABLE = {
    "envelope": [
        b"",
        b"\xff\xfe\x00",
        b"null",
        b"7",
        b'"text"',
        b"{",
        b"{}",
        b"[]",
        b'{"body": 7}',
        b'{"body": null}',
        b'{"body": "not base64!"}',
        b'{"body": "\xff"}',
        b"[" * DEEP,
        b'{"a":' * DEEP,
        b'{"headers": ' + b"[" * DEEP,
        b"x" * 5_000_000,
    ],
    "body": [
        enveloped(b""),
        enveloped(b"\xff"),
        enveloped(b"7"),
        enveloped(b"{}"),
        enveloped(b"[]x"),
        enveloped(b"["),
        enveloped(b"[" * DEEP),
        enveloped(b'{"type": ' + b"[" * DEEP),
        enveloped(b'{"type": null}'),
        enveloped(b'{"type": 7}'),
        enveloped(b'{"type": "worker-heartbeat", "hostname": "\xff\xfe"}'),
        enveloped(b'{"type": "worker-heartbeat", "hostname": ["a"]}'),
        enveloped(b'{"type": "worker-heartbeat", "hostname": "a", "pid": "7"}'),
        enveloped(b'{"type": "worker-heartbeat", "hostname": "a", "freq": NaN}'),
        enveloped(b'{"type": "worker-heartbeat", "hostname": "a", "freq": 1e999}'),
        enveloped(b'{"type": "task-sent", "uuid": {}}'),
        heartbeat(hostname="a", processed=-1),
        heartbeat(hostname="a", active=-1),
        event("task-succeeded", uuid="a", runtime=-0.1),
    ],
    "event": [
        enveloped(b"[{}]"),
        enveloped(b'[{"type": "x", "pid": []}]'),
        enveloped(b'[{"type": "x-fine"}, null]'),
    ],
}


def test_what_cannot_be_read_is_counted_by_reason_and_dropped(
    daemon: Monitor, client: "redis.Redis"
) -> None:
    before = dropped(daemon.metrics())
    for messages in UNREADABLE.values():
        for message in messages:
            client.publish(CHANNEL, message)
    # On other channels that the pattern takes, too.
    client.publish(b"/0.celeryev\xff\n", b"\xff")
    expected = {
        reason: len(messages) + before.get(reason, 0) for reason, messages in UNREADABLE.items()
    }
    expected["envelope"] += 1
    goes_on_listening(daemon, client)
    assert dropped(daemon.metrics()) == expected
    assert daemon.metrics().value("celery_events_received_total", type="x-fine") == 1
    expect_sound(daemon)


ODD_FIELDS: tuple[dict[str, Any], ...] = (
    {"hostname": None},
    {"hostname": ""},
    {"hostname": "\0"},
    {"pid": None},
    {"pid": -1},
    {"pid": 2**63 - 1},
    {"pid": 2**64},
    {"pid": 10**400},
    {"processed": 2**63},
    {"processed": 2**64},
    {"active": 10**30},
    {"active": None},
    {"freq": 0},
    {"freq": -1},
    {"freq": 1e308},
    {"freq": 1e-308},
    {"timestamp": 1e308},
    {"timestamp": -1e308},
    {"timestamp": 0},
    {"loadavg": []},
    {"loadavg": None},
    {"loadavg": [1e308] * 1000},
    {"sw_ver": "\n" * 1000},
    {"sw_ver": '"} 1\nevil 1'},
    {"utcoffset": "x", "clock": [], "sw_sys": {"a": [None]}},
)


def test_odd_fields_are_tolerated(daemon: Monitor, client: "redis.Redis") -> None:
    for number, fields in enumerate(ODD_FIELDS):
        for kind in ("worker-online", "worker-heartbeat", "worker-heartbeat", "worker-offline"):
            named = {"hostname": f"odd{number}@web1"}
            client.publish(CHANNEL, heartbeat(kind, **named | fields))
        daemon.tick(1)
        expect_readable(daemon, fields)
    goes_on_listening(daemon, client)
    expect_sound(daemon)


def expect_readable(daemon: Monitor, what: object) -> None:
    for path in ("/metrics", "/api/v1/snapshot", "/"):
        assert daemon.status(path) == 200, (path, what, daemon.log)


ODD_TASKS: tuple[dict[str, Any], ...] = (
    {"uuid": None},
    {"uuid": ""},
    {"uuid": "x" * 10_000},
    {"uuid": "\n"},
    {"name": None},
    {"name": ""},
    {"name": "n" * 10_000},
    {"queue": None},
    {"queue": ""},
    {"queue": "q" * 10_000},
    {"queue": "\x06\x16" + "3"},
    {"eta": "tomorrow"},
    {"eta": "9999-12-31T23:59:59+99:99"},
    {"eta": "-"},
    {"eta": ""},
    {"runtime": 1e308},
    {"runtime": None},
    {"exception": None},
    {"exception": "x" * 10_000},
    {"exception": 'Evil"} 1\nevil_metric 1("secret")'},
    {"exception": "\ud800"},
    {"hostname": None},
    {"pid": None},
    {"pid": 2**64},
)
TASK_EVENTS = (
    *("task-sent", "task-received", "task-started", "task-succeeded", "task-failed"),
    *("task-retried", "task-revoked", "task-rejected", "task-unheard-of", "task-"),
)


def test_odd_tasks_are_tolerated(daemon: Monitor, client: "redis.Redis") -> None:
    for number, fields in enumerate((*ODD_TASKS, *({"name": text_of(n)} for n in NAMES.values()))):
        usual = {"uuid": f"uuid{number}", "name": "app.add", "queue": "high"}
        usual |= {"hostname": "tasks@web1", "pid": 7, "runtime": 0.1, "exception": "KeyError('x')"}
        for kind in TASK_EVENTS:
            client.publish(CHANNEL, event(kind, **usual | fields))
            # Alone too: nothing may rely on what should have come before.
            alone = usual | {"uuid": f"{kind}{number}"} | fields
            client.publish(CHANNEL, event(kind, **alone))
    goes_on_listening(daemon, client)
    daemon.tick(6)
    sent = daemon.metrics().where("celery_task_sent_total", queue_name="high")
    assert "app.add" in {labels["name"] for labels, _ in sent}
    expect_sound(daemon)


def test_workers_of_any_name(daemon: Monitor, client: "redis.Redis") -> None:
    for name in NAMES.values():
        client.publish(CHANNEL, heartbeat(hostname=text_of(name)))
    goes_on_listening(daemon, client)
    expect_sound(daemon)
    shown = {labels["hostname"] for labels, _ in daemon.metrics().where("celery_worker_up")}
    readable = {name.decode() for name in NAMES.values() if is_text(name) and len(name) < 256}
    assert readable <= shown
    assert len([name for name in shown if name.startswith("xxxx")]) == 2


def is_text(name: bytes) -> bool:
    try:
        name.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_queues_of_any_name_are_found_shown_and_alerted_on(
    daemon: Monitor, client: "redis.Redis", receiver: Receiver
) -> None:
    for name in NAMES.values():
        client.sadd("_kombu.binding.celery", b"rk\x06\x16\x06\x16" + name)
        client.lpush(name, b"\xff", b"{" * DEEP, b"")
        client.sadd(b"_kombu.binding." + name, b"\x06\x16\x06\x16of " + name[:100])
    daemon.until(lambda m: full(m) == len(NAMES))
    expect_sound(daemon)
    told = receiver.until(len(NAMES), alertname="Backlog")
    assert len({alert["fingerprint"] for alert in told}) == len(NAMES)
    daemon.tick()
    daemon.kill()
    daemon.start()
    daemon.until(lambda m: full(m) == len(NAMES))
    client.delete(*NAMES.values())
    resolved = receiver.until(2 * len(NAMES), alertname="Backlog")[len(NAMES) :]
    assert {alert["status"] for alert in resolved} == {"resolved"}
    daemon.tick()
    assert len(receiver.alerts(alertname="Backlog")) == 2 * len(NAMES)


def full(metrics: Metrics) -> int:
    return len([1 for _, length in metrics.where("celery_queue_length") if length == 3])


def test_bindings_lists_and_tables_of_any_kind(daemon: Monitor, client: "redis.Redis") -> None:
    for member in (b"", b"\x06\x16", b"\x06\x16" * 1000, b"\xff" * 1000, b"\0", b"no separator"):
        client.sadd("_kombu.binding.odd", member)
    client.set("_kombu.binding.a string", "x")
    client.hset("_kombu.binding.a hash", "a", "b")
    client.sadd("_kombu.binding.celery", *(b"\x06\x16\x06\x16odd%d" % n for n in range(5)))
    client.set("odd0", "a string")
    client.hset("odd1", "a", "b")
    client.lpush("odd2", b'{"properties": {"delivery_tag": 7}, "headers": {"eta": 7, "id": []}}')
    client.lpush("odd3", json.dumps({"headers": {"id": "a", "eta": "x" * 9_000}}))
    tagged = {"delivery_tag": "\n" * 3_000, "timestamp": -1e308}
    client.lpush("odd4", json.dumps({"headers": {"x_enqueued_at": 1e308}, "properties": tagged}))
    client.lpush("odd4\x06\x163", b"[" * DEEP)
    client.set("unacked", "no hash")
    client.set("unacked_index", "no sorted set")
    lengths = {"odd0": 0, "odd1": 0, "odd2": 1, "odd3": 1, "odd4": 2}
    daemon.until(
        lambda m: (
            {name: m.value("celery_queue_length", queue_name=name) for name in lengths} == lengths
        )
    )
    client.delete("unacked", "unacked_index")
    for score in (float("inf"), float("-inf"), -1e308, 0.0):
        client.delete("unacked_index")
        client.zadd("unacked_index", {b"\xff": score})
        daemon.tick()
        expect_readable(daemon, score)
    client.delete("unacked_index")
    expect_sound(daemon)


@pytest.mark.parametrize("count", [3_000, pytest.param(300_000, marks=pytest.mark.soak)])
def test_random_damage(daemon: Monitor, client: "redis.Redis", count: int) -> None:
    seed = 20_26
    rng = random.Random(seed)
    for start in range(0, count, 500):
        with client.pipeline(transaction=False) as pipeline:
            for _ in range(min(500, count - start)):
                pipeline.publish(CHANNEL, damaged(rng))
            pipeline.execute()
    goes_on_listening(daemon, client)
    expect_sound(daemon)


def damaged(rng: random.Random) -> bytes:
    """Return an event with something wrong with it: in the JSON of its body, or around it."""
    body = json.dumps(
        {
            "type": rng.choice(
                ["worker-heartbeat", "worker-online", "worker-offline", *TASK_EVENTS]
            ),
            "hostname": f"random{rng.randrange(20)}@web1",
            "pid": rng.randrange(3),
            "uuid": f"random{rng.randrange(50)}",
            "name": f"app.task{rng.randrange(5)}",
            "queue": f"random{rng.randrange(5)}",
            "freq": rng.choice([0, 2.0, -1.0, 1e300]),
            "active": 1,
            "processed": rng.randrange(10),
            "timestamp": rng.choice([0, time.time(), 1e300]),
            "runtime": rng.random(),
            "exception": "KeyError('x')",
        }
    ).encode()
    message = bytearray(body if rng.random() < 0.7 else enveloped(body))
    for _ in range(rng.randrange(4)):
        place = rng.randrange(len(message))
        match rng.randrange(4):
            case 0:
                message[place] = rng.randrange(256)
            case 1:
                del message[place : place + rng.randrange(10)]
            case 2:
                message[place:place] = rng.randbytes(rng.randrange(10))
            case _:
                message[place:place] = message[: rng.randrange(len(message))]
    whole = bytes(message)
    return enveloped(whole) if whole[:2] != b'{"' or b'"body"' not in whole[:10] else whole
