"""Puts the application on a port. Called by `daemon.py`."""

import logging
import os
import re
import socket
from typing import cast

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.log import server_logger

from monitor.web.connections import Listener, open_sockets
from monitor.web.security import Security

SHUTDOWN_SECONDS = 1.0
KEEP_ALIVE_SECONDS = 75.0
"""Within which the next request must come: longer than between two scrapes, mostly."""
MAX_HEADER_BYTES = 8 * 1024


class ListenError(Exception):
    """The address cannot be listened on; the message is one line for the operator."""


class _WithoutTheirMistakes(logging.Filter):
    """Keeps requests that are no HTTP, and what stood in them, out of the log."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether `record` is about a mistake of our own."""
        return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


server_logger.addFilter(_WithoutTheirMistakes())


class Server:
    """A served application; `close` gives the port back."""

    def __init__(self, runner: web.AppRunner, listener: Listener) -> None:
        self._runner = runner
        self._listener = listener

    @property
    def port(self) -> int:
        """The port that is listened on; the kernel's choice where 0 was asked for."""
        return self._listener.port

    async def close(self) -> None:
        """Finish what is being answered, within a second, and stop listening."""
        await self._listener.stop()
        await self._runner.cleanup()


async def serve(app: web.Application, listen: str, security: Security | None = None) -> Server:
    """Serve `app` at `listen`, written HOST:PORT, [IPV6]:PORT or :PORT for every interface.

    Raises ListenError when the address is not one, or cannot be had.
    """
    host, port = parse_listen(listen)
    try:
        sockets = await open_sockets(host or None, port)
    except OSError as error:
        raise ListenError(f"cannot listen on {listen}: {_reason(error)}") from error
    runner = web.AppRunner(
        app,
        access_log=None,
        shutdown_timeout=SHUTDOWN_SECONDS,
        keepalive_timeout=KEEP_ALIVE_SECONDS,
        max_line_size=MAX_HEADER_BYTES,
        max_field_size=MAX_HEADER_BYTES,
    )
    await runner.setup()
    protocols = cast(web.Server, runner.server)
    return Server(runner, Listener(sockets, protocols, security or Security()))


def parse_listen(listen: str) -> tuple[str, int]:
    """Return host (without brackets; empty for every interface) and port.

    Raises ListenError.
    """
    host, colon, port = listen.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not colon or not re.fullmatch("[0-9]{1,5}", port) or int(port) > 65535:
        raise ListenError(f"{listen!r} is not an address: write HOST:PORT, like 127.0.0.1:9808")
    if ":" in host and not bracketed:
        raise ListenError(f"{listen!r} is not an address: write an IPv6 host like [::1]:9808")
    return host[1:-1] if bracketed else host, int(port)


def _reason(error: OSError) -> str:
    if isinstance(error, socket.gaierror) or error.errno is None:
        return error.strerror or str(error)
    # asyncio puts the address into its own words; the operator has just read it.
    return os.strerror(error.errno)
