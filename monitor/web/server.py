"""Puts the application on a port. Called by `daemon.py`."""

import os
import re
import socket

from aiohttp import web

SHUTDOWN_SECONDS = 1.0
MAX_HEADER_BYTES = 8 * 1024


class ListenError(Exception):
    """The address cannot be listened on; the message is one line for the operator."""


class Server:
    """A served application; `close` gives the port back."""

    def __init__(self, runner: web.AppRunner) -> None:
        self._runner = runner

    @property
    def port(self) -> int:
        """The port that is listened on; the kernel's choice where 0 was asked for."""
        port: int = self._runner.addresses[0][1]
        return port

    async def close(self) -> None:
        """Finish what is being answered, within a second, and stop listening."""
        await self._runner.cleanup()


async def serve(app: web.Application, listen: str) -> Server:
    """Serve `app` at `listen`, written HOST:PORT, [IPV6]:PORT or :PORT for every interface.

    Raises ListenError when the address is not one, or cannot be had.
    """
    host, port = parse_listen(listen)
    runner = web.AppRunner(
        app,
        access_log=None,
        shutdown_timeout=SHUTDOWN_SECONDS,
        max_line_size=MAX_HEADER_BYTES,
        max_field_size=MAX_HEADER_BYTES,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host or None, port).start()
    except OSError as error:
        await runner.cleanup()
        raise ListenError(f"cannot listen on {listen}: {_reason(error)}") from error
    return Server(runner)


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
