"""The workers of one broker: who lives, who is late, who is dead, and who said goodbye.

The book takes every sign of life (events, replies), is stepped by the clock, says whom it
wants asked, and yields a row a worker. It is keyed by (full node name, pid), because three
workers started without `-n` on one host share one name, and the death of one must not hide
behind the others. A worker's own clock is never used but for its skew.
"""

from collections.abc import Iterable, Mapping, Set

from monitor.facts.readings import Event, Headcount, RosterEntry, WorkerReply
from monitor.facts.scopes import TAKING_STATES, UP_STATES
from monitor.facts.settings import WorkerSettings
from monitor.facts.snapshot import WorkerFacts
from monitor.facts.workers.asking import Asking, Wanted
from monitor.facts.workers.consumers import Consumers, count_consumers
from monitor.facts.workers.consuming import Consuming
from monitor.facts.workers.hearing import Hearing
from monitor.facts.workers.liveness import Liveness
from monitor.facts.workers.namesakes import Namesakes
from monitor.facts.workers.ownerless import Ownerless
from monitor.facts.workers.process import LEFT, Process
from monitor.facts.workers.roll import Roll
from monitor.facts.workers.roster import entry_of, process_of
from monitor.facts.workers.row import unheard_rows, worker_row
from monitor.facts.workers.stranded import Holders, holders
from monitor.facts.workers.unheard import Unheard


class WorkerBook:
    """All workers of one broker."""

    def __init__(
        self,
        broker: str,
        settings: WorkerSettings,
        now: float,
        roster: Iterable[RosterEntry] = (),
    ) -> None:
        self._broker = broker
        known = sorted(roster, key=lambda entry: entry.first_seen_at)
        self._roll = Roll(
            (process_of(entry, now) for entry in known),
            (entry.hostname for entry in known if entry.shared),
        )
        self._hearing = Hearing(now)
        self._asking = Asking(self._roll)
        self._namesakes = Namesakes()
        self._consuming = Consuming()
        self._ownerless = Ownerless()
        self._unheard = Unheard()
        self._settings = settings
        self._liveness = Liveness(settings, self._roll, self._hearing)
        self._one_may_work_unheard = False
        self.event_lag_seconds: float | None = None

    # -- what is heard ---------------------------------------------------------------

    def feed(self, connected: bool, now: float) -> None:
        """Note that the event feed came up or went down: silence counts only while it is up."""
        if self._hearing.feed(connected, now):
            self._asking.census_at = None
        self._liveness.unread = self._liveness.unread or not connected

    def deaf(self, now: float) -> None:
        """Note that until now the broker did not answer, or this very process was stopped."""
        self._hearing.deaf(now)
        self._consuming.blind(self._roll)

    def server_started(self, at: float) -> None:
        """Note when the broker process started: it has forgotten registrations before that."""
        self._liveness.server_started_at = at

    def server_changed(self, at: float) -> None:
        """Note that another broker process than before was read, restarted or failed over to."""
        self._liveness.server_changed(at)

    def in_flight(self, messages: int | None) -> None:
        """Note, last of the news of a good poll, how many messages are in flight."""
        self._liveness.in_flight = bool(messages)
        self._liveness.unread = False

    def waiting(self, lengths: Mapping[str, int]) -> None:
        """Note how many messages wait in each queue."""
        self._consuming.polled(self._roll, self._roll.shared, lengths)
        if self._ownerless.polled(lengths, self.consumers()):
            self._asking.in_doubt = True

    def event(self, event: Event, at: float) -> None:
        """Take a worker-online, worker-heartbeat or worker-offline event."""
        if event.hostname is None:
            return
        process = self._roll.heard(event.hostname, event.pid, at)
        if event.type == "worker-offline":
            process.goodbye(event, at)
            return
        if process.was_restarted(event, self._hearing.since):
            process.restarts.note(at, clean=process.goodbye_at is not None)
            process.ask_anew()
        process.beat(event, at, self._hearing.since)
        if event.timestamp is not None and process.skew.seconds is not None:
            self.event_lag_seconds = process.skew.seconds - (event.timestamp - at)

    def task_event(self, hostname: str, pid: int | None, kind: str, at: float) -> None:
        """Take an event of one of its tasks as a sign of life; this is on the event path."""
        process = self._roll.newest(hostname)
        if process is None or process.pid != pid or process.state != "online":
            process = self._roll.heard(hostname, pid, at)
        process.task_event(kind, at)

    def reply(self, reply: WorkerReply) -> None:
        """Take what a worker answered."""
        if reply.pid is not None:
            process = self._roll.heard(reply.hostname, reply.pid, reply.at)
            process.answered = True
            if process.state not in LEFT:
                process.seen(reply.at)
            if reply.uptime_seconds is not None:
                # At the latest: its uptime is rounded to whole seconds.
                self._roll.started(process, reply.at - reply.uptime_seconds + 0.5)
                process.started_at = reply.at - reply.uptime_seconds - 0.5
            process.concurrency = reply.concurrency
            process.pool = reply.pool
            process.visibility_timeout_seconds = reply.visibility_timeout_seconds
        if reply.reserved is not None:
            self._consuming.told(reply.hostname, reply.reserved)
            if reply.reserved == 0:
                self._asking.in_doubt = True  # it may have been told to leave a queue
        if reply.hostname in self._roll.shared:
            self._namesakes.answered(reply)
        elif reply.queues is not None:
            # Only `stats` says which process answered, so of several nobody knows whose.
            newest = self._roll.newest(reply.hostname)
            if newest is not None:
                newest.moved = newest.moved or newest.queues not in (None, reply.queues)
                newest.queues = reply.queues

    # -- what is asked ---------------------------------------------------------------

    def control(self, usable: bool) -> None:
        """Note whether workers can be asked at all."""
        self._asking.usable = self._liveness.control = usable

    def wanted(self, now: float) -> Wanted:
        """Return whom to ask now. What is returned is taken as being asked."""
        if not self._hearing.up or not self._asking.usable:
            return Wanted()
        self._namesakes.asked()
        return self._asking.wanted(now)

    def idle(self, now: float) -> tuple[str, ...]:
        """Return the workers to ask what they hold, as they take nothing though messages wait.

        They are taken as being asked.
        """
        return self._consuming.doubted(now) if self._asking.usable else ()

    def registered(self, hostnames: Set[str] | None, now: float) -> None:
        """Note who is in the mailbox registry; None: that cannot be read."""
        if hostnames is not None:
            self._unheard.registered(hostnames, now)

    def newly_unheard(self) -> tuple[str, ...]:
        """Return who is registered and was never heard, each once."""
        return self._unheard.newly()

    @property
    def unheard(self) -> int | None:
        """How many are registered and were never heard; None: not known."""
        return len(self._unheard.names) if self._hearing.up and self._unheard.known else None

    def listened(self, listeners: int) -> None:
        """Note how many connections listen for commands."""
        self._asking.listened(listeners)

    def asked(
        self,
        wanted: Wanted,
        sent_at: float,
        registered: Mapping[str, bool],
        count: Headcount | None,
    ) -> None:
        """Note that the answers to `wanted` have had their time.

        `registered` says for each pinged name whether it is in the mailbox registry, which a
        worker leaves when it says goodbye and not when it is killed. `count` is what came of
        a census or headcount.
        """
        for hostname in self._roll.shared:
            if wanted.census or hostname in wanted.introduce:
                self._namesakes.conclude(hostname, self._roll.named(hostname))
        consumers = self.consumers()
        for each in self._asking.unanswered(wanted, sent_at, count):
            left = not registered.get(each.process.hostname, True)
            self._liveness.give_up(each, sent_at, consumers, left=left)

    @property
    def settled(self) -> bool:
        """Whether everybody was asked, or can not be asked, since the feed came up."""
        if not self._hearing.up:
            return False
        return self._asking.census_at is not None or not self._asking.usable

    def step(self, now: float) -> None:
        """Move on what silence, death or absence have had their time."""
        self._unheard.step(now, self._roll.newest)
        may_work = self._unheard.lately(now, self._settings.patience)
        self._one_may_work_unheard = bool(may_work and self._asking.strangers)
        self._liveness.step(now, self.consumers())
        self._namesakes.keep(self._roll.shared)
        for hostname in self._roll.shared:
            self._namesakes.follow(hostname, self._roll.named(hostname))

    # -- what is true ----------------------------------------------------------------

    @property
    def left_out(self) -> int:
        """Signs of life of processes that are not watched, because there are too many."""
        return self._roll.left_out

    @property
    def shared_names(self) -> Set[str]:
        """Node names under which more than one worker runs."""
        return self._roll.shared

    @property
    def visibility_timeout_seconds(self) -> float | None:
        """The shortest of the live workers: whose is over first gives a message back."""
        live = (p for p in self._roll if p.state in TAKING_STATES)
        timeouts = [p.visibility_timeout_seconds for p in live]
        return min((seconds for seconds in timeouts if seconds is not None), default=None)

    def consumers(self) -> Consumers:
        """Return who consumes what."""
        asked = self._hearing.up and self._asking.census_at is not None
        everybody = asked and not self._one_may_work_unheard
        return count_consumers(self._roll.rows(), self._shared_queues(), everybody=everybody)

    def holders(self, consumers: Consumers) -> Holders:
        """Return who may hold messages in flight; `consumers` are those of this moment."""
        return holders(self._roll, self._roll.shared, known=consumers.known)

    def _shared_queues(self) -> dict[str, tuple[tuple[str, ...], ...] | None]:
        """Return by shared name the queues of each of its processes; None: not known."""
        named = self._roll.named
        return {name: self._namesakes.queues(name, named(name)) for name in self._roll.shared}

    def only_queue(self, hostname: str) -> str | None:
        """Return the queue that the worker consumes if it is the only one."""
        process = self._roll.newest(hostname)
        if process is None or process.queues is None or hostname in self._roll.shared:
            return None
        return process.queues[0] if len(process.queues) == 1 else None

    def may_run_tasks(self, hostname: str, pid: int | None) -> bool:
        """Return whether a process (None: any of that name) may still run what it began."""
        return any(
            process.state != "dead" and pid in (process.pid, None)
            for process in self._roll.named(hostname)
        )

    def count(self, hostname: str) -> int:
        """Return how many live processes have the name."""
        return sum(1 for process in self._roll.named(hostname) if process.state in UP_STATES)

    def skew_seconds(self, hostname: str) -> float:
        """Return how far the clock of the worker is ahead of ours, 0 when that is not known."""
        process = self._roll.newest(hostname)
        return (process.skew.seconds if process else None) or 0.0

    def queues(self) -> set[str]:
        """Return every queue that some worker consumes or consumed."""
        return {queue for p in self._roll for queue in p.queues or ()}

    def facts(self, now: float) -> tuple[WorkerFacts, ...]:
        """Return a row a worker; of a name that is not shared, its newest process stands."""
        blind = not self._hearing.up
        unheard = () if blind else self._unheard.lately(now, self._settings.forget_after)
        rows = (self._row(process, blind, now) for process in self._roll.rows())
        return (*rows, *unheard_rows(self._broker, unheard))

    def _row(self, process: Process, blind: bool, now: float) -> WorkerFacts:
        label, shared = self._roll.label(process), process.hostname in self._roll.shared
        return worker_row(process, self._broker, label, shared=shared, blind=blind, now=now)

    def gone(self) -> dict[tuple[str, ...], str]:
        """Return why workers that were there lately are there no more, by their keys."""
        gone = self._liveness.gone
        return {(self._broker, label): reason for label, (reason, _) in gone.items()}

    def roster(self, *, last: bool) -> tuple[RosterEntry, ...]:
        """Return what is kept over a restart of the monitor; `last`: it ends now."""
        shared = self._roll.shared
        return tuple(
            entry_of(p, self._broker, shared=p.hostname in shared, last=last)
            for p in self._roll
            if p.state not in LEFT
        )
