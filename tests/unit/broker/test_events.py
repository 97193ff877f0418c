"""The event feed: whatever bytes come, the good events count and the rest is counted too."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.broker.events import EventReader
from monitor.facts.readings import Event


class Listener:
    """A reader with handlers that remember."""

    def __init__(self) -> None:
        self.taken: list[tuple[Event, float]] = []
        self.seen: list[tuple[str, int | None, str]] = []
        kinds = ("worker-heartbeat", "task-sent", "task-started", "task-failed")
        handlers = dict.fromkeys(kinds, lambda event, at: self.taken.append((event, at)))
        self.reader = EventReader(
            handlers, lambda host, pid, kind, _at: self.seen.append((host, pid, kind))
        )

    def hear(self, data: bytes) -> None:
        self.reader.read([[b"pmessage", b"/0.celeryev*", b"/0.celeryev/x", data]], 7.0)


def enveloped(body: Any) -> bytes:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return json.dumps({"body": base64.b64encode(raw).decode(), "headers": {"x": 1}}).encode()


STARTED = {"type": "task-started", "uuid": "u1", "hostname": "high@web1", "pid": 5, "clock": 3}
HEARTBEAT = {
    "type": "worker-heartbeat",
    "hostname": "high@web1",
    "pid": 5,
    "freq": 2.0,
    "loadavg": [1.0, 2.0, 3.0],
}


def test_an_object_and_a_list_are_both_taken() -> None:
    listener = Listener()
    listener.hear(enveloped(HEARTBEAT))
    listener.hear(enveloped([STARTED, STARTED]))
    assert [event.type for event, _ in listener.taken] == [
        "worker-heartbeat",
        "task-started",
        "task-started",
    ]
    assert {at for _, at in listener.taken} == {7.0}
    assert listener.reader.received == {"worker-heartbeat": 1, "task-started": 2}


def test_a_task_event_is_a_sign_of_life_of_its_worker_but_not_task_sent() -> None:
    listener = Listener()
    listener.hear(enveloped([STARTED]))
    listener.hear(enveloped({"type": "task-sent", "hostname": "gen1@web", "uuid": "u2"}))
    assert listener.seen == [("high@web1", 5, "task-started")]


def test_secrets_of_a_task_are_never_decoded() -> None:
    assert not {"args", "kwargs", "result", "traceback"} & set(Event.__struct_fields__)


def test_custom_events_are_counted_and_not_handed_on() -> None:
    listener = Listener()
    listener.hear(enveloped({"type": "my-event", "payload": 1}))
    assert (listener.taken, listener.reader.received) == ([], {"my-event": 1})


def test_the_names_of_custom_events_are_bounded() -> None:
    listener = Listener()
    for i in range(500):
        listener.hear(enveloped({"type": f"custom-{i}"}))
    assert len(listener.reader.received) <= 101
    assert sum(listener.reader.received.values()) == 500


def test_a_bad_event_does_not_cost_its_neighbours() -> None:
    listener = Listener()
    listener.hear(enveloped([STARTED, {"type": "task-started", "pid": "five"}, 3, STARTED]))
    assert len(listener.taken) == 2
    assert listener.reader.dropped == {"event": 2}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "envelope"),
        (b"hello", "envelope"),
        (b'{"no": "body"}', "envelope"),
        (b'{"body": 5}', "envelope"),
        (b'{"body": "*not base64*"}', "envelope"),
        (b'{"body": ' + b"[" * 200_000, "envelope"),
        (enveloped(b""), "body"),
        (enveloped(b"\x80\x04pickle"), "body"),
        (enveloped(b"[" * 200_000), "body"),
        (enveloped("text"), "body"),
        (enveloped({"type": 5}), "body"),
        (enveloped([{"type": 5}]), "event"),
        (enveloped({"type": "task-started", "uuid": "\ud800"}), "body"),
    ],
)
def test_what_cannot_be_read_is_counted_and_dropped(data: bytes, reason: str) -> None:
    listener = Listener()
    listener.hear(data)
    assert listener.reader.dropped == {reason: 1}
    assert not listener.taken


@pytest.mark.parametrize("field", [f for f in Event.__struct_fields__ if f != "type"])
def test_any_field_may_be_null_or_missing(field: str) -> None:
    listener = Listener()
    listener.hear(enveloped({**STARTED, **HEARTBEAT, field: None}))
    assert listener.reader.dropped == {}
    assert len(listener.taken) == 1


NESTED = st.recursive(
    st.none() | st.integers() | st.text(max_size=20),
    lambda below: st.lists(below, max_size=5),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None)
@given(st.binary() | NESTED)
def test_any_bytes_at_all_leave_the_reader_alive(body: Any) -> None:
    listener = Listener()
    listener.hear(body if isinstance(body, bytes) else enveloped(body))
    listener.hear(enveloped([STARTED]))
    assert len(listener.taken) == 1


def test_replies_that_are_no_messages_are_passed_over() -> None:
    listener = Listener()
    listener.reader.read([[b"pong", b""], [b"psubscribe", b"x", 1], b"PONG", None, 5], 7.0)
    assert (listener.taken, listener.reader.dropped) == ([], {})
