"""What is read of a task message, whole or by its tail."""

import json
from typing import Any

import pytest

from monitor.broker.messages import read_head
from monitor.facts.readings import MessageHead


def message(body: str = "W10=", **changes: Any) -> bytes:
    """Return an envelope in kombu's order of keys; `headers__x` sets a header."""
    headers: dict[str, Any] = {"task": "app.add", "id": "id1", "eta": None, "argsrepr": "(1,)"}
    properties: dict[str, Any] = {"correlation_id": "id1", "delivery_tag": "tag1", "priority": 0}
    for name, value in changes.items():
        part, _, field = name.partition("__")
        {"headers": headers, "properties": properties}[part][field] = value
    return json.dumps(
        {
            "body": body,
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": headers,
            "properties": properties,
        }
    ).encode()


HEADS = [
    ("plain", message(), MessageHead("tag1")),
    ("its tail", message("x" * 10_000)[-4096:], MessageHead("tag1")),
    ("eta", message(headers__eta="1970-01-01T00:01:00+00:00"), MessageHead("tag1", eta_at=60.0)),
    ("eta of no zone", message(headers__eta="1970-01-01T00:01:00"), MessageHead("tag1", 60.0)),
    ("odd eta", message(headers__eta="soon"), MessageHead("tag1")),
    ("stamp", message(headers__x_enqueued_at=2e9), MessageHead("tag1", enqueued_at=2e9)),
    (
        "timestamp",
        message(properties__timestamp=2_000_000_000),
        MessageHead("tag1", enqueued_at=2e9),
    ),
    ("odd stamp", message(headers__x_enqueued_at="x"), MessageHead("tag1")),
    ("a stamp in milliseconds", message(headers__x_enqueued_at=2e12), MessageHead("tag1")),
    ("a stamp beyond floats", message(headers__x_enqueued_at=10**400), MessageHead("tag1")),
    ("a stamp of 0", message(headers__x_enqueued_at=0), MessageHead("tag1")),
    ("given back", message(headers__redelivered=True), MessageHead("tag1", redelivered=True)),
    ("no tag", message(properties__delivery_tag=None), MessageHead("id1")),
    (
        "arguments that look like headers",
        message(headers__argsrepr='"headers": {"id": "evil"}'),
        MessageHead("tag1"),
    ),
    ("a tail that begins inside the headers", message()[-80:], None),
    ("no message", b"hello", None),
    ("another JSON", b'[1, 2, {"a": null}]', None),
    ("deep nesting", b'{"headers": ' + b"[" * 100_000, None),
    ("not UTF-8", b'{"properties": {"delivery_tag": "\xff"}}', None),
    ("empty", b"", None),
]


@pytest.mark.parametrize(("what", "data", "head"), HEADS, ids=[case[0] for case in HEADS])
def test_the_head_of_a_message(what: str, data: bytes, head: MessageHead | None) -> None:
    assert read_head(data) == head
