"""The questions that a watch puts to the workers of its broker, on a connection of its own.

The books say whom to ask what (`facts/workers/asking.py`, `facts/tasks/running.py`), `control.py`
asks, and the answers go back into the books.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

from monitor.broker.control import Control
from monitor.broker.failure import BrokerError
from monitor.broker.link import Link
from monitor.broker.wire import Wire
from monitor.facts.books import Books
from monitor.facts.workers.asking import Wanted
from monitor.journal import event
from monitor.values.names import bounded

_log = logging.getLogger(__name__)

_NAMES_SHOWN = 5
_EVERY_SECONDS = 0.5
_ROUND_SECONDS = 10.0
_REFUSED_AGAIN_SECONDS = 300.0
"""How often the right to ask is tried after it was missing: somebody may have given it."""


class Questions:
    """Asks the workers of one broker whatever its books want to know."""

    def __init__(
        self,
        link: Link,
        control: Control,
        books: Books,
        *,
        enable_events: bool,
        clock: Callable[[], float],
        changed: Callable[[], None],
    ) -> None:
        self._link = link
        self._control = control
        self._books = books
        self._enable_events = enable_events
        self._clock = clock
        self._changed = changed
        self._refused_at: float | None = None
        """When the right to ask was missing last; None: it is there."""
        self._wire: Wire | None = None
        """The connection, while it is good."""

    async def run(self) -> None:
        """Ask until cancelled."""
        try:
            while True:
                await asyncio.sleep(_EVERY_SECONDS)
                self._books.workers.step(self._clock())
                self._tell_unheard(self._books.workers.newly_unheard())
                wanted, doubted, idle = self._due(self._clock())
                if wanted or doubted or idle:
                    await self._round(wanted, doubted, idle)
                    self._changed()
        finally:
            if self._wire is not None:
                self._hang_up()
                await self._control.clean_up(lambda: self._link.open("control"))

    def _due(self, now: float) -> tuple[Wanted, Sequence[str], Sequence[str]]:
        """Return what is to be asked now, whom for what they run, and whom for what they hold."""
        if self._refused_at is not None:
            return Wanted(census=now - self._refused_at >= _REFUSED_AGAIN_SECONDS), (), ()
        workers = self._books.workers
        return workers.wanted(now), self._books.tasks.running.doubted(now), workers.idle(now)

    def _tell_unheard(self, hostnames: Sequence[str]) -> None:
        """Log, once for all of them, who is registered and was never heard."""
        if hostnames:
            more = ", ..." if len(hostnames) > _NAMES_SHOWN else ""
            event(
                _log,
                logging.WARNING,
                "workers are registered and were never heard: they hang or died long ago",
                broker=self._books.broker,
                workers=len(hostnames),
                names=bounded(", ".join(hostnames[:_NAMES_SHOWN])) + more,
            )

    def _hang_up(self) -> None:
        if self._wire is not None:
            self._wire.close()
            self._wire = None

    async def _round(self, wanted: Wanted, doubted: Sequence[str], idle: Sequence[str]) -> None:
        """Ask who is to be asked, and hang up where the connection is good no more."""
        try:
            async with asyncio.timeout(_ROUND_SECONDS):
                wire = self._wire = self._wire or await self._link.open("control")
                if wanted:
                    await self._ask(wire, wanted)
                if doubted or (wanted.census and self._books.tasks.running.bounded):
                    await self._ask_running(wire, None if wanted.census else doubted)
                if idle:
                    await self._ask_reserved(wire, idle)
            self._may_ask(True)
            self._link.say("control", "", "workers can be asked")
            return
        except TimeoutError:
            error = BrokerError("timeout", "no answer in time")
        except BrokerError as caught:
            error = caught
        self._hang_up()
        if error.reason == "permission":
            self._may_ask(False)
        self._link.say("control", error.reason, f"workers cannot be asked: {error}")

    def _may_ask(self, allowed: bool) -> None:
        """Note whether there is the right to ask; without it silence alone has to tell."""
        self._refused_at = None if allowed else self._clock()
        self._books.workers.control(allowed)

    async def _ask(self, wire: Wire, wanted: Wanted) -> None:
        workers = self._books.workers
        if wanted.listen:
            workers.listened(await self._control.listeners(wire))
        if not (wanted.census or wanted.introduce or wanted.ping):
            return
        hostnames = None if wanted.census else wanted.ping | wanted.introduce
        unknown = wanted.census or wanted.introduce
        methods = ("stats", "active_queues") if unknown else ("stats",)
        if wanted.census:
            # Before the question, so that who enters it later is not taken for silent.
            workers.registered(await self._control.registry(wire), self._clock())
        sent_at = self._clock()
        answers = await self._control.ask(
            wire,
            methods,
            hostnames,
            self._clock,
            shared=wanted.shared,
            headcount=wanted.headcount,
        )
        for reply in answers.replies:
            workers.reply(reply)
        registered = await self._control.registered(wire, wanted.ping)
        workers.asked(wanted, sent_at, registered, answers.count)
        if self._enable_events and unknown:
            await self._control.enable_events(wire, hostnames)

    async def _ask_running(self, wire: Wire, hostnames: Sequence[str] | None) -> None:
        """Ask the workers (None: all) what they run: a lost event makes a run without end."""
        asked_at = self._clock()
        shared = any(self._books.workers.count(hostname) > 1 for hostname in hostnames or ())
        answers = await self._control.ask(wire, ("active",), hostnames, self._clock, shared=shared)
        self._books.told_running(answers.replies, asked_at)

    async def _ask_reserved(self, wire: Wire, hostnames: Sequence[str]) -> None:
        """Ask the workers what they hold: one that starts nothing may be kept from it."""
        answers = await self._control.ask(wire, ("reserved",), hostnames, self._clock)
        for reply in answers.replies:
            self._books.workers.reply(reply)
