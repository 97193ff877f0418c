"""Serves one of the app's own web applications on loopback, until it is told to end."""

import asyncio
import signal

from aiohttp import web


def serve(application: web.Application, port: int) -> None:
    """Listen on 127.0.0.1 and say where.

    Raises OSError when the port cannot be had, OverflowError when it is none.
    """
    asyncio.run(_serve(application, port))


async def _serve(application: web.Application, port: int) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        print(f"http://127.0.0.1:{runner.addresses[0][1]}/", flush=True)
        await ended.wait()
    finally:
        await runner.cleanup()
