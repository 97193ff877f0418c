"""The terminal that stays up to date: keys in, a picture out. Called by `command.py`.

It looks in a thread, so that keys are answered while a broker hangs.
"""

import os
import select
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Thread

from rich.console import Console
from rich.live import Live

from monitor.top.choice import Choice, keys_in
from monitor.top.screen import drawn
from monitor.top.sight import Sight
from monitor.top.sources import LookError

_KEYS_SECONDS = 0.1


class Session:
    """One sitting at the terminal. `look` looks once; `clock` gives seconds."""

    def __init__(
        self, look: Callable[[], Sight], where: str, choice: Choice, clock: Callable[[], float]
    ) -> None:
        self._look = look
        self._where = where
        self._choice = choice
        self._clock = clock
        self._sight: Sight | None = None
        self._problem = ""
        self._looking: Future[Sight] | None = None
        self._next_at = 0.0
        self._console = Console()

    def run(self, interval_seconds: float) -> None:
        """Show until somebody quits."""
        shown: object = None
        with (
            _keys(sys.stdin.fileno()) as pressed,
            Live(console=self._console, screen=True, auto_refresh=False) as live,
        ):
            while not self._choice.ended:
                self._step(interval_seconds)
                width, height = self._console.size
                wanted = self._sight, self._choice, self._where, self._problem
                # Drawing takes longer than all else: only what has changed is drawn again.
                if (wanted, width, height) != shown:
                    live.update(drawn(*wanted, width=width, height=height), refresh=True)
                    shown = wanted, width, height
                for key in pressed():
                    self._choice = self._choice.pressed(key, self._rows())

    def _step(self, interval_seconds: float) -> None:
        """Take what was seen, and look again if it is time."""
        if self._looking is None:
            if self._clock() >= self._next_at:
                self._next_at = self._clock() + interval_seconds
                self._looking = _begun(self._look)
        elif self._looking.done():
            try:
                self._sight, self._problem = self._looking.result(), ""
            except LookError as error:
                self._problem = str(error)
            self._looking = None

    def _rows(self) -> int:
        if self._sight is None:
            return 1
        chosen = self._choice.of(self._sight)
        return max(1, len(chosen.queues), len(chosen.workers))


def _begun(look: Callable[[], Sight]) -> Future[Sight]:
    """Return what a look comes to that has begun in a thread."""
    looking: Future[Sight] = Future()

    def run() -> None:
        try:
            looking.set_result(look())
        except Exception as error:  # whatever it is, it is raised to who asks for the result
            looking.set_exception(error)

    # Those of an executor are waited for at the end, and whoever quits would wait for a broker.
    Thread(target=run, daemon=True).start()
    return looking


@contextmanager
def _keys(terminal: int) -> Iterator[Callable[[], list[str]]]:
    """Yield what returns the keys that were pressed, after a short wait for one."""
    before = termios.tcgetattr(terminal)
    tty.setcbreak(terminal)

    def pressed() -> list[str]:
        if not select.select([terminal], [], [], _KEYS_SECONDS)[0]:
            return []
        sent = os.read(terminal, 1024)
        # The end of the input ends it, as Ctrl-D does.
        return keys_in(sent.decode(errors="ignore")) if sent else ["\x04"]

    try:
        yield pressed
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
