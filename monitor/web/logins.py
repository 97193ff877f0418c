"""Basic authentication against bcrypt hashes. Called by `security.py` for every request.

A hash takes 50 ms and more, on purpose: it is computed in a thread, one at a time, and a login
that was right is remembered, so that a scrape every few seconds is cheap. Who guesses waits in
a short line and cannot push anybody out of what is remembered.
"""

import asyncio
import base64
import binascii
import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import bcrypt

from monitor.values.secret import Secret

_REMEMBERED = 100
_LONGEST_LINE = 32
_BCRYPT_BYTES = 72
"""bcrypt looks at no more of a password."""


class BusyError(Exception):
    """Too many unknown logins at once."""


class Logins:
    """Says who may in. Its memory holds keyed digests, never a password."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, None] = OrderedDict()
        self._line = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="bcrypt")

    async def is_known(self, users: Mapping[str, Secret], authorization: str | None) -> bool:
        """Return whether an `Authorization` header is of one of `users`. Raises BusyError."""
        login = _login(authorization)
        if login is None:
            return False
        user, password = login
        # An unknown user takes as long as a known one: whom there is, is not for guessing.
        hashed = users.get(user) or next(iter(users.values()))
        digest = self._digest(user, hashed.reveal(), password)
        if digest in self._known and user in users:
            self._known.move_to_end(digest)
            return True
        if not await self._matches(password, hashed) or user not in users:
            return False
        self._known[digest] = None
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return True

    def close(self) -> None:
        """Let the thread end."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _digest(self, user: str, hashed: str, password: bytes) -> bytes:
        digest = hashlib.blake2b(key=self._key)
        for part in (user.encode("utf-8", "surrogateescape"), hashed.encode(), password):
            digest.update(len(part).to_bytes(8, "big") + part)
        return digest.digest()

    async def _matches(self, password: bytes, hashed: Secret) -> bool:
        if b"\0" in password:
            return False
        if self._line >= _LONGEST_LINE:
            raise BusyError
        self._line += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._thread, bcrypt.checkpw, password[:_BCRYPT_BYTES], hashed.reveal().encode()
            )
        finally:
            self._line -= 1


def _login(authorization: str | None) -> tuple[str, bytes] | None:
    """Return user and password of a header; None when there are none."""
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        plain = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    user, colon, password = plain.partition(b":")
    if not colon:
        return None
    return user.decode("utf-8", "surrogateescape"), password
