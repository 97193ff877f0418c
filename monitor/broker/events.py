"""The event feed: Pub/Sub bytes become events, and each goes to the book that wants it.

A worker event is a JSON object, task events come as lists or objects; both are the base64
body of a kombu envelope. Only the fields of `Event` are decoded; arguments, results and
tracebacks never become Python objects. Whatever cannot be read is counted and dropped.
"""

from collections.abc import Callable, Iterable, Mapping

import msgspec

from monitor.broker.wire import Reply
from monitor.facts.readings import Event

Handler = Callable[[Event, float], None]

_TYPE_MOST = 100
_TYPES_MOST = 100
"""Event types that are counted by name: custom events could bring any number."""

# What decoding can raise: msgspec's own errors, deep nesting, and text that is not UTF-8.
_UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)


class _Envelope(msgspec.Struct, gc=False):
    body: bytes
    """msgspec reads base64 into bytes, which is what kombu writes."""


_envelope = msgspec.json.Decoder(_Envelope)
_event = msgspec.json.Decoder(Event)
_events = msgspec.json.Decoder(list[Event])
_each = msgspec.json.Decoder(list[msgspec.Raw])


class EventReader:
    """Decodes what the subscription delivers and hands each event on.

    `handlers` says by event type who takes it; `task_seen` is told of the worker, by name and
    pid, behind every task event but task-sent, and of the event's type.
    """

    def __init__(
        self,
        handlers: Mapping[str, Handler],
        task_seen: Callable[[str, int | None, str, float], None],
    ) -> None:
        self._handlers = handlers
        self._task_seen = task_seen
        self.received: dict[str, int] = {}
        self.dropped: dict[str, int] = {}

    def read(self, replies: Iterable[Reply], at: float) -> None:
        """Take the replies of a subscribed connection, received at `at`."""
        for reply in replies:
            if type(reply) is list and len(reply) == 4 and reply[0] == b"pmessage":
                self._message(reply[3], at)

    def _message(self, data: bytes, at: float) -> None:
        try:
            body = _envelope.decode(data).body
        except _UNREADABLE:
            self._drop("envelope")
            return
        try:
            # Worker events and gevent's task events are single objects.
            events = _events.decode(body) if body[:1] == b"[" else (_event.decode(body),)
        except _UNREADABLE:
            self._one_by_one(body, at)
            return
        for event in events:
            self._hand_on(event, at)

    def _hand_on(self, event: Event, at: float) -> None:
        kind = event.type
        received = self.received
        if kind in received:
            received[kind] += 1
        else:
            self._first(kind)
        handler = self._handlers.get(kind)
        if handler is None:
            return
        handler(event, at)
        if kind[:5] == "task-" and kind != "task-sent" and event.hostname is not None:
            self._task_seen(event.hostname, event.pid, kind, at)

    def _first(self, kind: str) -> None:
        if len(self.received) >= _TYPES_MOST or len(kind) > _TYPE_MOST:
            kind = "other"
        self.received[kind] = self.received.get(kind, 0) + 1

    def _one_by_one(self, body: bytes, at: float) -> None:
        """Save the good events of a list that holds a bad one."""
        try:
            parts = _each.decode(body) if body[:1] == b"[" else []
        except _UNREADABLE:
            parts = []
        if not parts:
            self._drop("body")
        for part in parts:
            try:
                event = _event.decode(part)
            except _UNREADABLE:
                self._drop("event")
            else:
                self._hand_on(event, at)

    def _drop(self, reason: str) -> None:
        self.dropped[reason] = self.dropped.get(reason, 0) + 1
