"""Whom to ask what, and who left it unanswered.

Everybody is asked for everything at the start and every few minutes, and sooner where what they
told is in doubt; beyond that only new workers are asked, and late ones. The last ping of a late
worker goes to all, for only when all who hear it have had their chance to answer does the number
of listeners tell who is gone.
"""

from collections import Counter
from collections.abc import Sequence, Set

from msgspec import Struct

from monitor.facts.readings import Headcount
from monitor.facts.workers.process import MUTE, Process
from monitor.facts.workers.roll import Roll
from monitor.facts.workers.silence import BLOCKING_POOLS, PINGS, listening, strangers

_PING_EVERY_SECONDS = 2.0
_MUTE_AGAIN_SECONDS = 60.0
"""How often a worker that hears nothing is judged anew while the listeners are as many."""
_LISTEN_EVERY_SECONDS = 5.0
_CENSUS_EVERY_SECONDS = 300.0
_CENSUS_AGAIN_SECONDS = 60.0
"""Where what was told is in doubt; sooner than a queue can be called abandoned."""

_LISTENING = frozenset({"online", "late", "unknown", *MUTE})
"""States in which a worker that ever answered has its connection for commands."""


class Wanted(Struct, frozen=True):
    """Whom to ask for what."""

    ping: frozenset[str] = frozenset()
    """Late workers: do they still answer, and are they still registered?"""
    introduce: frozenset[str] = frozenset()
    """New workers: which queues do they consume, with how many slots?"""
    census: bool = False
    """Everybody, for everything."""
    shared: bool = False
    """Several processes run under one of these names, so each may answer more than once."""
    headcount: bool = False
    """Everybody, for nothing but an answer: how many listen, and how many of them answer?"""
    listen: bool = False
    """How many listen? Nobody has to answer."""

    def __bool__(self) -> bool:
        return bool(self.ping or self.introduce or self.census or self.listen)


class Unanswered(Struct, frozen=True):
    """One that has left all its pings unanswered."""

    process: Process
    listening: bool | None
    """Whether it still listens for commands; None: that cannot be told."""
    guessed: bool = False
    """Whether that may as well be true of another one."""


class Asking:
    """The questions to the workers of one broker."""

    def __init__(self, roll: Roll) -> None:
        self._roll = roll
        self.usable = True
        """Whether workers can be asked at all."""
        self.census_at: float | None = None
        """When everybody was last asked; None: not since the feed came up."""
        self.strangers = 0
        """How many listened at the last census who have never answered."""
        self.in_doubt = False
        """Whether somebody may consume other queues than he told."""
        self._listeners = 0
        self._listen_at = 0.0

    def wanted(self, now: float) -> Wanted:
        """Return whom to ask now. What is returned is taken as being asked."""
        every = _CENSUS_AGAIN_SECONDS if self.in_doubt else _CENSUS_EVERY_SECONDS
        census = self.census_at is None or now - self.census_at >= every
        new = frozenset(p.hostname for p in self._roll if p.wants_introduction(now))
        introduce = frozenset() if census else new
        silent = [p for p in self._roll if p.state in ("late", *MUTE) and now >= p.ping_at]
        for process in silent:
            process.ping_at = now + (
                _PING_EVERY_SECONDS if process.state == "late" else _MUTE_AGAIN_SECONDS
            )
        ping = frozenset(process.hostname for process in silent)
        return Wanted(
            ping=ping,
            introduce=introduce,
            census=census,
            shared=any(map(self._roll.crowded, introduce | ping)),
            headcount=any(p.unanswered >= PINGS - 1 for p in silent),
            listen=self._wants_to_listen(now),
        )

    def _wants_to_listen(self, now: float) -> bool:
        if now < self._listen_at or not any(p.state in MUTE for p in self._roll):
            return False
        self._listen_at = now + _LISTEN_EVERY_SECONDS
        return True

    def listened(self, listeners: int) -> None:
        """Note how many listen. Where they are fewer, one that hears nothing may be gone."""
        if listeners < self._listeners:
            for process in self._roll:
                if process.state in MUTE:
                    process.ping_at = 0.0
        self._listeners = listeners

    def unanswered(
        self, wanted: Wanted, sent_at: float, count: Headcount | None
    ) -> list[Unanswered]:
        """Return those that have left all their pings unanswered."""
        if wanted.census:
            self.census_at, self.in_doubt = sent_at, False
        for process in self._roll:
            if wanted.census or process.hostname in wanted.introduce:
                process.introduced(sent_at)
        silent = [p for p in self._roll if self._left_unanswered(p, wanted, sent_at)]
        if count is None:
            return [Unanswered(process, None) for process in silent if process.state == "late"]
        unheard = frozenset(silent)
        answering, perhaps = self._expected(unheard)
        expected = answering + perhaps
        self._listeners = count.listeners
        if wanted.census:
            least, most = strangers(count, expected), strangers(count, answering)
            self.strangers = min(max(self.strangers, least), most)
        sure = self._sure(count, expected, unheard)
        least, most = listening(count, expected, len(silent), self.strangers, sure)
        return _told_apart(silent, least, most)

    def _expected(self, unheard: Set[Process]) -> tuple[Counter[str], Counter[str]]:
        """Return by node name how many listen if they live, and how many more may do so.

        Of those that never answered some are too young for it, and some were found to hang with
        their connection open; any other has control off.
        """
        answering, perhaps = Counter[str](), Counter[str]()
        for process in self._roll:
            if process.state not in _LISTENING:
                continue
            if process.answered or process in unheard:
                answering[process.hostname] += 1
            elif process.may_answer_yet or process.state in MUTE:
                perhaps[process.hostname] += 1
        return answering, perhaps

    def _sure(self, count: Headcount, expected: Counter[str], unheard: Set[Process]) -> int:
        """Return how many beside `unheard` did not answer, and are there for all that."""
        return sum(
            1
            for process in self._roll
            if (process.state in MUTE or process.pool in BLOCKING_POOLS)
            and process not in unheard
            and count.answered.get(process.hostname, 0) < expected[process.hostname]
        )

    def _left_unanswered(self, process: Process, wanted: Wanted, sent_at: float) -> bool:
        if process.hostname not in wanted.ping or process.last_seen_at >= sent_at:
            return False
        if process.state == "late":
            process.unanswered += 1
        return process.state in ("late", *MUTE) and process.unanswered >= PINGS


def _told_apart(silent: Sequence[Process], least: int, most: int) -> list[Unanswered]:
    """Say which of `silent` listen, when at least `least` of them do and at most `most`.

    A count does not tell which. So those that hung or worked before come first, then those
    that may well be silent because they work; among equals it is a guess, and is said to be one.
    """
    silent = sorted(silent, key=_likely)
    # While the count itself is in doubt, the next round may know better.
    undecided = {p for p in silent[least:most] if p.unanswered <= PINGS or p.state in MUTE}
    guessed = {id(p) for p in silent[least:most]} | {id(p) for p in silent[:most] if p.guessed}
    if 0 < most < len(silent) and _likely(silent[most - 1]) == _likely(silent[most]):
        guessed |= {id(p) for p in silent if _likely(p) == _likely(silent[most])}
    return [
        Unanswered(
            p,
            # One that was never heard to answer may have had no connection to lose.
            None if rank >= most and not p.answered else rank < most,
            guessed=id(p) in guessed,
        )
        for rank, p in enumerate(silent)
        if p not in undecided
    ]


def _likely(process: Process) -> tuple[bool, bool, bool]:
    """Return what sorts the silent by how likely they still listen, the likeliest first."""
    return (process.state not in MUTE, not process.answered, not process.running)
