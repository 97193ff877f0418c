"""The event feed: Pub/Sub bytes become events, and each goes to the book that wants it.

A worker event is a JSON object, task events come as lists or objects; both are the base64
body of a kombu envelope. Only the fields of `Event` are decoded; arguments, results and
tracebacks never become Python objects. Whatever cannot be read is counted and dropped.
"""

from collections.abc import Callable, Iterable, Mapping

import msgspec

from monitor.broker.messages import UNREADABLE
from monitor.broker.wire import Reply
from monitor.facts.readings import Event

Handler = Callable[[Event, float], None]

_TYPE_MOST = 100
_TYPES_MOST = 100
"""Event types that are counted by name: custom events could bring any number."""


class _Envelope(msgspec.Struct, gc=False):
    body: bytes
    """msgspec reads base64 into bytes, which is what kombu writes."""


_envelope = msgspec.json.Decoder(_Envelope)
_event = msgspec.json.Decoder(Event)
# Worker events and gevent's task events are single objects, other task events come in lists.
_events = msgspec.json.Decoder(list[Event] | Event)
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
        self._by_worker = {
            kind for kind in handlers if kind.startswith("task-") and kind != "task-sent"
        }
        self.received: dict[str, int] = {}
        self.dropped: dict[str, int] = {}

    def read(self, replies: Iterable[Reply], at: float) -> None:
        """Take the replies of a subscribed connection, received at `at`."""
        # One flat loop: at 100,000 events a second a call more is felt.
        read_envelope, read_events = _envelope.decode, _events.decode
        handlers, task_seen, received = self._handlers, self._task_seen, self.received
        by_worker = self._by_worker
        for reply in replies:
            if type(reply) is not list or len(reply) != 4 or reply[0] != b"pmessage":
                continue
            try:
                events = read_events(read_envelope(reply[3]).body)
            except UNREADABLE:
                events = self._readable(reply[3])
            for event in events if isinstance(events, list) else (events,):
                kind = event.type
                if kind in received:
                    received[kind] += 1
                else:
                    self._first(kind)
                handler = handlers.get(kind)
                if handler is not None:
                    handler(event, at)
                    if kind in by_worker and event.hostname is not None:
                        task_seen(event.hostname, event.pid, kind, at)

    def _first(self, kind: str) -> None:
        if len(self.received) >= _TYPES_MOST or len(kind) > _TYPE_MOST:
            kind = "other"
        self.received[kind] = self.received.get(kind, 0) + 1

    def _readable(self, data: bytes) -> list[Event]:
        """Return the good events of a message that holds something bad."""
        try:
            body = _envelope.decode(data).body
        except UNREADABLE:
            self._drop("envelope")
            return []
        try:
            parts = _each.decode(body)
        except UNREADABLE:
            parts = []
        if not parts:
            self._drop("body")
        events = []
        for part in parts:
            try:
                events.append(_event.decode(part))
            except UNREADABLE:
                self._drop("event")
        return events

    def _drop(self, reason: str) -> None:
        self.dropped[reason] = self.dropped.get(reason, 0) + 1
