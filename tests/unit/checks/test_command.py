"""The plugin's command line, against daemons that answer well, badly and not at all."""

import asyncio
import subprocess
import sys
from base64 import b64decode
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from monitor.checks.command import main
from monitor.checks.result import CRITICAL, OK, UNKNOWN, WARNING
from monitor.web.app import make_app
from tests.unit.web.example import ALERTS, SNAPSHOT, FixedSource

Capture = pytest.CaptureFixture[bytes]


async def run(capture: Capture, *argv: str) -> tuple[int, str]:
    """Run the plugin; return its exit status and what it printed."""
    status = await asyncio.to_thread(main, argv)
    return status, capture.readouterr().out.decode()


@pytest.mark.parametrize(
    ("argv", "status", "output"),
    [
        (["queues", "--queue", "normal"], OK, "QUEUES OK - normal: length 12, oldest_age 4.2s"),
        (["queues", "--queue", "normal", "-w", "10"], WARNING, "normal: length 12 (outside 10)"),
        (["queues", "--queue", "normal", "-w", "5", "-c", "9"], CRITICAL, "(outside 9)"),
        (["queues", "--queue", "normal", "-c", "-5:20"], OK, "normal_length=12;;-5:20"),
        (["queues", "--queue", "normal", "--critical=@0:20"], CRITICAL, "(inside @0:20)"),
        (["queues", "--name", "nor*", "-c", "20"], OK, "normal_length=12;;20"),
        (["queues", "--queue", "nowhere"], UNKNOWN, "QUEUES UNKNOWN - no queue 'nowhere'"),
        (["queues", "-w", "1", "--fact", "x"], UNKNOWN, "QUEUES UNKNOWN - no fact 'x' of queue"),
        (["workers", "--expect", "99"], UNKNOWN, "2 live, 99 expected; not all can be told"),
        (["alerts"], CRITICAL, "high: 1,243 waiting and no live worker"),
        (["alerts", "-v"], CRITICAL, "; high@web1 is dead"),
        (["alerts", "-vv"], CRITICAL, "\nWARNING: high@web1 is dead"),
        (["broker", "-vvv"], OK, "\nasked http://127.0.0.1"),
    ],
)
async def test_the_daemon_judges_and_the_plugin_prints(
    capsysbinary: Capture, argv: list[str], status: int, output: str
) -> None:
    async with TestServer(make_app(FixedSource(SNAPSHOT, ALERTS))) as server:
        found, printed = await run(capsysbinary, *argv, "--url", str(server.make_url("")))
    assert (found, output in printed) == (status, True), printed


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], "CHECK UNKNOWN - the following arguments are required: KIND"),
        (["queue"], "CHECK UNKNOWN - argument KIND: invalid choice: 'queue'"),
        (["queues", "--nonsense"], "QUEUES UNKNOWN - unrecognized arguments: --nonsense"),
        (["queues", "--worker", "x"], "QUEUES UNKNOWN - unrecognized arguments: --worker x"),
        (["queues", "-w"], "QUEUES UNKNOWN - argument -w/--warning: expected one argument"),
        (["queues", "-w", "20:10"], "start is greater than its end"),
        (["queues", "-t", "soon"], "'soon' is not a number of seconds"),
        (["queues", "-t", "0"], "'0' is not a number of seconds"),
        (["queues", "--fact", "length"], "give a range"),
        (["queues", "--expect", "1"], "only workers can be expected"),
        (["queues", "--url", "127.0.0.1:9808"], "--url is not a URL"),
        (["queues", "--url", "http://a:b@127.0.0.1"], "--url must not hold a password"),
        (["queues", "--url", "http://127.0.0.1:x"], "--url is not a URL"),
        (["queues", "--url", "http://127.0.0.1:1"], "cannot be asked: Connection refused"),
        (["queues", "--url", "https://127.0.0.1:1", "--ca-file", "/no"], "a certificate cannot"),
        (["queues", "--url", "http://no.invalid"], "cannot be asked"),
        (["queues", "--broker", "http://x"], "--broker: scheme 'http' is not supported"),
        (["queues", "--broker", "redis://x", "--url", "http://x"], "give --url, to ask"),
        (["tasks", "--broker", "redis://x"], "tasks are known to a daemon only"),
    ],
)
async def test_wrong_usage_is_unknown_and_says_why(
    capsysbinary: Capture, argv: list[str], message: str
) -> None:
    status, printed = await run(capsysbinary, *argv)
    assert (status, message in printed) == (UNKNOWN, True), printed
    assert len(printed.splitlines()) == 1


@pytest.mark.parametrize("argv", [["--help"], ["queues", "--help"], ["-V"], ["queues", "-V"]])
def test_help_and_version_are_unknown_as_the_guidelines_want(argv: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(argv)
    assert caught.value.code == UNKNOWN


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (200, b"", "answers 200 OK, and not as a queue-monitor does"),
        (200, b"<html>", "answers 200 OK, and not as"),
        (200, b'{"status": "ok"}', "answers 200 OK, and not as"),
        (200, b"[" * 100_000, "answers 200 OK, and not as"),
        (200, b"\xff\xfe", "answers 200 OK, and not as"),
        (404, b"not here", "answers 404 Not Found, and not as"),
        (502, b"{}", "answers 502 Bad Gateway, and not as"),
        (401, b"", "refuses the login: 401 Unauthorized"),
        (403, b"", "refuses the login: 403 Forbidden"),
        (200, b" " * 65_000_000, "answers 200 OK, and not as"),
    ],
)
async def test_what_is_no_daemon_is_unknown(
    capsysbinary: Capture, status: int, body: bytes, message: str
) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, body=body)

    app = web.Application()
    app.router.add_get("/{rest:.*}", answer)
    async with TestServer(app) as server:
        found, printed = await run(capsysbinary, "queues", "--url", str(server.make_url("")))
    assert (found, message in printed, len(printed.splitlines())) == (UNKNOWN, True, 1), printed


async def test_who_does_not_answer_in_time_is_named(capsysbinary: Capture) -> None:
    async def hang(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(5)
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        found, printed = await run(capsysbinary, "queues", "-t", "0.2", "--url", url)
    assert found == UNKNOWN
    assert f"{url} does not answer within 0.16 s" in printed


async def test_a_login_is_sent_and_a_path_before_ours_is_kept(
    capsysbinary: Capture, tmp_path: Path
) -> None:
    seen: list[tuple[str, str]] = []

    async def answer(request: web.Request) -> web.Response:
        login = request.headers["Authorization"].removeprefix("Basic ")
        seen.append((request.path_qs, b64decode(login).decode()))
        return web.Response(status=401)

    app = web.Application()
    app.router.add_get("/{rest:.*}", answer)
    file = tmp_path / "password"
    file.write_text("pä:ss\n")
    async with TestServer(app) as server:
        url = str(server.make_url("/monitor/"))
        login = ("--user", "nagios", "--password-file", str(file))
        status, printed = await run(capsysbinary, "queues", "--queue", "a&b", "--url", url, *login)
    assert seen == [("/monitor/check/queues?name=a%26b", "nagios:pä:ss")]
    assert (status, "pä:ss" in printed) == (UNKNOWN, False)


@pytest.mark.parametrize(
    ("where", "unneeded"),
    [
        (["--url", "http://127.0.0.1:1"], {"asyncio", "redis", "msgspec", "hiredis", "ctypes"}),
        (["--broker", "redis://127.0.0.1:1"], set[str]()),
    ],
)
def test_it_loads_nothing_that_it_does_not_need(where: list[str], unneeded: set[str]) -> None:
    never = {"aiohttp", "pydantic", "celery", "sentry_sdk", "yaml", "rich"}
    code = (
        "import sys; from monitor.cli import main; "
        f"main(['check', 'queues', *{where}]); print(sorted({never | unneeded} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert found.stdout.splitlines()[-1] == "[]"
