import asyncio

import pytest

from monitor.checks.ask import Daemon
from monitor.top.sources import LookError, look_at_daemon
from monitor.web.api import snapshot_json
from tests.unit.checks.test_ask import GARBAGE, HEAD, daemon_that
from tests.unit.web.example import ALERTS, SNAPSHOT

SOUND = snapshot_json(SNAPSHOT, ALERTS, {})
FORGED = {
    "text for a number": SOUND.replace(b'"length":1243', b'"length":"1243"'),
    "a number for text": SOUND.replace(b'"hostname":"high@web1"', b'"hostname":7'),
    "no labels": SOUND.replace(b'"queue_name"', b'"name"'),
    "beyond the end of dates": SOUND.replace(b'{"at":', b'{"at":9' + b"0" * 300, 1),
    "infinite": SOUND.replace(b'{"at":', b'{"at":1e999,"then":', 1),
    "queues that are no list": SOUND.replace(b'"queues":["high"]', b'"queues":"high"'),
}


async def looked(answer: bytes) -> object:
    async def answers(writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    async with daemon_that(answers) as url:
        return await asyncio.to_thread(look_at_daemon, Daemon(url))


async def test_a_daemon_is_seen() -> None:
    assert await looked(HEAD + b"\r\n" + SOUND)


@pytest.mark.parametrize("answer", GARBAGE.values(), ids=GARBAGE)
async def test_garbage_is_not_seen_but_said(answer: bytes) -> None:
    with pytest.raises(LookError):
        await looked(answer)


@pytest.mark.parametrize("document", FORGED.values(), ids=FORGED)
async def test_what_is_no_snapshot_is_refused(document: bytes) -> None:
    assert document != SOUND
    with pytest.raises(LookError, match="not as a queue-monitor does"):
        await looked(HEAD + b"\r\n" + document)


async def test_a_daemon_that_has_just_been_started_is_said_to_be() -> None:
    with pytest.raises(LookError, match="its first poll is under way"):
        await looked(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
