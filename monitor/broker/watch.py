"""Watching one broker: the poll, the event feed and control, each on a connection of its own.

The three run side by side, so that a slow answer of one never delays another, and each comes
back by itself when the broker does. What they read goes into the broker's books; the daemon
is told by `changed` when a tick is worth its while.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence

from monitor.broker.address import is_sentinel, tls_warning
from monitor.broker.control import Control
from monitor.broker.discovery import Discovery
from monitor.broker.events import EventReader
from monitor.broker.failure import BrokerError
from monitor.broker.keys import Keys
from monitor.broker.poll import Poller
from monitor.broker.settings import BrokerSettings, PollSettings
from monitor.broker.wire import Reply, Wire, pack
from monitor.facts.asking import Wanted
from monitor.facts.books import Books
from monitor.facts.readings import PollFailure
from monitor.journal import event

_log = logging.getLogger(__name__)

_RETRY_FIRST_SECONDS = 0.1
_RETRY_MOST_SECONDS = 1.0
_SILENCE_SECONDS = 10.0
"""After so long without a byte the feed asks whether the server is still there."""
_PONG_SECONDS = 5.0
_CONNECT_PART = 0.75
"""Of a poll's time, so that a slow connection is told as such and not as a slow poll."""
_CONTROL_EVERY_SECONDS = 0.5
_CONTROL_ROUND_SECONDS = 10.0
_CLEAN_UP_SECONDS = 1.0


class BrokerWatch:
    """Keeps the books of one broker current."""

    def __init__(
        self,
        settings: BrokerSettings,
        poll: PollSettings,
        *,
        keys: Keys,
        books: Books,
        clock: Callable[[], float],
        changed: Callable[[], None],
        reply_name: str,
    ) -> None:
        self._settings = settings
        self._poll_settings = poll
        self._books = books
        self._clock = clock
        self._changed = changed
        self._keys = keys
        self._discovery = Discovery(keys)
        self._poller = Poller(keys, self._discovery.route)
        self._control = Control(keys, reply_name)
        self._reader = EventReader(books.handlers(), books.workers.task_event)
        books.events_received = self._reader.received
        books.events_dropped = self._reader.dropped
        if not settings.control:
            books.workers.control(False)
        books.queues.watch(settings.queues.names)
        self._said: dict[str, str] = {}

    async def run(self) -> None:
        """Watch until cancelled."""
        warning = tls_warning(self._settings.url, self._settings.tls)
        self._say("tls", "tls" if warning else "", warning)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._poll_forever())
            group.create_task(self._listen_forever())
            if self._settings.control:
                group.create_task(self._control_forever())

    async def _open(self, part: str, timeout_seconds: float) -> Wire:
        """Open a connection whose commands are counted for `part`. Raises BrokerError."""
        return await Wire.open(self._settings, timeout_seconds, self._books.commands.counter(part))

    # -- polls -------------------------------------------------------------------------

    async def _poll_forever(self) -> None:
        wire: Wire | None = None
        try:
            while True:
                started_at = self._clock()
                wire = await self._poll_once(wire)
                self._changed()
                interval = self._poll_settings.interval
                if wire is None:
                    interval = min(interval, _RETRY_MOST_SECONDS)
                await asyncio.sleep(max(0.0, started_at + interval - self._clock()))
        finally:
            if wire is not None:
                wire.close()

    async def _poll_once(self, wire: Wire | None) -> Wire | None:
        """Poll, and return the connection if it is still good."""
        timeout = self._poll_settings.timeout
        try:
            async with asyncio.timeout(timeout):
                wire = wire or await self._open("poll", timeout * _CONNECT_PART)
                await self._read(wire)
            return await self._discover(wire)
        except TimeoutError:
            error = BrokerError("timeout", f"no answer within {timeout:g} s")
        except BrokerError as caught:
            error = caught
        except Exception as defect:
            # Numbers that are no longer read must not stay and look healthy.
            text = f"a defect of the monitor: {type(defect).__name__}"
            self._books.poll_failed(PollFailure(self._clock(), "defect", text))
            raise
        if wire is not None:
            wire.close()
        self._books.poll_failed(PollFailure(self._clock(), error.reason, str(error)))
        self._say("poll", error.reason, f"broker cannot be read: {error}")
        return None

    async def _read(self, wire: Wire) -> None:
        poll = await self._poller.poll(wire, self._books.queues.names, self._clock)
        if poll.server.role == "slave" and is_sentinel(self._settings.url):
            raise BrokerError("connect", "it is a replica now: the sentinels are asked anew")
        self._books.polled(poll)
        self._say("poll", "", "broker can be read")

    async def _discover(self, wire: Wire) -> Wire | None:
        """Look for queues, and return the connection if it is still good.

        The poll was good: a look that takes too long is no failure, and goes on next time.
        """
        timeout = self._poll_settings.timeout
        try:
            async with asyncio.timeout(timeout):
                until = self._clock() + timeout / 4
                found = await self._discovery.queues(wire, until, self._clock)
                self._poller.know_tables(self._discovery.queue_tables)
                if self._watch(found):
                    await self._read(wire)  # a new queue is shown with its length at once
        except TimeoutError:
            wire.close()
            return None
        refused = self._discovery.refused
        self._say("discovery", refused, refused or "queues can be discovered")
        return wire

    def _watch(self, bound: Iterable[str]) -> bool:
        """Watch the queues that were found, as far as the settings want them.

        Return whether any of them is new.
        """
        chosen, books = self._settings.queues, self._books
        found = books.find_queues({*bound, *chosen.names}, self._clock())
        known = set(books.queues.names)
        new = [name for name in sorted(found - known) if chosen.wants(name)]
        room = max(0, chosen.limit - len(known))
        books.watch_queues(new[:room], self._clock())
        books.queues_left_out = len(new[room:])
        return bool(new[:room])

    # -- events ------------------------------------------------------------------------

    async def _listen_forever(self) -> None:
        pause = _RETRY_FIRST_SECONDS
        while True:
            gaps = self._books.event_gaps
            try:
                await self._listen()
            except BrokerError as error:
                self._say("feed", error.reason, f"event feed is down: {error}")
                self._changed()
            if self._books.event_gaps != gaps:
                pause = _RETRY_FIRST_SECONDS  # it was up until now
            await asyncio.sleep(pause)
            pause = min(pause * 2, _RETRY_MOST_SECONDS)

    async def _listen(self) -> None:
        """Read events until the connection breaks. Raises BrokerError."""
        wire = await self._open("events", self._poll_settings.timeout * _CONNECT_PART)
        try:
            replies = await self._subscribe(wire)
            self._books.feed(True, self._clock())
            self._say("feed", "", "event feed is up")
            while True:
                self._reader.read(replies, self._clock())
                try:
                    async with asyncio.timeout(_SILENCE_SECONDS):
                        replies = await wire.batch()
                except TimeoutError:
                    replies = await self._still_there(wire)
        finally:
            wire.close()
            # Whatever ended it: what is not heard must not look like silence.
            self._books.feed(False, self._clock())

    async def _subscribe(self, wire: Wire) -> Iterator[Reply]:
        """Return what came with the confirmation: events do not wait. Raises BrokerError."""
        wire.send(pack([("PSUBSCRIBE", self._keys.event_pattern)]))
        try:
            async with asyncio.timeout(self._poll_settings.timeout):
                while True:
                    replies = await wire.batch()
                    for reply in replies:
                        if isinstance(reply, Exception):
                            raise BrokerError("permission", f"PSUBSCRIBE was refused: {reply}")
                        return replies
        except TimeoutError:
            raise BrokerError("timeout", "PSUBSCRIBE was not answered") from None

    async def _still_there(self, wire: Wire) -> Iterator[Reply]:
        """Ask a silent server for a sign of life; an event will do. Raises BrokerError."""
        wire.send(pack([("PING",)]))
        try:
            async with asyncio.timeout(_PONG_SECONDS):
                return await wire.batch()
        except TimeoutError:
            raise BrokerError("timeout", "the event feed does not answer") from None

    # -- control -----------------------------------------------------------------------

    async def _control_forever(self) -> None:
        wire: Wire | None = None
        try:
            while True:
                await asyncio.sleep(_CONTROL_EVERY_SECONDS)
                self._books.workers.step(self._clock())
                wanted = self._books.workers.wanted(self._clock())
                doubted = self._books.tasks.running.doubted(self._clock())
                if wanted or doubted:
                    wire = await self._control_once(wire, wanted, doubted)
                    self._changed()
        finally:
            if wire is not None:
                wire.close()
                await self._clean_up()

    async def _clean_up(self) -> None:
        """Leave no list of answers behind."""
        with contextlib.suppress(BrokerError, TimeoutError):
            async with asyncio.timeout(_CLEAN_UP_SECONDS):
                # Not on the old connection: an answer to what was cut short is under way on it.
                wire = await self._open("control", _CLEAN_UP_SECONDS)
                try:
                    await self._control.clear(wire)
                finally:
                    wire.close()

    async def _control_once(
        self, wire: Wire | None, wanted: Wanted, doubted: Sequence[str]
    ) -> Wire | None:
        """Ask who is to be asked, and return the connection if it is still good."""
        try:
            async with asyncio.timeout(_CONTROL_ROUND_SECONDS):
                if wire is None:
                    wire = await self._open("control", self._poll_settings.timeout * _CONNECT_PART)
                if wanted:
                    await self._ask(wire, wanted)
                if doubted or (wanted.census and self._books.tasks.running.bounded):
                    await self._ask_running(wire, None if wanted.census else doubted)
            self._say("control", "", "workers can be asked")
            return wire
        except TimeoutError:
            error = BrokerError("timeout", "no answer in time")
        except BrokerError as caught:
            error = caught
        if wire is not None:
            wire.close()
        if error.reason == "permission":
            # Without the right to ask, silence alone has to tell.
            self._books.workers.control(False)
        self._say("control", error.reason, f"workers cannot be asked: {error}")
        return None

    async def _ask(self, wire: Wire, wanted: Wanted) -> None:
        workers = self._books.workers
        if wanted.listen:
            workers.listened(await self._control.listeners(wire))
        if not (wanted.census or wanted.introduce or wanted.ping):
            return
        hostnames = None if wanted.census else {*wanted.ping, *wanted.introduce}
        unknown = wanted.census or wanted.introduce
        methods = ("stats", "active_queues") if unknown else ("stats",)
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
        if self._settings.enable_events and unknown:
            await self._control.enable_events(wire, hostnames)

    async def _ask_running(self, wire: Wire, hostnames: Sequence[str] | None) -> None:
        """Ask the workers (None: all) what they run: a lost event makes a run without end."""
        asked_at = self._clock()
        shared = any(self._books.workers.count(hostname) > 1 for hostname in hostnames or ())
        answers = await self._control.ask(wire, ("active",), hostnames, self._clock, shared=shared)
        self._books.told_running(answers.replies, asked_at)

    def _say(self, part: str, reason: str, text: str) -> None:
        """Log when a part of the watch breaks, breaks differently, or works again."""
        if self._said.get(part, "") == reason:
            return
        self._said[part] = reason
        level = logging.WARNING if reason else logging.INFO
        fields = (
            {"broker": self._settings.name, "reason": reason}
            if reason
            else {"broker": self._settings.name}
        )
        event(_log, level, text, **fields)
