"""A daemon that answers anything but what a daemon answers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager

import pytest

from monitor.checks.ask import AskError, Daemon, ask
from monitor.checks.question import question

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
GARBAGE = {
    "nothing": b"",
    "no HTTP": b"-ERR unknown command\r\n",
    "half a status": b"HTTP/1.1 2",
    "half a head": HEAD,
    "half an answer": HEAD + b'Content-Length: 9\r\n\r\n{"kind"',
    "half a JSON": HEAD + b'\r\n{"kind": "queues", "at": 1, "level":',
    "HTML": b"HTTP/1.1 200 OK\r\n\r\n<!doctype html><h1>It works!</h1>",
    "wrong types": HEAD
    + b'\r\n{"kind": 7, "level": "x", "items": {}, "note": null, "values": 1, "at": "x",'
    + b'"broker": 1, "queue": [[]], "worker": null, "alerts": {}}',
    "null": HEAD + b"\r\nnull",
    "depth": HEAD + b"\r\n" + b'{"items":[' * 50_000,
    "a redirect": b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
    "a long reason": b"HTTP/1.1 200 " + b"x" * 60_000 + b"\r\n\r\n",
    "commands to a terminal": b"HTTP/1.1 200 \x1b[2J\x9b31m\r\n\r\n\x1b[2J",
    "long headers": HEAD + b"".join(b"X-%d: y\r\n" % n for n in range(200)) + b"\r\n{}",
    "one long header": HEAD + b"X: " + b"y" * 100_000 + b"\r\n\r\n{}",
}


@asynccontextmanager
async def daemon_that(
    answers: Callable[[asyncio.StreamWriter], Coroutine[None, None, None]],
) -> AsyncIterator[str]:
    """Yield the URL of one that reads a request and then does as it likes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        try:
            await answers(writer)
            writer.close()
        except ConnectionError:
            pass  # who asked has given up

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def dripping(writer: asyncio.StreamWriter) -> None:
    """Send a byte now and then, for ever."""
    writer.write(HEAD + b"\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.01)


def asked(url: str, timeout_seconds: float = 5.0) -> object:
    return ask(Daemon(url), question("queues"), timeout_seconds)


@pytest.mark.parametrize("answer", GARBAGE.values(), ids=GARBAGE)
async def test_garbage_is_no_answer(answer: bytes) -> None:
    async def answers(writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    async with daemon_that(answers) as url:
        with pytest.raises(AskError) as caught:
            await asyncio.to_thread(asked, url)
    message = str(caught.value)
    assert message.startswith(url)
    assert message.isprintable()
    assert len(message) < 500


async def test_an_answer_that_drips_is_given_up() -> None:
    async with daemon_that(dripping) as url:
        with pytest.raises(AskError, match=r"does not answer within 0\.2 s"):
            await asyncio.to_thread(asked, url, 0.2)
