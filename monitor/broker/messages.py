"""What may be read of a task message: the few fields that identify and date it.

A message is `{"body", "content-encoding", "content-type", "headers", "properties"}` in this
order (kombu `transport/virtual/base.py`), so its tail holds all that is wanted and the body,
with the arguments, need not even leave the server.
"""

from typing import Any

import msgspec

from monitor.facts.readings import MessageHead
from monitor.facts.times import parse_time

UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)
"""What decoding can raise: msgspec's own errors, deep nesting, and text that is not UTF-8."""

_HEADERS = b'"headers": {'


class _Headers(msgspec.Struct):
    # Any: one odd field must not cost the others.
    id: Any = None
    eta: Any = None
    x_enqueued_at: Any = None
    redelivered: Any = None


class _Properties(msgspec.Struct):
    delivery_tag: Any = None
    correlation_id: Any = None
    timestamp: Any = None


class _Envelope(msgspec.Struct):
    headers: _Headers = msgspec.field(default_factory=_Headers)
    properties: _Properties = msgspec.field(default_factory=_Properties)


_decoder = msgspec.json.Decoder(_Envelope)


def read_head(tail: bytes) -> MessageHead | None:
    """Return the head of a message from its last bytes, or the whole of it.

    None: it is no task message, or its headers begin before `tail` does.
    """
    start = tail.find(_HEADERS)
    # JSON escapes quotes inside strings, so what is found is the envelope's own key.
    text = b"{" + tail[start:] if start >= 0 else tail
    try:
        envelope = _decoder.decode(text)
    except UNREADABLE:
        return None
    headers, properties = envelope.headers, envelope.properties
    tags = (properties.delivery_tag, headers.id, properties.correlation_id)
    stamps = (headers.x_enqueued_at, properties.timestamp)
    tag = next((tag for tag in tags if isinstance(tag, str) and tag), None)
    if tag is None:
        return None
    return MessageHead(
        tag=tag,
        eta_at=parse_time(headers.eta),
        enqueued_at=next((float(at) for at in stamps if _is_unix_seconds(at)), None),
        redelivered=headers.redelivered is True,
    )


def _is_unix_seconds(at: Any) -> bool:
    """Whether it can be a time: between 2001 and 5138, so no milliseconds and no nonsense."""
    return isinstance(at, int | float) and 1e9 <= at <= 1e11
