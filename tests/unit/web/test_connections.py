"""Clients that are silent, slow or many, on real sockets."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import trustme
from aiohttp import web

from monitor.config.web_config_file import read_access
from monitor.web import connections, security
from monitor.web.app import make_app
from monitor.web.security import Access, Security
from monitor.web.server import Server, serve
from monitor.web.web_config import WebConfig
from tests.unit.web.example import SNAPSHOT, FixedSource

SLOW = 200
SOON = 20.0

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
async def plain() -> AsyncIterator[Server]:
    server = await serve(make_app(FixedSource(SNAPSHOT)), "127.0.0.1:0")
    yield server
    await server.close()


@pytest.fixture
async def secured(ca: trustme.CA) -> AsyncIterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    closed = Security("/nowhere", lambda _: Access(WebConfig(), context))
    server = await serve(make_app(FixedSource(SNAPSHOT), closed), "127.0.0.1:0", closed)
    yield server
    await server.close()
    closed.close()


@pytest.fixture
def client_context(ca: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    ca.configure_trust(context)
    return context


async def scrape(server: Server, context: ssl.SSLContext | None = None) -> int:
    url = f"http{'s' if context else ''}://127.0.0.1:{server.port}/metrics"
    timeout = aiohttp.ClientTimeout(SOON)
    connector = aiohttp.TCPConnector(ssl=context or True)
    async with (
        aiohttp.ClientSession(connector=connector, timeout=timeout) as client,
        client.get(url) as answer,
    ):
        assert b"celery_queue_length" in await answer.read()
        return answer.status


async def hung_up(streams: Streams) -> None:
    """Return once the other side has hung up. Raises TimeoutError where it does not."""
    reader, writer = streams
    try:
        async with asyncio.timeout(SOON):
            await reader.read()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def test_silent_and_slow_clients_do_not_delay_a_scrape(
    secured: Server, client_context: ssl.SSLContext
) -> None:
    silent = await asyncio.open_connection("127.0.0.1", secured.port)
    slow = [await asyncio.open_connection("127.0.0.1", secured.port) for _ in range(SLOW)]
    for _, writer in slow:
        # The first bytes of a handshake, whose others never come.
        writer.write(b"\x16\x03\x01")
    assert await scrape(secured, client_context) == 200
    for _, writer in [silent, *slow]:
        writer.close()


async def test_slow_requests_do_not_delay_a_scrape(plain: Server) -> None:
    slow = [await asyncio.open_connection("127.0.0.1", plain.port) for _ in range(SLOW)]
    for _, writer in slow:
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: ")
    assert await scrape(plain) == 200
    for _, writer in slow:
        writer.close()


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: "], ids=["silent", "half"])
async def test_who_asks_for_nothing_is_hung_up_on(
    plain: Server, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.05)
    streams = await asyncio.open_connection("127.0.0.1", plain.port)
    streams[1].write(sent)
    await hung_up(streams)


async def test_who_asks_for_nothing_more_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.web.server.KEEP_ALIVE_SECONDS", 0.05)
    plain = await serve(make_app(FixedSource(SNAPSHOT)), "127.0.0.1:0")
    streams = await asyncio.open_connection("127.0.0.1", plain.port)
    streams[1].write(b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert await streams[0].readuntil(b"ok\n")
    await hung_up(streams)
    await plain.close()


async def test_a_handshake_that_does_not_end_is_given_up(
    secured: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HANDSHAKE_SECONDS", 0.05)
    await hung_up(await asyncio.open_connection("127.0.0.1", secured.port))


async def test_a_body_that_does_not_come_is_given_up(
    plain: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(security, "BODY_SECONDS", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", plain.port)
    writer.write(b"POST /api/v2/silences HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{")
    assert (await reader.readline()).startswith(b"HTTP/1.1 408 ")
    writer.close()


async def test_who_does_not_read_an_answer_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "UNREAD_SECONDS", 0.05)
    app, left = web.Application(), asyncio.Event()

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 65_536)
        finally:
            left.set()

    app.add_routes([web.get("/", endless)])
    server = await serve(app, "127.0.0.1:0")
    _, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    async with asyncio.timeout(SOON):
        await left.wait()
    writer.close()
    await server.close()


async def test_of_too_many_the_one_that_has_asked_for_nothing_the_longest_goes(
    plain: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 3)
    first, second = [await asyncio.open_connection("127.0.0.1", plain.port) for _ in range(2)]
    reader, writer = await asyncio.open_connection("127.0.0.1", plain.port)
    writer.write(b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
    assert await scrape(plain) == 200
    await hung_up(first)
    assert not second[0].at_eof()
    for _, each in ((reader, writer), second):
        each.close()


async def test_where_all_are_busy_one_more_is_turned_away(
    plain: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 1)
    reader, writer = await asyncio.open_connection("127.0.0.1", plain.port)
    writer.write(b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
    await hung_up(await asyncio.open_connection("127.0.0.1", plain.port))
    writer.close()


@pytest.mark.parametrize("head", [b"GET /%s HTTP/1.1", b"GET / HTTP/1.1\r\nX: %s"])
async def test_a_head_that_is_too_long_is_refused_and_not_logged(
    plain: Server, caplog: pytest.LogCaptureFixture, head: bytes
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", plain.port)
    writer.write(head % (b"a" * 9_000) + b"\r\n\r\n")
    assert b" 400 " in await reader.readline()
    writer.close()
    assert not caplog.records


async def test_a_renewed_certificate_is_for_the_next_connection(
    ca: trustme.CA, tmp_path: Path
) -> None:
    file, certificate = tmp_path / "web.yml", tmp_path / "server.pem"
    await asyncio.to_thread(file.write_text, "")
    watched = Security(str(file), read_access)
    server = await serve(make_app(FixedSource(SNAPSHOT), watched), "127.0.0.1:0", watched)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert await reader.readuntil(b"ok\n")
    shown = []
    for name in ("first.example", "second.example"):
        issued = ca.issue_cert(name).private_key_and_cert_chain_pem
        await asyncio.to_thread(issued.write_to_path, certificate)
        section = "tls_server_config: {cert_file: server.pem, key_file: server.pem}\n"
        await asyncio.to_thread(file.write_text, section)
        address = ("127.0.0.1", server.port)
        shown.append(await asyncio.to_thread(ssl.get_server_certificate, address))
        assert shown[-1] in issued.bytes().decode()
    assert shown[0] != shown[1]
    # Who came before there was TLS is not let in by the side door.
    writer.write(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 400 ")
    writer.close()
    await server.close()
    watched.close()
