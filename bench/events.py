"""The event path, bytes to counted, against a bare loop and against Celery's own receiver.

All take the same messages, made once: four events a task, as prefork workers send them. The
bare loop is the least that any reader has to do: hiredis, base64, a msgspec struct, one count
an event. Celery's `EventReceiver` with `State` and ours are then both subscribed to a real
server, and what counts is the processor time that each needs to take all the messages.
"""

import asyncio
import base64
import json
import tempfile
import time
import uuid
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

import hiredis
import msgspec
import redis
from celery import Celery
from celery.events.state import State

from bench.result import Result
from bench.usage import cpu_seconds
from monitor.broker.events import EventReader
from monitor.broker.settings import BrokerSettings
from monitor.broker.wire import Wire, pack
from monitor.demo.broker import EmbeddedBroker
from monitor.facts.books import Books
from monitor.facts.readings import Event
from monitor.facts.settings import QueueLimits, WorkerSettings
from monitor.values.secret import Secret

Fields = dict[str, Any]

BARE_BOUND = 0.6
CELERY_BOUND = 15.0
TASKS, TASK_NAMES, QUEUES, WORKERS = 12_500, 50, 5, 100
EVENTS = 4 * TASKS
CHUNK_BYTES = 16_384
ROUNDS = 7
SOCKET_ROUNDS = 5


def run() -> list[Result]:
    """Measure, and say whether the bounds hold."""
    messages = [message for task in range(TASKS) for message in _messages(task)]
    return [_of_bare_loop(messages), _times_celery(messages)]


def _of_bare_loop(messages: list[bytes]) -> Result:
    stream = b"".join(map(_published, messages))
    chunks = [stream[i : i + CHUNK_BYTES] for i in range(0, len(stream), CHUNK_BYTES)]
    bare, full = [], []
    for _ in range(ROUNDS):
        bare.append(EVENTS / cpu_seconds(lambda: _bare(chunks)))
        full.append(EVENTS / cpu_seconds(lambda: _full(chunks)))
    ratio = median(full) / median(bare)
    return Result(
        name="events, bytes to counted",
        measured=f"{median(full):,.0f} events/s, bare loop {median(bare):,.0f}, ratio {ratio:.2f}",
        bound=BARE_BOUND,
        holds=ratio >= BARE_BOUND,
    )


def _times_celery(messages: list[bytes]) -> Result:
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        # No limit to what a slow subscriber may leave unread: Celery's would be cut off.
        unlimited = ("--client-output-buffer-limit", "pubsub 0 0 0")
        with EmbeddedBroker(Path(folder), config=unlimited) as broker:
            for _ in range(SOCKET_ROUNDS):
                ours.append(EVENTS / asyncio.run(_subscribed(broker, messages)))
                theirs.append(EVENTS / _celery_subscribed(broker, messages))
    ratio = median(ours) / median(theirs)
    return Result(
        name="events, socket to counted",
        measured=f"{median(ours):,.0f} events/s, Celery's EventReceiver with State "
        f"{median(theirs):,.0f}, ratio {ratio:.1f}",
        bound=CELERY_BOUND,
        holds=ratio >= CELERY_BOUND,
    )


class _BareEnvelope(msgspec.Struct, gc=False):
    body: str


class _BareEvent(msgspec.Struct, gc=False):
    type: str
    uuid: str | None = None


def _bare(chunks: list[bytes]) -> None:
    envelope = msgspec.json.Decoder(_BareEnvelope)
    one, several = msgspec.json.Decoder(_BareEvent), msgspec.json.Decoder(list[_BareEvent])
    counts: dict[str, int] = {}
    parser = hiredis.Reader()
    for chunk in chunks:
        parser.feed(chunk)
        while (reply := parser.gets()) is not False:
            body = base64.b64decode(envelope.decode(reply[3]).body)
            for event in several.decode(body) if body[:1] == b"[" else (one.decode(body),):
                counts[event.type] = counts.get(event.type, 0) + 1
    assert sum(counts.values()) == EVENTS


def _full(chunks: list[bytes]) -> None:
    """Do what the daemon does from the parser on: names, queues, histograms, signs of life."""
    books, reader = _books_and_reader()
    parser = hiredis.Reader()
    for chunk in chunks:
        parser.feed(chunk)
        replies = []
        while (reply := parser.gets()) is not False:
            replies.append(reply)
        reader.read(replies, 1.0)
    assert sum(reader.received.values()) == EVENTS
    assert sum(task.succeeded for task in books.tasks.facts(0.0, listening=True)) == TASKS


def _books_and_reader() -> tuple[Books, EventReader]:
    books = Books(
        "default",
        limits=QueueLimits(),
        workers=WorkerSettings(),
        steps=(0, 3, 6, 9),
        visibility_timeout_seconds=None,
        now=0.0,
    )
    for number in range(WORKERS):
        online = Event(type="worker-online", hostname=_hostname(number), pid=number, active=0)
        books.workers.event(online, 0.0)
    return books, EventReader(books.handlers(), books.workers.task_event)


async def _subscribed(broker: EmbeddedBroker, messages: list[bytes]) -> float:
    """Return the processor seconds that our reader needs for all messages."""
    wire = await Wire.open(BrokerSettings(url=Secret(broker.url)), 5.0)
    await wire.ask(pack([("PSUBSCRIBE", "/0.celeryev*")]), 1)
    books, reader = _books_and_reader()
    _publish(broker, messages)
    before = time.process_time()
    while sum(reader.received.values()) < EVENTS:
        reader.read(await wire.batch(), 1.0)
    spent = time.process_time() - before
    wire.close()
    assert sum(task.succeeded for task in books.tasks.facts(0.0, listening=True)) == TASKS
    return spent


def _celery_subscribed(broker: EmbeddedBroker, messages: list[bytes]) -> float:
    """Return the processor seconds that Celery's receiver needs for all messages."""
    state, app = State(max_tasks_in_memory=10_000), Celery(broker=broker.url)
    taken = 0

    def take(event: dict[str, Any]) -> None:
        nonlocal taken
        state.event(event)
        taken += 1

    with app.connection_for_read() as connection:
        receiver = app.events.Receiver(connection, handlers={"*": take})
        with receiver.consumer_context() as (connected, _, _):
            with suppress(TimeoutError):
                connected.drain_events(timeout=0.5)  # kombu subscribes when it first waits
            _publish(broker, messages)
            before = time.process_time()
            while taken < EVENTS:
                connected.drain_events(timeout=10)
            spent = time.process_time() - before
    app.close()
    assert state.event_count == EVENTS
    return spent


def _publish(broker: EmbeddedBroker, messages: list[bytes]) -> None:
    """Publish all, and return when the server has taken them."""
    with redis.Redis(port=broker.port) as client:
        for i in range(0, len(messages), 1000):
            pipeline = client.pipeline(transaction=False)
            for message in messages[i : i + 1000]:
                pipeline.publish("/0.celeryev/task.multi", message)
            pipeline.execute()


def _hostname(number: int) -> str:
    return f"worker{number}@web1"


def _messages(task: int) -> list[bytes]:
    """Return the three messages of one task's life: sent; received and started; succeeded."""
    task_id = str(uuid.UUID(int=task + 1))
    worker = task % WORKERS
    name = f"app.tasks.task{task % TASK_NAMES}"

    def event(kind: str, by: tuple[str, int], **fields: Any) -> Fields:
        hostname, pid = by
        common = {"hostname": hostname, "utcoffset": 0, "pid": pid, "clock": task}
        stamp = {"timestamp": 1_795_361_860.9 + task / 1000, "type": kind}
        return {**common, "uuid": task_id, **fields, **stamp}

    call: Fields = {"name": name, "args": "(7, 7)", "kwargs": "{}", "retries": 0, "eta": None}
    family: Fields = {"expires": None, "root_id": task_id, "parent_id": None}
    route: Fields = {"queue": f"queue{task % QUEUES}", "exchange": "", "routing_key": "queue"}
    by = (_hostname(worker), worker)
    return [
        _enveloped("task.sent", event("task-sent", ("gen1@web1", 1), **call, **family, **route)),
        _enveloped(
            "task.multi",
            [event("task-received", by, **call, **family), event("task-started", by)],
        ),
        _enveloped("task.multi", [event("task-succeeded", by, result="14", runtime=0.0005)]),
    ]


def _enveloped(routing_key: str, body: Any) -> bytes:
    encoded = base64.b64encode(json.dumps(body).encode()).decode()
    properties = {
        "delivery_mode": 1,
        "delivery_info": {"exchange": "celeryev", "routing_key": routing_key},
        "priority": 0,
        "body_encoding": "base64",
        "delivery_tag": str(uuid.UUID(int=7)),
    }
    return json.dumps(
        {
            "body": encoded,
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": {"hostname": "worker@web1"},
            "properties": properties,
        }
    ).encode()


def _published(data: bytes) -> bytes:
    """Return what the server sends to a pattern subscriber for one message."""
    parts = (b"pmessage", b"/0.celeryev*", b"/0.celeryev/task.multi", data)
    return b"*4\r\n" + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
