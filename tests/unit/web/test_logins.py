import asyncio
import base64

import bcrypt
import pytest

from monitor.values.secret import Secret
from monitor.web import logins
from monitor.web.logins import BusyError, Logins


def hashed(password: bytes) -> Secret:
    return Secret(bcrypt.hashpw(password, bcrypt.gensalt(4)).decode())


LONG = b"x" * 100
USERS = {
    "alice": hashed(b"open sesame"),
    "bob": Secret(hashed(b"b:ob").reveal().replace("$2b$", "$2y$")),
    "carol": hashed(LONG[:72]),
}


def basic(user: str, password: bytes) -> str:
    return "Basic " + base64.b64encode(user.encode() + b":" + password).decode()


@pytest.mark.parametrize(
    "header",
    [
        basic("alice", b"open sesame"),
        basic("bob", b"b:ob"),
        basic("carol", LONG),
        basic("alice", b"open sesame").replace("Basic", "basic"),
    ],
)
async def test_the_right_password_lets_in(header: str) -> None:
    assert await Logins().is_known(USERS, header)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Basic",
        "Basic ???",
        "Basic é",
        "Bearer abc",
        "Basic " + base64.b64encode(b"alice").decode(),
        basic("alice", b""),
        basic("alice", b"b:ob"),
        basic("alice", b"open sesame\0"),
        basic("Alice", b"open sesame"),
        basic("", b"open sesame"),
        "Basic " + base64.b64encode(b"\xff:\xff").decode(),
    ],
)
async def test_nothing_else_does(header: str | None) -> None:
    assert not await Logins().is_known(USERS, header)


class Counted:
    """bcrypt, and how often it is asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.hashes: list[bytes] = []
        real = bcrypt.checkpw
        monkeypatch.setattr(
            logins.bcrypt, "checkpw", lambda p, h: self.hashes.append(h) or real(p, h)
        )


async def test_a_login_that_was_right_is_not_computed_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counted, known = Counted(monkeypatch), Logins()
    for _ in range(5):
        assert await known.is_known(USERS, basic("alice", b"open sesame"))
    assert len(counted.hashes) == 1
    changed = {**USERS, "alice": hashed(b"another")}
    assert not await known.is_known(changed, basic("alice", b"open sesame"))


async def test_guesses_push_nobody_out_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    counted, known = Counted(monkeypatch), Logins()
    assert await known.is_known(USERS, basic("alice", b"open sesame"))
    for number in range(120):
        assert not await known.is_known(USERS, basic("alice", str(number).encode()))
    counted.hashes.clear()
    assert await known.is_known(USERS, basic("alice", b"open sesame"))
    assert not counted.hashes


async def test_an_unknown_user_costs_a_hash_too(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counted(monkeypatch)
    for password in (b"open sesame", b"wrong"):
        assert not await Logins().is_known(USERS, basic("nobody", password))
    assert counted.hashes == [USERS["alice"].reveal().encode()] * 2


async def test_who_guesses_many_at_once_is_sent_away_and_others_are_not() -> None:
    known = Logins()
    await known.is_known(USERS, basic("alice", b"open sesame"))
    guesses = [known.is_known(USERS, basic("alice", str(n).encode())) for n in range(60)]
    found = asyncio.gather(*guesses, return_exceptions=True)
    await asyncio.sleep(0)
    assert await known.is_known(USERS, basic("alice", b"open sesame"))
    assert {type(each) for each in await found} == {bool, BusyError}
