"""Accepts connections, and lets none of them hold up the others. Used by `server.py`.

A client may be silent in the middle of its handshake, send its request a byte a minute, or
never read its answer. Each of these costs a socket, for a bounded time; and when there are too
many sockets, the oldest goes on which nothing has been asked yet. TLS is decided for each
connection, so that a new certificate needs no new listener.
"""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from aiohttp import web

from monitor.journal import event
from monitor.web.tls import has_allowed_name

MAX_CONNECTIONS = 512
HANDSHAKE_SECONDS = 10.0
HEAD_SECONDS = 10.0
"""Within which the first request must be there."""
UNREAD_SECONDS = 30.0
"""For how long an answer may wait to be read on."""
_SHUTDOWN_SECONDS = 2.0
_BACKLOG = 128
_PAUSE_SECONDS = 1.0

_log = logging.getLogger(__name__)


class Connection(asyncio.Protocol):
    """Stands between a transport and aiohttp's protocol, and watches the time."""

    def __init__(
        self,
        inner: asyncio.Protocol,
        accepts: Callable[["Connection"], bool],
        closed: Callable[["Connection"], None],
    ) -> None:
        self._inner = inner
        self._accepts = accepts
        self._closed = closed
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self.is_idle = True
        """Whether nothing has been asked yet."""

    @classmethod
    def of(cls, request: web.Request) -> "Connection | None":
        """Return the connection of `request`, if this module accepted it."""
        transport = request.transport
        protocol = transport.get_protocol() if transport else None
        return protocol if isinstance(protocol, cls) else None

    def has_name(self, allowed: tuple[str, ...]) -> bool:
        """Return whether the client's certificate has one of the names in `allowed`."""
        shown = self._transport.get_extra_info("peercert") if self._transport else None
        return has_allowed_name(shown, allowed)

    def asked(self) -> None:
        """Take note that a request has come."""
        self.is_idle = False
        self._no_deadline()

    def abort(self) -> None:
        """Close it at once."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: Any) -> None:
        """Begin, unless the client's certificate is not wanted."""
        self._transport = transport
        self._inner.connection_made(transport)
        if self._accepts(self):
            self._set_deadline(HEAD_SECONDS)
        else:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Pass on."""
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        """Pass on."""
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        """Wait for a client that does not read, but not for ever."""
        self._set_deadline(UNREAD_SECONDS)
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Go on."""
        self._no_deadline()
        self._inner.resume_writing()

    def connection_lost(self, error: Exception | None) -> None:
        """End."""
        self._no_deadline()
        self._closed(self)
        self._inner.connection_lost(error)

    def _set_deadline(self, seconds: float) -> None:
        self._no_deadline()
        self._deadline = asyncio.get_running_loop().call_later(seconds, self.abort)

    def _no_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class Doorkeeper(Protocol):
    """What decides about connections; `security.py` is it."""

    def context(self) -> ssl.SSLContext | None:
        """Return the SSL context for the next connection; None: no TLS."""

    def accepts(self, connection: Connection) -> bool:
        """Return whether a connection that has just been made may stay."""


class Listener:
    """Accepts on some sockets, and makes each connection one of `protocols`."""

    def __init__(
        self,
        sockets: Sequence[socket.socket],
        protocols: Callable[[], asyncio.Protocol],
        doorkeeper: Doorkeeper,
    ) -> None:
        self._sockets = sockets
        self._protocols = protocols
        self._doorkeeper = doorkeeper
        self._open: dict[Connection, asyncio.Task[None]] = {}
        """In the order in which they came."""
        self._accepting = [asyncio.create_task(self._accept(each)) for each in sockets]

    @property
    def port(self) -> int:
        """The port that is listened on."""
        port: int = self._sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        """Accept nothing more, and give up what is not yet a connection."""
        tasks = [*self._accepting, *self._open.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for each in self._sockets:
            each.close()

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                client, _ = await loop.sock_accept(listening)
            except OSError as error:
                # Out of descriptors, mostly: others may be closed until then.
                event(_log, logging.ERROR, "cannot accept", reason=error.strerror)
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            self._admit(client)
            # A crowd at the door must not stop everything else.
            await asyncio.sleep(0)

    def _admit(self, client: socket.socket) -> None:
        if len(self._open) >= MAX_CONNECTIONS and not self._make_room():
            client.close()
            return
        connection = Connection(self._protocols(), self._doorkeeper.accepts, self._gone)
        self._open[connection] = asyncio.create_task(self._connect(connection, client))

    def _make_room(self) -> bool:
        """Close the oldest connection on which nothing has been asked; return whether there was."""
        oldest = next((each for each in self._open if each.is_idle), None)
        if oldest is None:
            return False
        self._open.pop(oldest).cancel()
        oldest.abort()
        return True

    async def _connect(self, connection: Connection, client: socket.socket) -> None:
        context = self._doorkeeper.context()
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: connection,
                client,
                ssl=context,
                ssl_handshake_timeout=HANDSHAKE_SECONDS if context else None,
                ssl_shutdown_timeout=_SHUTDOWN_SECONDS if context else None,
            )
        except OSError:
            # No handshake, or none in time: what was never a connection is nobody's news.
            self._gone(connection)
            client.close()
        except asyncio.CancelledError:
            self._gone(connection)
            client.close()
            raise

    def _gone(self, connection: Connection) -> None:
        self._open.pop(connection, None)


async def open_sockets(host: str | None, port: int) -> list[socket.socket]:
    """Return sockets that listen on all addresses of `host` (None: every one). Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    opened: list[socket.socket] = []
    with contextlib.ExitStack() as undo:
        for family, _, _, _, address in dict.fromkeys(found):
            listening = socket.create_server(address, family=family, backlog=_BACKLOG)
            undo.callback(listening.close)
            listening.setblocking(False)
            opened.append(listening)
        undo.pop_all()
    return opened
