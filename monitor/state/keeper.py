"""Keeps the state for the daemon: in one thread of its own, and in memory when it must.

A state file that stops working never stops the alerts: `problem` says what is wrong, and
every later save tries again.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec

from monitor.journal import event
from monitor.state.history import Entry
from monitor.state.path import default_path
from monitor.state.saved import Saved
from monitor.state.settings import StateSettings
from monitor.state.store import CorruptStateError, StateError, Store

_log = logging.getLogger(__name__)

_SAVE_SECONDS = 2.0
"""Longer than this nobody waits for a disk before sending a notice."""
_UNWRITTEN = 10_000
"""How many entries of the history are held while the disk cannot take them."""


class Keeper:
    """The state file as the daemon uses it."""

    def __init__(self, settings: StateSettings, environ: Mapping[str, str]) -> None:
        self._explicit = settings.file is not None
        self._path = Path(settings.file) if settings.file else default_path(environ)
        self._store: Store | None = None
        self._saving: asyncio.Future[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="state")
        self._unwritten: deque[tuple[int, Entry]] = deque(maxlen=_UNWRITTEN)
        self._recorded = 0
        self.problem: str | None = None
        """Why the state is kept in memory only; None while it is saved."""

    def open(self) -> Saved:
        """Open the state and return what an earlier run left.

        Raises StateError when a file that was asked for by name cannot be had; a default
        location that cannot be used, or a corrupt file, is a `problem` instead.
        """
        try:
            self._store = Store.open(self._path)
            return self._store.load()
        except StateError as error:
            if self._explicit and not isinstance(error, CorruptStateError):
                raise
            self._store = None
            self._note(str(error))
            return Saved()

    async def save(self, saved: Saved) -> None:
        """Save, or note the problem; waits for a slow disk only so long."""
        if self._store is None:
            return
        if self._saving is not None and not self._saving.done():
            return  # the disk is still busy with an earlier one, and the next save has it all
        loop = asyncio.get_running_loop()
        entries = [entry for _, entry in self._unwritten]
        self._saving = loop.run_in_executor(self._thread, self._store.save, saved, entries)
        recorded = self._recorded
        self._saving.add_done_callback(lambda saving: self._written(saving, recorded))
        try:
            # Not wait_for: up to Python 3.11 it can swallow being cancelled.
            async with asyncio.timeout(_SAVE_SECONDS):
                await asyncio.shield(self._saving)
        except TimeoutError:
            self._saving.add_done_callback(self._late)
            self._note(f"the state file is slow: a save takes longer than {_SAVE_SECONDS:g} s")
        except StateError as error:
            self._note(str(error))
        except Exception as defect:  # whatever it is, it must not keep a notice from being sent
            _log.exception("the state could not be saved")
            self._note(f"a defect of the monitor: {type(defect).__name__}")
        else:
            self._note(None)

    async def save_surely(self, saved: Saved) -> None:
        """Save also while a save is under way, once that has had its time."""
        if self._saving is not None and not self._saving.done():
            await asyncio.wait([self._saving], timeout=_SAVE_SECONDS)
        await self.save(saved)

    def record(self, entry: Entry) -> None:
        """Have the next save add `entry` to the history."""
        self._recorded += 1
        self._unwritten.append((self._recorded, entry))

    async def history(self, since: float, before: int | None, limit: int) -> list[dict[str, Any]]:
        """Return entries of the history, the latest first, as `history.latest` does.

        Without a state file they are the latest that happened, without ids. Raises StateError.
        """
        if self._store is None:
            latest = [entry for _, entry in self._unwritten if entry.at >= since]
            return [msgspec.to_builtins(entry) for entry in reversed(latest[-limit:])]
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._store.history, since, before, limit)

    async def close(self) -> None:
        """Close the file, once a save that is under way has had its time."""
        if self._store is not None:
            closing = asyncio.get_running_loop().run_in_executor(self._thread, self._store.close)
            try:
                async with asyncio.timeout(_SAVE_SECONDS):
                    await asyncio.shield(closing)
            except (TimeoutError, StateError) as error:
                event(_log, logging.WARNING, "state not closed", reason=str(error))
        self._thread.shutdown(wait=False)

    def _written(self, saving: asyncio.Future[None], recorded: int) -> None:
        if saving.cancelled() or saving.exception() is not None:
            return
        while self._unwritten and self._unwritten[0][0] <= recorded:
            self._unwritten.popleft()

    def _late(self, saving: asyncio.Future[None]) -> None:
        error = saving.exception()
        self._note(str(error) if error else None)

    def _note(self, problem: str | None) -> None:
        if problem != self.problem:
            if problem:
                event(_log, logging.ERROR, "state is kept in memory only", reason=problem)
            else:
                event(_log, logging.INFO, "state is saved again")
        self.problem = problem
