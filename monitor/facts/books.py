"""All books of one broker: readings go in, the broker's part of the snapshot comes out.

`broker/watch.py` is the only writer, the daemon's tick the only reader; both run on the one
event loop.
"""

from collections.abc import Callable, Collection, Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from monitor.facts.broker.commands import Commands
from monitor.facts.broker.increase import Increase
from monitor.facts.broker.resets import ANOTHER_PROCESS, ResetBook
from monitor.facts.broker.row import with_poll
from monitor.facts.broker.writability import Writability
from monitor.facts.histogram import Histogram
from monitor.facts.queues.book import QueueBook
from monitor.facts.queues.flow import with_begun
from monitor.facts.queues.presence import Presence
from monitor.facts.readings import (
    POLL_BOUNDS,
    Event,
    OrphanReplies,
    Poll,
    PollFailure,
    RosterEntry,
    WorkerReply,
)
from monitor.facts.settings import QueueLimits, ScheduleSettings, TaskSettings, WorkerSettings
from monitor.facts.snapshot import BrokerFacts, QueueFacts, ScheduleFacts, TaskFacts, WorkerFacts
from monitor.facts.tasks.book import TaskBook
from monitor.facts.tasks.rhythms import Known, RhythmBook, came
from monitor.facts.tasks.schedules import ScheduleBook
from monitor.facts.tasks.taken import Taken
from monitor.facts.workers.book import WorkerBook
from monitor.facts.workers.stranded import Holders, stranded

_LATELY_SECONDS = 600.0
_GONE_KEPT_SECONDS = 60.0
_POLL_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)


class BrokerPart(Struct, frozen=True):
    """One broker's part of the snapshot."""

    broker: BrokerFacts
    queues: tuple[QueueFacts, ...]
    workers: tuple[WorkerFacts, ...]
    tasks: tuple[TaskFacts, ...]
    schedules: tuple[ScheduleFacts, ...]
    gone: Mapping[tuple[str, tuple[str, ...]], str]
    fell: Mapping[tuple[str, tuple[str, ...]], str]


class Books:
    """What is known of one broker."""

    def __init__(
        self,
        broker: str,
        *,
        limits: QueueLimits,
        workers: WorkerSettings,
        tasks: TaskSettings | None = None,
        schedules: Iterable[ScheduleSettings] = (),
        steps: tuple[int, ...],
        visibility_timeout_seconds: float | None,
        now: float,
        roster: Iterable[RosterEntry] = (),
        queues: Mapping[str, float] | None = None,
        rhythms: Mapping[str, Known] | None = None,
    ) -> None:
        self.broker = broker
        self._visibility_timeout_seconds = visibility_timeout_seconds
        self.workers = WorkerBook(broker, workers, now, roster)
        self.queues = QueueBook(
            broker, limits, steps, queues or (), expected_workers=workers.expected
        )
        self._expected = frozenset(workers.expected)
        self._presence = Presence(limits.forget_after, now, queues)
        self._forgotten: dict[str, float] = {}
        self.tasks = TaskBook(broker, tasks)
        declared = tuple(schedules)
        self._schedules = ScheduleBook(broker, declared)
        self.rhythms = RhythmBook(broker, declared, rhythms)
        self._up: bool | None = None
        self._error: str | None = None
        self._poll: Poll | None = None
        self._poll_errors: dict[str, int] = {}
        self._bounds_hit = dict.fromkeys(POLL_BOUNDS, 0)
        self._writability = Writability()
        self._evicted = Increase(_LATELY_SECONDS)
        self._resets = ResetBook()
        self.commands = Commands()
        self._taken = Taken()
        self._taken_by_poll = 0
        self._poll_duration = Histogram(_POLL_BOUNDS)
        self._events_connected = False
        self.event_gaps = 0
        """How often the feed was lost after it had been up."""
        self.events_received: Mapping[str, int] = {}
        self.events_dropped: dict[str, int] = {}
        self.queues_left_out = 0
        self.orphans: OrphanReplies | None = None
        """None: not looked for yet, or not known."""

    def handlers(self) -> dict[str, Callable[[Event, float], None]]:
        """Return who takes which type of event."""
        return {
            "worker-online": self.workers.event,
            "worker-heartbeat": self.workers.event,
            "worker-offline": self.workers.event,
            **self.tasks.handlers,
            # Counted nowhere: its worker runs it no more, and somebody will be given it again.
            "task-cancelled": lambda event, _at: self.tasks.running.end(event.uuid or ""),
        }

    def polled(self, poll: Poll) -> None:
        """Take a good poll."""
        self._up, self._error = True, None
        evicted = self._evicted.note(poll.server.evicted_keys, poll.at)
        if self._poll is not None:
            reset = self._resets.polled(
                self._poll, poll, evicted=evicted, taken_before=self._taken_by_poll
            )
            if reset is not None and reset.reason in ANOTHER_PROCESS:
                self.workers.server_changed(poll.at)
        self._poll = poll
        self._taken_by_poll = self._taken.total
        self.commands.polled()
        self._poll_duration.observe(poll.duration_seconds)
        for bound in poll.cut:
            self._bounds_hit[bound] += 1
        self._writability.apply(poll.server, poll.at)
        if poll.server.started_at is not None:
            self.workers.server_started(poll.server.started_at)
        self.workers.in_flight(poll.unacked)
        self.workers.waiting({name: sum(reading.lengths) for name, reading in poll.queues.items()})
        traffic = with_begun(self.tasks.traffic(), self._taken.by_queue)
        self.queues.apply(poll, self.workers.consumers(), traffic)
        self.rhythms.take(came(self.tasks.series), poll.at)

    def find_queues(self, bound: Iterable[str], now: float) -> set[str]:
        """Return the queues that something speaks of: `bound` are those with a binding.

        Forgets those of which nothing has spoken for long.
        """
        sent_lately = self.tasks.queue_names(now - _LATELY_SECONDS)
        found = {*bound, *self.workers.queues(), *sent_lately}
        readings = self._poll.queues.items() if self._poll else ()
        waiting = (name for name, reading in readings if any(reading.lengths))
        spoken_of = (found | self._expected).intersection(self.queues.names)
        self._presence.seen(spoken_of.union(waiting), now)
        for name in self._presence.forget(now):
            self.queues.forget(name)
            self._forgotten[name] = now
        return found

    def watch_queues(self, names: Collection[str], now: float) -> None:
        """Watch queues that were found."""
        self.queues.watch(names)
        self._presence.seen(names, now)

    @property
    def queues_seen_at(self) -> Mapping[str, float]:
        """When each queue was last seen, in Unix seconds, to be kept over a restart."""
        return self._presence.seen_at

    def poll_failed(self, failure: PollFailure) -> None:
        """Take a poll that failed."""
        self._up, self._error = False, failure.text
        self._poll_errors[failure.reason] = self._poll_errors.get(failure.reason, 0) + 1
        self.queues.blind()
        self._presence.blind(failure.at)
        # While the broker is not well, a worker that is not heard may be just as well as ever.
        self.workers.deaf(failure.at)

    def feed(self, connected: bool, now: float) -> None:
        """Note that the event feed came up or went down."""
        if self._events_connected and not connected:
            self.event_gaps += 1
        self._events_connected = connected
        self._listen(now)
        self.workers.feed(connected, now)

    def deaf(self, now: float) -> None:
        """Note that nobody listened for some time until now: this very process was stopped."""
        self._listen(now)
        self.workers.deaf(now)

    def _listen(self, now: float) -> None:
        self._schedules.listen(self._events_connected, now)
        self.rhythms.listen(self._events_connected, now)

    def told_running(self, replies: Iterable[WorkerReply], asked_at: float) -> None:
        """Take what workers, asked at `asked_at`, answered to `active`."""
        answers: dict[str, list[WorkerReply]] = {}
        for reply in replies:
            if reply.running is not None:
                answers.setdefault(reply.hostname, []).append(reply)
        for hostname, told in answers.items():
            running = [task for reply in told for task in reply.running or ()]
            self.tasks.told_running(
                hostname,
                running,
                asked_at,
                ahead_seconds=self.workers.skew_seconds(hostname),
                complete=len(told) >= self.workers.count(hostname),
            )

    def step(self, now: float) -> None:
        """Move on what only time changes."""
        self.tasks.settle(now, self.workers.only_queue)
        if self._events_connected:
            self.tasks.mark(now)
        self.workers.step(now)
        self.tasks.running.lose(self.workers.may_run_tasks)

    def part(self, now: float) -> BrokerPart:
        """Return what is true now."""
        workers, consumers = self.workers.facts(now), self.workers.consumers()
        self._taken.heard(workers, self.events_received.get("task-started", 0))
        self._resets.settle(now, self._taken.total)
        return BrokerPart(
            broker=self._row(workers, self.workers.holders(consumers), now),
            queues=self.queues.facts(consumers if self._up else None, now),
            workers=workers,
            tasks=self.tasks.facts(now, listening=self._events_connected),
            schedules=(
                *self._schedules.facts(now, self.tasks.last_seen, workers),
                *self.rhythms.facts(now),
            ),
            gone=self._gone(now),
            fell={
                ("queue", (self.broker, name)): reason for name, reason in self._resets.fell.items()
            },
        )

    def _gone(self, now: float) -> dict[tuple[str, tuple[str, ...]], str]:
        gone = {("worker", key): reason for key, reason in self.workers.gone().items()}
        for name, at in tuple(self._forgotten.items()):
            if now - at > _GONE_KEPT_SECONDS or name in self.queues:
                del self._forgotten[name]
            else:
                gone["queue", (self.broker, name)] = "forgotten: nothing has spoken of it for long"
        return gone

    def _row(self, workers: Iterable[WorkerFacts], held: Holders, now: float) -> BrokerFacts:
        poll = self._poll
        untold = sum(1 for worker in workers if worker.task_events is False)
        base = BrokerFacts(
            broker=self.broker,
            up=self._up,
            error=self._error,
            settled=self.workers.settled,
            last_poll_at=poll.at if poll else None,
            poll_duration=self._poll_duration.facts(),
            poll_errors=dict(self._poll_errors),
            visibility_timeout_seconds=self._visibility_timeout_seconds
            or self.workers.visibility_timeout_seconds,
            # Counters stay while the broker cannot be read, gauges do not.
            evicted_keys=poll.server.evicted_keys if poll else None,
            rejected_connections=poll.server.rejected_connections if poll else None,
            events_connected=self._events_connected,
            events_received=dict(self.events_received),
            events_dropped=self._dropped(),
            event_lag_seconds=self.workers.event_lag_seconds if self._events_connected else None,
            event_gaps=self.event_gaps,
            workers_without_events=untold if self._events_connected else None,
            shared_node_names=len(self.workers.shared_names) if self._events_connected else None,
            workers_unheard=self.workers.unheard,
            queues_left_out=self.queues_left_out,
            commands=self.commands.sent,
            commands_per_poll=self.commands.per_poll,
            commands_per_minute=self.commands.per_minute(now),
            resets=dict(self._resets.counts),
            latest_reset=self._resets.latest,
            messages_lost_lately=self._resets.lost_lately(now),
            poll_bounds_hit=dict(self._bounds_hit),
        )
        if poll is None or not self._up:
            return base
        return replace(
            with_poll(base, poll),
            obstacles=self._writability.obstacles(now),
            evicted_lately=self._evicted.within(now),
            orphan_reply_lists=self.orphans and self.orphans.lists,
            orphan_reply_bytes=self.orphans and self.orphans.size_bytes,
            stranded=stranded(poll.in_flight, held, poll.at),
        )

    def _dropped(self) -> Mapping[str, int]:
        left_out = {
            "too_many_tasks": self.tasks.left_out,
            "too_many_workers": self.workers.left_out,
        }
        return {**self.events_dropped, **{why: count for why, count in left_out.items() if count}}
