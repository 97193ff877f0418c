"""The workers of one broker: who lives, who is late, who is dead, and who said goodbye.

The book takes every sign of life (events, replies), is stepped by the clock, says whom it
wants asked, and yields a row a worker. It is keyed by (full node name, pid), because three
workers started without `-n` on one host share one name, and the death of one must not hide
behind the others. A worker's own clock is never used but for its skew.
"""

from collections.abc import Iterable, Mapping
from math import sqrt

from msgspec import Struct

from monitor.facts.consumers import Consumers, count_consumers
from monitor.facts.process import LISTENED_TO, Process
from monitor.facts.readings import Event, RosterEntry, WorkerReply
from monitor.facts.roll import Roll
from monitor.facts.settings import WorkerSettings
from monitor.facts.snapshot import UP_STATES, WorkerFacts

_PINGS = 2
"""Pings a silent worker must leave unanswered before it is dead."""

_PING_EVERY_SECONDS = 2.0

_UNASKED_SECONDS = 16.0
"""Without control, silence must be longer than a hung broker can go unnoticed by the feed."""

_OFFLINE_KEPT_SECONDS = 300.0
_GONE_KEPT_SECONDS = 60.0
_CENSUS_EVERY_SECONDS = 300.0

_RECONNECT_MOST_SECONDS = 32.0
"""Celery's longest pause between two tries to reach the broker is 30 s."""


class Wanted(Struct, frozen=True):
    """Whom to ask for what."""

    ping: tuple[str, ...] = ()
    """Late workers: do they still answer, and are they still registered?"""
    introduce: tuple[str, ...] = ()
    """New workers: which queues do they consume, with how many slots?"""
    census: bool = False
    """Everybody, for everything."""
    shared: bool = False
    """Several processes run under one of these names, so each may answer more than once."""

    def __bool__(self) -> bool:
        return bool(self.ping or self.introduce or self.census)


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
        self._settings = settings
        self._control = True
        known = tuple(roster)
        self._roll = Roll(
            (Process.from_roster(entry) for entry in known),
            (entry.hostname for entry in known if entry.shared),
        )
        self._gone: dict[tuple[str, ...], tuple[str, float]] = {}
        self._feed_lost_at: float | None = now
        self._feed_was_up = False
        self._listening_from = now
        self._server_started_at: float | None = None
        self._census_at: float | None = None
        self.event_lag_seconds: float | None = None

    # -- what is heard ---------------------------------------------------------------

    def feed(self, connected: bool, now: float) -> None:
        """Note that the event feed came up or went down: silence counts only while it is up."""
        if not connected:
            if self._feed_lost_at is None:
                self._feed_lost_at = now
            return
        if self._feed_lost_at is None:
            return
        lost_for = now - self._feed_lost_at
        self._feed_lost_at = None
        # Workers pause 2, 4, 6 .. 30 s between tries, so after an outage of D seconds the
        # next try is at most 2 * (sqrt(D) + 1) away (kombu `ensure_connection`).
        grace = 2 * (sqrt(lost_for) + 1)
        if not self._feed_was_up and lost_for < 3.0:
            grace = 0.0  # the monitor started beside a broker that was there all along
        self._listening_from = now + min(grace, _RECONNECT_MOST_SECONDS)
        self._feed_was_up = True
        self._census_at = None

    def deaf(self, now: float) -> None:
        """Note that nothing could be heard until now: silence proves nothing up to here.

        The broker did not answer, or this very process was stopped.
        """
        self._listening_from = max(self._listening_from, now)

    def server_started(self, at: float) -> None:
        """Note when the broker process started: it has forgotten registrations before that."""
        self._server_started_at = at

    def event(self, event: Event, at: float) -> None:
        """Take a worker-online, worker-heartbeat or worker-offline event."""
        if event.hostname is None:
            return
        process = self._roll.heard(event.hostname, event.pid, at)
        if event.type == "worker-offline":
            process.last_seen_at = at
            process.goodbye_at = at
            process.enter("offline", "it said goodbye", at)
            return
        if self._was_restarted(process, event):
            process.restarted(clean=process.goodbye_at is not None)
            process.ask_anew()
        process.beat(event, at)
        if event.timestamp is not None and process.skew_seconds is not None:
            self.event_lag_seconds = process.skew_seconds - (event.timestamp - at)

    def task_event(self, hostname: str, pid: int | None, at: float) -> None:
        """Take an event of one of its tasks as a sign of life; this is on the event path."""
        process = self._roll.newest(hostname)
        if process is not None and process.pid == pid and process.state == "online":
            process.last_seen_at = at
            return
        process = self._roll.heard(hostname, pid, at)
        if process.state == "offline":
            process.changed_at = at  # its tasks may end after the goodbye, and it is still there
        else:
            process.seen(at)

    def reply(self, reply: WorkerReply) -> None:
        """Take what a worker answered."""
        if reply.pid is not None:
            process = self._roll.heard(reply.hostname, reply.pid, reply.at)
            process.answered = True
            if process.state != "offline":
                process.seen(reply.at)
            if reply.uptime_seconds is not None:
                # At the latest: its uptime is rounded to whole seconds.
                self._roll.started(process, reply.at - reply.uptime_seconds + 0.5)
            process.concurrency = reply.concurrency
            process.pool = reply.pool
        if reply.queues is not None and reply.hostname not in self._roll.shared:
            # Only `stats` says which process answered, so of several nobody knows whose.
            newest = self._roll.newest(reply.hostname)
            if newest is not None:
                newest.queues = reply.queues

    def _was_restarted(self, process: Process, event: Event) -> bool:
        """Whether it is another process under the same pid, as in a container.

        Its counter went back; or it says hello without a goodbye although nobody stopped
        listening. With a goodbye and its old counter it only lost the broker for a moment.
        """
        before, processed = process.processed, event.processed
        if before and processed is not None and processed < before:
            return True
        return (
            event.type == "worker-online"
            and process.last_beat_at is not None
            and process.goodbye_at is None
            and not processed
            and process.last_seen_at >= self._listening_from
        )

    # -- what is asked ---------------------------------------------------------------

    def control(self, usable: bool) -> None:
        """Note whether workers can be asked at all."""
        self._control = usable

    def wanted(self, now: float) -> Wanted:
        """Return whom to ask now. What is returned is taken as being asked."""
        if self._feed_lost_at is not None or not self._control:
            return Wanted()
        census = self._census_at is None or now - self._census_at >= _CENSUS_EVERY_SECONDS
        new = {p.hostname for p in self._roll if p.wants_introduction(now)}
        introduce = () if census else tuple(new)
        ping = self._to_ping(now)
        shared = any(map(self._roll.crowded, (*introduce, *ping)))
        return Wanted(ping=ping, introduce=introduce, census=census, shared=shared)

    def _to_ping(self, now: float) -> tuple[str, ...]:
        late = [p for p in self._roll if p.state == "late" and now >= p.ping_at]
        for process in late:
            process.ping_at = now + _PING_EVERY_SECONDS
        return tuple({process.hostname for process in late})

    def asked(self, wanted: Wanted, sent_at: float, registered: Mapping[str, bool]) -> None:
        """Note that the answers to `wanted` have had their time.

        `registered` says for each pinged name whether it is in the mailbox registry, which a
        worker leaves when it says goodbye and not when it is killed.
        """
        if wanted.census:
            self._census_at = sent_at
        consumers = self.consumers()
        for process in self._roll:
            if wanted.census or process.hostname in wanted.introduce:
                process.introduced(sent_at)
            if process.hostname not in wanted.ping or process.state != "late":
                continue
            if process.last_seen_at < sent_at:
                process.unanswered += 1
            if process.unanswered >= _PINGS:
                self._give_up(process, sent_at, registered.get(process.hostname, True), consumers)

    @property
    def settled(self) -> bool:
        """Whether everybody was asked, or can not be asked, since the feed came up."""
        if self._feed_lost_at is not None:
            return False
        return self._census_at is not None or not self._control

    # -- what time does --------------------------------------------------------------

    def step(self, now: float) -> None:
        """Move on what silence, death or absence have had their time."""
        consumers = self.consumers()
        for process in self._roll:
            if process.state in LISTENED_TO and self._feed_lost_at is None:
                self._listen(process, now, consumers)
            elif process.state == "dead":
                self._bury(process, now, consumers)
            elif process.state == "offline":
                self._let_go(process, now)
        for key in [k for k, (_, at) in self._gone.items() if now - at > _GONE_KEPT_SECONDS]:
            del self._gone[key]

    def _listen(self, process: Process, now: float, consumers: Consumers) -> None:
        silent = now - max(process.last_seen_at, self._listening_from)
        if silent <= process.deadline_seconds or self._succeeded(process, now):
            return
        if process.state == "unknown" and process.unanswered >= _PINGS:
            # It was asked in vain, and its silence says nothing; but not for ever.
            if silent > self._settings.forget_after:
                self._remove(process, "forgotten: not heard for long", now)
        elif process.state != "late":
            process.unanswered = 0
            process.enter("late", f"silent for {now - process.last_seen_at:.0f} s", now)
        elif not self._control and silent > max(2 * process.deadline_seconds, _UNASKED_SECONDS):
            self._give_up(process, now, True, consumers)

    def _succeeded(self, process: Process, now: float) -> bool:
        """Whether another was started in its place; it is let go then."""
        successor = self._roll.successor(process)
        if successor is None:
            return False
        successor.restarts = dict(process.restarts)
        if process.last_seen_at >= self._listening_from or process.goodbye_at is not None:
            # What fell into a time when nobody listened may have been clean or not.
            successor.restarted(clean=process.goodbye_at is not None)
        self._remove(process, f"replaced by pid {successor.pid}", now)
        return True

    def _give_up(
        self, process: Process, now: float, registered: bool, consumers: Consumers
    ) -> None:
        """Decide on a worker that is silent and does not answer."""
        silent = now - process.last_seen_at
        if not process.answered and process.last_beat_at is None and not process.freq_seconds:
            process.unanswered = _PINGS
            process.enter("unknown", "it sends no heartbeats and answers no commands", now)
            return
        if not registered and self._may_have_missed_goodbye(process):
            process.enter("offline", "it left while the monitor was not listening", now)
            return
        process.processes_before = self._processes_with(process, consumers)
        how = f"did not answer {_PINGS} pings" if self._control else "was not asked (control off)"
        process.enter("dead", f"silent for {silent:.0f} s and {how}", now)

    def _may_have_missed_goodbye(self, process: Process) -> bool:
        """Whether its absence from the registry means anything.

        Only a goodbye that was not heard, as the monitor was not listening, leaves a name
        that is silent and unregistered; a broker that restarted has forgotten all names.
        """
        started_at = self._server_started_at
        forgot = started_at is not None and started_at > process.last_seen_at
        return process.last_seen_at < self._listening_from and not forgot

    def _processes_with(self, process: Process, consumers: Consumers) -> dict[str, int]:
        """Return the processes on each of its queues while it lived; {}: not known.

        `consumers` are those of the moment before, when it still counted.
        """
        if process.queues is None or process.concurrency is None:
            return {}
        if process.hostname in self._roll.shared:
            return {}  # which of the name has which queues, nobody knows
        own = 0 if process.state in UP_STATES else process.concurrency
        before = {}
        for queue in process.queues:
            live = consumers.processes.get(queue, 0)
            if live is None:
                return {}
            before[queue] = live + own
        return before

    def _bury(self, process: Process, now: float, consumers: Consumers) -> None:
        """Let go of a dead worker that was replaced or has been dead for long."""
        if self._succeeded(process, now):
            return
        before = process.processes_before
        if before and all((consumers.processes.get(q) or 0) >= n for q, n in before.items()):
            self._remove(process, "replaced: its queues have their processes back", now)
        elif now - process.changed_at > self._settings.forget_after:
            self._remove(process, "forgotten: dead for long and never replaced", now)

    def _let_go(self, process: Process, now: float) -> None:
        """Drop a worker that said goodbye once its successor is here, or after a while."""
        if self._succeeded(process, now):
            return
        if now - process.changed_at > _OFFLINE_KEPT_SECONDS:
            self._remove(process, "it said goodbye", now)

    def _remove(self, process: Process, reason: str, now: float) -> None:
        self._gone[self._broker, self._roll.label(process)] = (reason, now)
        was_shared = process.hostname in self._roll.shared
        self._roll.remove(process)
        last = self._roll.newest(process.hostname)
        if was_shared and last is not None and process.hostname not in self._roll.shared:
            last.ask_anew()  # now that its answers are its own

    # -- what is true ----------------------------------------------------------------

    @property
    def left_out(self) -> int:
        """Signs of life of processes that are not watched, because there are too many."""
        return self._roll.left_out

    def consumers(self) -> Consumers:
        """Return who consumes what."""
        everybody = self._feed_lost_at is None and self._census_at is not None
        return count_consumers(self._roll.rows(), self._roll.shared, everybody=everybody)

    def only_queue(self, hostname: str) -> str | None:
        """Return the queue that the worker consumes if it is the only one."""
        process = self._roll.newest(hostname)
        if process is None or process.queues is None or hostname in self._roll.shared:
            return None
        return process.queues[0] if len(process.queues) == 1 else None

    def queues(self) -> set[str]:
        """Return every queue that some worker consumes or consumed."""
        return {queue for p in self._roll for queue in p.queues or ()}

    def facts(self) -> tuple[WorkerFacts, ...]:
        """Return a row a worker; of a name that is not shared, its newest process stands."""
        blind = self._feed_lost_at is not None
        return tuple(self._row(process, blind) for process in self._roll.rows())

    def _row(self, process: Process, blind: bool) -> WorkerFacts:
        hostname = process.hostname
        return WorkerFacts(
            broker=self._broker,
            hostname=self._roll.label(process),
            state=None if blind else process.state,
            reason="the event feed is down" if blind else process.reason,
            pid=process.pid,
            active=None if blind or process.state not in UP_STATES else process.active,
            processed=process.processed,
            concurrency=process.concurrency,
            queues=process.queues if hostname not in self._roll.shared else None,
            last_seen_at=process.last_seen_at,
            clock_skew_seconds=None if blind else process.skew_seconds,
            load1=None if blind or process.state not in UP_STATES else process.load1,
            restarts=dict(process.restarts),
            version=process.version,
            pool=process.pool,
        )

    def gone(self) -> dict[tuple[str, ...], str]:
        """Return why workers that were there lately are there no more, by their keys."""
        return {key: reason for key, (reason, _) in self._gone.items()}

    def roster(self) -> tuple[RosterEntry, ...]:
        """Return what is kept over a restart of the monitor."""
        shared = self._roll.shared
        return tuple(
            p.roster_entry(self._broker, shared=p.hostname in shared)
            for p in self._roll
            if p.state != "offline"
        )
