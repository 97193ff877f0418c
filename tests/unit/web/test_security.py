"""What holds when the file changes under the daemon."""

import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import bcrypt
import pytest
from aiohttp.test_utils import TestClient, TestServer

from monitor.config.web_config_file import read_access
from monitor.web.app import make_app
from monitor.web.security import Access, AccessError, Security
from monitor.web.web_config import WebConfig
from tests.unit.web.example import SNAPSHOT, FixedSource

HASH = bcrypt.hashpw(b"sesame", bcrypt.gensalt(4)).decode()
USERS = f"basic_auth_users: {{alice: {HASH}}}\n"
LOGIN = {"Authorization": "Basic " + base64.b64encode(b"alice:sesame").decode()}
SILENCE = "/api/v2/silences"

Open = Callable[[], Awaitable[TestClient]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "web.yml"


@pytest.fixture
async def client(file: Path) -> AsyncIterator[Open]:
    clients = []

    async def opened() -> TestClient:
        security = Security(str(file), read_access)
        clients.append(TestClient(TestServer(make_app(FixedSource(SNAPSHOT), security))))
        await clients[-1].start_server()
        return clients[-1]

    yield opened
    for each in clients:
        await each.close()


async def status(client: TestClient, path: str = "/metrics", **headers: str) -> int:
    async with client.get(path, headers=headers) as answer:
        return answer.status


def rewrite(file: Path, text: str) -> None:
    """Replace the file as a careful person or Kubernetes does: at once."""
    new = file.with_suffix(".new")
    new.write_text(text)
    new.replace(file)


def remove(file: Path) -> None:
    file.unlink()


async def test_without_a_login_nothing_is_shown(file: Path, client: Open) -> None:
    rewrite(file, USERS)
    browser = await client()
    for path in ("/", "/metrics", "/-/healthy", "/api/v1/snapshot", "/page.css", "/nowhere"):
        assert await status(browser, path) == 401
    async with browser.get("/") as answer:
        challenge = answer.headers["WWW-Authenticate"]
    assert challenge == 'Basic realm="queue-monitor", charset="UTF-8"'
    assert await status(browser, **LOGIN) == 200


async def test_the_file_is_read_again_when_it_changes(file: Path, client: Open) -> None:
    rewrite(file, "")
    browser = await client()
    assert await status(browser) == 200
    rewrite(file, USERS)
    assert await status(browser) == 401
    assert await status(browser, **LOGIN) == 200
    rewrite(file, USERS.replace("alice", "bob"))
    assert await status(browser, **LOGIN) == 401


async def test_a_file_that_went_bad_leaves_in_force_what_was(file: Path) -> None:
    rewrite(file, USERS)
    security = Security(str(file), read_access)
    before = security.current()
    rewrite(file, "basic_auth_users: {alice: sesame}\n")
    assert security.current() == before
    assert "basic_auth_users.alice: is not a bcrypt hash" in security.problem
    remove(file)
    assert security.current() == before
    assert "cannot be read" in security.problem
    rewrite(file, "")
    assert security.current().config.basic_auth_users == {}
    assert security.problem == ""


async def test_a_file_that_a_bad_one_names_is_watched_too(file: Path) -> None:
    rewrite(file, "")
    security = Security(str(file), read_access)
    rewrite(file, "tls_server_config: {cert_file: a.crt, key_file: a.key}\n")
    security.current()
    first = security.problem
    rewrite(file.parent / "a.crt", "no certificate")
    security.current()
    assert first != security.problem != ""


@pytest.mark.parametrize("usable", [True, False])
def test_what_changes_while_it_is_read_is_read_again(file: Path, usable: bool) -> None:
    key = file.parent / "a.key"
    file.write_text("")
    key.write_text("first")
    read, quicker = [], ["third"]

    def slow(_file: str) -> Access:
        read.append(key.read_text())
        if read[-1] == "second":
            rewrite(key, quicker.pop())
            if not usable:
                raise AccessError("it is of another certificate", (key,))
        return Access(WebConfig(), None, (key,))

    security = Security(str(file), slow)
    rewrite(key, "second")
    for _ in range(3):
        security.current()
    assert read == ["first", "second", "third"]
    assert security.problem == ""


def test_a_bad_file_at_the_start_is_an_error(file: Path) -> None:
    with pytest.raises(AccessError):
        Security(str(file), read_access)


async def test_headers_of_the_file_count_instead_of_our_own(file: Path, client: Open) -> None:
    rewrite(
        file,
        "http_server_config:\n  headers:\n    X-Frame-Options: deny\n"
        "    X-Content-Type-Options: ''\n    Strict-Transport-Security: max-age=60\n",
    )
    browser = await client()
    for path in ("/", "/nowhere"):
        async with browser.get(path) as answer:
            assert answer.headers["X-Frame-Options"] == "deny"
            assert answer.headers["Strict-Transport-Security"] == "max-age=60"
            assert "X-Content-Type-Options" not in answer.headers
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


async def test_too_many_requests_are_refused(file: Path, client: Open) -> None:
    rewrite(file, "rate_limit: {interval: 1h, burst: 2}\n")
    browser = await client()
    assert [await status(browser) for _ in range(3)] == [200, 200, 429]


async def test_who_logged_in_may_write_through_a_proxy(file: Path, client: Open) -> None:
    rewrite(file, USERS)
    browser = await client()
    proxied = {**LOGIN, "X-Forwarded-For": "10.0.0.1", "Host": "monitor.example"}
    async with browser.post(SILENCE, json={}, headers=proxied) as answer:
        assert answer.status == 400
    async with browser.post(
        SILENCE, json={}, headers={**proxied, "Origin": "https://evil.example"}
    ) as answer:
        assert answer.status == 403
    rewrite(file, "")
    async with browser.post(SILENCE, json={}, headers=proxied) as answer:
        assert answer.status == 403
