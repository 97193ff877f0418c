import asyncio

import pytest

from monitor.broker.failure import BrokerError
from monitor.broker.wire import Wire, pack


async def asked(answer: bytes, count: int) -> list[object]:
    """Return the replies to `count` commands, where each gets `answer`."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1024)
        writer.write(answer * count)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        wire = Wire(writer)
        try:
            return await wire.ask(pack([("PING",)] * count), count)
        finally:
            wire.close()


async def test_each_command_has_its_reply() -> None:
    assert await asked(b"+PONG\r\n", 3) == [b"PONG"] * 3


@pytest.mark.parametrize("answer", [b"+PONG\r\n+PONG\r\n", b"HTTP/1.1 400\r\n", b"*-5\r\n"])
async def test_what_is_not_redis_is_said_to_be(answer: bytes) -> None:
    with pytest.raises(BrokerError, match="what answers is not Redis") as failed:
        await asked(answer, 3)
    assert failed.value.reason == "protocol"
