"""Asking workers over pidbox by hand: commands out by PUBLISH, answers in from one list.

No kombu consumer is involved: one that consumes a reply queue also sweeps the broker's
in-flight messages with its own visibility timeout, and can make running tasks run twice.
Workers push answers straight to the list that `reply_to` names with an empty exchange; it
is one list for the life of the monitor, so that a worker which answers hours late leaves at
most one key behind. Wire format: kombu 5.7 `pidbox.py`.
"""

import asyncio
import base64
import contextlib
import json
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from monitor.broker.answers import HEADCOUNT, read_answer
from monitor.broker.failure import BrokerError, error_reply
from monitor.broker.keys import Keys
from monitor.broker.messages import UNREADABLE
from monitor.broker.wire import Reply, Wire, pack
from monitor.facts.readings import Headcount, WorkerReply

_ANSWERS_A_POP = 1000
_CLEAN_UP_SECONDS = 1.0
ANSWER_SECONDS = 2.0
"""How long workers have to answer: an idle one needs a few milliseconds."""


class _Headers(msgspec.Struct):
    ticket: str | None = None


class _Envelope(msgspec.Struct):
    body: bytes
    headers: _Headers = msgspec.field(default_factory=_Headers)


_envelope = msgspec.json.Decoder(_Envelope)
_body = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Answers(msgspec.Struct, frozen=True):
    """What came of a question."""

    replies: tuple[WorkerReply, ...]
    count: Headcount | None
    """Of a question to everybody: how many heard it, and who answered."""


class Control:
    """Commands to the workers of one broker, and their answers."""

    def __init__(self, keys: Keys, reply_name: str, answer_seconds: float = ANSWER_SECONDS) -> None:
        self._keys = keys
        self._answer_seconds = answer_seconds
        self._reply_name = reply_name
        self._reply_list = keys.reply_list(reply_name)
        self._tickets: dict[str, str] = {}
        """Method by ticket, of the commands that are being asked."""

    async def clear(self, wire: Wire) -> None:
        """Drop answers to an earlier life of the monitor. Raises BrokerError."""
        (reply,) = await wire.ask(pack([("DEL", self._reply_list)]), 1)
        _check(reply)

    async def clean_up(self, connect: Callable[[], Awaitable[Wire]]) -> None:
        """Leave no list of answers behind.

        Not on the old connection: an answer to what was cut short is under way on it.
        """
        # A broker that is gone holds up no end.
        with contextlib.suppress(BrokerError, TimeoutError):
            async with asyncio.timeout(_CLEAN_UP_SECONDS):
                wire = await connect()
                try:
                    await self.clear(wire)
                finally:
                    wire.close()

    async def ask(
        self,
        wire: Wire,
        methods: Sequence[str],
        hostnames: Iterable[str] | None,
        clock: Callable[[], float],
        *,
        shared: bool = False,
        headcount: bool = False,
    ) -> Answers:
        """Ask the named workers (None: all) and return what they answer in time.

        Returns as soon as all that can hear have answered; `shared` says that several may
        answer to one name, which takes the whole time. `headcount` asks besides everybody for
        a sign of life. Raises BrokerError when the connection breaks or a right is missing.
        """
        # An answer from before proves nothing about now, so what is left of one is dropped.
        await self.clear(wire)
        self._tickets.clear()
        destination = None if hostnames is None else sorted(hostnames)
        commands = [self._command(method, destination) for method in methods]
        if headcount:
            commands.append(self._command(HEADCOUNT, None))
        heard = [_check(reply) for reply in await wire.ask(pack(commands), len(commands))]
        expected = sum(heard)
        if destination is not None and not shared:
            named = heard[: len(methods)]
            expected -= sum(max(0, n - len(destination)) for n in named)
        replies = await self._collect(wire, expected, clock)
        # Of a question to all the answers can be counted.
        counted = HEADCOUNT if headcount else methods[0] if destination is None else None
        count = None
        if counted is not None:
            present = Counter(reply.hostname for method, reply in replies if method == counted)
            count = Headcount(heard[-1 if headcount else 0], present)
        return Answers(tuple(reply for _, reply in replies), count)

    async def _collect(
        self, wire: Wire, expected: int, clock: Callable[[], float]
    ) -> list[tuple[str, WorkerReply]]:
        """Return what was answered to which method, once it is `expected` or time is up."""
        answers: list[tuple[str, WorkerReply]] = []
        deadline = clock() + self._answer_seconds
        while len(answers) < expected and (left := deadline - clock()) > 0:
            timeout = f"{max(left, 0.05):.3f}"
            (first,) = await wire.ask(pack([("BRPOP", self._reply_list, timeout)]), 1)
            if _check(first) is not None:
                (more,) = await wire.ask(pack([("RPOP", self._reply_list, _ANSWERS_A_POP)]), 1)
                for message in (first[1], *(_check(more) or ())):
                    answers.extend(self._read(message, clock()))
        return answers

    async def listeners(self, wire: Wire) -> int:
        """Return how many listen for commands, live or hung. Raises BrokerError.

        Workers ignore an empty message (kombu `MultiChannelPoller`, `_receive_one`).
        """
        (reply,) = await wire.ask(pack([("PUBLISH", self._keys.control_channel, b"")]), 1)
        return int(_check(reply))

    async def enable_events(self, wire: Wire, hostnames: Iterable[str] | None) -> None:
        """Switch on task events. Raises BrokerError."""
        destination = None if hostnames is None else sorted(hostnames)
        command = self._command("enable_events", destination, answer=False)
        (reply,) = await wire.ask(pack([command]), 1)
        _check(reply)

    async def registry(self, wire: Wire) -> frozenset[str] | None:
        """Return who is in the mailbox registry; None: the ACL forbids it. Raises BrokerError."""
        (reply,) = await wire.ask(pack([("SMEMBERS", self._keys.mailbox_registry)]), 1)
        if not isinstance(reply, list):
            return None
        return frozenset(filter(None, map(self._keys.mailbox_hostname, reply)))

    async def registered(self, wire: Wire, hostnames: Iterable[str]) -> Mapping[str, bool]:
        """Return which of the workers are in the mailbox registry. Raises BrokerError."""
        names = sorted(hostnames)
        registry, member = self._keys.mailbox_registry, self._keys.mailbox_member
        commands = [("SISMEMBER", registry, member(name)) for name in names]
        replies = await wire.ask(pack(commands), len(commands))
        # Where the ACL forbids it, a silent worker is not taken for one that left.
        return {name: reply != 0 for name, reply in zip(names, replies, strict=True)}

    def _command(
        self, method: str, destination: list[str] | None, *, answer: bool = True
    ) -> tuple[bytes | str, ...]:
        body: dict[str, Any] = {
            "method": method,
            "arguments": {},
            "destination": destination,
            "pattern": None,
            "matcher": None,
        }
        if answer:
            ticket = str(uuid.uuid4())
            self._tickets[ticket] = method
            body["ticket"] = ticket
            body["reply_to"] = {"exchange": "", "routing_key": self._reply_name}
        return ("PUBLISH", self._keys.control_channel, _enveloped(body))

    def _read(self, message: bytes, at: float) -> list[tuple[str, WorkerReply]]:
        """Return what an answer says; nothing of an answer to somebody else's question."""
        try:
            envelope = _envelope.decode(message)
            method = self._tickets.get(envelope.headers.ticket or "")
            if method is None:
                return []
            return [
                (method, read_answer(method, hostname, raw, at))
                for hostname, raw in _body.decode(envelope.body).items()
            ]
        except UNREADABLE:
            return []


def _enveloped(body: Mapping[str, Any]) -> bytes:
    encoded = base64.b64encode(json.dumps(body).encode()).decode()
    return json.dumps(
        {
            "body": encoded,
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": {"clock": 1},
            "properties": {
                "delivery_mode": 2,
                "delivery_info": {"exchange": "", "routing_key": ""},
                "priority": 0,
                "body_encoding": "base64",
                "delivery_tag": str(uuid.uuid4()),
            },
        }
    ).encode()


def _check(reply: Reply) -> Any:
    """Return the reply, or raise BrokerError when it is an error."""
    if isinstance(reply, Exception):
        raise error_reply(str(reply))
    return reply
