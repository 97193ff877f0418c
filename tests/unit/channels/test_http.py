import asyncio
import socket
import ssl
from contextlib import asynccontextmanager

import pytest
import trustme

from monitor.channels.base import MAX_REASON, RefusedError, SendError
from monitor.channels.http import post
from tests.unit.channels.conftest import Answer

SECRET = "s3cret-token"


async def sent(session, url, timeout_seconds=5.0):
    """Post to `url` and return what went wrong."""
    with pytest.raises(SendError) as caught:
        await post(session, f"{url}/{SECRET}", b"{}", {}, timeout_seconds)
    assert SECRET not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(400, text=" why\nnot "), (RefusedError, "HTTP 400 Bad Request: why\nnot", 0)),
        (Answer(401), (RefusedError, "HTTP 401 Unauthorized", 0)),
        (Answer(404), (RefusedError, "HTTP 404 Not Found", 0)),
        (Answer(410), (RefusedError, "HTTP 410 Gone", 0)),
        # To follow it would be a GET, which tells nobody.
        (Answer(302, {"Location": "/elsewhere"}), (RefusedError, "HTTP 302 Found", 0)),
        (Answer(408), (SendError, "HTTP 408 Request Timeout", 0)),
        (Answer(429, {"Retry-After": "17"}), (SendError, "HTTP 429 Too Many Requests", 17)),
        (Answer(500), (SendError, "HTTP 500 Internal Server Error", 0)),
        (Answer(503, {"Retry-After": "soon"}), (SendError, "HTTP 503 Service Unavailable", 0)),
        (
            Answer(503, {"Retry-After": f"Wed, 21 Oct 2026 07:28:00 +{10**19}"}),
            (SendError, "HTTP 503 Service Unavailable", 0),
        ),
        (
            Answer(
                503,
                {
                    "Date": "Wed, 21 Oct 2026 07:28:00 GMT",
                    "Retry-After": "Wed, 21 Oct 2026 07:30:00 GMT",
                },
            ),
            (SendError, "HTTP 503 Service Unavailable", 120),
        ),
        (
            Answer(
                503,
                {
                    "Date": "Wed, 21 Oct 2026 07:28:00 GMT",
                    "Retry-After": "Wed, 21 Oct 2026 07:28:09 -0000",
                },
            ),
            (SendError, "HTTP 503 Service Unavailable", 9),
        ),
        (
            Answer(503, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}),
            (SendError, "HTTP 503 Service Unavailable", 0),
        ),
    ],
)
async def test_what_each_answer_means(receiver, session, answer, expected):
    receiver.answers = [answer]
    error = await sent(session, receiver.url)
    assert (type(error), str(error), error.retry_after_seconds) == expected


async def test_any_2xx_is_a_delivery(receiver, session):
    for status in (200, 202, 204):
        receiver.answers = [Answer(status)]
        await post(session, receiver.url, b"{}", {}, 5.0)
    assert len(receiver.requests) == 3


async def test_a_page_of_an_answer_is_cut(receiver, session):
    receiver.answers = [Answer(400, text="x" * 100_000)]
    assert len(str(await sent(session, receiver.url))) <= MAX_REASON


async def test_a_receiver_that_hangs_is_given_up(receiver, session):
    receiver.hold = asyncio.Event()
    error = await sent(session, receiver.url, timeout_seconds=0.1)
    assert (type(error), str(error)) == (SendError, "no answer within 0.1s")
    receiver.hold.set()


async def test_a_closed_port_can_be_tried_again(session):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        error = await sent(session, f"http://127.0.0.1:{taken.getsockname()[1]}")
    assert type(error) is SendError
    assert str(error).startswith("cannot connect: ")


async def test_a_certificate_that_is_not_accepted_can_be_tried_again(session):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    server = await asyncio.start_server(lambda *_: None, "localhost", 0, ssl=context)
    async with server:
        error = await sent(session, f"https://localhost:{server.sockets[0].getsockname()[1]}")
    assert (type(error), str(error)) == (SendError, "the receiver's certificate is not accepted")


async def test_a_name_that_does_not_resolve_can_be_tried_again(session):
    error = await sent(session, "http://receiver.invalid")
    assert type(error) is SendError
    assert str(error).startswith("cannot connect: ")


@asynccontextmanager
async def raw_server(answer):
    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        if answer is None:
            writer.transport.abort()
        else:
            writer.write(answer)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize(
    "answer",
    [
        None,
        b"",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
    ],
)
async def test_a_broken_exchange_can_be_tried_again(session, answer):
    async with raw_server(answer) as url:
        error = await sent(session, url)
    assert type(error) is SendError
    assert str(error).startswith("broken exchange: ")
