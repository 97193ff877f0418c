"""What a connection has delivered is taken whole, and a lost one says so."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from monitor.broker.inbox import Inbox


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[Inbox, asyncio.Transport, asyncio.StreamWriter]]:
    """Yield an inbox, its transport, and the server's end of the connection."""
    accepted: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()
    server = await asyncio.start_server(
        lambda _reader, writer: accepted.put_nowait(writer), "127.0.0.1"
    )
    port = server.sockets[0].getsockname()[1]
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_connection(asyncio.Protocol, "127.0.0.1", port)
    writer = await accepted.get()
    try:
        yield Inbox(transport), transport, writer
    finally:
        transport.close()
        writer.close()
        server.close()


async def take(inbox: Inbox, size: int) -> bytes:
    """Take until `size` bytes have come."""
    taken = b""
    async with asyncio.timeout(10):
        while len(taken) < size:
            taken += b"".join(await inbox.take())
    return taken


async def test_bytes_are_taken_in_their_order() -> None:
    async with connected() as (inbox, _, server):
        server.write(b"one")
        assert await take(inbox, 3) == b"one"
        server.write(b"two")
        server.write(b"three")
        assert await take(inbox, 8) == b"twothree"


async def test_a_server_that_is_not_read_has_to_wait_and_nothing_is_lost() -> None:
    sent = b"".join(b"%07d\n" % number for number in range(2_000_000))
    async with connected() as (inbox, transport, server):
        server.write(sent)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await server.drain()
        assert not transport.is_reading()
        assert await take(inbox, len(sent)) == sent


async def test_a_wait_that_is_cancelled_loses_nothing() -> None:
    async with connected() as (inbox, _, server):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await inbox.take()
        server.write(b"late")
        assert await take(inbox, 4) == b"late"


async def test_what_came_before_the_end_is_taken_first() -> None:
    async with connected() as (inbox, _, server):
        server.write(b"last words")
        server.close()
        assert await take(inbox, 10) == b"last words"
        for _ in range(2):
            with pytest.raises(OSError, match="the server closed the connection"):
                await take(inbox, 1)


async def test_a_connection_that_was_closed_here_says_so() -> None:
    async with connected() as (inbox, transport, _):
        transport.close()
        with pytest.raises(OSError, match="the connection was closed"):
            await take(inbox, 1)
