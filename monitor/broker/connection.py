"""From a broker URL and TLS settings to an open redis-py connection.

redis-py connects, because it knows TLS, ACL logins and the handshake; what is said over the
connection is the business of `wire.py`.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from redis.asyncio.connection import Connection, SSLConnection, UnixDomainSocketConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from monitor.broker.address import Address, parse_url
from monitor.broker.failure import BrokerError, classify
from monitor.broker.sentinel import find_master
from monitor.broker.settings import BrokerSettings, TlsSettings
from monitor.broker.tls import tls_options

_HANDSHAKE_PART = 0.5
"""Of the time there is to connect."""


async def connect(settings: BrokerSettings, timeout_seconds: float) -> asyncio.StreamWriter:
    """Open a connection: logged in, on its database, speaking RESP2, with nothing left to read.

    Raises BrokerError.
    """
    address = parse_url(settings.url)
    try:
        async with asyncio.timeout(timeout_seconds):
            if address.sentinels:
                host, port = await find_master(address, settings, timeout_seconds)
                address = replace(address, host=host, port=port, sentinels=())
            connection = _connection(address, settings, timeout_seconds)
            await _connected(connection)
    except (RedisError, OSError, TimeoutError) as error:
        failure = classify(error, str(address))
        if address.scheme == "rediss" and (hint := _tls_hint(failure)):
            failure = BrokerError(failure.reason, f"{failure} ({hint})")
        raise failure from error
    # redis-py has no public way to its stream; wire.py is why it is wanted. Taking it away
    # also keeps redis-py from closing or reading it behind our back.
    writer = connection._writer
    connection._reader = connection._writer = None
    return cast(asyncio.StreamWriter, writer)


def _tls_hint(failure: BrokerError) -> str:
    """Return what to look at when a handshake ended without a word of TLS."""
    if failure.reason == "timeout":
        # A Redis that speaks no TLS takes a handshake for the beginning of a command, and
        # most often waits for the rest of it.
        return "is that a TLS port?"
    if failure.reason == "connect" and "reset" in str(failure):
        return "does it ask for a client certificate?"
    return ""


async def _connected(connection: Connection | UnixDomainSocketConnection) -> None:
    """Connect, and be cancelled when asked to.

    redis-py sends by `asyncio.wait_for`, which before Python 3.12 loses a cancellation that
    comes as the bytes are gone: a monitor that is told to stop just then would never stop.
    """
    task = asyncio.current_task()
    asked_before = task.cancelling() if task else 0
    await connection.connect()  # type: ignore[no-untyped-call]  # redis-py types it so
    if task and task.cancelling() > asked_before:
        await connection.disconnect(nowait=True)
        raise asyncio.CancelledError


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
    tls = settings.tls
    if address.scheme == "rediss" or (address.scheme == "sentinel" and tls != TlsSettings()):
        return _TlsConnection(
            handshake_seconds=_HANDSHAKE_PART * timeout_seconds,
            **tls_options(tls, verify=tls.verify and address.verify),
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
