"""Watching one broker: the poll, the event feed and control, each on a connection of its own.

The three run side by side, so that a slow answer of one never delays another, and each comes
back by itself when the broker does. What they read goes into the broker's books; the daemon
is told by `changed` when a tick is worth its while.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator

from monitor.broker.address import is_sentinel
from monitor.broker.control import Control
from monitor.broker.discovery import Discovery
from monitor.broker.events import EventReader
from monitor.broker.failure import BrokerError
from monitor.broker.keys import Keys
from monitor.broker.link import Link
from monitor.broker.poll import Poller
from monitor.broker.questions import Questions
from monitor.broker.replies import ReplySearch
from monitor.broker.settings import BrokerSettings, PollSettings
from monitor.broker.tls import tls_warning
from monitor.broker.wire import Reply, Wire, pack
from monitor.facts.books import Books
from monitor.facts.readings import PollFailure

_RETRY_FIRST_SECONDS = 0.1
_RETRY_MOST_SECONDS = 1.0
_SILENCE_SECONDS = 10.0
"""After so long without a byte the feed asks whether the server is still there."""
_PONG_SECONDS = 5.0
_CONNECT_PART = 0.75
"""Of a poll's time, so that a slow connection is told as such and not as a slow poll."""


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
        self._replies = ReplySearch(keys)
        self._poller = Poller(keys, self._discovery.route)
        self._wire: Wire | None = None
        """The connection of the polls, while it is good."""
        self._link = Link(settings, poll.timeout * _CONNECT_PART, books.commands)
        self._questions = Questions(
            self._link,
            Control(keys, reply_name),
            books,
            enable_events=settings.enable_events,
            clock=clock,
            changed=changed,
        )
        self._reader = EventReader(books.handlers(), books.workers.task_event)
        books.events_received = self._reader.received
        books.events_dropped = self._reader.dropped
        if not settings.control:
            books.workers.control(False)
        books.queues.watch(settings.queues.names)

    async def run(self) -> None:
        """Watch until cancelled."""
        warning = tls_warning(self._settings.url, self._settings.tls)
        self._link.say("tls", "tls" if warning else "", warning)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._poll_forever())
            group.create_task(self._listen_forever())
            if self._settings.control:
                group.create_task(self._questions.run())

    # -- polls -------------------------------------------------------------------------

    async def _poll_forever(self) -> None:
        try:
            while True:
                started_at = self._clock()
                await self._poll_once()
                self._changed()
                interval = self._poll_settings.interval
                if self._wire is None:
                    interval = min(interval, _RETRY_MOST_SECONDS)
                await asyncio.sleep(max(0.0, started_at + interval - self._clock()))
        finally:
            self._hang_up()

    def _hang_up(self) -> None:
        if self._wire is not None:
            self._wire.close()
            self._wire = None

    async def _poll_once(self) -> None:
        """Poll, and hang up where the connection is good no more."""
        timeout = self._poll_settings.timeout
        try:
            async with asyncio.timeout(timeout):
                self._wire = self._wire or await self._link.open("poll")
                await self._read(self._wire)
            await self._discover(self._wire)
            return
        except TimeoutError:
            error = BrokerError("timeout", f"no answer within {timeout:g} s")
        except BrokerError as caught:
            error = caught
        except Exception as defect:
            # Numbers that are no longer read must not stay and look healthy.
            text = f"a defect of the monitor: {type(defect).__name__}"
            self._books.poll_failed(PollFailure(self._clock(), "defect", text))
            raise
        self._hang_up()
        self._books.poll_failed(PollFailure(self._clock(), error.reason, str(error)))
        self._link.say("poll", error.reason, f"broker cannot be read: {error}")

    async def _read(self, wire: Wire) -> None:
        poll = await self._poller.poll(wire, self._books.queues.names, self._clock)
        if poll.server.role == "slave" and is_sentinel(self._settings.url):
            raise BrokerError("connect", "it is a replica now: the sentinels are asked anew")
        self._books.polled(poll)
        self._link.say("poll", "", "broker can be read")

    async def _discover(self, wire: Wire) -> None:
        """Look for queues.

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
                orphans = await self._replies.look(wire)
                self._books.orphans = orphans or self._books.orphans
        except TimeoutError:
            self._hang_up()
            return
        refused = self._discovery.refused
        self._link.say("discovery", refused, refused or "queues can be discovered")

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
                self._link.say("feed", error.reason, f"event feed is down: {error}")
                self._changed()
            if self._books.event_gaps != gaps:
                pause = _RETRY_FIRST_SECONDS  # it was up until now
            await asyncio.sleep(pause)
            pause = min(pause * 2, _RETRY_MOST_SECONDS)

    async def _listen(self) -> None:
        """Read events until the connection breaks. Raises BrokerError."""
        wire = await self._link.open("events")
        try:
            replies = await self._subscribe(wire)
            self._books.feed(True, self._clock())
            self._link.say("feed", "", "event feed is up")
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
