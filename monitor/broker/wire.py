"""A connection that sends packed pipelines and reads raw replies.

redis-py spends most of its time turning each reply into Python one `await` at a time; a
monitor that asks for 40,000 lengths at once, or takes 100,000 events a second, cannot
afford that. Here the bytes that arrive go straight from the transport to hiredis.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

import hiredis

from monitor.broker.connection import connect
from monitor.broker.failure import BrokerError
from monitor.broker.inbox import Inbox
from monitor.broker.settings import BrokerSettings

Reply = Any
"""bytes, int, None, a list of replies, or a `hiredis.ReplyError` value."""

_FEED_BYTES = 1 << 14
"""hiredis moves what it has not parsed yet at every turn: small bites are three times faster."""


def pack(commands: Iterable[tuple[bytes | str | int, ...]]) -> bytes:
    """Return the commands as one pipeline in the Redis protocol."""
    # hiredis declares a tuple of one, and takes any.
    return b"".join(hiredis.pack_command(command) for command in commands)  # type: ignore[arg-type]


class Wire:
    """One open connection to a broker."""

    def __init__(
        self,
        writer: asyncio.StreamWriter,
        sent: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._writer = writer
        self._inbox = Inbox(cast(asyncio.Transport, writer.transport))
        self._sent = sent
        self._parser = hiredis.Reader()

    @classmethod
    async def open(
        cls,
        settings: BrokerSettings,
        timeout_seconds: float,
        sent: Callable[[int], None] = lambda _: None,
    ) -> "Wire":
        """Connect; `sent` is told how many commands are sent from then on. Raises BrokerError."""
        return cls(await connect(settings, timeout_seconds), sent)

    async def ask(self, packed: bytes, count: int) -> list[Reply]:
        """Send a packed pipeline of `count` commands and return their replies in order.

        Error replies are values in the list. Raises BrokerError when the connection breaks or
        what comes is not Redis; the connection is of no use then.
        """
        self.send(packed, count)
        replies: list[Reply] = []
        while len(replies) < count:
            replies.extend(self._parsed(await self._received()))
        if len(replies) > count:
            raise BrokerError("protocol", "what answers is not Redis: it says more than is asked")
        return replies

    def send(self, packed: bytes, count: int = 1) -> None:
        """Send a packed pipeline of `count` commands without waiting for an answer."""
        self._sent(count)
        self._writer.write(packed)

    async def batch(self) -> Iterator[Reply]:
        """Wait until something arrives; return the replies in it that are whole.

        They are parsed as they are asked for, so all must be. Raises BrokerError as `ask`
        does, also in the midst of them.
        """
        return self._parsed(await self._received())

    def close(self) -> None:
        """Close at once; what is under way is lost."""
        self._writer.close()

    async def _received(self) -> list[bytes]:
        try:
            return await self._inbox.take()
        except OSError as error:
            raise BrokerError("connect", str(error)) from error

    def _parsed(self, pieces: list[bytes]) -> Iterator[Reply]:
        feed, gets = self._parser.feed, self._parser.gets
        try:
            for piece in pieces:
                for start in range(0, len(piece), _FEED_BYTES):
                    feed(piece, start, min(_FEED_BYTES, len(piece) - start))
                    while (reply := gets()) is not False:
                        yield reply
        except hiredis.ProtocolError as error:
            raise BrokerError("protocol", f"what answers is not Redis: {error}") from error
