"""What the silence of a worker means, by all that is known of it. Pure.

A killed worker and a hung one are equally silent. What tells them apart is the connection on
which a worker listens for commands: the server closes that of a killed one within a second,
and counts that of a hung one whenever somebody publishes. A worker whose pool runs tasks in
its main loop is just as silent as a hung one while it works.
"""

from collections.abc import Mapping

from msgspec import Struct

from monitor.facts.readings import Headcount

PINGS = 2
"""Pings a silent worker must leave unanswered before it is given up."""

BLOCKING_POOLS = frozenset({"solo", "gevent", "eventlet"})
"""Pools whose tasks can keep the worker from beating and answering."""


class Silence(Struct, frozen=True, kw_only=True):
    """A worker that is silent and did not answer."""

    seconds: float
    """Since its last sign of life."""
    heard_seconds: float
    """Of these, in how many it could have been heard."""
    pool: str | None
    listening: bool | None
    """Whether its connection for commands is still there; None: that could not be found out."""
    guessed: bool = False
    """Whether `listening` may as well be true of another silent worker, and not of this one."""
    cut_off: bool
    """Whether its broker was another process then: whoever is too busy to connect anew has no
    connection."""
    asked: bool
    """False: without control nobody can be asked."""
    introduced: bool
    """Whether it ever beat or answered; of one that never did silence is to be expected."""
    left: bool
    """Whether it has left the mailbox registry without being heard to."""
    task: str | None
    """What says that it runs a task; None: nothing does."""


def judge(silence: Silence, patience_seconds: float) -> tuple[str, str]:
    """Return the state that the silence means, and the reason in words."""
    if not silence.introduced:
        return "unknown", "it sends no heartbeats and answers no commands"
    if silence.left:
        return "offline", "it left while the monitor was not listening"
    silent = f"silent for {silence.seconds:.0f} s"
    how = f"did not answer {PINGS} pings" if silence.asked else "was not asked (control off)"
    unanswered = f"{silent} and {how}"
    may_live = silence.listening or silence.cut_off
    patient = silence.heard_seconds <= patience_seconds
    if silence.pool in BLOCKING_POOLS and silence.task and may_live and patient:
        return "busy", f"{silent}, as its {silence.pool} pool is while a task runs: {silence.task}"
    if not silence.listening:
        return "dead", unanswered + _connection(silence)
    return "hung", unanswered + _connection(silence)


def _connection(silence: Silence) -> str:
    if silence.listening is None:
        return ""
    if silence.guessed:
        return "; of several silent workers some are connected, and which cannot be told"
    if silence.listening:
        return ", yet its connection to the broker is open"
    return "; its connection to the broker is gone"


def strangers(count: Headcount, expected: Mapping[str, int]) -> int:
    """Return how many listen that are no known worker.

    `expected` says by node name how many known processes ought to listen.
    """
    return max(0, _unanswering(count) - _missing(count, expected))


def listening(
    count: Headcount, expected: Mapping[str, int], silent: int, strangers: int, sure: int
) -> tuple[int, int]:
    """Return how many of `silent` known processes still listen: at least, and at most.

    None of them answered. `sure` is how many others are there and hear nothing: hung before, or
    of a pool that blocks. Any other that did not answer may just as well be gone.
    """
    others = max(0, _missing(count, expected) - silent)
    most = _unanswering(count) - strangers - min(sure, others)
    least = most - max(0, others - sure)
    return min(silent, max(0, least)), min(silent, max(0, most))


def _unanswering(count: Headcount) -> int:
    return count.listeners - sum(count.answered.values())


def _missing(count: Headcount, expected: Mapping[str, int]) -> int:
    answered = count.answered
    return sum(max(0, n - answered.get(hostname, 0)) for hostname, n in expected.items())
