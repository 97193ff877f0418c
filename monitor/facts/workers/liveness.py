"""What becomes of a worker in time: late, given up, replaced, forgotten.

What is heard changes a state at once, in `process.py`; here is what silence changes. What it
means is judged in `silence.py`.
"""

from collections.abc import Iterator

from monitor.facts.readings import UPTIME_OFF_SECONDS
from monitor.facts.scopes import TAKING_STATES, UP_STATES
from monitor.facts.settings import WorkerSettings
from monitor.facts.workers.asking import Unanswered
from monitor.facts.workers.consumers import Consumers
from monitor.facts.workers.hearing import Hearing
from monitor.facts.workers.process import LEFT, LISTENED_TO, MUTE, Process
from monitor.facts.workers.roll import Roll
from monitor.facts.workers.silence import PINGS, Silence, judge

_UNASKED_SECONDS = 16.0
"""Without control, silence must be longer than a hung broker can go unnoticed by the feed."""

_START_SECONDS = 30.0
"""What a worker may take to start, on a busy host or with a sentinel that is not there."""

_DEAD_SHOWN_SECONDS = 5.0
"""A death is told, also where another has already taken its place."""

_OFFLINE_KEPT_SECONDS = 300.0
_GONE_KEPT_SECONDS = 60.0


class Liveness:
    """The states of the workers of one broker, as far as time changes them."""

    def __init__(self, settings: WorkerSettings, roll: Roll, hearing: Hearing) -> None:
        self._settings = settings
        self._roll = roll
        self._hearing = hearing
        self.control = True
        """Whether workers can be asked at all."""
        self.in_flight = False
        """Whether messages are delivered and not acknowledged."""
        self.unread = False
        """Whether the feed was lost since the last good poll: it may be another broker now."""
        self.server_started_at: float | None = None
        """When the broker process started."""
        self._server_changed_at: float | None = None
        """When another broker process than before was first read."""
        self._was_in_flight = False
        """Whether messages were in flight at the last look at the one before."""
        self._dead: list[Process] = []
        """Those that were dead at the last step."""
        self.gone: dict[str, tuple[str, float]] = {}
        """By its label, why a worker is there no more, and since when."""

    def server_changed(self, at: float) -> None:
        """Note that another broker process than before was read, restarted or failed over to."""
        self._server_changed_at = at
        self._was_in_flight = self.in_flight

    def step(self, now: float, consumers: Consumers) -> None:
        """Move on what silence, death or absence have had their time.

        `consumers` are those of the moment before.
        """
        self._dead = [process for process in self._roll if process.state == "dead"]
        for process in self._roll:
            if process.state in LISTENED_TO and self._hearing.up:
                self._listen(process, now, consumers)
            elif process.state in MUTE and self._hearing.up:
                self._wait_for(process, now)
            elif process.state in LEFT:
                self._let_go(process, now)
        # Last, for who came back in its own place stands for none of them.
        for process in self._dead:
            self._bury(process, now, consumers)
        for key in [k for k, (_, at) in self.gone.items() if now - at > _GONE_KEPT_SECONDS]:
            del self.gone[key]

    def _listen(self, process: Process, now: float, consumers: Consumers) -> None:
        silent = self._hearing.silent_seconds(process.last_seen_at, now)
        if silent <= process.deadline_seconds or self._succeeded(process, now):
            return
        if process.state == "unknown" and process.unanswered >= PINGS:
            # It was asked in vain, and its silence says nothing; but not for ever.
            if silent > self._settings.forget_after:
                self._remove(process, "forgotten: not heard for long", now)
        elif process.state != "late":
            process.unanswered = 0
            process.enter("late", f"silent for {now - process.last_seen_at:.0f} s", now)
        elif not self.control and silent > max(2 * process.deadline_seconds, _UNASKED_SECONDS):
            self.give_up(Unanswered(process, None), now, consumers, left=False)

    def _wait_for(self, process: Process, now: float) -> None:
        """Lose patience with a worker that is there, and does not say anything."""
        if self._succeeded(process, now) or process.state == "hung":
            return
        if self._hearing.silent_seconds(process.last_seen_at, now) > self._settings.patience:
            silent = now - process.last_seen_at
            process.enter("hung", f"silent for {silent:.0f} s, longer than workers.patience", now)

    def _succeeded(self, process: Process, now: float) -> bool:
        """Whether another has just been started in its place; it is let go then."""
        successor = self._roll.successor(process)
        if successor is None:
            return False
        successor.inherited = True
        successor.restarts = process.restarts
        if process.last_seen_at >= self._hearing.since or process.goodbye_at is not None:
            # What fell into a time when nobody listened may have been clean or not.
            successor.restarts.note(now, clean=process.goodbye_at is not None)
        self._expect_one_more(process)
        if process.state != "draining":
            # That one stays: what is heard of its tasks would look like another.
            self._remove(process, f"replaced by pid {successor.pid}", now)
        return True

    def _expect_one_more(self, process: Process) -> None:
        """Let nobody who died while `process` was away be replaced by who is back in its place."""
        if process.state in TAKING_STATES:
            return
        away_since = process.goodbye_at or process.changed_at
        for dead in self._dead:
            if away_since < dead.changed_at:
                for queue in dead.processes_before.keys() & (process.queues or ()):
                    dead.processes_before[queue] += process.concurrency or 0

    def give_up(
        self, unanswered: Unanswered, now: float, consumers: Consumers, *, left: bool
    ) -> None:
        """Decide on a worker that is silent and does not answer."""
        process = unanswered.process
        if self.unread and process.state in MUTE:
            process.ping_at = now  # once it is known whether it can have a connection
            return
        silence = Silence(
            seconds=now - process.last_seen_at,
            heard_seconds=self._hearing.silent_seconds(process.last_seen_at, now),
            pool=process.pool,
            listening=unanswered.listening,
            guessed=unanswered.guessed,
            cut_off=self._may_be_cut_off(process),
            asked=self.control,
            introduced=process.introduced_itself,
            left=left and self._may_have_missed_goodbye(process),
            task=self._task_of(process),
        )
        state, reason = judge(silence, self._settings.patience)
        if state == "dead" and process.state == "late" and self._may_be_starting(process, now):
            process.unanswered = PINGS - 1
            return
        if state == "dead" and (heir := self._heir(process)) is not None:
            heir.inherited = True
            self._remove(process, f"replaced by {heir.hostname} while nobody could be heard", now)
            return
        if state == "dead":
            process.processes_before = self._processes_with(process, consumers)
        process.unanswered = PINGS
        process.guessed = unanswered.guessed
        process.enter(state, reason, now)

    def _task_of(self, process: Process) -> str | None:
        """Return what says that a worker runs a task; None: nothing does."""
        if process.running:
            return f"{process.running} started and not ended"
        # Of solo, events wait in the worker until the task ends, and so does the message.
        if process.pool == "solo" and self.in_flight:
            return "messages are in flight"
        if process.pool == "solo" and self._was_in_flight and self._may_be_cut_off(process):
            return "messages were in flight before the broker was restarted or failed over"
        return None

    def _may_have_missed_goodbye(self, process: Process) -> bool:
        """Whether its absence from the registry means anything.

        Only a goodbye that was not heard, as the monitor was not listening, leaves a name
        that is silent and unregistered; a broker that restarted has forgotten all names.
        """
        return process.last_seen_at < self._hearing.since and not self._is_forgotten(process)

    def _is_forgotten(self, process: Process) -> bool:
        """Whether the broker may have been restarted since, so that nobody knows of a goodbye."""
        started_at = self.server_started_at
        return started_at is not None and started_at + UPTIME_OFF_SECONDS > process.last_seen_at

    def _may_be_cut_off(self, process: Process) -> bool:
        """Whether its broker was restarted or failed over since.

        Its goodbye is lost with it, and its connection, until it opens another one.
        """
        if process.last_seen_at >= self._hearing.since:
            return False  # it would have ended the feed
        changed = (self._server_changed_at or 0.0) > process.last_seen_at
        return changed or self._is_forgotten(process)

    def _may_be_starting(self, process: Process, now: float) -> bool:
        """Whether it, or who was started in its place while nobody was heard, may be starting."""
        if process.starting and now - process.last_seen_at < _START_SECONDS:
            return True
        just_changed = now - (self._server_changed_at or 0.0) < _START_SECONDS
        return just_changed and self._may_be_cut_off(process)

    def _heir(self, process: Process) -> Process | None:
        """Return who may have been started in its place under another name, for once.

        Only of a worker that could not say goodbye, for its broker was away meanwhile: one that is
        replaced then, as when all containers of a site are, is no death.
        """
        queues, slots = process.queues, process.concurrency
        if not self._may_be_cut_off(process) or queues is None or slots is None:
            return None
        for other in self._newcomers(process):
            like = set(other.queues or ()) == set(queues) and (other.concurrency or 0) >= slots
            if like and other.state != "late":  # which may have ended by now itself
                return other
        return None

    def _newcomers(self, process: Process) -> Iterator[Process]:
        """Go over the live workers that came after its last sign of life, in nobody's place."""
        # What is known from an earlier run, it knows by the minute.
        since = max(process.last_seen_at, self._hearing.began_at)
        for other in self._roll:
            new = other.first_seen_at > since and not other.inherited
            if new and other.state in TAKING_STATES:
                yield other

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
        for other in self._newcomers(process):
            for queue in before.keys() & (other.queues or ()):
                before[queue] -= other.concurrency or 0
        return before

    def _bury(self, process: Process, now: float, consumers: Consumers) -> None:
        """Let go of a dead worker that was replaced or has been dead for long."""
        if self._succeeded(process, now):
            return
        dead_seconds = now - process.changed_at
        before = process.processes_before if dead_seconds > _DEAD_SHOWN_SECONDS else {}
        if before and all((consumers.processes.get(q) or 0) >= n for q, n in before.items()):
            self._remove(process, "replaced: its queues have their processes back", now)
        elif dead_seconds > self._settings.forget_after:
            self._remove(process, "forgotten: dead for long and never replaced", now)

    def _let_go(self, process: Process, now: float) -> None:
        """Drop a worker that said goodbye once its successor is here, or after a while."""
        since = now - process.changed_at
        if self._succeeded(process, now):
            return
        if process.state != "draining":
            if since > _OFFLINE_KEPT_SECONDS:
                self._remove(process, "it said goodbye", now)
        elif since > self._settings.patience:
            process.enter("offline", "it said goodbye; its tasks were not heard to end", now)

    def _remove(self, process: Process, reason: str, now: float) -> None:
        self.gone[self._roll.label(process)] = (reason, now)
        was_shared = process.hostname in self._roll.shared
        self._roll.remove(process)
        last = self._roll.newest(process.hostname)
        if was_shared and last is not None and process.hostname not in self._roll.shared:
            last.ask_anew()  # now that its answers are its own
