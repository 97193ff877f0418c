"""From a broker URL and TLS settings to an open redis-py connection.

redis-py connects, because it knows TLS, ACL logins and the handshake; what is said over the
connection is the business of `wire.py`. URL forms are those that kombu takes.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

from redis.asyncio.connection import Connection, SSLConnection, UnixDomainSocketConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    AuthenticationWrongNumberOfArgsError,
    BusyLoadingError,
    InvalidResponse,
    NoPermissionError,
    RedisError,
    ResponseError,
)
from redis.exceptions import TimeoutError as RedisTimeoutError

from monitor.broker.settings import BrokerSettings
from monitor.values.secret import Secret

SCHEMES = ("redis", "rediss", "redis+socket")
_NO_VERIFY = ("CERT_NONE", "none", "0")
_HANDSHAKE_PART = 0.5
"""Of the time there is to connect."""


class BrokerError(Exception):
    """The broker cannot be asked. `reason` is one of `readings.POLL_FAILURE_REASONS`."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Address:
    """Where a broker is and who we are there."""

    scheme: str
    host: str
    port: int
    path: str
    db: int
    username: str | None
    password: Secret | None
    verify: bool
    """False when the URL itself asks not to check the server's certificate."""

    def __str__(self) -> str:
        place = self.path or f"{self.host}:{self.port}"
        return f"{self.scheme}://{place}/{self.db}"


def parse_url(url: Secret) -> Address:
    """Return the parts of a broker URL.

    Raises ValueError, which never quotes a password, when it cannot be a broker's.
    """
    try:
        parts = urlsplit(url.reveal())
        port = parts.port or 6379
    except ValueError as error:
        raise ValueError("not a URL: write it like redis://host:6379/0") from error
    if parts.scheme not in SCHEMES:
        known = ", ".join(f"{scheme}://" for scheme in SCHEMES)
        raise ValueError(f"scheme {parts.scheme!r} is not supported: use one of {known}")
    query = parse_qs(parts.query)
    socket = parts.scheme == "redis+socket"
    database = query.get("virtual_host", ["0"])[0] if socket else parts.path.strip("/") or "0"
    if not database.isdecimal():
        # What stands there may be part of a password, so it is not quoted.
        raise ValueError("the database is not a number: write it like redis://host:6379/0")
    return Address(
        scheme=parts.scheme,
        host=parts.hostname or "127.0.0.1",
        port=port,
        path=unquote(parts.path) if socket else "",
        db=int(database),
        username=unquote(parts.username) if parts.username else None,
        password=Secret(unquote(parts.password)) if parts.password else None,
        verify=query.get("ssl_cert_reqs", [""])[0] not in _NO_VERIFY,
    )


async def connect(
    settings: BrokerSettings, timeout_seconds: float
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a connection: logged in, on its database, speaking RESP2.

    Raises BrokerError.
    """
    address = parse_url(settings.url)
    connection = _connection(address, settings, timeout_seconds)
    try:
        async with asyncio.timeout(timeout_seconds):
            await connection.connect()  # type: ignore[no-untyped-call]  # redis-py types it so
    except (RedisError, OSError, TimeoutError) as error:
        failure = classify(error, str(address))
        if address.scheme == "rediss" and (hint := _tls_hint(failure)):
            failure = BrokerError(failure.reason, f"{failure} ({hint})")
        raise failure from error
    # redis-py has no public way to its streams; wire.py is why they are wanted. Taking them
    # away also keeps redis-py from closing or reading them behind our back.
    reader, writer = connection._reader, connection._writer
    connection._reader = connection._writer = None
    return cast(asyncio.StreamReader, reader), cast(asyncio.StreamWriter, writer)


def _tls_hint(failure: BrokerError) -> str:
    """Return what to look at when a handshake ended without a word of TLS."""
    if failure.reason == "timeout":
        # A Redis that speaks no TLS takes a handshake for the beginning of a command, and
        # most often waits for the rest of it.
        return "is that a TLS port?"
    if failure.reason == "connect" and "reset" in str(failure):
        return "does it ask for a client certificate?"
    return ""


def _connection(
    address: Address, settings: BrokerSettings, timeout_seconds: float
) -> Connection | UnixDomainSocketConnection:
    common: dict[str, Any] = {
        "db": address.db,
        "username": address.username,
        "password": address.password.reveal() if address.password else None,
        "protocol": 2,
        "client_name": "queue-monitor",
        "retry": Retry(NoBackoff(), 0),
        "socket_timeout": timeout_seconds,
        "socket_connect_timeout": timeout_seconds,
    }
    if address.path:
        common.pop("socket_connect_timeout")
        return UnixDomainSocketConnection(path=address.path, **common)
    common |= {"host": address.host, "port": address.port, "socket_keepalive": True}
    if address.scheme == "rediss":
        tls = settings.tls
        verify = tls.verify and address.verify
        return _TlsConnection(
            handshake_seconds=_HANDSHAKE_PART * timeout_seconds,
            ssl_ca_certs=tls.ca_file,
            ssl_certfile=tls.cert_file,
            ssl_keyfile=tls.key_file,
            ssl_cert_reqs="required" if verify else "none",
            ssl_check_hostname=verify and tls.check_hostname,
            **common,
        )
    return Connection(**common)


class _TlsConnection(SSLConnection):
    """One that tells a server which does not speak TLS from one that does not answer at all."""

    def __init__(self, handshake_seconds: float, **options: Any) -> None:
        super().__init__(**options)
        self._handshake_seconds = handshake_seconds

    def _connection_arguments(self) -> Mapping[str, Any]:
        arguments: Mapping[str, Any] = super()._connection_arguments()
        return {**arguments, "ssl_handshake_timeout": self._handshake_seconds}


def classify(error: BaseException, place: str = "") -> BrokerError:
    """Return what `error` means for a poll: a reason, and words that hold no password."""
    at = f"{place}: " if place else ""
    problem = _tls_problem(error)
    if problem:
        return BrokerError("tls", f"{at}TLS failed: {problem}")
    match error:
        case AuthenticationError() | AuthenticationWrongNumberOfArgsError():
            reason, text = "auth", f"the login was refused: {error}"
        case NoPermissionError():
            reason, text = "permission", str(error)
        case RedisTimeoutError() | TimeoutError():
            reason, text = "timeout", "no answer in time"
        case InvalidResponse():
            reason, text = "protocol", f"what answers is not Redis: {error}"
        case BusyLoadingError():
            reason, text = "server", str(error)
        case ResponseError():
            return error_reply(str(error), place)
        case _:
            full = "max number of clients" in str(error)
            reason, text = "server" if full else "connect", str(error)
    return BrokerError(reason, at + text)


def _tls_problem(error: BaseException) -> str:
    """Return what was wrong with TLS, in words; empty when the error is another."""
    causes = [error]
    while (inner := causes[-1].__cause__ or causes[-1].__context__) is not None:
        causes.append(inner)
    for cause in reversed(causes):
        if isinstance(cause, ssl.SSLError):
            return str(cause)
        if isinstance(cause, ConnectionAbortedError) and "SSL" in str(cause):
            # The end of `ssl_handshake_timeout`: a server that does not speak TLS takes the
            # first bytes of it for a command that goes on.
            return "no answer; does it speak TLS on this port?"
    return ""


def error_reply(text: str, place: str = "") -> BrokerError:
    """Return what an error reply of the server means for a poll."""
    at = f"{place}: " if place else ""
    code = text.partition(" ")[0]
    if code in ("NOAUTH", "WRONGPASS") or "invalid username-password" in text:
        return BrokerError("auth", f"{at}the login was refused: {text}")
    if code == "NOPERM" or "has no permissions" in text:
        return BrokerError("permission", at + text)
    if "DB index" in text or "invalid DB" in text:
        return BrokerError("database", f"{at}no such database: {text}")
    return BrokerError("server", at + text)
