"""A local program: it gets the webhook's payload on its standard input, and no shell."""

import asyncio
import contextlib
import json
import os
import signal
from asyncio.subprocess import PIPE, Process

import aiohttp

from monitor.alerts.alert import Notice
from monitor.channels.base import Receipt, RefusedError, SendError
from monitor.channels.settings import ExecSettings
from monitor.channels.webhook import payload


class ExecChannel:
    """Runs a program for each notice. `page_url` is where a person finds the monitor."""

    def __init__(
        self, settings: ExecSettings, _session: aiohttp.ClientSession, page_url: str
    ) -> None:
        self.name = settings.name
        self._command = settings.command
        self._timeout_seconds = settings.timeout
        self._page_url = page_url

    async def send(self, notice: Notice) -> Receipt:
        """Return once the program has ended with 0. Raises SendError."""
        try:
            # A session of its own, so that what it starts ends with it.
            process = await asyncio.create_subprocess_exec(
                *self._command, stdin=PIPE, stdout=PIPE, stderr=PIPE, start_new_session=True
            )
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise RefusedError(f"the program cannot be started: {reason}") from error
        body = json.dumps(payload(notice, self._page_url)).encode()
        try:
            async with asyncio.timeout(self._timeout_seconds):
                output, complaint = await _communicate(process, body)
        except TimeoutError as error:
            raise SendError(f"the program did not end within {self._timeout_seconds:g}s") from error
        said = (complaint or output).decode("utf-8", "replace").strip()
        if process.returncode != 0:
            raise SendError(f"the program ended with {process.returncode}: {said}")
        return Receipt(said=said)


async def _communicate(process: Process, body: bytes) -> tuple[bytes, bytes]:
    try:
        return await process.communicate(body)
    except BaseException:  # cancelled, by the timeout or because the monitor ends
        # Also where the program itself has ended: what it started holds its output open.
        with contextlib.suppress(ProcessLookupError):  # all of them have ended just now
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        raise
