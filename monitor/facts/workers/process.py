"""One worker process: its signs of life and the state they put it in.

The roll keeps these, the book moves them on; nobody outside this folder changes them.
"""

from dataclasses import dataclass, field

from monitor.facts.readings import Event
from monitor.facts.workers.restarts import Restarts
from monitor.facts.workers.silence import BLOCKING_POOLS
from monitor.facts.workers.skew import Skew

DEFAULT_FREQ_SECONDS = 2.0
"""What Celery workers beat with unless told otherwise (celery/worker/heartbeat.py)."""

_FREQ_LEAST, _FREQ_MOST = 0.1, 3600.0
"""What can be a rhythm; a worker that claims another would be late for ever, or never."""

_BEATS_MISSED = 3
_NO_RHYTHM_SECONDS = 60.0
"""How long a worker that sends no heartbeats may be silent before it is asked."""
_LONGEST_LEARNED_GAP_SECONDS = 30.0
"""Of a pool that blocks; any other beats on while it works, and is never given more than
`_BEATS_MISSED` on top of its rhythm, for its death must be seen soon."""
_UNTOLD_BEATS = 3
"""Beats that say more was processed, without a task event in between, before events are off.
Task events are sent in bundles, and one may be lost with the feed, so fewer prove nothing."""

_INTRODUCTIONS_MOST = 5
_INTRODUCE_AGAIN_SECONDS = 3.0

LISTENED_TO = frozenset({"online", "late", "unknown"})
"""States that silence can change."""

MUTE = frozenset({"busy", "hung"})
"""States of a worker that is silent and does not answer, and is there all the same."""

LEFT = frozenset({"offline", "draining"})
"""States of a worker that said goodbye: nothing it does after that makes it come back."""

_TASK_ENDS = frozenset(
    {"task-succeeded", "task-failed", "task-retried", "task-revoked", "task-cancelled"}
)


@dataclass(slots=True, eq=False)
class Process:
    """A worker process, identified by its full node name and pid."""

    hostname: str
    pid: int | None
    first_seen_at: float
    state: str = "online"
    reason: str = "it was heard"
    changed_at: float = field(init=False)
    last_seen_at: float = field(init=False)
    last_beat_at: float | None = None
    freq_seconds: float | None = None
    gap_seconds: float = 0.0
    """The longest silence between two heartbeats that turned out healthy."""
    goodbye_at: float | None = None
    may_follow: set[int | None] = field(default_factory=set)
    """Pids of its name that were silent when it was first heard, and have been since: it
    may have been started in the place of one of them."""
    followed: bool = False
    """Whether it is in `may_follow` of a younger process."""
    restarts: Restarts = field(default_factory=Restarts)
    """Of it and of those before it under its name."""
    starting: bool = False
    """Whether its last sign of life was a hello, after which it opens its other connections."""
    answered: bool = False
    """Whether it ever answered a control command."""
    unanswered: int = 0
    """Pings since its last sign of life that it did not answer."""
    guessed: bool = False
    """Whether its being hung or dead may as well be true of another, silent since then too."""
    ping_at: float = field(init=False)
    """When to ask it next whether it lives; two pings at once would be one."""
    introductions: int = 0
    """How often it was asked for its queues and pool since it was first seen."""
    introduce_at: float = field(init=False)
    """When to ask it next; a worker that just came online does not listen yet."""
    active: int | None = None
    running: int = 0
    """Tasks it runs: as its last beat said, and by the task events since."""
    processed: int | None = None
    task_events: bool | None = None
    """Whether it sends task events; None: it has processed nothing that would tell."""
    untold_beats: int = 0
    """Beats that said more was processed, since its last task event."""
    load1: float | None = None
    version: str | None = None
    queues: tuple[str, ...] | None = None
    concurrency: int | None = None
    moved: bool = False
    """Whether it was told to consume other queues than before, and may hold what was there."""
    started_at: float | None = None
    """When it started, at the earliest, by its own word and our clock."""
    pool: str | None = None
    visibility_timeout_seconds: float | None = None
    consuming: bool | None = None
    """Whether it takes the messages that wait for it (`consuming.py`); None: not known."""
    processes_before: dict[str, int] = field(default_factory=dict)
    inherited: bool = False
    """Whether it was started in the place of another (`liveness.py`)."""
    skew: Skew = field(default_factory=Skew)

    def __post_init__(self) -> None:
        """Let everything begin when it was first heard."""
        self.changed_at = self.last_seen_at = self.first_seen_at
        self.ping_at = self.introduce_at = self.first_seen_at

    def enter(self, state: str, reason: str, at: float) -> None:
        """Go into `state`."""
        if state != self.state:
            self.changed_at = at
        self.state = state
        self.reason = reason

    def goodbye(self, event: Event, at: float) -> None:
        """Take a worker-offline event."""
        self.last_seen_at = self.goodbye_at = at
        self.running = self.running if event.active is None else event.active
        if self.running:
            self.enter("draining", f"it said goodbye and ends {self.running} running tasks", at)
        else:
            self.enter("offline", "it said goodbye", at)

    def task_event(self, kind: str, at: float) -> None:
        """Take an event of one of its tasks as a sign of life; tasks may end after a goodbye."""
        self.task_events, self.untold_beats = True, 0
        if kind == "task-started":
            self.running += 1
        elif kind in _TASK_ENDS and self.running:
            self.running -= 1
        if self.state == "online":
            self.last_seen_at, self.unanswered, self.starting = at, 0, False
        elif self.state not in LEFT:
            self.seen(at)
        elif self.state == "draining" and not self.running:
            self.enter("offline", "it said goodbye, and its tasks have ended", at)
        else:
            self.changed_at = at  # it is still there

    def seen(self, at: float) -> None:
        """Take any sign of life but a goodbye."""
        if self.state != "online":
            self._back(at)
        self.last_seen_at, self.unanswered, self.starting = at, 0, False

    def _back(self, at: float) -> None:
        silent = at - self.last_seen_at
        self.enter("online", f"back after {silent:.0f} s of silence", at)
        self.goodbye_at = None
        self.guessed = False
        self.processes_before = {}

    def was_restarted(self, event: Event, listening_since: float) -> bool:
        """Whether it is another process under the same pid, as in a container.

        Its counter went back; or it says hello without a goodbye although nobody stopped
        listening. With a goodbye and its old counter it only lost the broker for a moment.
        """
        before, processed = self.processed, event.processed
        if before and processed is not None and processed < before:
            return True
        return (
            event.type == "worker-online"
            and self.last_beat_at is not None
            and self.goodbye_at is None
            and not processed
            and self.last_seen_at >= listening_since
        )

    def beat(self, event: Event, at: float, listening_since: float) -> None:
        """Take a worker-online or worker-heartbeat event."""
        if self.last_beat_at is not None and self.state in ("online", "late"):
            gap = at - max(self.last_beat_at, listening_since)
            # The learned gap fades, so that one bad minute is not remembered for ever.
            self.gap_seconds = min(max(gap, self.gap_seconds * 0.99), _LONGEST_LEARNED_GAP_SECONDS)
        self.seen(at)
        self.last_beat_at = at
        self.starting = event.type == "worker-online"
        self.reason = "it beats"
        if event.active is not None:
            # A beat without it was asked for by some event viewer; its freq is not the rhythm.
            self.active = self.running = event.active
            if self.concurrency is not None:
                # A pool that has grown says so only when it is asked, but this proves it.
                self.concurrency = max(self.concurrency, event.active)
            self._note_freq(event.freq)
        if event.processed is not None:
            self._note_processed(event.processed)
        if event.loadavg:
            self.load1 = event.loadavg[0]
        self.version = event.sw_ver or self.version
        if event.timestamp is not None:
            self.skew.note(event.timestamp - at)

    def _note_processed(self, processed: int) -> None:
        """Notice that it processes tasks and sends no event of them."""
        if self.processed is not None and processed > self.processed:
            self.untold_beats += 1
            if self.untold_beats >= _UNTOLD_BEATS:
                self.task_events = False
        self.processed = processed

    def _note_freq(self, freq_seconds: float | None) -> None:
        if freq_seconds is not None and _FREQ_LEAST <= freq_seconds <= _FREQ_MOST:
            self.freq_seconds = freq_seconds
        elif self.freq_seconds is None:
            self.freq_seconds = DEFAULT_FREQ_SECONDS

    @property
    def deadline_seconds(self) -> float:
        """The silence after which it is late."""
        if self.freq_seconds is None:
            would_have_beaten = _BEATS_MISSED * DEFAULT_FREQ_SECONDS
            heard_for = self.last_seen_at - self.first_seen_at
            return _NO_RHYTHM_SECONDS if heard_for > would_have_beaten else would_have_beaten
        missed = _BEATS_MISSED * self.freq_seconds
        gap = self.gap_seconds if self.pool in BLOCKING_POOLS else min(self.gap_seconds, missed)
        return max(missed, gap + self.freq_seconds)

    @property
    def introduced_itself(self) -> bool:
        """Whether it ever beat or answered; of one that never did silence is to be expected."""
        return self.answered or self.last_beat_at is not None or self.freq_seconds is not None

    def ask_anew(self) -> None:
        """Forget what it told of itself: it is another now, or told it for several."""
        self.queues = self.concurrency = None
        self.ask_again()

    def ask_again(self) -> None:
        """Note that it is to be asked for its queues and pool as if it were new."""
        self.introductions = 0

    def told_enough(self) -> None:
        """Note that it need not be asked again for what it told."""
        self.introductions = _INTRODUCTIONS_MOST

    def wants_introduction(self, now: float) -> bool:
        """Whether it is time to ask, once more, for its queues and pool."""
        unknown = self.queues is None or self.concurrency is None
        due = self.may_answer_yet and now >= self.introduce_at
        return self.state == "online" and unknown and due

    @property
    def may_answer_yet(self) -> bool:
        """Whether it is too young for its never having answered to mean anything."""
        return self.introductions < _INTRODUCTIONS_MOST

    def introduced(self, now: float) -> None:
        """Note that it is being asked."""
        self.introductions += 1
        self.introduce_at = now + _INTRODUCE_AGAIN_SECONDS
