import argparse
import asyncio
import os
import re
from collections.abc import Callable

import bcrypt
import pytest
from aiohttp.test_utils import TestClient, TestServer
from msgspec import json
from msgspec.structs import replace

from monitor.alerts.silences import Silences
from monitor.values.secret import Secret
from monitor.web import silence_command
from monitor.web.alertmanager_json import silence_json
from monitor.web.app import make_app
from monitor.web.security import Access, Security
from monitor.web.web_config import WebConfig
from tests.unit.checks.test_ask import GARBAGE, HEAD, daemon_that
from tests.unit.web.conftest import Client
from tests.unit.web.example import NOW, SILENCE, FixedSource

Capture = pytest.CaptureFixture[str]


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    silence_command.add_arguments(parser)
    args = parser.parse_args(words)
    command: Callable[[argparse.Namespace], int] = args.run
    return command(args)


async def ran_against(answer: bytes, *words: str) -> int:
    async def answers(writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    async with daemon_that(answers) as url:
        return await asyncio.to_thread(run, *words, "--url", url)


async def test_a_silence_is_added_listed_and_ended(
    client: Client, source: FixedSource, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: NOW)
    url = ("--url", str(client.make_url("")))
    said = ("--comment", "two\nlines \udce9", "--author", "anna")
    assert await asyncio.to_thread(run, "add", 'queue_name="high"', *said, *url) == 0
    (silence,) = source.silences
    assert capsys.readouterr().out == f"{silence.id}\n"
    assert (silence.comment, silence.ends_at - silence.starts_at) == ("two\nlines \\udce9", 3_600)
    assert await asyncio.to_thread(run, "list", *url) == 0
    listed = capsys.readouterr().out
    assert re.fullmatch(
        rf'{silence.id}  active  until \S+Z  {{queue_name="high"}}  anna: two\\nlines .+\n', listed
    )
    assert await asyncio.to_thread(run, "expire", silence.id, *url) == 0
    assert await asyncio.to_thread(run, "list", *url) == 0
    assert capsys.readouterr().out == ""


async def test_a_password_that_can_be_read_but_once_ends_many_silences(
    source: FixedSource,
) -> None:
    source.book = Silences(replace(SILENCE, id=each) for each in "123")
    users = {"anna": Secret(bcrypt.hashpw(b"sesame", bcrypt.gensalt(4)).decode())}
    closed = Security("/nowhere", lambda _: Access(WebConfig(basic_auth_users=users), None))
    # What a shell gives a program for `<(command)`.
    end, written = os.pipe()
    os.write(written, b"sesame\n")
    os.close(written)
    async with TestClient(TestServer(make_app(source, closed))) as client:
        login = ("--user", "anna", "--password-file", f"/dev/fd/{end}")
        url = str(client.make_url(""))
        assert await asyncio.to_thread(run, "expire", *"123", "--url", url, *login) == 0
    os.close(end)
    closed.close()
    assert {silence.state(NOW) for silence in source.silences} == {"expired"}


async def test_what_somebody_wrote_cannot_command_the_terminal(capsys: Capture) -> None:
    hostile = replace(SILENCE, created_by="\x1b[2J", comment="a\nb\u202e")
    document = json.encode([silence_json(hostile, NOW)])
    assert await ran_against(HEAD + b"\r\n" + document, "list") == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.isprintable()
    assert line.endswith(r"\x1b[2J: a\nb\u202e")


@pytest.mark.parametrize("words", [("list",), ("add", "A", "--comment", "x")], ids=["list", "add"])
@pytest.mark.parametrize("answer", GARBAGE.values(), ids=GARBAGE)
async def test_garbage_is_said_in_one_line(
    answer: bytes, words: tuple[str, ...], capsys: Capture
) -> None:
    assert await ran_against(answer, *words) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    assert line.isprintable()
    assert len(line) < 1_200


@pytest.mark.parametrize("duration", ["1", "99999999999w", "999999999999999999999w"])
def test_a_duration_that_no_calendar_has_is_refused(duration: str, capsys: Capture) -> None:
    assert run("add", "A", "--comment", "x", "--duration", duration) == 2
    assert capsys.readouterr().err.startswith("queue-monitor silence: ")
