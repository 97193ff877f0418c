"""Runs what blocks in a thread that nobody waits for when the monitor ends.

An executor's threads are joined at exit, so a mail server that hangs would hold up a stop.
"""

import asyncio
import contextlib
from collections.abc import Callable
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


async def in_thread(work: Callable[[], T], name: str) -> T:
    """Return what `work` returns, or raise what it raises; `name` is the thread's."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if done.cancelled():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]  # without an error it is there

    def run() -> None:
        result, error = None, None
        try:
            result = work()
        except Exception as raised:  # whoever awaits it judges it
            error = raised
        # The loop is closed where the monitor ended meanwhile.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, result, error)

    Thread(target=run, name=name, daemon=True).start()
    return await done
