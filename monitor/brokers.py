"""The brokers that are watched: of each its books and its watch, as the settings want them.

The daemon runs the watches, and at every tick takes from the books what is true of them all.
"""

from collections.abc import Callable, Sequence

from monitor.broker.address import parse_url
from monitor.broker.keys import Keys
from monitor.broker.settings import BrokerSettings
from monitor.broker.watch import BrokerWatch
from monitor.config.settings import Settings
from monitor.facts.books import Books
from monitor.facts.readings import RosterEntry
from monitor.facts.snapshot import MonitorFacts, Snapshot
from monitor.facts.tasks.rhythms import Known
from monitor.state.saved import KnownQueue, KnownRhythm, Saved


class Brokers:
    """All that is known of all brokers."""

    def __init__(
        self,
        settings: Settings,
        saved: Saved,
        *,
        reply_name: str,
        clock: Callable[[], float],
        changed: Callable[[], None],
    ) -> None:
        now = clock()
        self._books = [_books(settings, broker, saved, now) for broker in settings.brokers]
        self.watches: Sequence[BrokerWatch] = [
            BrokerWatch(
                broker,
                settings.poll,
                keys=Keys(
                    broker.transport_options,
                    parse_url(broker.url).db,
                    broker.control_exchange,
                    broker.event_exchange,
                ),
                books=books,
                clock=clock,
                changed=changed,
                reply_name=reply_name,
            )
            for broker, books in zip(settings.brokers, self._books, strict=True)
        ]

    def step(self, now: float) -> None:
        """Let time pass."""
        for books in self._books:
            books.step(now)

    def deaf(self, now: float) -> None:
        """Note that nobody listened for some time until now."""
        for books in self._books:
            books.deaf(now)

    def snapshot(self, now: float, monitor: MonitorFacts) -> Snapshot:
        """Return all that is true now."""
        parts = [books.part(now) for books in self._books]
        return Snapshot(
            at=now,
            brokers=tuple(part.broker for part in parts),
            queues=tuple(queue for part in parts for queue in part.queues),
            workers=tuple(worker for part in parts for worker in part.workers),
            tasks=tuple(task for part in parts for task in part.tasks),
            schedules=tuple(schedule for part in parts for schedule in part.schedules),
            gone={key: reason for part in parts for key, reason in part.gone.items()},
            fell={key: reason for part in parts for key, reason in part.fell.items()},
            monitor=monitor,
        )

    def roster(self, *, last: bool) -> tuple[RosterEntry, ...]:
        """Return the workers to be known over a restart; `last`: the monitor may end now."""
        return tuple(entry for books in self._books for entry in books.workers.roster(last=last))

    def known_queues(self) -> tuple[KnownQueue, ...]:
        """Return the queues to be known over a restart."""
        return tuple(
            KnownQueue(books.broker, name, _hour(seen_at))
            for books in self._books
            for name, seen_at in books.queues_seen_at.items()
        )

    def known_rhythms(self) -> tuple[KnownRhythm, ...]:
        """Return the rhythms of tasks to be known over a restart."""
        return tuple(
            KnownRhythm(books.broker, task, known.period_seconds, _hour(known.last_at))
            for books in self._books
            for task, known in books.rhythms.known.items()
        )


def _hour(at: float) -> float:
    """Return the hour of `at`: a finer time would be a write a tick for nothing."""
    return at // 3600 * 3600


def _books(settings: Settings, broker: BrokerSettings, saved: Saved, now: float) -> Books:
    options = broker.transport_options
    known = {
        queue.queue_name: queue.last_seen_at
        for queue in saved.queues
        if queue.broker == broker.name and broker.queues.wants(queue.queue_name)
    }
    if len(settings.brokers) == 1:
        # Of several brokers nobody says which is to have a queue that none has seen yet.
        known |= dict.fromkeys(settings.workers.expected, now)
    return Books(
        broker.name,
        limits=settings.queues,
        workers=settings.workers,
        tasks=settings.tasks,
        schedules=[
            schedule
            for schedule in settings.schedules
            if (schedule.broker or settings.brokers[0].name) == broker.name
        ],
        steps=options.priority_steps,
        visibility_timeout_seconds=options.visibility_timeout,
        now=now,
        roster=[entry for entry in saved.roster if entry.broker == broker.name],
        queues=known,
        rhythms={
            kept.task: Known(kept.period_seconds, kept.last_at)
            for kept in saved.rhythms
            if kept.broker == broker.name
        },
    )
